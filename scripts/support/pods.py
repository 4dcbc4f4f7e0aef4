"""Runs containers as a kubelet would, from rendered manifests: runc, an image made by buildah, cgroup v1 limits."""

import json
import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import parts
from parts import Problem

CGROUPS = Path("/sys/fs/cgroup")
PERIOD = 100_000
MEMORY = {"Mi": 1 << 20, "Gi": 1 << 30}
# Where containers/common keeps the profile that container engines call their default.
SECCOMP = Path("/usr/share/containers/seccomp.json")


def cores(quantity):
    return int(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)


def size(quantity):
    number, unit = re.fullmatch(r"(\d+)(Mi|Gi)", quantity).groups()
    return int(number) * MEMORY[unit]


def mib(count):
    return count / (1 << 20)


def need_cgroups():
    for controller in ("memory", "cpu"):
        if not os.access(CGROUPS / controller / "cgroup.procs", os.W_OK):
            raise Problem(f"the cgroup v1 controller {controller} is not writable here; pod-check needs it to set the limits")


# --- the image -------------------------------------------------------------------------------------------------------


class Images:
    """The Dockerfile's two targets, on a base that is created here, with the program and model built on this machine."""

    def __init__(self, work, binary):
        self.work = work
        self.binary = binary
        self.storage = ["buildah", "--root", work / "storage", "--runroot", work / "run", "--storage-driver", "vfs"]
        self.mounted = {}

    def buildah(self, *arguments):
        return parts.run([*self.storage, *arguments], cwd=parts.ROOT).strip()

    def base(self):
        """Debian's smallest system, as an image without a registry."""
        with parts.installing("debian-bookworm") as place:
            if place:
                parts.say("making a base image with debootstrap")
                parts.run(["debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", place / "root"])
        root = parts.cache_dir() / "debian-bookworm/root"
        container = self.buildah("from", "scratch")
        self.buildah("add", "--quiet", container, f"{root}/", "/")
        self.buildah("commit", "--quiet", container, "localhost/base:bookworm")
        self.buildah("rm", container)
        return root

    def build(self):
        """Replaces the compiling stages by their results; the rest is the unchanged Dockerfile."""
        root = self.base()
        program, models = self.work / "build", self.work / "model-files"
        for source, target in (
            (self.binary, program / "out/program/usr/local/bin/chatbot"),
            (root / "etc/ssl/certs/ca-certificates.crt", program / "out/program/etc/ssl/certs/ca-certificates.crt"),
        ):
            target.parent.mkdir(parents=True)
            shutil.copy(source, target)
        (program / "out/home/models").mkdir(parents=True)
        shutil.copytree(parts.models()["CHATBOT_TEST_MODEL_DIR"] / parts.MODEL, models / "out/models" / parts.MODEL)
        for image, target in (("chatbot", "chatbot"), ("chatbot-model", "model")):
            self.buildah("build", "--quiet", "--isolation", "chroot", "--pull-never", "--format", "docker", "--target", target,
                         "--build-arg", "RUNTIME_IMAGE=localhost/base:bookworm", "--build-context", f"build={program}",
                         "--build-context", f"model-files={models}", "--tag", f"localhost/{image}:check", ".")
            container = self.buildah("from", f"localhost/{image}:check")
            self.mounted[image] = Path(self.buildah("mount", container))

    def settings(self, image):
        return json.loads(self.buildah("inspect", "--type", "image", f"localhost/{image}:check"))["Docker"]["config"]

    def over_base(self, image):
        """Bytes that the image adds to its base."""
        total = lambda path: int(parts.run(["du", "-sb", path]).split()[0])  # noqa: E731
        return total(self.mounted[image]) - total(parts.cache_dir() / "debian-bookworm/root")

    def remove(self):
        subprocess.run([*map(str, self.storage), "rm", "--all"], capture_output=True, check=False)
        shutil.rmtree(self.work / "storage", ignore_errors=True)


# --- a container -----------------------------------------------------------------------------------------------------


def seccomp():
    """The engines' default profile in the runtime's words, for a process without any capability."""
    profile = json.loads(SECCOMP.read_text())
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    calls = []
    for entry in profile["syscalls"]:
        includes, excludes = entry.get("includes") or {}, entry.get("excludes") or {}
        if includes.get("caps") or machine in excludes.get("arches", []):
            continue
        if includes.get("arches") and machine not in includes["arches"]:
            continue
        call = {"names": entry["names"], "action": entry["action"]}
        call |= {key: entry[key] for key in ("args", "errnoRet") if entry.get(key)}
        calls.append(call)
    arch = {"amd64": "SCMP_ARCH_X86_64", "arm64": "SCMP_ARCH_AARCH64"}[machine]
    return {"defaultAction": profile["defaultAction"], "defaultErrnoRet": profile.get("defaultErrnoRet", 1),
            "architectures": [arch], "syscalls": calls}


