"""Talks to a running chatbot with libraries that know nothing of it: grpcio by reflection, and websockets."""

import asyncio
import json
import sys

import grpc
import websockets
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

QUESTION = "When are you open on Sundays?"
EXPECTED = "11:00"


def ask_over_grpc(address: str) -> None:
    channel = grpc.insecure_channel(address)
    database = ProtoReflectionDescriptorDatabase(channel)
    assert "smallbiz.chatbot.v1.Chat" in database.get_services(), database.get_services()
    pool = descriptor_pool.DescriptorPool(database)
    ask = pool.FindServiceByName("smallbiz.chatbot.v1.Chat").FindMethodByName("Ask")
    request_class = message_factory.GetMessageClass(ask.input_type)
    event_class = message_factory.GetMessageClass(ask.output_type)
    call = channel.unary_stream(
        "/smallbiz.chatbot.v1.Chat/Ask",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=event_class.FromString,
    )
    events = list(call(request_class(question=QUESTION), timeout=30))
    assert [event.seq for event in events] == list(range(1, len(events) + 1)), "numbered without gaps"
    assert events[0].WhichOneof("event") == "started", events[0]
    ended = events[-1].ended
    text = "".join(event.delta.text for event in events if event.WhichOneof("event") == "delta")
    assert text == ended.text and EXPECTED in text, (text, ended.text)
    assert ended.citations and ended.citations[0].passage.heading_path, ended
    try:
        list(call(request_class(question="  "), timeout=30))
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
    else:
        raise AssertionError("an empty question was answered")


async def ask_over_websocket(address: str) -> None:
    async with websockets.connect(f"ws://{address}/ws") as socket:
        await socket.send(json.dumps({"action": "sendMessage", "message": QUESTION}))
        frames = []
        while not frames or frames[-1]["type"] not in ("end", "error"):
            frames.append(json.loads(await asyncio.wait_for(socket.recv(), 30)))
    assert frames[0]["type"] == "start" and frames[-1]["type"] == "end", frames
    text = "".join(frame["text"] for frame in frames if frame["type"] == "chunk")
    assert text == frames[-1]["text"] and EXPECTED in text, frames
    assert frames[-1]["complete"] is True and frames[-1]["citations"], frames[-1]


if __name__ == "__main__":
    http_address, grpc_address = sys.argv[1:]
    ask_over_grpc(grpc_address)
    print("grpcio with reflection: passed")
    asyncio.run(ask_over_websocket(http_address))
    print("websockets: passed")
