"""Names, and how the roles run."""

from manifests import containers, plain, pod_of
from policy.base import BACKUP, FIGURE, NAMESPACES, ROLES, STORES, differs, main_container, role_pods, rule
from policy.surroundings import policy

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
def every_container_has_requests_and_limits(rendered):
    for document in rendered.workloads():
        for container in containers(pod_of(document)):
            for side in ("requests", "limits"):
                named = set(container["resources"][side])
                yield from differs(f"{container['name']}, {side}", named, {"cpu", "memory", "ephemeral-storage"})


@rule
def autoscalers_grow_fast_and_shrink_slowly(rendered):
    for name in ROLES:
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        metrics = [
            {"type": "Resource", "resource": {"name": what, "target": {"type": "Utilization", "averageUtilization": FIGURE}}}
            for what in ("cpu", "memory")
        ]
        behavior = {
            "scaleUp": {"stabilizationWindowSeconds": 0, "policies": [{"type": "Percent", "value": FIGURE, "periodSeconds": FIGURE}]},
            "scaleDown": {"stabilizationWindowSeconds": FIGURE, "policies": [{"type": "Pods", "value": FIGURE, "periodSeconds": FIGURE}]},
        }
        expected = {"scaleTargetRef": target, "minReplicas": FIGURE, "maxReplicas": FIGURE, "metrics": metrics, "behavior": behavior}
        spec = rendered.get("HorizontalPodAutoscaler", name)["spec"]
        yield from differs(f"autoscaler of {name}", spec, expected)
        if spec["minReplicas"] > spec["maxReplicas"] or (rendered.overlay == "prod" and spec["minReplicas"] < 2):
            yield f"autoscaler of {name}: from {spec['minReplicas']} to {spec['maxReplicas']} replicas; prod needs two"


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
            "progressDeadlineSeconds": FIGURE, "revisionHistoryLimit": FIGURE,
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

        def probe(suffix):
            get = {"path": role["health"] + suffix, "port": "http"}
            return {"httpGet": get, "periodSeconds": FIGURE, "timeoutSeconds": FIGURE, "failureThreshold": FIGURE}

        for kind, suffix in (("startup", "/startup"), ("readiness", "/ready"), ("liveness", "")):
            found = container[f"{kind}Probe"]
            yield from differs(f"{name}, {kind}", found, probe(suffix))
            if found["timeoutSeconds"] > found["periodSeconds"]:
                yield f"{name}, {kind}: an answer may take longer than the pause between two questions"


@rule
def the_grace_period_covers_the_drain(rendered):
    """preStop, the drain, 3 s to hand over what still runs, and a margin: all inside the grace period."""
    for name, _, pod in role_pods(rendered):
        stop = main_container(pod)["lifecycle"]
        yield from differs(f"{name}, lifecycle", stop, {"preStop": {"sleep": {"seconds": FIGURE}}})
        needed = stop["preStop"]["sleep"]["seconds"] + int(rendered.settings(name)["CHATBOT__SERVER__DRAIN_SECONDS"]) + 3
        grace = pod["terminationGracePeriodSeconds"]
        if grace <= needed:
            yield f"{name}: a grace period of {grace} s for an end that takes {needed} s"
