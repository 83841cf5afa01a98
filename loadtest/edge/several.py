"""Several gateways that share a Redis, and the services behind them; a visitor whose connection is cut and who goes on elsewhere.

The services write numbered words at a pace that the question names (`words=40 gap=0.05`), so that a lost or doubled word shows.
"""

import asyncio
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import grpc
import websockets

from edge_stack import BOUNDLESS, Process
from fake_services import PACKAGE, healthy, messages

SETTINGS = BOUNDLESS | {
    "GATEWAY_MAX_ANSWERS": "2000", "GATEWAY_MIN_ANSWERS": "2000", "GATEWAY_MAX_SOCKETS_PER_ADDRESS": "4000", "GATEWAY_STATE_TIMEOUT_MS": "1000", "LOG_FORMAT": "json",
}


class Services:
    """A retriever and a generator in one gRPC server of this process."""

    def __init__(self):
        self.type = messages()

    async def start(self):
        handlers = {
            f"{PACKAGE}.Retriever": {"Search": grpc.unary_unary_rpc_method_handler(self.search)},
            f"{PACKAGE}.Generator": {"Generate": grpc.unary_stream_rpc_method_handler(self.generate)},
            "grpc.health.v1.Health": {"Check": grpc.unary_unary_rpc_method_handler(healthy)},
        }
        self.server = grpc.aio.server(options=[("grpc.max_concurrent_streams", 20_000)])
        handlers = [grpc.method_handlers_generic_handler(name, methods) for name, methods in handlers.items()]
        self.server.add_generic_rpc_handlers(handlers)
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        await self.server.start()

    async def search(self, request, _):
        asked = self.type("SearchRequest").FromString(request)
        passage = {"document_id": "hours.md", "collection": asked.collections[0], "title": "Hours", "text": "Open.", "evidence": 1.0}
        return self.type("SearchResponse")(passages=[passage], generation=1).SerializeToString()

    async def generate(self, request, _):
        asked = self.type("GenerateRequest").FromString(request).question
        wanted = {key: float(value) for key, value in re.findall(r"(words|gap)=([0-9.]+)", asked)}
        event = self.type("GenerateEvent")
        for number in range(int(wanted.get("words", 10))):
            await asyncio.sleep(wanted.get("gap", 0.02))
            yield event(delta={"text": f"w{number} "}).SerializeToString()
        yield event(finished={"finish_reason": 1, "model": "numbered"}).SerializeToString()


def expected(words):
    return "".join(f"w{number} " for number in range(words))


class Gateway(Process):
    """One process."""

    def __init__(self, binary, folder, number, settings):
        environment = {"PATH": os.environ.get("PATH", ""), **SETTINGS, **settings}
        for name in ("HTTP", "GRPC", "INTERNAL"):
            environment[f"GATEWAY_{name}_LISTEN"] = "127.0.0.1:0"
        super().__init__([binary], environment, folder / f"gateway-{number}.log")
        self.is_leaving = False

    async def ready(self):
        end = time.monotonic() + 30
        while time.monotonic() < end and self.popen.poll() is None:
            lines = [json.loads(line) for line in self.lines() if line.startswith("{")]
            fields = [line.get("fields", line) for line in lines]
            ports = {one["what"]: int(one["address"].rsplit(":", 1)[1]) for one in fields if one.get("message") == "listening"}
            if any(one.get("message") == "ready" for one in fields):
                self.http = ports["http"]
                return self
            await asyncio.sleep(0.05)
        sys.exit(f"a gateway did not start: {self.log.read_text(errors='replace')[-2000:]}")

    def kill(self):
        self.is_leaving = True
        self.popen.kill()

    def leave(self):
        self.is_leaving = True
        self.popen.send_signal(signal.SIGTERM)


class Cluster:
    """A Redis, the services, and gateways; everything ends with the `async with`."""

    def __init__(self, binaries, count, **settings):
        self.binary, self.count, self.settings = Path(binaries, "gateway").resolve(), count, settings
        if not self.binary.exists():
            sys.exit(f"{self.binary} is missing; cargo build --release -p gateway --bin gateway makes it")

    async def __aenter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="several-")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", self.folder.name]
        self.redis = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.services = Services()
        await self.services.start()
        behind = f"http://127.0.0.1:{self.services.port}"
        self.settings |= {"GATEWAY_STATE": f"redis://127.0.0.1:{port}/", "GATEWAY_RETRIEVER": behind, "GATEWAY_GENERATOR": behind}
        self.gateways = []
        for _ in range(self.count):
            await self.add()
        return self

    async def add(self):
        gateway = Gateway(self.binary, Path(self.folder.name), len(self.gateways), self.settings)
        self.gateways.append(gateway)
        await gateway.ready()
        return gateway

    def any(self):
        """What a balancer does: any gateway that is not leaving."""
        return random.choice([gateway for gateway in self.gateways if not gateway.is_leaving])

    async def __aexit__(self, *_):
        for process in [*(gateway.popen for gateway in self.gateways), self.redis]:
            if process.poll() is None:
                process.kill()
            process.wait()
        await self.services.server.stop(0)
        self.folder.cleanup()


