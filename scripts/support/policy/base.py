"""What the rules have in common: the designed figures, and how a rule objects."""

import re

NAMESPACE = "general-chatbot-app"
NAMESPACES = {"prod": NAMESPACE, "dev": "general-chatbot-dev"}
MOUNTED = "/run/secrets/chatbot"
CACHE = "/var/lib/chatbot/models"
# The model and the process around it may take this much of rag's memory; scripts/pod-check measures it.
RAG_IDLE_MIB = 300
ROLES = {
    "backend-orchestrator": {
        "argument": "orchestrator", "health": "/health",
        "secrets": ["data-store-secrets", "backend-orchestrator-secrets"],
    },
    "rag-service": {
        "argument": "rag", "health": "/v1/health",
        "secrets": ["data-store-secrets", "rag-service-secrets"],
    },
}
SECRETS = {
    "data-store-secrets": {"DATABASE_URL", "REDIS_URL", "KAFKA_BROKERS", "INTERNAL_TOKEN"},
    "backend-orchestrator-secrets": {"GEMINI_API_KEY", "ANTHROPIC_API_KEY"},
    "rag-service-secrets": {"GOOGLE_API_KEY"},
}
BACKUP = "chatbot-backup"
STORES = {"postgres": 5432, "redis": 6379, "kafka": 9092}
PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
# 169.254.0.0/16 has the metadata service of every large cloud, 100.64.0.0/10 some pod networks.
NOT_PUBLIC = {
    "0.0.0.0/0": ["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
    "::/0": ["::1/128", "fc00::/7", "fe80::/10"],
}
RULES = []


class Figure:
    """Equals every number and text: the rule wants a figure and leaves its size to k8s/."""

    def __eq__(self, other):
        return isinstance(other, (int, str)) and not isinstance(other, bool)

    __hash__ = None

    def __repr__(self):
        return "a figure"


FIGURE = Figure()


def rule(check):
    RULES.append(check)
    return check


def problems(rendered):
    """Every objection, as (name of the rule, text). A rule that stumbles over what is missing objects too."""
    found = []
    for check in RULES:
        name = check.__name__
        try:
            found += [(name, text) for text in check(rendered)]
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            found.append((name, f"{type(error).__name__}: {error}"))
    return found


def differs(where, found, expected):
    if found != expected:
        yield f"{where}: {found!r}, expected {expected!r}"


def role_pods(rendered):
    for name, role in ROLES.items():
        yield name, role, rendered.get("Deployment", name)["spec"]["template"]["spec"]


def main_container(pod):
    (container,) = pod["containers"]
    return container


def tcp(*ports):
    return [{"protocol": "TCP", "port": port} for port in ports]


def mib(quantity):
    number, unit = re.fullmatch(r"(\d+)(Mi|Gi)", quantity).groups()
    return int(number) * (1024 if unit == "Gi" else 1)
