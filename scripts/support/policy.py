"""What must hold of the rendered manifests: names, figures and hardening, one function a rule.

A rule yields what is wrong. It compares whole values, so that a line which is missing, added or changed is seen:
scripts/check-manifests removes every line once and expects a rule to object.
"""

import functools
import json
import re

from manifests import K8S, containers, load, plain, pod_of, selects
from parts import ROOT

NAMESPACE = "general-chatbot-app"
NAMESPACES = {"prod": NAMESPACE, "dev": "general-chatbot-dev"}
MOUNTED = "/run/secrets/chatbot"
CACHE = "/var/lib/chatbot/models"
# The model and the process around it may take this much of rag's memory; scripts/pod-check measures it.
RAG_IDLE_MIB = 300
ROLES = {
    "backend-orchestrator": {
        "argument": "orchestrator", "health": "/health", "start_attempts": 30, "start_period": 2,
        "requests": {"cpu": "200m", "memory": "256Mi"}, "limits": {"cpu": "400m", "memory": "512Mi"},
        "secrets": ["data-store-secrets", "backend-orchestrator-secrets"],
    },
    "rag-service": {
        "argument": "rag", "health": "/v1/health", "start_attempts": 60, "start_period": 2,
        "requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"cpu": "500m", "memory": "1Gi"},
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


# --- names -----------------------------------------------------------------------------------------------------------


@rule
def resources_have_their_fixed_names(rendered):
    """The two roles, the migration, and nothing that is not meant to be there."""
    extra = {name for name in STORES if rendered.names("StatefulSet") & {name}}
    roles = set(ROLES)
    backup = {BACKUP} if rendered.of("CronJob") else set()
    yield from differs("CronJobs", rendered.names("CronJob"), backup)
    claims = rendered.names("PersistentVolumeClaim")
    yield from differs("PersistentVolumeClaims", claims, (claims & {"model-cache"}) | backup)
    yield from differs("StatefulSets", rendered.names("StatefulSet"), extra)
    yield from differs("Deployments", rendered.names("Deployment"), roles)
    yield from differs("Services", rendered.names("Service"), roles | extra)
    yield from differs("ServiceAccounts", rendered.names("ServiceAccount"), roles | {"chatbot-migrate"} | extra | backup)
    yield from differs("HorizontalPodAutoscalers", rendered.names("HorizontalPodAutoscaler"), roles)
    yield from differs("PodDisruptionBudgets", rendered.names("PodDisruptionBudget"), roles)
    configs = {f"{name}-config" for name in roles} | ({"kafka-config"} if "kafka" in extra else set())
    yield from differs("ConfigMaps", rendered.names("ConfigMap") - {"chatbot-dashboard"}, configs)
    policies = roles | {"chatbot-migrate", "default-deny", "allow-dns"} | backup
    policies |= {policy for name in extra for policy in (name, f"{name}-clients")}
    yield from differs("NetworkPolicies", rendered.names("NetworkPolicy") - {"allow-metrics"}, policies)
    yield from differs("Jobs", len(rendered.of("Job")), 1)
    monitoring = [document["metadata"]["name"] for document in rendered.of("PodMonitor", "PrometheusRule")]
    yield from differs("PodMonitor and PrometheusRule", monitoring, ["chatbot"] * len(monitoring))


API_VERSIONS = {
    "Namespace": "v1", "Service": "v1", "ServiceAccount": "v1", "ConfigMap": "v1", "Secret": "v1",
    "PersistentVolumeClaim": "v1", "Deployment": "apps/v1", "StatefulSet": "apps/v1", "Job": "batch/v1", "CronJob": "batch/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2", "PodDisruptionBudget": "policy/v1",
    "NetworkPolicy": "networking.k8s.io/v1", "ExternalSecret": "external-secrets.io/v1",
    "PodMonitor": "monitoring.coreos.com/v1", "PrometheusRule": "monitoring.coreos.com/v1",
}


@rule
def everything_is_in_the_namespace_and_of_a_known_version(rendered):
    for document in rendered.documents:
        kind, meta = document["kind"], document["metadata"]
        where = f"{kind} {meta['name']}"
        yield from differs(f"{where}, version", document["apiVersion"], API_VERSIONS[kind])
        if kind != "Namespace":
            yield from differs(f"{where}, namespace", meta.get("namespace"), NAMESPACES[rendered.overlay])


@rule
def the_namespace_refuses_pods_that_are_not_hardened(rendered):
    prefix = "pod-security.kubernetes.io"
    labels = {"app.kubernetes.io/part-of": "general-chatbot"} | {f"{prefix}/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    yield from differs("Namespaces", [d["metadata"] for d in rendered.of("Namespace")], [{"name": NAMESPACES[rendered.overlay], "labels": labels}])


@rule
def everything_of_the_product_is_labelled(rendered):
    """Policies of the data stores and dashboards select by these labels."""
    for name in [*ROLES, "chatbot-migrate"]:
        labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "general-chatbot"}
        for document in rendered.documents:
            meta = document["metadata"]
            if not (plain(meta["name"]) in (name, f"{name}-config") or meta["name"].startswith("chatbot-migrate-")):
                continue
            yield from differs(f"{document['kind']} {name}", meta.get("labels", {}).get("app.kubernetes.io/part-of"), "general-chatbot")
        for document in rendered.of("Deployment", "Job"):
            if document["metadata"]["name"].startswith(name):
                yield from differs(f"{name}", document["metadata"]["labels"], labels)
                yield from differs(f"pods of {name}", document["spec"]["template"]["metadata"]["labels"], labels)
    for name in ("default-deny", "allow-dns"):
        labels = rendered.get("NetworkPolicy", name)["metadata"]["labels"]
        yield from differs(f"NetworkPolicy {name}", labels, {"app.kubernetes.io/part-of": "general-chatbot"})


# --- the roles -------------------------------------------------------------------------------------------------------


@rule
def roles_run_their_command(rendered):
    """The image's entry point with a subcommand: no shell, no command of their own."""
    for name, role, pod in role_pods(rendered):
        container = main_container(pod)
        yield from differs(f"{name}, container", container["name"], role["argument"])
        yield from differs(f"{name}, args", container["args"], ["serve", role["argument"]])
        for init in containers({"spec": pod}):
            yield from differs(f"{name}, command", init.get("command"), None)


@rule
def ports_are_8000(rendered):
    for name, _, pod in role_pods(rendered):
        ports = [{"containerPort": 8000, "name": "http"}]
        yield from differs(f"{name}, ports", main_container(pod)["ports"], ports)
        yield from differs(f"{name}, configured port", rendered.settings(name)["CHATBOT__SERVER__PORT"], "8000")
        service = {"ports": [{"name": "http", "port": 8000, "targetPort": "http"}], "selector": {"app.kubernetes.io/name": name}}
        yield from differs(f"Service {name}", rendered.get("Service", name)["spec"], service)


@rule
def resources_are_the_designed_figures(rendered):
    for name, role, pod in role_pods(rendered):
        expected = {
            "requests": {**role["requests"], "ephemeral-storage": "64Mi"},
            "limits": {**role["limits"], "ephemeral-storage": "256Mi"},
        }
        for container in containers({"spec": pod}):
            yield from differs(f"{name}/{container['name']}, resources", container["resources"], expected)
    (job,) = rendered.of("Job")
    expected = {
        "requests": {"cpu": "100m", "memory": "64Mi", "ephemeral-storage": "64Mi"},
        "limits": {"cpu": "400m", "memory": "256Mi", "ephemeral-storage": "256Mi"},
    }
    yield from differs("migrate, resources", main_container(job["spec"]["template"]["spec"])["resources"], expected)


@rule
def every_container_has_requests_and_limits(rendered):
    for document in rendered.workloads():
        for container in containers(pod_of(document)):
            for side in ("requests", "limits"):
                named = set(container["resources"][side])
                yield from differs(f"{container['name']}, {side}", named, {"cpu", "memory", "ephemeral-storage"})


@rule
def autoscalers_grow_fast_and_shrink_slowly(rendered):
    low, high = (1, 2) if rendered.overlay == "dev" else (2, 10)
    for name in ROLES:
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        metrics = [
            {"type": "Resource", "resource": {"name": what, "target": {"type": "Utilization", "averageUtilization": share}}}
            for what, share in (("cpu", 70), ("memory", 80))
        ]
        behavior = {
            "scaleUp": {"stabilizationWindowSeconds": 0, "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]},
            "scaleDown": {"stabilizationWindowSeconds": 300, "policies": [{"type": "Pods", "value": 1, "periodSeconds": 120}]},
        }
        expected = {"scaleTargetRef": target, "minReplicas": low, "maxReplicas": high, "metrics": metrics, "behavior": behavior}
        yield from differs(f"autoscaler of {name}", rendered.get("HorizontalPodAutoscaler", name)["spec"], expected)


@rule
def the_autoscaler_owns_the_replicas(rendered):
    for name in ROLES:
        yield from differs(f"{name}, replicas", rendered.get("Deployment", name)["spec"].get("replicas"), None)


@rule
def a_disruption_takes_one_pod_at_a_time(rendered):
    for name in ROLES:
        selector = {"matchLabels": {"app.kubernetes.io/name": name}}
        expected = {"maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow", "selector": selector}
        yield from differs(f"disruption budget of {name}", rendered.get("PodDisruptionBudget", name)["spec"], expected)


@rule
def a_rollout_never_takes_a_pod_before_its_successor_is_ready(rendered):
    for name in ROLES:
        spec = {k: v for k, v in rendered.get("Deployment", name)["spec"].items() if k != "template"}
        yield from differs(name, spec, {
            "progressDeadlineSeconds": 600, "revisionHistoryLimit": 5,
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        })


@rule
def pods_are_spread_over_zones_and_nodes(rendered):
    for name, _, pod in role_pods(rendered):
        expected = [
            {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "ScheduleAnyway",
             "labelSelector": {"matchLabels": {"app.kubernetes.io/name": name}}, "matchLabelKeys": ["pod-template-hash"]}
            for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
        ]
        yield from differs(f"{name}, spread", pod["topologySpreadConstraints"], expected)


@rule
def probes_ask_the_designed_paths(rendered):
    for name, role, pod in role_pods(rendered):
        container = main_container(pod)

        def probe(suffix, period, timeout, failures):
            get = {"path": role["health"] + suffix, "port": "http"}
            return {"httpGet": get, "periodSeconds": period, "timeoutSeconds": timeout, "failureThreshold": failures}

        startup = probe("/startup", role["start_period"], 2, role["start_attempts"])
        yield from differs(f"{name}, startup", container["startupProbe"], startup)
        yield from differs(f"{name}, readiness", container["readinessProbe"], probe("/ready", 5, 4, 1))
        yield from differs(f"{name}, liveness", container["livenessProbe"], probe("", 10, 3, 3))


@rule
def the_grace_period_covers_the_drain(rendered):
    """preStop, the drain, 3 s to hand over what still runs, and a margin: all inside the grace period."""
    for name, _, pod in role_pods(rendered):
        stop = main_container(pod)["lifecycle"]
        yield from differs(f"{name}, lifecycle", stop, {"preStop": {"sleep": {"seconds": 5}}})
        drain = int(rendered.settings(name)["CHATBOT__SERVER__DRAIN_SECONDS"])
        yield from differs(f"{name}, drain", drain, 30)
        yield from differs(f"{name}, grace", pod["terminationGracePeriodSeconds"], 5 + drain + 3 + 7)


# --- hardening -------------------------------------------------------------------------------------------------------


@rule
def pods_are_restricted(rendered):
    """The restricted Pod Security Standard, and no number of a user that is not set."""
    for document in rendered.workloads():
        name = plain(document["metadata"]["name"])
        user = {"postgres": 999, "redis": 999, "kafka": 1000, BACKUP: 999}.get(name, 10001)
        expected = {
            "runAsNonRoot": True, "runAsUser": user, "runAsGroup": user, "fsGroup": user,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        if name == "rag-service":
            expected["fsGroupChangePolicy"] = "OnRootMismatch"
        pod = pod_of(document)["spec"]
        yield from differs(f"{name}, security context", pod["securityContext"], expected)
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            yield from differs(f"{name}, {key}", pod.get(key), None)


@rule
def containers_are_restricted(rendered):
    for document in rendered.workloads():
        for container in containers(pod_of(document)):
            expected = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
            yield from differs(f"{container['name']}, security context", container["securityContext"], expected)


@rule
def pods_have_no_token_and_no_service_links(rendered):
    for document in rendered.workloads():
        pod = pod_of(document)["spec"]
        account = "chatbot-migrate" if document["kind"] == "Job" else document["metadata"]["name"]
        yield from differs(f"{account}, account", pod["serviceAccountName"], account)
        yield from differs(f"{account}, token", pod["automountServiceAccountToken"], False)
        yield from differs(f"{account}, service links", pod["enableServiceLinks"], False)
    for account in rendered.of("ServiceAccount"):
        yield from differs(account["metadata"]["name"], account["automountServiceAccountToken"], False)


@rule
def images_are_one_pinned_release(rendered):
    tags = set()
    for document in rendered.workloads():
        for container in containers(pod_of(document)):
            name, _, tag = container["image"].partition(":")
            if not re.fullmatch(r"[\w.-]+", tag) or tag == "latest":
                yield f"{container['name']}: {container['image']} has no fixed tag"
            yield from differs(f"{container['name']}, pull policy", container["imagePullPolicy"], "IfNotPresent")
            if document["kind"] not in ("StatefulSet", "CronJob"):
                tags.add(tag)
                carries_model = container["name"] == "model-cache"
                yield from differs(container["name"], name, "chatbot-model" if carries_model else "chatbot")
    yield from differs("tags of the release", len(tags), 1)
    (job,) = rendered.of("Job")
    if not re.fullmatch(r"chatbot-migrate-[a-z0-9]{10}", job["metadata"]["name"]):
        yield f"the migration's name: {job['metadata']['name']} does not end in the hash of what it is"


# --- configuration and secrets ---------------------------------------------------------------------------------------


@rule
def roles_read_their_configmap(rendered):
    for name, _, pod in role_pods(rendered):
        generated = rendered.get("ConfigMap", f"{name}-config")["metadata"]["name"]
        if generated == f"{name}-config":
            yield f"ConfigMap {generated}: no hash, so a change would not roll the pods"
        for container in containers({"spec": pod}):
            yield from differs(container["name"], container["envFrom"], [{"configMapRef": {"name": generated}}])
            yield from differs(container["name"], container.get("env"), None)


@rule
def secrets_are_files(rendered):
    """Each *_FILE of a ConfigMap is a key of a mounted Secret, and each key is named by one."""
    for name, role, pod in role_pods(rendered):
        (volume,) = [volume for volume in pod["volumes"] if volume["name"] == "secrets"]
        sources = [plain(source["secret"]["name"]) for source in volume["projected"]["sources"]]
        yield from differs(f"{name}, secrets", sources, role["secrets"])
        yield from differs(f"{name}, mode", volume["projected"]["defaultMode"], 0o440)
        files = {k: v for k, v in rendered.settings(name).items() if k.endswith("_FILE")}
        keys = set().union(*(SECRETS[source] for source in sources))
        yield from differs(f"{name}, files", files, {f"{key}_FILE": f"{MOUNTED}/{key}" for key in keys})
    (job,) = rendered.of("Job")
    pod = job["spec"]["template"]["spec"]
    file = [{"name": "DATABASE_URL_FILE", "value": f"{MOUNTED}/DATABASE_URL"}]
    yield from differs("migrate, environment", main_container(pod)["env"], file)
    (volume,) = pod["volumes"]
    items = [{"key": "DATABASE_URL", "path": "DATABASE_URL"}]
    secret = {"secretName": volume["secret"]["secretName"], "defaultMode": 0o440, "items": items}
    yield from differs("migrate, volume", volume, {"name": "secrets", "secret": secret})
    yield from differs("migrate, secret", plain(volume["secret"]["secretName"]), "data-store-secrets")


@rule
def prod_carries_no_secret_values(rendered):
    if rendered.overlay == "dev":
        for name, keys in SECRETS.items():
            secret = rendered.get("Secret", name)
            yield from differs(f"Secret {name}", set(secret["data"]), keys)
            yield from differs(f"Secret {name}, type", secret["type"], "Opaque")
    else:
        known = {"postgres-secrets"} if rendered.names("StatefulSet") & {"postgres"} else set()
        yield from differs("Secrets", rendered.names("Secret"), known)


@rule
def secrets_that_everybody_knows_are_allowed_only_where_they_stand(rendered):
    expected = "true" if rendered.overlay == "dev" else None
    for name in ROLES:
        found = rendered.settings(name).get("CHATBOT__AUTH__ALLOW_WEAK_SECRETS")
        yield from differs(f"{name}, weak secrets", found, expected)


@rule
def both_roles_agree_with_each_other_and_with_their_limits(rendered):
    settings = {name: rendered.settings(name) for name in ROLES}
    orchestrator, rag = settings.values()
    copies = "1" if rendered.names("StatefulSet") & {"kafka"} else "3"
    for name, found in settings.items():
        common = {
            "CHATBOT__SERVER__WORKERS": "2", "CHATBOT__DATABASE__MAX_CONNECTIONS": "8", "CHATBOT__LOG__FORMAT": "json",
            "CHATBOT__LOG__FILTER": "info", "CHATBOT__MESSAGING__PARTITIONS": "12", "CHATBOT__MESSAGING__REPLICATION_FACTOR": copies,
        }
        yield from differs(name, {key: found.get(key) for key in common}, common)
    yield from differs("address of rag", orchestrator["CHATBOT__ORCHESTRATOR__RAG_URL"], "http://rag-service:8000")
    memory = int(rag["CHATBOT__RAG__INGESTION__PARSE_PROCESSES"]) * int(rag["CHATBOT__RAG__INGESTION__PARSE_MEMORY_MIB"])
    limit = mib(ROLES["rag-service"]["limits"]["memory"])
    if memory < 256 or RAG_IDLE_MIB + memory > limit:
        yield f"rag: {RAG_IDLE_MIB} MiB at rest and {memory} MiB of parsers do not fit into {limit} MiB"
    replicas = rendered.get("HorizontalPodAutoscaler", "rag-service")["spec"]["maxReplicas"]
    if int(rag["CHATBOT__MESSAGING__PARTITIONS"]) < replicas:
        yield "fewer partitions than rag may have replicas"
    yield from differs("embedding", {k: v for k, v in rag.items() if k.startswith("CHATBOT__EMBEDDING")}, {
        "CHATBOT__EMBEDDING__BACKEND": "local", "CHATBOT__EMBEDDING__THREADS": "1", "CHATBOT__EMBEDDING__CACHE_DIR": CACHE,
        "CHATBOT__EMBEDDING__SOURCES": '[{kind="directory",path="/usr/share/chatbot/models"}]', "CHATBOT__EMBEDDING__DOWNLOAD": "false",
    })
    yield from differs("parsers", rag["CHATBOT__RAG__INGESTION__PARSE_PROCESSES"], "1")
    yield from differs("memory of a parser", rag["CHATBOT__RAG__INGESTION__PARSE_MEMORY_MIB"], "512")


# --- storage ---------------------------------------------------------------------------------------------------------


SECRET_MOUNT = {"name": "secrets", "mountPath": MOUNTED, "readOnly": True}
TMP_MOUNT = {"name": "tmp", "mountPath": "/tmp"}
CACHE_MOUNT = {"name": "model-cache", "mountPath": CACHE}


@rule
def only_the_mounts_are_writable_and_few(rendered):
    mounts = {
        "orchestrator": [SECRET_MOUNT, TMP_MOUNT], "await-migrations": [SECRET_MOUNT, TMP_MOUNT], "migrate": [SECRET_MOUNT],
        "rag": [SECRET_MOUNT, TMP_MOUNT, {**CACHE_MOUNT, "readOnly": True}], "model-cache": [SECRET_MOUNT, TMP_MOUNT, CACHE_MOUNT],
    }
    for document in rendered.of("Deployment", "Job"):
        for container in containers(pod_of(document)):
            yield from differs(f"{container['name']}, mounts", container["volumeMounts"], mounts[container["name"]])
    for name, _, pod in role_pods(rendered):
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        yield from differs(f"{name}, /tmp", volumes["tmp"], {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}})
        own = {"secrets", "tmp"} | ({"model-cache"} if name == "rag-service" else set())
        yield from differs(f"{name}, volumes", set(volumes), own)


@rule
def the_model_cache_is_2gi_for_any_number_of_replicas(rendered):
    pod = rendered.get("Deployment", "rag-service")["spec"]["template"]["spec"]
    (volume,) = [volume for volume in pod["volumes"] if volume["name"] == "model-cache"]
    claim = lambda mode: {"accessModes": [mode], "resources": {"requests": {"storage": "2Gi"}}}  # noqa: E731
    if "model-cache" in rendered.names("PersistentVolumeClaim"):
        yield from differs("model cache", volume, {"name": "model-cache", "persistentVolumeClaim": {"claimName": "model-cache"}})
        yield from differs("claim", rendered.get("PersistentVolumeClaim", "model-cache")["spec"], claim("ReadWriteMany"))
    else:
        template = {"volumeClaimTemplate": {"spec": claim("ReadWriteOnce")}}
        yield from differs("model cache", volume, {"name": "model-cache", "ephemeral": template})


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
    yield from differs("migrate", spec, {"backoffLimit": 24, "podFailurePolicy": {"rules": rules}})
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
            "schedule": "17 2 * * *", "concurrencyPolicy": "Forbid", "startingDeadlineSeconds": 7200,
            "successfulJobsHistoryLimit": 1, "failedJobsHistoryLimit": 3,
        })
        job = spec["jobTemplate"]["spec"]
        limits = {key: value for key, value in job.items() if key != "template"}
        yield from differs("backup, job", limits, {"backoffLimit": 3, "activeDeadlineSeconds": 14400})
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
        yield from differs("backup, resources", container["resources"], {
            "requests": {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "64Mi"},
            "limits": {"cpu": "500m", "memory": "512Mi", "ephemeral-storage": "256Mi"},
        })
        yield from differs("backup, mounts", container["volumeMounts"], [SECRET_MOUNT, {"name": "backups", "mountPath": "/backups"}])
        secrets, backups = sorted(pod["volumes"], key=lambda volume: volume["name"], reverse=True)
        yield from differs("backup, volume", backups, {"name": "backups", "persistentVolumeClaim": {"claimName": BACKUP}})
        secret = lambda key: {"name": secrets["projected"]["sources"][0]["secret"]["name"], "items": [{"key": key, "path": key}]}  # noqa: E731
        sources = [{"secret": secret("DATABASE_URL")}, {"secret": secret("POSTGRES_CA") | {"optional": True}}]
        yield from differs("backup, secrets", secrets, {"name": "secrets", "projected": {"defaultMode": 0o440, "sources": sources}})
        yield from differs("backup, secret", plain(sources[0]["secret"]["name"]), "data-store-secrets")
        claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "20Gi"}}}
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
            "refreshInterval": "1h", "secretStoreRef": {"kind": "ClusterSecretStore", "name": "chatbot"},
            "target": {"name": name, "creationPolicy": "Owner"}, "dataFrom": [{"extract": {"key": name}}],
        })
    if rendered.of("ExternalSecret"):
        yield from differs("ExternalSecrets", rendered.names("ExternalSecret"), set(SECRETS))
    chosen = [{"key": "app.kubernetes.io/name", "operator": "In", "values": list(ROLES)}]
    for monitor in rendered.of("PodMonitor"):
        yield from differs("PodMonitor", monitor["spec"], {
            "selector": {"matchExpressions": chosen}, "podTargetLabels": ["app.kubernetes.io/name"],
            "podMetricsEndpoints": [{"port": "http", "path": "/metrics", "interval": "30s", "scrapeTimeout": "10s"}],
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


# --- nothing dangles -------------------------------------------------------------------------------------------------


@rule
def selectors_find_pods_of_this_rendering(rendered):
    pods = [pod_of(document)["metadata"]["labels"] for document in rendered.workloads()]
    selectors = [(f"Service {s['metadata']['name']}", {"matchLabels": s["spec"]["selector"]}) for s in rendered.of("Service")]
    for document in rendered.of("PodDisruptionBudget", "Deployment", "StatefulSet", "PodMonitor"):
        selectors.append((f"{document['kind']} {document['metadata']['name']}", document["spec"]["selector"]))
    for document in rendered.of("NetworkPolicy"):
        name, spec = document["metadata"]["name"], document["spec"]
        selectors.append((f"NetworkPolicy {name}", spec["podSelector"]))
        rules = [*spec.get("ingress", []), *spec.get("egress", [])]
        for peer in [peer for entry in rules for peer in [*entry.get("from", []), *entry.get("to", [])]]:
            if "podSelector" in peer:
                selectors.append((f"NetworkPolicy {name}, peer", peer["podSelector"]))
    for where, selector in selectors:
        if not any(selects(selector, labels) for labels in pods):
            yield f"{where}: {selector} selects no pod"


@rule
def references_lead_to_something(rendered):
    # These come from the operator; docs/operations.md says how.
    given = set() if rendered.overlay == "dev" else set(SECRETS)
    secrets = {document["metadata"]["name"] for document in rendered.of("Secret")} | given
    configs = {document["metadata"]["name"] for document in rendered.of("ConfigMap")}
    claims = rendered.names("PersistentVolumeClaim")
    for document in rendered.workloads():
        name, spec = document["metadata"]["name"], pod_of(document)["spec"]
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        mountable = set(volumes) | {claim["metadata"]["name"] for claim in document["spec"].get("volumeClaimTemplates", [])}
        for volume in volumes.values():
            sources = [volume, *volume.get("projected", {}).get("sources", [])]
            named = {s["secret"].get("secretName") or s["secret"]["name"] for s in sources if "secret" in s}
            if named - secrets:
                yield f"{name}: there is no Secret {named - secrets}"
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            if claim and claim not in claims:
                yield f"{name}: there is no claim {claim}"
        mounted = {mount["name"] for container in containers({"spec": spec}) for mount in container["volumeMounts"]}
        yield from differs(f"{name}, volumes and mounts", mounted, mountable)
        for container in containers({"spec": spec}):
            maps = {source["configMapRef"]["name"] for source in container.get("envFrom", [])}
            if maps - configs:
                yield f"{name}: there is no ConfigMap {maps - configs}"
            ports = {port["name"] for port in container.get("ports", [])}
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                asked = container.get(probe, {})
                port = asked.get("httpGet", asked.get("tcpSocket", {})).get("port")
                if port is not None and port not in ports:
                    yield f"{name}: {probe} asks port {port}, which does not exist"