class Reading:
    """One answer as its reader has seen it, over any number of connections."""

    def __init__(self):
        self.id = self.epoch = self.end = None
        self.seq, self.text, self.wrong, self.cuts = 0, "", [], 0
        self.resyncs = 0

    def take(self, frame):
        """Takes a frame; returns whether it is the last."""
        kind = frame.get("type")
        if kind == "resync":
            self.resyncs += 1
            self.end = frame
            return True
        if "seq" not in frame:
            if kind == "error":
                self.end = frame
                return True
            return False
        self.id, self.epoch = frame["answer_id"], frame["epoch"]
        if frame["seq"] != self.seq + 1:
            self.wrong.append(f"{frame['seq']} after {self.seq}")
        self.seq = frame["seq"]
        if kind == "chunk":
            self.text += frame["text"]
        if kind in ("end", "error"):
            self.end = frame
        return self.end is not None

    @property
    def is_whole(self):
        return bool(self.end) and self.end["type"] == "end" and not self.wrong and self.text == self.end["text"]

    @property
    def may_be_tried_again(self):
        return bool(self.end) and (self.end["type"] == "resync" or bool(self.end.get("retryable"))) and not self.wrong


async def over_websocket(gateway, reading, question, cut_after):
    """Reads until the end, the cut, or the server's close; returns how the server closed."""
    async with websockets.connect(f"ws://127.0.0.1:{gateway.http}/ws", max_size=2**20, open_timeout=20) as connection:
        if reading.id:
            frame = {"action": "resume", "answer_id": reading.id, "epoch": reading.epoch, "after_seq": reading.seq}
        else:
            frame = question
        await connection.send(json.dumps(frame))
        async for message in connection:
            if reading.take(json.loads(message)):
                return "end"
            if reading.seq >= cut_after:
                connection.transport.abort()
                return "cut"
    return "closed"


async def over_sse(gateway, reading, question, cut_after):
    """The same over server-sent events."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.http)
    try:
        head = "host: 127.0.0.1\r\naccept: text/event-stream\r\nconnection: close\r\n"
        if reading.id:
            place = f"last-event-id: {reading.id}:{reading.epoch}:{reading.seq}\r\n"
            writer.write(f"GET /chat/{reading.id}/events HTTP/1.1\r\n{head}{place}\r\n".encode())
        else:
            body = json.dumps({"message": question["message"], "client_message_id": question["client_message_id"], "streaming": True})
            size = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
            writer.write(f"POST /chat HTTP/1.1\r\n{head}{size}\r\n{body}".encode())
        status = (await reader.readline()).split(b" ")
        if len(status) < 2:
            return "closed"
        while line := await reader.readline():
            if line.startswith(b"{") and status[1] != b"200":
                error = json.loads(line)
                reading.take({"type": "error", **error.get("error", error)})
                return "end"
            if line.startswith(b"data: ") and reading.take(json.loads(line[6:])):
                return "end"
            if reading.seq >= cut_after:
                writer.transport.abort()
                return "cut"
        return "closed"
    finally:
        writer.close()


async def read_answer(cluster, visit, question, cuts, patience=90, first=None):
    """Reads one answer to its end; each cut comes at the next number of `cuts`, and each return at any gateway."""
    reading, cuts = Reading(), list(cuts)
    async with asyncio.timeout(patience):
        while reading.end is None:
            gateway, first = first or cluster.any(), None
            cut_after = cuts[0] if cuts else 10**9
            try:
                how = await visit(gateway, reading, question, cut_after)
            except (OSError, websockets.WebSocketException):
                how = "closed"
            if how == "cut":
                reading.cuts += 1
                cuts.pop(0)
            elif how == "closed":
                reading.cuts += 1
                await asyncio.sleep(random.uniform(0.05, 0.5))
    return reading
