"""What a pod may do, read and write."""

import re

from manifests import containers, plain, pod_of
from policy.base import BACKUP, CACHE, FIGURE, MOUNTED, RAG_IDLE_MIB, ROLES, SECRETS, differs, main_container, mib, role_pods, rule

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
def documents_answer_without_approval_only_on_a_developers_cluster(rendered):
    expected = "false" if rendered.overlay == "dev" else "true"
    found = rendered.settings("rag-service").get("CHATBOT__RAG__GOVERNANCE__APPROVAL")
    yield from differs("rag-service, approval of documents", found, expected)


@rule
def both_roles_agree_with_each_other_and_with_their_limits(rendered):
    settings = {name: rendered.settings(name) for name in ROLES}
    orchestrator, rag = settings.values()
    copies = "1" if rendered.names("StatefulSet") & {"kafka"} else "3"
    for name, found in settings.items():
        common = {
            "CHATBOT__SERVER__WORKERS": FIGURE, "CHATBOT__DATABASE__MAX_CONNECTIONS": FIGURE, "CHATBOT__LOG__FORMAT": "json",
            "CHATBOT__LOG__FILTER": "info", "CHATBOT__MESSAGING__PARTITIONS": FIGURE, "CHATBOT__MESSAGING__REPLICATION_FACTOR": copies,
        }
        yield from differs(name, {key: found.get(key) for key in common}, common)
    partitions = "CHATBOT__MESSAGING__PARTITIONS"
    yield from differs("partitions of both", orchestrator[partitions], rag[partitions])
    yield from differs("address of rag", orchestrator["CHATBOT__ORCHESTRATOR__RAG_URL"], "http://rag-service:8000")
    memory = int(rag["CHATBOT__RAG__INGESTION__PARSE_PROCESSES"]) * int(rag["CHATBOT__RAG__INGESTION__PARSE_MEMORY_MIB"])
    pod = rendered.get("Deployment", "rag-service")["spec"]["template"]["spec"]
    limit = mib(main_container(pod)["resources"]["limits"]["memory"])
    if memory < 256 or RAG_IDLE_MIB + memory > limit:
        yield f"rag: {RAG_IDLE_MIB} MiB at rest and {memory} MiB of parsers do not fit into {limit} MiB"
    replicas = rendered.get("HorizontalPodAutoscaler", "rag-service")["spec"]["maxReplicas"]
    if int(rag["CHATBOT__MESSAGING__PARTITIONS"]) < replicas:
        yield "fewer partitions than rag may have replicas"
    yield from differs("embedding", {k: v for k, v in rag.items() if k.startswith("CHATBOT__EMBEDDING")}, {
        "CHATBOT__EMBEDDING__BACKEND": "local", "CHATBOT__EMBEDDING__THREADS": FIGURE, "CHATBOT__EMBEDDING__CACHE_DIR": CACHE,
        "CHATBOT__EMBEDDING__SOURCES": '[{kind="directory",path="/usr/share/chatbot/models"}]', "CHATBOT__EMBEDDING__DOWNLOAD": "false",
    })


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
        yield from differs(f"{name}, /tmp", volumes["tmp"], {"name": "tmp", "emptyDir": {"sizeLimit": FIGURE}})
        own = {"secrets", "tmp"} | ({"model-cache"} if name == "rag-service" else set())
        yield from differs(f"{name}, volumes", set(volumes), own)


@rule
def the_model_cache_is_for_any_number_of_replicas(rendered):
    pod = rendered.get("Deployment", "rag-service")["spec"]["template"]["spec"]
    (volume,) = [volume for volume in pod["volumes"] if volume["name"] == "model-cache"]
    claim = lambda mode: {"accessModes": [mode], "resources": {"requests": {"storage": FIGURE}}}  # noqa: E731
    if "model-cache" in rendered.names("PersistentVolumeClaim"):
        yield from differs("model cache", volume, {"name": "model-cache", "persistentVolumeClaim": {"claimName": "model-cache"}})
        yield from differs("claim", rendered.get("PersistentVolumeClaim", "model-cache")["spec"], claim("ReadWriteMany"))
    else:
        template = {"volumeClaimTemplate": {"spec": claim("ReadWriteOnce")}}
        yield from differs("model cache", volume, {"name": "model-cache", "ephemeral": template})
