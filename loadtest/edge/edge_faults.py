"""The real services behind a real gateway, each a process of its own that can be killed, held up or started late, and a line between two
of them that can fall silent. Visitors are in `edge_visitors.py`."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from edge_stack import BOUNDLESS, ROOT, Process, http
from edge_visitors import QUESTION, mark

DOCUMENTS = ROOT / "deploy/local/samples"
READY_SECONDS = 60
PLAIN_MODEL = "[bedrock.pace]\nfirst_token = { constant_ms = 50 }\ngap = { constant_ms = 5 }\n"


def free_ports(count):
    """Returns ports that were free a moment ago."""
    with contextlib.ExitStack() as kept:
        sockets = [kept.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def get(url, seconds=3):
    """Returns the status and the body of an address; status 0 where nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=seconds) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""


class Simulator:
    """The simulated Bedrock, and what it was asked."""

    def __init__(self, binaries, folder, scenario, name="bedrock", host="127.0.0.1"):
        file = Path(folder, f"{name}.toml")
        file.write_text(scenario)
        command = [Path(binaries, "loadtest").resolve(), "simulate", "--listen", f"{host}:0", "--scenario", file]
        self.process = Process(command, os.environ, Path(folder, f"{name}.log"))
        found = self.process.wait(lambda line: line.removeprefix("listening on ") if line.startswith("listening on ") else None)
        self.url = found if found.startswith("http") else f"http://{found}"
        self.port = int(self.url.rsplit(":", 1)[1].strip("/"))

    def calls(self):
        """Returns what the models that write were asked, in order."""
        requests = json.loads(get(f"{self.url}/_simulator/requests", 30)[1])["requests"]
        return [request for request in requests if request["operation"] == "ConverseStream"]

    def left(self, number, moment):
        """Returns the seconds from a moment until it saw that the caller of a question was gone, waiting up to 5 s for that."""
        end = time.monotonic() + 5
        while time.monotonic() < end:
            calls = [call for call in self.calls() if mark(number) in json.dumps(call["body"])]
            if left := [call["left_at_us"] for call in calls if call.get("left_at_us")]:
                return left[0] / 1e6 - moment
            time.sleep(0.1)
        return float("inf")

    def stop(self):
        self.process.popen.kill()
        self.process.popen.wait()


