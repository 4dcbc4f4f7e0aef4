"""Renders the Kubernetes manifests, and searches the renderings."""

import itertools
import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from parts import ROOT, Problem

K8S = ROOT / "k8s"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
HASH = re.compile(r"-[a-z0-9]{10}$")
WORKLOADS = ("Deployment", "StatefulSet", "Job", "CronJob")
# How an overlay names a component; handbook.py looks for it in docs/operations.md.
COMPONENT = "../../components/{}"


def load(text):
    """The documents of a YAML stream."""
    return [document for document in yaml.load_all(text, Loader=LOADER) if document]


def render(directory):
    """Returns what `kubectl apply -k` would send."""
    done = subprocess.run(["kubectl", "kustomize", str(directory)], capture_output=True, text=True, check=False)
    if done.returncode != 0 or done.stderr:
        raise Problem(f"{directory} does not render cleanly:\n{done.stderr}")
    return done.stdout


def render_all(directories):
    """Renders several overlays at once, each in a process of its own."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(render, directories))


def components():
    return sorted(path.name for path in (K8S / "components").iterdir())


def combinations():
    """Every set of components, each added to a copy of prod as the handbook says: {names: YAML}."""
    names = components()
    sets = [chosen for size in range(len(names) + 1) for chosen in itertools.combinations(names, size)]
    return dict(zip(sets, with_components("prod", sets)))


def with_components(overlay, sets):
    """Renders the shipped overlay with each set of components, added by their line."""
    shipped = (K8S / "overlays" / overlay / "kustomization.yaml").read_text()
    with tempfile.TemporaryDirectory() as work:
        copy = Path(work) / "k8s"
        shutil.copytree(K8S, copy)
        directories = []
        for number, chosen in enumerate(sets):
            directory = copy / "overlays" / f"{overlay}-{number}"
            directory.mkdir()
            described = yaml.safe_load(shipped)
            added = [COMPONENT.format(name) for name in chosen]
            described["components"] = [*described.get("components", []), *added]
            (directory / "kustomization.yaml").write_text(yaml.safe_dump(described))
            directories.append(directory)
        return render_all(directories)


def variant(overlay, change):
    """Renders an overlay from a copy of the tree after `change`."""
    with tempfile.TemporaryDirectory() as work:
        copy = Path(work) / "k8s"
        subprocess.run(["cp", "-r", K8S, copy], check=True)
        change(copy)
        return render(copy / "overlays" / overlay)


def plain(name):
    """A generated name without the hash of its content."""
    return HASH.sub("", name)


def pod_of(document):
    """The pod template of a workload, or None."""
    if document["kind"] == "CronJob":
        return document["spec"]["jobTemplate"]["spec"]["template"]
    return document["spec"]["template"] if document["kind"] in WORKLOADS else None


def containers(template):
    spec = template.get("spec", {})
    return [*spec.get("initContainers", []), *spec.get("containers", [])]


def selects(selector, labels):
    """Whether a label selector matches these labels."""
    selector = selector or {}
    wanted = selector.get("matchLabels", {})
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(labels.get(term["key"]) in term["values"] for term in selector.get("matchExpressions", []))


class Rendered:
    """The documents of one rendering."""

    def __init__(self, documents, overlay):
        self.documents = documents
        self.overlay = overlay

    def of(self, *kinds):
        return [document for document in self.documents if document.get("kind") in kinds]

    def names(self, *kinds):
        return {plain(document["metadata"]["name"]) for document in self.of(*kinds)}

    def get(self, kind, name):
        """Returns the one resource of this kind and name; a generated name has no hash here."""
        found = [d for d in self.of(kind) if name in (d["metadata"]["name"], plain(d["metadata"]["name"]))]
        if len(found) != 1:
            raise KeyError(f"{len(found)} {kind}s are named {name}")
        return found[0]

    def workloads(self):
        return self.of(*WORKLOADS)

    def settings(self, role):
        return self.get("ConfigMap", f"{role}-config")["data"]
