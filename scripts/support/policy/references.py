"""Nothing refers to what is not there."""

from manifests import containers, pod_of, selects
from policy.base import SECRETS, differs, rule

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
