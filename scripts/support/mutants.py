"""The rules hold for every rendering, and some rule objects to every line that is changed."""

import copy
import itertools

import policy
from parts import Problem


def check_rules(renderings):
    for where, rendered in renderings.items():
        found = policy.problems(rendered)
        if found:
            raise Problem("\n".join(f"{where}: {rule}: {text}" for rule, text in found))
    return f"{len(renderings)} renderings, {len(policy.RULES)} rules, 0 objections"


# Nothing depends on these: names for people, and what kustomize or the tools add.
UNRULED = (
    ("metadata", "annotations"), ("PrometheusRule", "spec"), ("ConfigMap", "chatbot-dashboard", "dashboard.json"),
    # Figures of the data stores are theirs to choose; that they are there is ruled.
    # tests/delivery/restore.rs runs the shell script of the backup.
    ("StatefulSet",), ("CronJob", "args"), ("ConfigMap", "kafka-config"), ("Secret",), ("metadata", "labels", "app.kubernetes.io/part-of"),
)

# How large these are stands in k8s/ and in the reviewed renderings, and nowhere a third time; that they are there is ruled.
FIGURES = {
    "cpu", "memory", "ephemeral-storage", "storage", "sizeLimit", "minReplicas", "maxReplicas", "averageUtilization", "value",
    "stabilizationWindowSeconds", "periodSeconds", "timeoutSeconds", "failureThreshold", "seconds", "terminationGracePeriodSeconds",
    "progressDeadlineSeconds", "revisionHistoryLimit", "backoffLimit", "activeDeadlineSeconds", "schedule", "startingDeadlineSeconds",
    "successfulJobsHistoryLimit", "failedJobsHistoryLimit", "refreshInterval", "interval", "scrapeTimeout",
    "CHATBOT__SERVER__WORKERS", "CHATBOT__SERVER__DRAIN_SECONDS", "CHATBOT__DATABASE__MAX_CONNECTIONS", "CHATBOT__MESSAGING__PARTITIONS",
    "CHATBOT__EMBEDDING__THREADS", "CHATBOT__RAG__INGESTION__PARSE_PROCESSES", "CHATBOT__RAG__INGESTION__PARSE_MEMORY_MIB",
}


def ruled(document, path):
    name = document["metadata"]["name"]
    words = (document["kind"], name, name.rsplit("-", 1)[0], *map(str, path))
    return not any(all(word in words for word in words_of) for words_of in UNRULED)


def places(value, path=()):
    """Every key and every element of a document, as a path."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*path, key)
        yield from places(inner, (*path, key))


def other(value):
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"{value}x"


def mutants(documents):
    """Each document with one line removed, or one value changed: (what was done, undo)."""
    for document in documents:
        for path in list(places(document)):
            if not ruled(document, path):
                continue
            holder = document
            for key in path[:-1]:
                holder = holder[key]
            kept = copy.copy(holder)
            where = f"{document['kind']} {document['metadata']['name']}: {'.'.join(map(str, path))}"
            del holder[path[-1]]
            yield f"{where} removed"
            restore(holder, kept)
            # A value of an environment variable is no figure.
            figure = path[-1] in FIGURES and "env" not in path
            if not (figure or isinstance(kept[path[-1]], (dict, list))):
                holder[path[-1]] = other(kept[path[-1]])
                yield f"{where} changed"
                restore(holder, kept)


def restore(holder, kept):
    if isinstance(holder, dict):
        holder.clear()
        holder.update(kept)
    else:
        holder[:] = kept


def additions(rendered):
    """What must never be added, one at a time."""
    pod = rendered.get("Deployment", "rag-service")["spec"]["template"]["spec"]
    container = pod["containers"][0]
    for holder, key, value in (
        (pod, "hostNetwork", True), (pod, "hostPID", True), (container, "command", ["sh", "-c", "true"]),
        (container, "env", [{"name": "DATABASE_URL", "value": "postgres://"}]), (container, "image", "chatbot:latest"),
        (container["securityContext"], "privileged", True), (rendered.get("Deployment", "rag-service")["spec"], "replicas", 1),
    ):
        kept = copy.copy(holder)
        holder[key] = value
        yield f"{key}: {value} added"
        restore(holder, kept)
    if rendered.overlay == "prod":
        meta = {"name": "data-store-secrets", "namespace": "general-chatbot-app"}
        rendered.documents.append({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": {}})
        yield "a Secret added"
        rendered.documents.pop()


def check_mutants(everything):
    """Removes every line and changes every value but figures, one at a time: some rule must object each time."""
    total, unseen, used = 0, [], set()
    for rendered in everything:
        for what in itertools.chain(mutants(rendered.documents), additions(rendered)):
            total += 1
            found = policy.problems(rendered)
            used |= {name for name, _ in found}
            if not found:
                unseen.append(what)
    idle = {rule.__name__ for rule in policy.RULES} - used
    if unseen or idle:
        raise Problem("no rule objects to:\n  " + "\n  ".join(unseen) + f"\nrules that never object: {sorted(idle)}")
    return f"{total} mutants, each seen by a rule; each of {len(policy.RULES)} rules saw one"
