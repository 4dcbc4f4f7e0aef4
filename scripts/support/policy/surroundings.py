"""Migrations, the network, and the components around the roles."""

import functools
import json
import re

from manifests import K8S, load, plain
from parts import ROOT
from policy.base import BACKUP, FIGURE, MOUNTED, NOT_PUBLIC, PRIVATE, ROLES, SECRETS, STORES, differs, main_container, role_pods, rule, tcp
from policy.pods import SECRET_MOUNT

# --- migrations ------------------------------------------------------------------------------------------------------


@functools.cache
def hopeless():
    """The exit code of `chatbot migrate` when trying again cannot help."""
    return int(re.search(r"const HOPELESS: u8 = (\d+);", (ROOT / "src/cli/migrate.rs").read_text())[1])


@rule
def new_code_waits_for_its_migrations(rendered):
    for name, _, pod in role_pods(rendered):
        first = pod["initContainers"][0]
        yield from differs(f"{name}, first init container", first["name"], "await-migrations")
        yield from differs(f"{name}, waits", first["args"], ["migrate", "--status", "--wait", "300"])
        if first["image"] != main_container(pod)["image"]:
            yield f"{name}: waits for the migrations of another release"
    rag = rendered.get("Deployment", "rag-service")["spec"]["template"]["spec"]["initContainers"]
    yield from differs("init containers of rag", [c["name"] for c in rag], ["await-migrations", "model-cache"])
    yield from differs("model-cache, args", rag[1]["args"], ["models", "pull"])


@rule
def migrations_run_once_a_release(rendered):
    (job,) = rendered.of("Job")
    spec = {key: value for key, value in job["spec"].items() if key != "template"}
    # No time to live: a Job that is gone would run again when the overlay is applied again.
    # A failure that is for good ends it at once; src/cli/migrate.rs has the exit code.
    rules = [
        {"action": "FailJob", "onExitCodes": {"containerName": "migrate", "operator": "In", "values": [hopeless()]}},
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
    ]
    yield from differs("migrate", spec, {"backoffLimit": FIGURE, "podFailurePolicy": {"rules": rules}})
    pod = job["spec"]["template"]["spec"]
    yield from differs("migrate, restart", pod["restartPolicy"], "Never")
    yield from differs("migrate, args", main_container(pod)["args"], ["migrate"])
    yield from differs("migrate, container", main_container(pod)["name"], "migrate")


# --- the network -----------------------------------------------------------------------------------------------------


def policy(rendered, name):
    return rendered.get("NetworkPolicy", name)["spec"]


def of(name):
    return {"podSelector": {"matchLabels": {"app.kubernetes.io/name": name}}}


def private(*ports):
    return {"to": [{"ipBlock": {"cidr": cidr}} for cidr in PRIVATE], "ports": tcp(*ports)}


PUBLIC = {"to": [{"ipBlock": {"cidr": cidr, "except": without}} for cidr, without in NOT_PUBLIC.items()], "ports": tcp(443)}
CLIENTS = {"namespaceSelector": {"matchLabels": {"general-chatbot-app/client": "true"}}}


@rule
def the_network_denies_by_default(rendered):
    yield from differs("default-deny", policy(rendered, "default-deny"), {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
    where = [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}},
        {"ipBlock": {"cidr": "169.254.20.10/32"}},
    ]
    ports = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
    expected = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": where, "ports": ports}]}
    yield from differs("allow-dns", policy(rendered, "allow-dns"), expected)


@rule
def roles_reach_what_is_listed_and_nothing_else(rendered):
    both = ["Ingress", "Egress"]
    stores = private(*STORES.values())
    yield from differs("backend-orchestrator", policy(rendered, "backend-orchestrator"), {
        **of("backend-orchestrator"), "policyTypes": both,
        "ingress": [{"from": [CLIENTS], "ports": tcp(8000)}],
        "egress": [{"to": [of("rag-service")], "ports": tcp(8000)}, stores, PUBLIC],
    })
    yield from differs("rag-service", policy(rendered, "rag-service"), {
        **of("rag-service"), "policyTypes": both,
        "ingress": [{"from": [of("backend-orchestrator"), CLIENTS], "ports": tcp(8000)}],
        "egress": [stores, PUBLIC],
    })
    yield from differs("chatbot-migrate", policy(rendered, "chatbot-migrate"), {
        **of("chatbot-migrate"), "policyTypes": both, "egress": [private(5432)],
    })


# --- components ------------------------------------------------------------------------------------------------------


@rule
def data_stores_are_reached_by_the_product_only(rendered):
    product = {"podSelector": {"matchLabels": {"app.kubernetes.io/part-of": "general-chatbot"}}}
    for name in rendered.names("StatefulSet"):
        port = STORES[name]
        yield from differs(name, policy(rendered, name), {
            **of(name), "policyTypes": ["Ingress", "Egress"], "ingress": [{"from": [product], "ports": tcp(port)}],
        })
        yield from differs(f"{name}-clients", policy(rendered, f"{name}-clients"), {
            **product, "policyTypes": ["Egress"], "egress": [{"to": [of(name)], "ports": tcp(port)}],
        })
        spec = rendered.get("StatefulSet", name)["spec"]
        yield from differs(f"{name}, replicas", spec["replicas"], 1)
        (container,) = spec["template"]["spec"]["containers"]
        yield from differs(f"{name}, port", container["ports"], [{"containerPort": port, "name": name}])
        service = {"clusterIP": "None", "selector": {"app.kubernetes.io/name": name}, "ports": [{"name": name, "port": port, "targetPort": name}]}
        yield from differs(f"Service {name}", rendered.get("Service", name)["spec"], service)


