"""The words of a text, in a form that is the same however an extractor sets spaces, hyphens and accents."""

import re
import unicodedata
from collections import Counter

# A raised or lowered number is a word of its own, whatever stands before it.
RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]+|[₀₁₂₃₄₅₆₇₈₉]+|[¼½¾⅓⅔⅕⅛⅜⅝⅞]")
HYPHENS = "-\u2010\u2011\u00ad\ufffe\x02"
LETTER = r"[^\W\d_]"
AT_LINE_END = re.compile(f"(?<={LETTER})[{HYPHENS}][ \\t\\r]*\\n\\s*(?={LETTER})")
IN_WORD = re.compile(f"(?<={LETTER})[{HYPHENS}](?={LETTER})")
# Scripts without spaces count by the character.
UNSPACED = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
# Digits and letters are words of their own, so that `10 mg` and `10mg` are the same.
WORD = re.compile(f"\\d+|[{UNSPACED}]|[^\\W\\d_{UNSPACED}]+")
# Glyph numbers of pdfminer, marks of direction and width, and the Arabic stretching character.
NOISE = re.compile("\\(cid:\\d+\\)|[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u0640]")


def words(text):
    text = NOISE.sub("", RAISED.sub(lambda found: f" {found.group()} ", text))
    text = unicodedata.normalize("NFKC", AT_LINE_END.sub("", text))
    text = "".join(c for c in text if unicodedata.category(c) not in ("Mn", "Mc", "Me"))
    return WORD.findall(IN_WORD.sub("", text).replace("\u00ad", "").casefold())


def agreement(a, b):
    """The harmonic mean of the shares of two bags of words that the other one has too."""
    both, all_words = (a & b).total(), a.total() + b.total()
    return 2 * both / all_words if all_words else 1.0


def consensus(texts, least):
    """The words that at least two of the texts have, in the order of the text nearest to them.

    Returns None if no two texts agree by at least `least`: then nobody knows the right words.
    """
    lists = [words(text) for text in texts]
    bags = [Counter(each) for each in lists]
    pairs = [(a, b) for i, a in enumerate(bags) for b in bags[:i]]
    if not pairs or max(agreement(a, b) for a, b in pairs) < least:
        return None
    shared = Counter()
    for word in set().union(*bags):
        shared[word] = sorted((bag[word] for bag in bags), reverse=True)[1]
    nearest = max(range(len(bags)), key=lambda i: agreement(bags[i], shared))
    kept = keep(lists[nearest], shared)
    return kept + list((shared - Counter(kept)).elements())


def without(sequence, text):
    """The words of the sequence without those of the text."""
    return keep(sequence, Counter(sequence) - Counter(words(text)))


def keep(sequence, bag):
    """The words of the sequence as often as the bag has them."""
    left, kept = Counter(bag), []
    for word in sequence:
        if left[word] > 0:
            left[word] -= 1
            kept.append(word)
    return kept
