"""A Python with the tools for manifests in it: YAML, schemas, checkov, hadolint."""

import fcntl
import os
import shutil
import sys
from pathlib import Path

import parts
from parts import ROOT

REQUIREMENTS = ROOT / "scripts/manifests/requirements.txt"


def tools():
    """Returns the directory of the tools' Python, installed completely or not at all."""
    label = f"manifests-{sys.version_info.major}.{sys.version_info.minor}-{parts.sha256(REQUIREMENTS)[:12]}"
    home = Path(os.environ.get("CHATBOT_TOOLS") or Path.home() / ".cache/chatbot-tools")
    place = home / label
    if (place / "complete").exists():
        return place
    home.mkdir(parents=True, exist_ok=True)
    with open(home / f".{label}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").exists():
            parts.say("installing checkov, kubernetes-validate, hadolint, check-jsonschema (once)")
            shutil.rmtree(place, ignore_errors=True)
            parts.run([sys.executable, "-m", "venv", "--without-pip", place])
            parts.run([*parts.pip(), "install", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes",
                       "--ignore-installed", "--prefix", place, "--requirement", REQUIREMENTS])
            (place / "complete").touch()
    return place


def into_tools():
    """Continues in the tools' Python; returns the directory of their programs."""
    place = tools()
    python = place / "bin/python"
    if Path(sys.prefix).resolve() != place.resolve():
        os.execv(python, [str(python), *sys.argv])
    return place / "bin"
