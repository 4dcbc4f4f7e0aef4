"""A library of documents for a system to ingest."""

import random
import shutil

from parts import ROOT

DOCUMENTS = 200


def library(directory):
    """The sample leaflets in all formats, and as many Markdown documents as are needed; the same every time."""
    shutil.copytree(ROOT / "samples", directory, ignore=shutil.ignore_patterns("manifest.toml"))
    words = (directory / "visiting-hours.md").read_text().split() + (directory / "wound-care.html").read_text().split()
    chance = random.Random(20)
    for number in range(DOCUMENTS - len(list(directory.iterdir()))):
        text = " ".join(chance.choices(words, k=400))
        (directory / f"leaflet-{number:03}.md").write_text(f"# Leaflet {number}\n\n{text}.\n")


def approve_all(documents):
    """Approves every draft, as a second person does: (whether it could, what was said). `documents` runs `chatbot documents`."""
    code, said = documents("list", "--status", "draft")
    for draft in said.splitlines() if code == 0 else ():
        code, said = documents("approve", draft.split("  ")[0], "1")
        if code != 0:
            break
    return code == 0, f"approving the drafts ended with {code}: {said}"
