"""What must hold of the Dockerfile, beside what hadolint knows."""

import re

from parts import ROOT, Problem


def instructions():
    """(stage, word, rest) of every instruction; continued lines are joined."""
    text = "\n".join(line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#"))
    stage = None
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            stage = rest.rpartition(" AS ")[2]
        if word:
            yield stage, word, rest


def check():
    found = list(instructions())
    said = lambda stage, word: [rest for s, w, rest in found if (s, w) == (stage, word)]  # noqa: E731
    expected = {
        "user": (said("runtime", "USER"), ["10001:10001"]),
        "entry point": (said("runtime", "ENTRYPOINT"), ['["chatbot"]']),
        "stop signal": (said("runtime", "STOPSIGNAL"), ["SIGTERM"]),
        "port": (said("runtime", "EXPOSE"), ["8000"]),
        "last stage": ([stage for stage, _, _ in found][-1], "chatbot"),
        "stages": (list(dict.fromkeys(s for s, _, _ in found if s)), ["build", "model-files", "runtime", "model", "chatbot"]),
        "runs in the runtime": (said("runtime", "RUN") + said("model", "RUN") + said("chatbot", "RUN"), []),
        "changes of the user": ([rest for _, word, rest in found if word == "USER"], ["10001:10001"]),
    }
    wrong = [f"{what}: {is_so!r}, expected {wanted!r}" for what, (is_so, wanted) in expected.items() if is_so != wanted]
    bases = [rest for stage, word, rest in found if stage is None and word == "ARG"]
    wrong += [f"base {base} is not pinned" for base in bases if not re.fullmatch(r"\w+=[\w./-]+:\d[\w.-]*", base) or "latest" in base]
    wrong += [f"base {rest} is no argument" for _, word, rest in found if word == "FROM" and not re.match(r"\$\{|runtime ", rest)]
    wrong += [f"not --locked: {rest}" for _, word, rest in found if word == "RUN" for part in rest.split("&&")
              if re.search(r"cargo (auditable build|build|install)", part) and "--locked" not in part]
    if not said("runtime", "HEALTHCHECK") or 'CMD ["chatbot", "healthcheck"]' not in said("runtime", "HEALTHCHECK")[0]:
        wrong.append("no health check through `chatbot healthcheck`")
    copies = [rest for stage, word, rest in found if stage == "build" and word == "COPY"]
    if not copies or not copies[0].startswith("Cargo.toml Cargo.lock") or copies[-1] != "src src":
        wrong.append("the dependencies are not built before the source is copied")
    manifest = (ROOT / "Cargo.toml").read_text()
    version = re.search(r'^version = "(.+)"', manifest, re.M)[1]
    rust = re.search(r'^rust-version = "(.+)"', manifest, re.M)[1]
    if f"VERSION={version}" not in said("runtime", "ARG"):
        wrong.append(f"the image's version is not {version}")
    if not any(base.startswith(f"BUILD_IMAGE=rust:{rust}") for base in bases):
        wrong.append(f"the image is not built with Rust {rust}")
    if wrong:
        raise Problem("Dockerfile:\n  " + "\n  ".join(wrong))
    return "hadolint 0 findings; pinned bases, numeric user, nothing run in the runtime stages"
