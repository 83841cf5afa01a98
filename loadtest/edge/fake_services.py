#!/usr/bin/env python3
"""A retriever and a generator behind a gateway, with a known capacity, for measuring the gateway alone.

The generator works on `--places` answers at once; each holds its place for `--seconds` and is written in `--words` words, evenly. Words in
a question change that for its answer: `words=500 gap=0.1 bytes=40` writes 500 words of 40 bytes, one each 0.1 seconds, and takes no place.
Prints `listening on ADDRESS`; `asked N` on standard output tells that N searches came, `stopped N` that N answers were cancelled by
their reader.
"""

import argparse
import asyncio
import re
from pathlib import Path

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "smallbiz.chatbot.v1"
SERVING = b"\x08\x01"  # grpc.health.v1.HealthCheckResponse{status: SERVING}
COMPLETE = 1


def messages():
    """Returns a function from a message's name to its class, from the committed descriptors."""
    described = descriptor_pb2.FileDescriptorSet.FromString((ROOT / "proto/src/generated/descriptor.bin").read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in described.file:
        pool.Add(file)
    return lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))


class Services:
    def __init__(self, arguments):
        self.arguments = arguments
        self.places = asyncio.Semaphore(arguments.places)
        self.type = messages()
        self.stopped = self.searched = 0

    def event(self, **fields):
        return self.type("GenerateEvent")(**fields).SerializeToString()

    async def search(self, request, _):
        asked = self.type("SearchRequest").FromString(request)
        self.searched += 1
        print(f"asked {self.searched}", flush=True)
        passage = {"document_id": "hours.md", "collection": asked.collections[0], "title": "Hours", "text": "Open.", "evidence": 1.0}
        return self.type("SearchResponse")(passages=[passage], generation=1).SerializeToString()

    async def generate(self, request, _):
        asked = self.type("GenerateRequest").FromString(request)
        wanted = {key: float(value) for key, value in re.findall(r"(words|gap|bytes)=([0-9.]+)", asked.question)}
        try:
            if wanted:
                async for event in self.write(int(wanted.get("words", 10)), wanted.get("gap", 0), int(wanted.get("bytes", 6))):
                    yield event
            else:
                async with self.places:
                    words = self.arguments.words
                    async for event in self.write(words, self.arguments.seconds / words, 6):
                        yield event
        except (asyncio.CancelledError, GeneratorExit):
            self.stopped += 1
            print(f"stopped {self.stopped}", flush=True)
            raise
        yield self.event(finished={"finish_reason": COMPLETE, "model": "fake"})

    async def write(self, words, gap, size):
        for _ in range(words):
            if gap:
                await asyncio.sleep(gap)
            yield self.event(delta={"text": "w" * (size - 1) + " "})


async def serve(arguments):
    services = Services(arguments)
    handlers = [
        (f"{PACKAGE}.Retriever", {"Search": grpc.unary_unary_rpc_method_handler(services.search)}),
        (f"{PACKAGE}.Generator", {"Generate": grpc.unary_stream_rpc_method_handler(services.generate)}),
        ("grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(healthy)}),
    ]
    server = grpc.aio.server(options=[("grpc.max_concurrent_streams", 20_000), ("grpc.http2.min_ping_interval_without_data_ms", 1000)])
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(name, methods) for name, methods in handlers])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"listening on 127.0.0.1:{port}", flush=True)
    await server.wait_for_termination()


async def healthy(_, __):
    return SERVING


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--places", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=0.25)
    parser.add_argument("--words", type=int, default=10)
    asyncio.run(serve(parser.parse_args()))
