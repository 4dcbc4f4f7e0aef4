"""Checks docs/operations.md: its commands work, and it names everything that can be configured."""

import re
import shlex
import subprocess

import dockerfile
import policy
from manifests import COMPONENT, components, containers, pod_of, render
from parts import ROOT, Problem

FILE = ROOT / "docs/operations.md"
RUN_BY_RUST = {"chatbot"}
NEEDS_MORE = {
    "docker", "kubectl", "kind", "curl", "pg_dump", "pg_restore", "psql", "export", "printf",
    "scripts/check-manifests",
}


def text():
    return FILE.read_text()


def commands():
    """Every command of the ```sh blocks, continued lines joined."""
    for block in re.findall(r"```sh\n(.*?)```", text(), re.S):
        for line in re.sub(r"\\\n\s*", "", block).splitlines():
            if line.strip():
                yield line.strip()


def table(heading):
    """The rows of the table whose first heading is this one: lists of cells without code marks."""
    lines = text().splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    rows = []
    for line in lines[at + 2:]:
        if not line.startswith("|"):
            return rows
        rows.append([cell[1:].removesuffix("`") if (cell := part.strip(" ")).startswith("`") else cell for part in line.strip("|").split("|")])
    return rows


def troubles():
    """{trouble: (container, line in the log, exit code, startup probe)}; scripts/pod-check makes each happen."""
    return {row[0]: tuple(row[1:5]) for row in table("trouble")}


def check(renderings):
    prod = renderings["prod"]
    # Commands may use parts of any component, so this rendering has all of them.
    whole = max((r for r in renderings.values() if r.overlay == "prod"), key=lambda r: len(r.documents))
    wrong, ran = [], 0
    for command in commands():
        words = shlex.split(command)
        problem, executed = judge(command, words, whole)
        ran += executed
        if problem:
            wrong.append(f"`{command}`: {problem}")
    wrong += [*configuration(prod), *secrets(), *listed_components(), *headings(renderings)]
    if wrong:
        raise Problem("docs/operations.md:\n  " + "\n  ".join(wrong))
    return f"{len(list(commands()))} commands, {ran} run here; every key of both ConfigMaps and every Secret is named"


def judge(command, words, whole):
    """Returns (the objection or None, whether the command was run). Commands for a cluster are compared with the rendering."""
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    program = words[0]
    if program in RUN_BY_RUST:
        return None, False
    if program not in NEEDS_MORE:
        return "is of no kind that the test knows", False
    if program == "docker":
        return docker(words), False
    if program != "kubectl":
        return missing(words), False
    if words[1] == "kustomize":
        render(ROOT / words[2])
        return None, True
    if "secret" in words and "create" in words:
        return create_secret(command, words), True
    return kubectl(words, whole), False


def docker(words):
    stages = {stage for stage, _, _ in dockerfile.instructions()}
    if "--target" in words and words[words.index("--target") + 1] not in stages:
        return "there is no such stage in the Dockerfile"
    if words[1] == "compose" and words[2] in ("exec", "logs"):
        services = re.findall(r"^  ([a-z]+):$", (ROOT / "compose.yaml").read_text(), re.M)
        unknown = [word for word in words[3:5] if not word.startswith("-") and word not in {*services, "chatbot"}]
        return f"compose.yaml has no {unknown}" if unknown else None
    return None


def missing(words):
    """Checks the files of the repository that a command names."""
    named = [word.lstrip("@") for word in words if word.startswith(("@samples/", "k8s/", "scripts/"))]
    absent = [name for name in named if not (ROOT / name).exists()]
    return f"there is no {absent}" if absent else None


def create_secret(command, words):
    """Creates the Secret without a cluster, and checks its keys."""
    made = subprocess.run(f"{command} --dry-run=client --output=jsonpath='{{.data}}'", shell=True, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        return made.stderr.strip()
    name = words[words.index("generic") + 1]
    keys = set(re.findall(r'"(\w+)":', made.stdout))
    return None if keys == policy.SECRETS.get(name) else f"makes {sorted(keys)}, but {name} has {sorted(policy.SECRETS.get(name, []))}"


def kubectl(words, whole):
    """Checks that the rendering has the names that the command uses."""
    if "-n" in words and words[words.index("-n") + 1] not in policy.NAMESPACES.values():
        return "is for another namespace"
    for word in words:
        kind, _, name = word.partition("/")
        kinds = {"deployment": "Deployment", "service": "Service", "job": "Job"}
        if name and kind in kinds and name not in whole.names(kinds[kind]):
            return f"there is no {kind} {name}"
    if words[1:4:2] == ["-n", "describe"] or "hpa" in words:
        for name in words[words.index("hpa") + 1:] if "hpa" in words else []:
            if not name.startswith("-") and name not in whole.names("HorizontalPodAutoscaler"):
                return f"there is no autoscaler {name}"
    if "-c" in words:
        known = {container["name"] for document in whole.workloads() for container in containers(pod_of(document))}
        if words[words.index("-c") + 1] not in known:
            return f"there is no container {words[words.index('-c') + 1]}"
    if "-l" in words:
        key, _, value = words[words.index("-l") + 1].partition("=")
        labels = [pod_of(document)["metadata"]["labels"] for document in whole.workloads()]
        if key.startswith("app.kubernetes.io") and not any(label.get(key) == value for label in labels):
            return f"no pod has the label {key}={value}"
    for flag in ("-k", "-f"):
        if flag in words and not (ROOT / words[words.index(flag) + 1]).exists():
            return f"there is no {words[words.index(flag) + 1]}"
    if words[1] == "label" and words[-1] != "general-chatbot-app/client=true":
        return "is not the label that the policies ask for"
    return None


def configuration(prod):
    """Checks that the table of keys equals the ConfigMaps."""
    rows = {row[0]: row[1:3] for row in table("key")}
    for column, role in enumerate(policy.ROLES):
        documented = {key: values[column] for key, values in rows.items() if values[column]}
        for key in sorted(set(documented) ^ set(prod.settings(role))):
            yield f"{role}-config: {key} is only in one of the table and the ConfigMap"
        for key, value in prod.settings(role).items():
            if documented.get(key, value) != value:
                yield f"{role}-config: {key} is {value!r}, documented is {documented[key]!r}"


def secrets():
    documented = {}
    for row in table("Secret"):
        documented.setdefault(row[0], set()).add(row[1])
    if documented != policy.SECRETS:
        yield f"the Secrets are {policy.SECRETS}, documented are {documented}"


def listed_components():
    """Checks that the handbook lists every component, and shows the line that adds one."""
    row = re.search(r"^\| `k8s/components` \|(.*)\|$", text(), re.M)[1]
    if set(re.findall(r"`([\w-]+)`", row)) != set(components()):
        yield f"the components are {components()}, documented are {row}"
    if not any(f"`components: [{COMPONENT.format(name)}]`" in text() for name in components()):
        yield "no line shows how a component is added"


def headings(renderings):
    """Checks that each alert names a heading of the handbook."""
    known = set(re.findall(r"^#+ (.+)$", text(), re.M))
    rules = [document for rendered in renderings.values() for document in rendered.of("PrometheusRule")]
    for group in rules[0]["spec"]["groups"]:
        for alert in group["rules"]:
            if alert["annotations"]["runbook"] not in known:
                yield f"alert {alert['alert']} names the heading {alert['annotations']['runbook']!r}, which does not exist"
