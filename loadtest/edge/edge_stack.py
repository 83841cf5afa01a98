"""What every measurement of the gateway shares: a gateway with services behind it, what it uses, and rows of figures."""

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BOUNDLESS = {
    "RATE_PER_MINUTE": "0", "RATE_PER_HOUR": "0", "GATEWAY_SPEND_VISITOR_DAY_MICRODOLLARS": "0",
    "GATEWAY_SPEND_DAY_MICRODOLLARS": "0", "GATEWAY_SPEND_MONTH_MICRODOLLARS": "0",
}


def arguments(document, **more):
    """Reads the command line; `more` are options with their defaults."""
    parser = argparse.ArgumentParser(description=document, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", type=Path, default=ROOT / "target/release", help="folder of the built programs")
    for name, default in more.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    return parser.parse_args()


class Rows:
    """Figures beside their limits; leaving with a missed one ends the program with 1."""

    def __init__(self):
        self.missed = 0

    def row(self, name, figure, limit, is_right):
        self.missed += not is_right
        print(f"{name}  {figure}  {limit}  {'ok' if is_right else 'MISSED'}", flush=True)

    def end(self):
        sys.exit(1 if self.missed else 0)


class Process:
    """A program whose output is read until it says where it is."""

    def __init__(self, command, environment, log):
        self.log = log
        with open(log, "wb") as written:
            self.popen = subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT, env=environment)

    def lines(self):
        return self.log.read_text(errors="replace").splitlines()

    def wait(self, found, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.popen.poll() is None:
            for line in self.lines():
                if (what := found(line)) is not None:
                    return what
            time.sleep(0.02)
        sys.exit(f"{self.log.name} did not start: {self.log.read_text(errors='replace')[-2000:]}")

    def stop(self):
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(40)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        return self.popen.wait()


class Stack:
    """A gateway and the services behind it, stopped at the end of a `with`."""

    def __init__(self, binaries, settings=None, services=()):
        self.folder = tempfile.TemporaryDirectory(prefix="edge-")
        folder = Path(self.folder.name)
        self.services = Process([sys.executable, HERE / "fake_services.py", *services], os.environ, folder / "services.log")
        behind = self.services.wait(lambda line: line.removeprefix("listening on ") if line.startswith("listening on ") else None)
        environment = {"PATH": os.environ.get("PATH", ""), "LOG_FORMAT": "json", "GATEWAY_RETRIEVER": f"http://{behind}",
                       "GATEWAY_GENERATOR": f"http://{behind}", **BOUNDLESS}
        for name in ("HTTP", "GRPC", "INTERNAL"):
            environment[f"GATEWAY_{name}_LISTEN"] = "127.0.0.1:0"
        binary = Path(binaries, "gateway").resolve()
        if not binary.exists():
            self.services.stop()
            sys.exit(f"{binary} is missing; cargo build --release -p gateway --bin gateway makes it")
        self.gateway = Process([binary], environment | (settings or {}), folder / "gateway.log")
        self.http, self.grpc, self.internal = (self.port(what) for what in ("http", "grpc", "internal"))
        self.gateway.wait(lambda line: True if '"message":"ready"' in line else None)

    def port(self, what):
        def found(line):
            fields = json.loads(line) if line.startswith("{") else {}
            is_it = fields.get("message") == "listening" and fields.get("what") == what
            return int(fields["address"].rsplit(":", 1)[1]) if is_it else None
        return self.gateway.wait(found)

    @property
    def pid(self):
        return self.gateway.popen.pid

    def rss(self):
        """Returns the gateway's resident memory in bytes."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def metric(self, name):
        text = asyncio.run(http(self.internal, "/metrics")).body
        return next((float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name + " ")), None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.code = self.gateway.stop()
        self.services.stop()
        self.folder.cleanup()


class Reply:
    def __init__(self, raw):
        head, _, body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1]) if len(lines[0].split(" ")) > 1 else 0
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        self.body = body.decode("utf-8", "replace")


def request(path, body=None, headers=()):
    """Returns the bytes of a request after which the server closes; the body is JSON unless the headers say what it is."""
    content = body.encode() if isinstance(body, str) else body or b""
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", "host: 127.0.0.1", "connection: close", *headers]
    if body is not None:
        is_named = any(header.startswith("content-type:") for header in headers)
        lines += [*([] if is_named else ["content-type: application/json"]), f"content-length: {len(content)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + content


async def http(port, path, body=None, headers=(), patience=30):
    """Sends one request over a connection of its own; a connection that fails is status 0."""
    writer = None
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request(path, body, headers))
            return Reply(await reader.read())
    except (OSError, TimeoutError):
        return Reply(b"")
    finally:
        if writer:
            writer.close()


def websocket(port, source="127.0.0.1", receive_buffer=None, path="/ws", headers=()):
    """Returns a blocking socket after the opening handshake."""
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(30)
    connection.bind((source, 0))
    connection.connect(("127.0.0.1", port))
    head = [f"GET {path} HTTP/1.1", "host: 127.0.0.1", "connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13",
            "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==", *headers]
    connection.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            raise ConnectionError(f"the handshake failed: {head!r}")
        head += byte
    if b" 101 " not in head.split(b"\r\n")[0]:
        raise ConnectionError(f"the handshake was refused: {head!r}")
    return connection


def frame(payload, opcode=1):
    """Returns a masked frame of a client; the mask is zero, which is allowed and leaves the text readable."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2, "big")
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


def ask(question):
    """Returns the frame that asks a question."""
    return frame(json.dumps({"action": "sendMessage", "message": question}).encode())


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else float("nan")
