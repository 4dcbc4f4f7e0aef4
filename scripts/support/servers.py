"""Starts and stops the servers: each on a free port of 127.0.0.1, each with its pid in a file of the state directory."""

import contextlib
import os
import random
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from parts import ROOT, Problem, kafka, postgres, redis, run, say

HOST = "127.0.0.1"
START_LIMIT = 60
# compose.yaml and k8s/components run the same servers with the same settings; scripts/check-manifests compares.
POSTGRES = {"max_connections": "300", "shared_buffers": "256MB", "timezone": "UTC"}
REDIS = {"save": "", "appendonly": "no"}
KAFKA = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
}
STOP_LIMIT = {"postgres": 20, "redis": 5, "kafka": 10}
# PostgreSQL stops fast on SIGINT; on SIGTERM it would wait for its clients.
STOP_SIGNAL = {"postgres": signal.SIGINT}


def free_port():
    """Chooses a port below the range for outgoing connections, so that it stays free."""
    for _ in range(200):
        port = random.randint(20000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((HOST, port))
            return port
    raise Problem("found no free port between 20000 and 32000")


def started_at(pid):
    """Returns field 22 of /proc/PID/stat, which tells a process from a later one with the same pid; None if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]


class Servers:
    """The servers of one state directory."""

    def __init__(self, state, fast=False, die_with_us=False):
        self.state = Path(state).absolute()
        self.fast = fast
        self.die_with_us = die_with_us
        self.children = {}

    # --- state -------------------------------------------------------------------------------------------------

    def recorded(self):
        """Returns (name, pid) of every recorded server that still runs."""
        for file in sorted(self.state.glob("*.pid")):
            words = file.read_text().split()
            if len(words) == 2 and started_at(words[0]) == words[1]:
                yield file.stem, int(words[0])

    def data(self):
        """Keeps data apart from the state, because PostgreSQL's other user must reach it."""
        note = self.state / "data"
        if not note.exists():
            path = tempfile.mkdtemp(prefix="chatbot-services-")
            os.chmod(path, 0o755)
            note.write_text(path)
        return Path(note.read_text())

    def spawn(self, name, command, environment=None, other_user=False):
        prefix = []
        if other_user or self.die_with_us:
            prefix = ["setpriv"]
            if other_user:
                prefix += ["--reuid=nobody", "--regid=nogroup", "--clear-groups"]
            if self.die_with_us:
                prefix += ["--pdeathsig", STOP_SIGNAL.get(name, signal.SIGTERM).name.removeprefix("SIG")]
            prefix += ["--"]
        with open(self.state / f"{name}.log", "ab") as log:
            child = subprocess.Popen([*prefix, *map(str, command)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                     cwd="/", env={**os.environ, **(environment or {})}, start_new_session=True)
        (self.state / f"{name}.pid").write_text(f"{child.pid} {started_at(child.pid)}\n")
        self.children[name] = child
        return child

    def wait(self, name, answers):
        """Waits until the server answers; returns False if it ended at once, for example because its port was taken meanwhile."""
        child = self.children[name]
        until = time.monotonic() + START_LIMIT
        while time.monotonic() < until:
            if child.poll() is not None:
                return False
            if answers():
                return True
            time.sleep(0.1)
        raise Problem(f"{name} did not answer within {START_LIMIT} s:\n{self.log_tail(name)}")

    def log_tail(self, name):
        return (self.state / f"{name}.log").read_text(errors="replace")[-3000:].rstrip()

    def start(self, name, attempt):
        """Tries three ports before it shows the server's last output."""
        begun = time.monotonic()
        for _ in range(3):
            url = attempt()
            if url:
                say(f"{name} is up ({time.monotonic() - begun:.1f} s)")
                return url
        raise Problem(f"{name} does not start:\n{self.log_tail(name)}")

    # --- the three servers -------------------------------------------------------------------------------------

    def postgres(self):
        programs = postgres()
        data = self.data() / "postgres"
        as_root = os.geteuid() == 0
        prefix = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if as_root else []
        password = secrets.token_hex(16)
        data.mkdir(mode=0o700)
        secret = self.data() / "password"
        secret.write_text(password)
        secret.chmod(0o600)
        if as_root:
            shutil.chown(data, "nobody", "nogroup")
            shutil.chown(secret, "nobody", "nogroup")
        run([*prefix, programs / "initdb", "--pgdata", data, "--username", "chatbot", "--encoding", "UTF8", "--locale", "C",
             "--auth", "scram-sha-256", "--pwfile", secret, *(["--no-sync"] if self.fast else [])], cwd="/")
        secret.unlink()
        with open(data / "postgresql.conf", "a") as file:
            file.write(f"listen_addresses = '{HOST}'\nunix_socket_directories = ''\n")
            file.writelines(f"{key} = '{value}'\n" for key, value in POSTGRES.items())
            if self.fast:
                file.write("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n")

        def attempt():
            port = free_port()
            environment = {"PGPASSWORD": password, "PGCONNECT_TIMEOUT": "5"}
            command = [programs / "psql", "--no-psqlrc", "--quiet", "--host", HOST, "--port", port, "--username", "chatbot"]
            self.spawn("postgres", [programs / "postgres", "-D", data, "-p", port], other_user=as_root)
            ready = [programs / "pg_isready", "--quiet", "--host", HOST, "--port", str(port)]
            if not self.wait("postgres", lambda: subprocess.run(ready, check=False).returncode == 0):
                return None
            sql = {**os.environ, **environment}
            run([*command, "--dbname", "postgres", "--command", "create database chatbot"], env=sql)
            run([*command, "--dbname", "chatbot", "--command", "create extension vector"], env=sql)
            return f"postgres://chatbot:{password}@{HOST}:{port}/chatbot"

        return self.start("postgres", attempt)

    def redis(self):
        program = redis()
        data = self.data() / "redis"
        data.mkdir()

        def attempt():
            port = free_port()
            self.spawn("redis", [program, "--bind", HOST, "--port", port, "--dir", data,
                                 *(word for key, value in REDIS.items() for word in (f"--{key}", value))])
            return f"redis://{HOST}:{port}/" if self.wait("redis", lambda: ask(port, b"PING\r\n", b"+PONG")) else None

        return self.start("redis", attempt)

    def kafka(self):
        java, classes = kafka()
        options = ["-cp", classes, "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                   "-Djava.awt.headless=true", f"-Dlog4j2.configurationFile={ROOT / 'scripts/kafka/log4j2.xml'}"]
        data = self.data() / "kafka"

        def attempt():
            port, controller = free_port(), free_port()
            shutil.rmtree(data, ignore_errors=True)
            data.mkdir()
            settings = data / "server.properties"
            settings.write_text(kafka_settings(port, controller, data / "log"))
            run([java, *options, "kafka.tools.StorageTool", "format", "--standalone", "--cluster-id", "chatbotTestCluster0001",
                 "--config", settings])
            self.spawn("kafka", [java, *options, "kafka.Kafka", settings])
            # ApiVersions, version 0, correlation id 7, no client id.
            request = struct.pack(">ihhih", 10, 18, 0, 7, -1)
            up = self.wait("kafka", lambda: ask(port, request, struct.pack(">ih", 7, 0), skip=4))
            return f"{HOST}:{port}" if up else None

        return self.start("kafka", attempt)

    # --- all of them -------------------------------------------------------------------------------------------

    def up(self):
        self.state.mkdir(parents=True, exist_ok=True)
        if any(self.recorded()):
            raise Problem(f"servers of {self.state} run already; `down --state {self.state}` stops them")
        self.down()
        try:
            return {
                "CHATBOT_TEST_DATABASE_URL": self.postgres(),
                "CHATBOT_TEST_REDIS_URL": self.redis(),
                "CHATBOT_TEST_KAFKA_BROKERS": self.kafka(),
            }
        except BaseException:
            self.down(keep_logs=True)
            raise

    def down(self, keep_logs=False):
        """Stops exactly the recorded processes, then removes their data."""
        running = dict(self.recorded())
        for name, pid in running.items():
            signal_to(pid, STOP_SIGNAL.get(name, signal.SIGTERM))
        for name, pid in running.items():
            if not self.gone(name, pid, STOP_LIMIT[name]):
                say(f"{name} did not stop within {STOP_LIMIT[name]} s: killing it")
                signal_to(pid, signal.SIGKILL)
                self.gone(name, pid, 5)
        note = self.state / "data"
        if note.exists():
            path = Path(note.read_text())
            if path.name.startswith("chatbot-services-"):
                shutil.rmtree(path, ignore_errors=True)
        leftover = ["data", "env", *(f"{name}.pid" for name in STOP_LIMIT)]
        for name in leftover + ([] if keep_logs else [f"{name}.log" for name in STOP_LIMIT]):
            (self.state / name).unlink(missing_ok=True)
        return list(running)

    def gone(self, name, pid, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            child = self.children.get(name)
            if child:
                child.poll()
            if started_at(pid) is None:
                return True
            time.sleep(0.05)
        return False


def signal_to(pid, number):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def ask(port, request, expected, skip=0):
    """Sends a few bytes and compares the start of the answer."""
    try:
        with socket.create_connection((HOST, port), timeout=2) as stream:
            stream.sendall(request)
            answer = b""
            while len(answer) < skip + len(expected):
                block = stream.recv(4096)
                if not block:
                    return False
                answer += block
            return answer[skip:skip + len(expected)] == expected
    except OSError:
        return False


def kafka_settings(port, controller, log):
    """The shared settings, this broker's addresses, and what makes it start and stop fast."""
    return "".join(f"{key}={value}\n" for key, value in KAFKA.items()) + f"""\
controller.quorum.bootstrap.servers={HOST}:{controller}
listeners=PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller}
advertised.listeners=PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller}
log.dirs={log}
num.partitions=1
offsets.topic.num.partitions=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
controlled.shutdown.enable=false
log.cleaner.dedupe.buffer.size=4194304
num.network.threads=2
num.io.threads=4
"""
