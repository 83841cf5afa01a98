"""The whole product, for measurements of what it does with what it is given: services, gateways, a simulated Bedrock, and calls to them."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import grpc
import websockets
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from edge_stack import BOUNDLESS, ROOT, Process, http

PACKAGE = "smallbiz.chatbot.v1"
TOKEN = "0123456789abcdef-of-the-services"


class Contract:
    """Messages and methods of the committed descriptors."""

    def __init__(self):
        described = descriptor_pb2.FileDescriptorSet.FromString((ROOT / "proto/src/generated/descriptor.bin").read_bytes())
        self.pool = descriptor_pool.DescriptorPool()
        self.services = {}
        for file in described.file:
            self.pool.Add(file)
            self.services |= {service.name: list(service.method) for service in file.service if file.package == PACKAGE}

    def described(self, name):
        return self.pool.FindMessageTypeByName(name.lstrip(".") if "." in name else f"{PACKAGE}.{name}")

    def type(self, name):
        return message_factory.GetMessageClass(self.described(name))


class Product:
    """Retriever, generator, ingestor, gateways, a simulated Bedrock and, for more than one gateway, a Redis; all end with the `with`.

    `documents` are texts by path in the ingestor's folder; `scenario` is what the simulated Bedrock does, and without one nothing is
    simulated and the generator quotes. Each service takes from `settings` what is its own; `indexed` of the documents can be read,
    all where it is not said.
    """

    def __init__(self, binaries, documents, settings=None, scenario=None, gateways=1, indexed=None):
        self.binaries, self.documents, self.settings = Path(binaries).resolve(), documents, settings or {}
        self.scenario, self.count, self.of_generator = scenario, gateways, {}
        if missing := [name for name in ("gateway", "generator", "retriever", "ingestor", "loadtest") if not (self.binaries / name).exists()]:
            sys.exit(f"{', '.join(missing)} missing in {self.binaries}; cargo build --release --workspace --bins makes them")
        self.indexed = len(documents) if indexed is None else indexed
        self.processes, self.internals, self.contract = {}, {}, Contract()

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="inputs-")
        self.folder = Path(self.temporary.name)
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes.values()):
            process.popen.kill()
            process.popen.wait()
        self.temporary.cleanup()

    def start(self):
        for path, text in self.documents.items():
            file = self.folder / "documents" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self.own = {"PATH": os.environ.get("PATH", ""), "LOG_FORMAT": "json", "SERVICE_TOKEN": TOKEN}
        if self.scenario is not None:
            (self.folder / "scenario.toml").write_text(self.scenario)
            command = [self.binaries / "loadtest", "simulate", "--scenario", self.folder / "scenario.toml"]
            self.bedrock = self.process("simulator", command, self.own).wait(simulated)
            self.of_generator = {
                "GENERATOR_MODEL": "bedrock",
                "AWS_ENDPOINT_URL": self.bedrock,
                "AWS_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "simulated",
                "AWS_SECRET_ACCESS_KEY": "simulated",
            }
        self.retriever = self.service("retriever", {"RETRIEVER_DATA_DIR": str(self.folder / "data")})
        self.generator = self.service("generator", self.of_generator)
        wanted = {"INGESTOR_DOCUMENTS": str(self.folder / "documents"), "INGESTOR_RETRIEVER": f"http://{self.retriever}"}
        self.ingestor = self.service("ingestor", wanted, "serve")
        self.wait_for_documents()
        if self.count > 1:
            port = free_port()
            self.settings |= {"GATEWAY_STATE": f"redis://127.0.0.1:{port}/", "GATEWAY_STATE_TIMEOUT_MS": "1000"}
            self.process("redis", ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)], self.own)
        self.gateways = [self.gateway(number) for number in range(self.count)]

    def process(self, name, command, environment):
        self.processes[name] = Process(command, environment, self.folder / f"{name}.log")
        return self.processes[name]

    def service(self, name, settings, *words, listen="127.0.0.1:0"):
        big = name.upper()
        self.internals[name] = free_port()
        named = {f"{big}_LISTEN": listen, f"{big}_INTERNAL_LISTEN": f"127.0.0.1:{self.internals[name]}"}
        return self.process(name, [self.binaries / name, *words], self.own | named | settings | self.settings).wait(listening(name))

    def generator_again(self):
        """Kills the generator and starts it where it was."""
        name, process = "generator", self.processes["generator"]
        process.popen.kill()
        process.popen.wait()
        (self.folder / f"{name}-before.log").write_text(process.log.read_text(errors="replace"))
        self.service(name, self.of_generator, listen=self.generator)

    def gateway(self, number):
        settings = {f"GATEWAY_{name}_LISTEN": "127.0.0.1:0" for name in ("HTTP", "GRPC", "INTERNAL")}
        settings |= {"GATEWAY_RETRIEVER": f"http://{self.retriever}", "GATEWAY_GENERATOR": f"http://{self.generator}"}
        process = self.process(f"gateway-{number}", [self.binaries / "gateway"], self.own | BOUNDLESS | settings | self.settings)
        ports = [int(process.wait(listening(what)).rsplit(":", 1)[1]) for what in ("http", "grpc", "internal")]
        process.wait(lambda line: True if '"message":"ready"' in line else None)
        return Ports(*ports)

    def wait_for_documents(self):
        status = self.call(self.ingestor, "Ingestor", "Status")
        end = time.monotonic() + 120
        while time.monotonic() < end:
            state = status({}, timeout=10)
            if state.indexed >= self.indexed:
                return
            time.sleep(0.1)
        sys.exit(f"the documents were not indexed: {state}")

    def call(self, address, service, method, token=TOKEN):
        """Returns a function that makes one unary call with a message's fields."""
        about = next(one for one in self.contract.services[service] if one.name == method)
        asked, answered = self.contract.type(about.input_type), self.contract.type(about.output_type)
        channel = grpc.insecure_channel(address)
        unary = channel.unary_unary(f"/{PACKAGE}.{service}/{method}", lambda fields: asked(**fields).SerializeToString(), answered.FromString)
        return lambda fields, timeout=30: unary(fields, timeout=timeout, metadata=[("authorization", f"Bearer {token}")])

    def bedrock_requests(self):
        """Returns what the simulated Bedrock was asked: calls by operation, and the latest of them."""
        with urllib.request.urlopen(f"{self.bedrock}/_simulator/requests") as answer:
            return json.load(answer)

    def forget_requests(self):
        urllib.request.urlopen(urllib.request.Request(f"{self.bedrock}/_simulator/requests", method="DELETE")).close()

    def logs(self):
        """Returns everything that the product's own processes have logged."""
        files = [file for file in self.folder.glob("*.log") if not file.name.startswith(("redis", "simulator"))]
        return "\n".join(file.read_text(errors="replace") for file in files)