def component(name, file):
    """The first document of a component's file, as it is written."""
    return load((K8S / "components" / name / file).read_text())[0]


@rule
def a_backup_is_made_every_night_by_the_servers_own_release(rendered):
    for document in rendered.of("CronJob"):
        labels = {"app.kubernetes.io/name": BACKUP}
        yield from differs("backup, labels", document["metadata"]["labels"], labels)
        spec = document["spec"]
        yield from differs("backup", {key: value for key, value in spec.items() if key != "jobTemplate"}, {
            "schedule": FIGURE, "concurrencyPolicy": "Forbid", "startingDeadlineSeconds": FIGURE,
            "successfulJobsHistoryLimit": FIGURE, "failedJobsHistoryLimit": FIGURE,
        })
        job = spec["jobTemplate"]["spec"]
        limits = {key: value for key, value in job.items() if key != "template"}
        yield from differs("backup, job", limits, {"backoffLimit": FIGURE, "activeDeadlineSeconds": FIGURE})
        labels |= {"app.kubernetes.io/part-of": "general-chatbot"}
        yield from differs("backup, labels of pods", job["template"]["metadata"]["labels"], labels)
        pod = job["template"]["spec"]
        yield from differs("backup, restart", pod["restartPolicy"], "Never")
        (container,) = pod["containers"]
        (server,) = component("postgres", "stateful-set.yaml")["spec"]["template"]["spec"]["containers"]
        yield from differs("backup, image", container["image"], server["image"])
        yield from differs("backup, name and shell", (container["name"], container["command"]), ("backup", ["sh", "-euc"]))
        environment = {"DATABASE_URL_FILE": f"{MOUNTED}/DATABASE_URL", "BACKUP_DIR": "/backups"}
        yield from differs("backup, environment", container["env"], [{"name": k, "value": v} for k, v in environment.items()])
        yield from differs("backup, mounts", container["volumeMounts"], [SECRET_MOUNT, {"name": "backups", "mountPath": "/backups"}])
        secrets, backups = sorted(pod["volumes"], key=lambda volume: volume["name"], reverse=True)
        yield from differs("backup, volume", backups, {"name": "backups", "persistentVolumeClaim": {"claimName": BACKUP}})
        secret = lambda key: {"name": secrets["projected"]["sources"][0]["secret"]["name"], "items": [{"key": key, "path": key}]}  # noqa: E731
        sources = [{"secret": secret("DATABASE_URL")}, {"secret": secret("POSTGRES_CA") | {"optional": True}}]
        yield from differs("backup, secrets", secrets, {"name": "secrets", "projected": {"defaultMode": 0o440, "sources": sources}})
        yield from differs("backup, secret", plain(sources[0]["secret"]["name"]), "data-store-secrets")
        claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": FIGURE}}}
        yield from differs("backup, claim", rendered.get("PersistentVolumeClaim", BACKUP)["spec"], claim)
        yield from differs(BACKUP, policy(rendered, BACKUP), {
            **of(BACKUP), "policyTypes": ["Ingress", "Egress"], "egress": [private(5432)],
        })


@rule
def custom_resources_have_their_shape(rendered):
    """Their schemas are not among Kubernetes' own."""
    for secret in rendered.of("ExternalSecret"):
        name = secret["metadata"]["name"]
        yield from differs(f"ExternalSecret {name}", secret["spec"], {
            "refreshInterval": FIGURE, "secretStoreRef": {"kind": "ClusterSecretStore", "name": "chatbot"},
            "target": {"name": name, "creationPolicy": "Owner"}, "dataFrom": [{"extract": {"key": name}}],
        })
    if rendered.of("ExternalSecret"):
        yield from differs("ExternalSecrets", rendered.names("ExternalSecret"), set(SECRETS))
    chosen = [{"key": "app.kubernetes.io/name", "operator": "In", "values": list(ROLES)}]
    for monitor in rendered.of("PodMonitor"):
        yield from differs("PodMonitor", monitor["spec"], {
            "selector": {"matchExpressions": chosen}, "podTargetLabels": ["app.kubernetes.io/name"],
            "podMetricsEndpoints": [{"port": "http", "path": "/metrics", "interval": FIGURE, "scrapeTimeout": FIGURE}],
        })
        source = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
        yield from differs("allow-metrics", policy(rendered, "allow-metrics"), {
            "podSelector": {"matchExpressions": chosen}, "policyTypes": ["Ingress"], "ingress": [{"from": source, "ports": tcp(8000)}],
        })
    for document in rendered.of("PrometheusRule"):
        for alert in [alert for group in document["spec"]["groups"] for alert in group["rules"]]:
            if not {"alert", "expr", "labels", "annotations"} <= set(alert) or not {"summary", "runbook"} <= set(alert["annotations"]):
                yield f"alert {alert.get('alert')}: lacks its expression, severity, summary or runbook"


@rule
def the_dashboard_is_found_and_is_json(rendered):
    for document in rendered.of("ConfigMap"):
        if document["metadata"]["name"] == "chatbot-dashboard":
            yield from differs("dashboard, labels", document["metadata"]["labels"], {"grafana_dashboard": "1"})
            panels = json.loads(document["data"]["dashboard.json"])["panels"]
            yield from differs("dashboard, panels without a query", [p["title"] for p in panels if not p["targets"]], [])