def bundle(images, pod, container, volumes, extra):
    """The runtime's description of a container of a manifest."""
    image = container["image"].partition(":")[0]
    settings = images.settings(image)
    context, security = pod["securityContext"], container["securityContext"]
    limits, requests = container["resources"]["limits"], container["resources"]["requests"]
    bind = lambda source, target, *options: {  # noqa: E731
        "type": "bind", "source": str(source), "destination": target, "options": ["bind", "nosuid", "nodev", *options]}
    mounts = [
        {"type": "proc", "source": "proc", "destination": "/proc"},
        {"type": "tmpfs", "source": "tmpfs", "destination": "/dev", "options": ["nosuid", "mode=755", "size=64k"]},
        *(bind(source, target, "ro") for target, source in extra.items()),
        *(bind(volumes[m["name"]], m["mountPath"], "ro" if m.get("readOnly") else "rw") for m in container["volumeMounts"]),
    ]
    none = {kind: [] for kind in ("bounding", "effective", "inheritable", "permitted", "ambient")}
    if security["capabilities"]["drop"] != ["ALL"] or context["seccompProfile"]["type"] != "RuntimeDefault":
        raise Problem(f"{container['name']}: pod-check knows only pods without capabilities and with the default seccomp profile")
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": context["runAsUser"], "gid": context["runAsGroup"], "additionalGids": [context["fsGroup"]]},
            "args": [*settings["Entrypoint"], *container["args"]], "cwd": settings["WorkingDir"],
            "env": [*settings["Env"], *(f"{key}={value}" for key, value in container["environment"].items())],
            "capabilities": none, "noNewPrivileges": not security["allowPrivilegeEscalation"],
        },
        "root": {"path": str(images.mounted[image]), "readonly": security["readOnlyRootFilesystem"]},
        "hostname": container["name"],
        "mounts": mounts,
        "linux": {
            "namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts")],
            "cgroupsPath": f"/{container['id']}",
            "resources": {
                "memory": {"limit": size(limits["memory"])},
                "cpu": {"period": PERIOD, "quota": int(cores(limits["cpu"]) * PERIOD), "shares": int(cores(requests["cpu"]) * 1024)},
            },
            "seccomp": seccomp(),
            "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
        },
    }


class Running:
    """A started container: its log, its cgroup, its end."""

    def __init__(self, work, description, identity):
        self.id = identity
        self.state = work / "runc"
        self.directory = work / identity
        self.directory.mkdir()
        (self.directory / "config.json").write_text(json.dumps(description))
        self.log = self.directory / "log"
        self.started = time.monotonic()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(["runc", "--root", self.state, "run", "--bundle", self.directory, identity],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def said(self):
        return self.log.read_text(errors="replace")

    def wait(self, seconds):
        """The exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Problem(f"{self.id} did not end within {seconds} s:\n{self.said()[-2000:]}") from None

    def signal(self, name):
        parts.run(["runc", "--root", self.state, "kill", self.id, name])

    def execute(self, *command):
        """Runs a command in the running container, as `kubectl exec` does."""
        return parts.run(["runc", "--root", self.state, "exec", self.id, *command])

    def remove(self):
        subprocess.run(["runc", "--root", str(self.state), "delete", "--force", self.id], capture_output=True, check=False)
        self.process.wait()

    def numbers(self, controller, file):
        lines = (CGROUPS / controller / self.id / file).read_text().splitlines()
        return {key: int(value) for key, value in (line.split() for line in lines)}

    def resident(self):
        total = 0
        for pid in (CGROUPS / "memory" / self.id / "cgroup.procs").read_text().split():
            status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
            total += int(status["VmRSS"].split()[0]) << 10
        return total

    def usage(self):
        """Memory, and the share of throttled periods.

        The autoscaler compares the working set; resident memory also counts pages of files that another container read first.
        """
        stat = self.numbers("memory", "memory.stat")
        total = int((CGROUPS / "memory" / self.id / "memory.usage_in_bytes").read_text())
        cpu = self.numbers("cpu", "cpu.stat")
        return {
            "working_set": total - stat["total_inactive_file"], "resident": self.resident(),
            "throttled": cpu["nr_throttled"] / max(cpu["nr_periods"], 1),
            "most": int((CGROUPS / "memory" / self.id / "memory.max_usage_in_bytes").read_text()),
            "out_of_memory": self.numbers("memory", "memory.oom_control").get("oom_kill", 0),
        }


def asks(address, probe):
    """Sends one probe like the kubelet; returns the status, or None without an answer in time."""
    url = f"http://{address}:8000{probe['httpGet']['path']}"
    try:
        with urllib.request.urlopen(url, timeout=probe["timeoutSeconds"]) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def passes(address, probe, running):
    """Polls with the probe's own timing; returns the seconds since the start, or None after it gave up."""
    for _ in range(probe["failureThreshold"]):
        if running.process.poll() is not None:
            return None
        if asks(address, probe) == 200:
            return time.monotonic() - running.started
        time.sleep(probe["periodSeconds"])
    return None