class Ports:
    def __init__(self, http_port, grpc_port, internal):
        self.http, self.grpc, self.internal = http_port, grpc_port, internal


def listening(what):
    def found(line):
        fields = json.loads(line) if line.startswith("{") else {}
        return fields["address"] if fields.get("message") == "listening" and fields.get("what") == what else None

    return found


def simulated(line):
    return line.removeprefix("listening on ") if line.startswith("listening on ") else None


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def make_key(binaries, file, *words):
    """Runs `gateway keys` and returns what it prints."""
    command = [Path(binaries, "gateway").resolve(), "keys", "--json", "--file", file, *words]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def bearer(key):
    return [f"authorization: Bearer {key}"] if key else []


async def over_rest(ports, body, key=None, headers=()):
    """Asks over REST; returns the status and what it says."""
    reply = await http(ports.http, "/chat", json.dumps(body), [*bearer(key), *headers], patience=90)
    return reply.status, reply.body


async def over_websocket(ports, frames, key=None, last=("end", "error", "resync", "feedback", "handoff_receipt"), patience=60):
    """Sends frames one after the other, each after the last of the earlier one's answer; returns every frame that came."""
    came = []
    named = {"authorization": f"Bearer {key}"} if key else {}
    address = f"ws://127.0.0.1:{ports.http}/ws"
    async with asyncio.timeout(patience), websockets.connect(address, additional_headers=named, open_timeout=30) as connection:
        for frame in frames:
            await connection.send(json.dumps(frame))
            while True:
                came.append(json.loads(await connection.recv()))
                if came[-1]["type"] in last:
                    break
    return came


class Caller:
    """The public gRPC port with a key."""

    def __init__(self, contract, ports, key=None):
        self.contract, self.metadata = contract, [("authorization", f"Bearer {key}")] if key else []
        self.channel = grpc.aio.insecure_channel(f"127.0.0.1:{ports.grpc}")

    async def call(self, method, **fields):
        """Returns the status and the messages that came."""
        about = next(one for one in self.contract.services["Chat"] if one.name == method)
        make = self.channel.unary_stream if about.server_streaming else self.channel.unary_unary
        asked, answered = self.contract.type(about.input_type), self.contract.type(about.output_type)
        call = make(f"/{PACKAGE}.Chat/{method}", asked.SerializeToString, answered.FromString)(asked(**fields), metadata=self.metadata, timeout=60)
        came = []
        try:
            if about.server_streaming:
                async for message in call:
                    came.append(message)
            else:
                came.append(await call)
        except grpc.aio.AioRpcError as error:
            return error.code().name, came, error.details()
        return "OK", came, ""
