"""Checks the Dockerfile beyond the rules of hadolint."""

import re

from parts import ROOT, Problem

STAGES = ["build", "model-files", "runtime", "model", "chatbot"]
LABELS = {"title", "description", "licenses", "version", "revision"}
# The only instructions of the images that run: without commands, the base needs no shell.
RUNTIME = [
    ("COPY", "--from=build /out/program /"),
    ("COPY", "--from=build --chown=10001:10001 /out/home /var/lib/chatbot"),
    ("USER", "10001:10001"),
    ("WORKDIR", "/var/lib/chatbot"),
    ("EXPOSE", "8000"),
    ("STOPSIGNAL", "SIGTERM"),
    ("HEALTHCHECK", '--interval=10s --timeout=5s --start-period=60s CMD ["chatbot", "healthcheck"]'),
    ("ENTRYPOINT", '["chatbot"]'),
    ("CMD", '["--help"]'),
]
MODEL = [("COPY", "--from=model-files /out/models /usr/share/chatbot/models")]


def instructions(text=None):
    """(stage, word, rest) of every instruction; continued lines are joined."""
    text = (ROOT / "Dockerfile").read_text() if text is None else text
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    stage = None
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            stage = rest.rpartition(" AS ")[2]
        if word:
            yield stage, word, rest


def problems(found):
    """Returns the objections to these instructions."""
    manifest = (ROOT / "Cargo.toml").read_text()
    version = re.search(r'^version = "(.+)"', manifest, re.M)[1]
    rust = re.search(r'^rust-version = "(.+)"', manifest, re.M)[1]
    said = lambda stage, word: [rest for s, w, rest in found if (s, w) == (stage, word)]  # noqa: E731
    done = lambda stage: [(w, rest) for s, w, rest in found if s == stage and w not in ("FROM", "ARG", "LABEL")]  # noqa: E731
    labels = {name for rest in said("runtime", "LABEL") for name in re.findall(r"org\.opencontainers\.image\.(\w+)=", rest)}
    for what, is_so, wanted in (
        ("stages", list(dict.fromkeys(stage for stage, _, _ in found if stage)), STAGES),
        ("runtime", done("runtime"), RUNTIME),
        ("model", done("model"), MODEL),
        ("chatbot", done("chatbot"), []),
        ("labels", labels, LABELS),
        ("arguments of the runtime", said("runtime", "ARG"), [f"VERSION={version}", "REVISION=unknown"]),
        ("bases", [rest.split()[0] for _, word, rest in found if word == "FROM"],
         ["${BUILD_IMAGE}", "${MODEL_IMAGE}", "${RUNTIME_IMAGE}", "runtime", "runtime"]),
    ):
        if is_so != wanted:
            yield f"{what}: {is_so!r}, expected {wanted!r}"
    bases = dict(rest.split("=", 1) for stage, word, rest in found if stage is None and word == "ARG")
    if set(bases) != {"BUILD_IMAGE", "MODEL_IMAGE", "RUNTIME_IMAGE"}:
        yield f"bases are {sorted(bases)}"
    for name, base in bases.items():
        if not re.fullmatch(r"[\w./-]+:\d+\.\d[\w.-]*", base):
            yield f"{name} is {base}, not pinned"
    if not bases.get("BUILD_IMAGE", "").startswith(f"rust:{rust}"):
        yield f"the image is not built with Rust {rust}"
    runs = [part for part in "&&".join(said("build", "RUN")).split("&&") if re.search(r"cargo (auditable )?(build|install)", part)]
    if len(runs) != 3 or not all("--locked" in run for run in runs):
        yield f"not three locked steps of cargo: {runs}"
    copies = said("build", "COPY")
    if copies != [".cargo .cargo", "crates crates", "Cargo.toml Cargo.lock ./", "migrations migrations", "samples samples", "web web", "src src"]:
        yield f"the build copies {copies}: the dependencies come first, then what the binary is made of"
    if len(said("model-files", "RUN")) != 1 or "chatbot models pull" not in said("model-files", "RUN")[0]:
        yield "the model's files do not come from `chatbot models pull`, which checks them"


def check():
    found = list(instructions())
    wrong = list(problems(found))
    if wrong:
        raise Problem("Dockerfile:\n  " + "\n  ".join(wrong))
    # Rules are missing here for what would stop the build, or only speeds it up.
    ruled = [at for at, (stage, word, _) in enumerate(found) if stage not in ("build", "model-files") or word == "FROM"]
    unseen = [found[at] for at in ruled if not list(problems(found[:at] + found[at + 1:]))]
    if unseen:
        raise Problem(f"no rule objects when these are removed from the Dockerfile: {unseen}")
    return f"hadolint 0 findings; {len(ruled)} mutants of the Dockerfile, each seen"
