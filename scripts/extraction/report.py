"""Compares what the program reads with the agreed words, and prints the figures."""

import itertools
import statistics
from collections import Counter

from words import keep, words

NAMES = {"pdf": "PDF", "docx": "DOCX", "html": "HTML", "md": "Markdown", "txt": "text"}
# A file that is read well has more than this share of the agreed words.
WELL = 0.95
MOST_ORDERED = 30_000
# The most letters of a word.
LONGEST = 24
SAMPLE = 12


class Result:
    """One file: how much of the agreed words the program reads, in their order, and what else it reads."""

    def __init__(self, file, pages, answer):
        self.file, self.error = file, answer.get("error")
        self.warnings = answer.get("warnings") or []
        right = [word for page in pages if page for word in page]
        self.words = len(right)
        if self.error:
            return
        read = answer["pages"]
        if len(read) == len(pages):
            # Nobody knows the right words of a page on which the references differ.
            read = [text for text, page in zip(read, pages) if page is not None]
        got = words("\n\n".join(read))
        wanted, found = Counter(right), Counter(got)
        self.missing, self.extra = wanted - found, found - wanted
        join_letters(right, self.missing, self.extra)
        self.recall = 1 - self.missing.total() / len(right)
        self.surplus = self.extra.total() / len(right)
        self.order = order(right, got, wanted & found)
        self.digits = Counter({word: n for word, n in self.missing.items() if word[0].isdigit()})

    def figures(self):
        figures = {"format": self.file.form, "package": self.file.package, "path": self.file.path,
                   "words": self.words, "error": self.error, "warnings": self.warnings}
        if not self.error:
            figures |= {"recall": self.recall, "extra": self.surplus, "order": self.order,
                        "digits_lost": self.digits.total()}
        return figures

    def __str__(self):
        return f"{self.file.package}: {self.file.path} ({self.words} words)"


def join_letters(right, missing, extra):
    """Takes letters that were set apart (`w o r d`) as the word that they make, if the program reads that."""
    for single, run in itertools.groupby(right, lambda word: len(word) == 1 and word.isalpha()):
        run = list(run) if single else []
        for first in range(len(run)):
            for last in range(min(len(run), first + LONGEST), first + 1, -1):
                letters, word = Counter(run[first:last]), "".join(run[first:last])
                if extra[word] > 0 and letters <= missing:
                    extra.subtract([word])
                    missing.subtract(letters)
    for bag in (missing, extra):
        for word in [word for word, n in bag.items() if n <= 0]:
            del bag[word]


def order(right, got, common):
    """The longest common subsequence, as a share of the words that both have."""
    from rapidfuzz.distance import LCSseq

    if not 0 < common.total() <= MOST_ORDERED:
        return None
    return LCSseq.similarity(keep(right, common), keep(got, common)) / common.total()


def fifth_percentile(values):
    return sorted(values)[int(0.05 * len(values))]


def row(name, results):
    read = [result for result in results if not result.error]
    clean = [result for result in read if not result.warnings]
    cells = [name, len(results), len(read), len(read) - len(clean), len(results) - len(read)]
    if read:
        recalls = [result.recall for result in read]
        orders = [result.order for result in read if result.order is not None]
        cells += [f"{statistics.median(recalls):.4f}", f"{fifth_percentile(recalls):.4f}", f"{min(recalls):.4f}",
                  f"{sum(recall > WELL for recall in recalls) / len(recalls):.1%}",
                  f"{statistics.median(orders):.4f}", f"{statistics.mean(r.surplus for r in read):.2%}",
                  sum(result.digits.total() for result in clean)]
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def sample(bag):
    return " ".join(word if n == 1 else f"{word}×{n}" for word, n in bag.most_common(SAMPLE)) or "-"


def worst(title, results, line):
    if results:
        print(f"\n{title}:")
        for result in results:
            print(f"  {line(result)}")


def show(results, without, most):
    print("| format | files | indexed | of these with warnings | failed | recall, median | 5th percentile | worst "
          "| above 0.95 | order, median | extra words | digits lost without a warning |")
    print("| --- |" + " ---: |" * 11)
    for form, name in NAMES.items():
        ofs = [result for result in results if result.file.form == form]
        if ofs:
            print(row(name, ofs))
        clean = [result for result in ofs if not result.error and not result.warnings]
        if clean and any(result.warnings for result in ofs):
            print(row(f"{name} without a warning", clean))
    print(f"\n{without} more files have too few words, or the references do not agree on them.")
    failed = [result for result in results if result.error]
    read = [result for result in results if not result.error]
    lost = [result for result in read if result.digits and not result.warnings]
    worst("Failed", failed, lambda r: f"{r.error}: {r}")
    worst("Lowest recall", sorted((r for r in read if r.recall < 1), key=lambda r: r.recall)[:most],
          lambda r: f"{r.recall:.3f}{' with warnings' if r.warnings else ''} {r}\n"
                    f"    missing: {sample(r.missing)}\n    extra: {sample(r.extra)}")
    worst("Digits lost without a warning", sorted(lost, key=lambda r: -r.digits.total())[:most],
          lambda r: f"{r.digits.total()} {r}: {sample(r.digits)}")
    worst("Worst order", sorted((r for r in read if r.order), key=lambda r: r.order)[:most // 2],
          lambda r: f"{r.order:.3f} {r}")