class Service:
    """One program on ports that stay the same when it is started again."""

    def __init__(self, name, binary, environment, internal, launch):
        self.name, self.binary, self.environment, self.internal, self.launch = name, binary, environment, internal, launch
        self.process, self.starts = None, 0

    def start(self, folder):
        self.starts += 1
        words = [self.binary, "serve"] if self.name == "ingestor" else [self.binary]
        command, environment = self.launch(self.name, words, self.environment)
        self.process = Process(command, environment, Path(folder, f"{self.name}-{self.starts}.log"))

    def is_ready(self):
        return get(f"http://{self.internal}/readyz")[0] == 200

    def wait_ready(self, seconds=READY_SECONDS):
        """Returns after how many seconds it was ready."""
        begun = time.monotonic()
        while not self.is_ready():
            if self.process.popen.poll() is not None or time.monotonic() - begun > seconds:
                sys.exit(f"the {self.name} is not ready: {self.process.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        return time.monotonic() - begun

    def is_alive(self):
        return self.process is not None and self.process.popen.poll() is None

    def kill(self):
        self.process.popen.kill()
        self.process.popen.wait()

    def has_panicked(self):
        return "panicked at" in self.process.log.read_text(errors="replace")

    def metric(self, name):
        """Returns the sum of a metric over its labels."""
        lines = get(f"http://{self.internal}/metrics")[1].splitlines()
        found = [line for line in lines if line.startswith((name + " ", name + "{"))]
        return sum(float(line.rsplit(" ", 1)[1]) for line in found)


def plainly(_, command, environment):
    return command, environment


class Installation:
    """Gateway, generator, retriever and ingestor with the sample documents, and a simulated Bedrock.

    `settings` has what is set for all; `lines` names services (and `bedrock`) that are reached through a `Line`; `launch` may put
    another command in front of a service's own; `hosts` has addresses other than the loopback one, of services and of `bedrock`.
    """

    ORDER = ("retriever", "generator", "ingestor", "gateway")

    def __init__(self, binaries, scenario=PLAIN_MODEL, settings=None, lines=(), launch=plainly, hosts=None, begin=True):
        self.ending = contextlib.ExitStack()
        self.folder = Path(self.ending.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))
        self.binaries, self.hosts, self.lines = Path(binaries).resolve(), hosts or {}, {}
        missing = [name for name in (*self.ORDER, "loadtest") if not Path(self.binaries, name).exists()]
        if missing:
            sys.exit(f"{self.binaries} lacks {', '.join(missing)}; cargo build --release -p NAME --bins makes them")
        self.bedrock = Simulator(self.binaries, self.folder, scenario, host=self.hosts.get("bedrock", "127.0.0.1"))
        self.ending.callback(self.bedrock.stop)
        self.http, self.grpc, *rest = free_ports(9)
        names = ["gateway", *(f"{kind} {name}" for name in self.ORDER[:3] for kind in ("grpc", "internal"))]
        self.ports = dict(zip(names, rest, strict=True))
        for name in lines:
            port = self.bedrock.port if name == "bedrock" else self.ports[f"grpc {name}"]
            self.lines[name] = self.ending.enter_context(Line(port))
        self.services = {name: self.service(name, settings or {}, launch) for name in self.ORDER}
        self.ending.callback(self.stop)
        if begin:
            self.begin()

    def reach(self, name):
        """Returns where others reach a service."""
        port = self.lines[name].port if name in self.lines else self.ports[f"grpc {name}"]
        return f"http://{self.hosts.get(name, '127.0.0.1')}:{port}"

    def service(self, name, settings, launch):
        bedrock = f"http://127.0.0.1:{self.lines['bedrock'].port}" if "bedrock" in self.lines else self.bedrock.url
        listen = {kind: f"{self.hosts.get(name, '127.0.0.1')}:{self.ports.get(f'{kind} {name}')}" for kind in ("grpc", "internal")}
        own = {
            "retriever": {"RETRIEVER_DATA_DIR": str(self.folder / "data")},
            "generator": {"GENERATOR_MODEL": "bedrock", "AWS_ENDPOINT_URL": bedrock, "AWS_REGION": "us-east-1",
                          "AWS_ACCESS_KEY_ID": "simulated", "AWS_SECRET_ACCESS_KEY": "simulated"},
            "ingestor": {"INGESTOR_DOCUMENTS": str(self.folder / "documents"), "INGESTOR_RETRIEVER": self.reach("retriever"),
                         "INGESTOR_OCR": "none"},
            "gateway": {"GATEWAY_HTTP_LISTEN": f"127.0.0.1:{self.http}", "GATEWAY_GRPC_LISTEN": f"127.0.0.1:{self.grpc}",
                        "GATEWAY_RETRIEVER": self.reach("retriever"), "GATEWAY_GENERATOR": self.reach("generator"),
                        "GATEWAY_CACHE_BYTES": "0", **BOUNDLESS},
        }[name]
        if name == "gateway":
            listen["internal"] = f"127.0.0.1:{self.ports['gateway']}"
        else:
            own[f"{name.upper()}_LISTEN"] = listen["grpc"]
        prefixes = (f"{name.upper()}_", "AWS_", "RATE_", "SERVICE_", "DRAIN_", "LINGER_")
        chosen = {key: value for key, value in settings.items() if key.startswith(prefixes)}
        environment = {"PATH": os.environ.get("PATH", ""), "LOG_FORMAT": "json", f"{name.upper()}_INTERNAL_LISTEN": listen["internal"]}
        return Service(name, self.binaries / name, environment | own | chosen, listen["internal"], launch)

    def lay_out(self):
        """Puts the documents where the ingestor finds them."""
        shutil.copytree(DOCUMENTS, self.folder / "documents")

    def begin(self, is_found=True):
        """Starts everything and waits until all are ready, and the documents can be found."""
        self.lay_out()
        for service in self.services.values():
            service.start(self.folder)
        for service in self.services.values():
            service.wait_ready()
        if is_found:
            self.wait_found()

    def wait_found(self):
        end = time.monotonic() + READY_SECONDS
        while '"text"' not in asyncio.run(http(self.http, "/v1/search", json.dumps({"query": QUESTION}))).body:
            if time.monotonic() > end:
                sys.exit("the documents are not found")
            time.sleep(0.2)

    def restart(self, name):
        self.services[name].start(self.folder)

    def stop(self):
        for service in self.services.values():
            if service.is_alive():
                service.kill()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ending.close()


class Line(threading.Thread):
    """A port behind which another one is. While it is held no byte passes and no connection ends, as when packets are lost."""

    def __init__(self, target):
        super().__init__(daemon=True)
        self.target, self.port, self.tasks, self.bytes = target, None, set(), 0
        self.loop, self.started = asyncio.new_event_loop(), threading.Event()

    def __enter__(self):
        self.start()
        self.started.wait()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.join()

    def run(self):
        async def begin():
            self.passes = asyncio.Event()
            self.passes.set()
            server = await asyncio.start_server(self.meet, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            self.started.set()
            return server

        self.server = self.loop.run_until_complete(begin())
        self.loop.run_forever()

    def hold(self):
        self.loop.call_soon_threadsafe(self.passes.clear)

    def heal(self):
        self.loop.call_soon_threadsafe(self.passes.set)

    def cut(self):
        """Resets every connection."""
        def reset():
            for task in self.tasks:
                task.cancel()
        self.loop.call_soon_threadsafe(reset)

    async def meet(self, reader, writer):
        task, far = asyncio.current_task(), None
        self.tasks.add(task)
        try:
            await self.passes.wait()
            far_reader, far = await asyncio.open_connection("127.0.0.1", self.target)
            await asyncio.gather(self.carry(reader, far), self.carry(far_reader, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self.tasks.discard(task)
            for one in filter(None, (writer, far)):
                one.transport.abort()

    async def carry(self, reader, writer):
        while part := await reader.read(65536):
            await self.passes.wait()
            writer.write(part)
            await writer.drain()
        await self.passes.wait()
        # A half-closed connection of HTTP is a closed one.
        raise ConnectionError


def status_bytes(pid, field):
    """Returns a line of a process's status that is in kB, such as `VmRSS` or `VmHWM`, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return 0


def run(*command):
    """Runs a command of the system; returns whether it is there and went well."""
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
    except OSError:
        return False
