"""Every way of asking a gateway, and what came of a try: what measurements of who is let in share."""

import asyncio
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import grpc
import websockets

from edge_stack import http
from fake_services import messages

ORIGIN = "https://shop.example"
QUESTION = "words=3 bytes=6"
# What the services behind write and find; nobody who is refused may see any of it.
WORDS = ("wwwww", "hours.md")
KIND = messages()
HTTP_STATUS = {"UNAUTHENTICATED": "401", "PERMISSION_DENIED": "403", "NOT_FOUND": "404"}
GRPC_STATUS = {"UNAUTHENTICATED": "16", "PERMISSION_DENIED": "7", "NOT_FOUND": "5"}


def keys(binaries, file, *words):
    """Runs `gateway keys` and returns what it prints."""
    command = [Path(binaries, "gateway").resolve(), "keys", "--json", "--file", file, *words]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@dataclass(frozen=True)
class Whence:
    """Who asks and from where, as far as they say it; empty texts are left out."""

    credential: str = ""
    origin: str = ""
    forwarded: str = ""

    def named(self, with_key=True):
        is_token = self.credential.startswith("sbc_visit_")
        key = {"authorization": f"Bearer {self.credential}"} if is_token else {"x-api-key": self.credential}
        named = {"origin": self.origin, "x-forwarded-for": self.forwarded} | (key if with_key and self.credential else {})
        return {name: value for name, value in named.items() if value}

    def lines(self):
        return [f"{name}: {value}" for name, value in self.named().items()]


@dataclass(frozen=True)
class Came:
    """What came of a try: the transport's own status, the code of the error table or `ok`, and everything that was read."""

    status: str
    code: str
    read: str

    @property
    def has_leaked(self):
        return any(word in self.read for word in WORDS)

    def is_refused(self, code, statuses):
        return self.code == code and self.status in statuses and not self.has_leaked


def of_reply(reply):
    """Returns what an HTTP response says."""
    if 200 <= reply.status < 300:
        return Came(str(reply.status), "ok", reply.body)
    try:
        told = json.loads(reply.body)
    except ValueError:
        told = {}
    return Came(str(reply.status), told.get("code") or told.get("error", {}).get("code", "?"), reply.body)


async def post(stack, who, path, body, *headers):
    return of_reply(await http(stack.http, path, json.dumps(body), [*who.lines(), *headers]))


async def rest(stack, who, question=QUESTION):
    return await post(stack, who, "/chat", {"message": question})


async def events(stack, who, question=QUESTION):
    return await post(stack, who, "/chat", {"message": question, "streaming": True}, "accept: text/event-stream")


async def openai(stack, who, question=QUESTION, stream=False):
    return await post(stack, who, "/v1/chat/completions", {"model": "any", "messages": [{"role": "user", "content": question}], "stream": stream})


async def openai_stream(stack, who, question=QUESTION):
    return await openai(stack, who, question, stream=True)


async def search(stack, who, question=QUESTION):
    return await post(stack, who, "/v1/search", {"query": question})


async def over_grpc(stack, who, question=QUESTION):
    return await grpc_call(stack, who, "Ask", KIND("AskRequest")(question=question))


async def over_grpc_web(stack, who, question=QUESTION):
    return await grpc_web_call(stack, who, "Ask", KIND("AskRequest")(question=question))


async def grpc_call(stack, who, method, request):
    """Calls a method, of one reply or of many."""
    read = b""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{stack.grpc}") as channel:
        call = channel.unary_stream(f"/smallbiz.chatbot.v1.Chat/{method}")(request.SerializeToString(), metadata=list(who.named().items()), timeout=60)
        try:
            async for part in call:
                read += part
        except grpc.aio.AioRpcError as error:
            return Came(str(error.code().value[0]), error.code().name, read.decode("utf-8", "replace") + (error.details() or ""))
    return Came("0", "ok", read.decode("utf-8", "replace"))


async def grpc_web_call(stack, who, method, request):
    message = request.SerializeToString()
    body = bytes([0]) + len(message).to_bytes(4, "big") + message
    headers = [*who.lines(), "content-type: application/grpc-web+proto", "x-grpc-web: 1"]
    reply = await http(stack.http, f"/smallbiz.chatbot.v1.Chat/{method}", body, headers)
    if reply.status != 200:
        return of_reply(reply)
    found = re.search(r"grpc-status: ?(\d+)", reply.body)
    status = reply.headers.get("grpc-status") or (found and found[1]) or "?"
    code = {number: code for code, number in GRPC_STATUS.items()} | {"0": "ok"}
    return Came(status, code.get(status, "?"), reply.body)


async def websocket(stack, who, question=QUESTION, in_frame=False, actions=None):
    """Sends frames over a WebSocket, by default a question; the key is in the handshake, or in the first frame."""
    field = "token" if who.credential.startswith("sbc_visit_") else "api_key"
    sent = [{"action": "authenticate", field: who.credential}] if in_frame and who.credential else []
    sent += actions or [{"action": "sendMessage", "message": question}]
    read, code = "", "?"
    try:
        async with asyncio.timeout(60), websockets.connect(f"ws://127.0.0.1:{stack.http}/ws", additional_headers=who.named(not in_frame)) as connection:
            for frame in sent:
                await connection.send(json.dumps(frame))
            async for message in connection:
                read += message
                told = json.loads(message)
                code = told.get("code", code)
                # A socket stays open after a refusal that is about one frame only.
                if told["type"] == "end" or (told["type"] == "error" and (actions or code == "RATE_LIMITED")):
                    return Came("open", "ok" if told["type"] == "end" else code, read)
    except websockets.InvalidStatus as refused:
        body = refused.response.body.decode()
        return Came(str(refused.response.status_code), json.loads(body)["code"], body)
    except websockets.ConnectionClosed:
        pass
    return Came(str(connection.close_code), code, read)


async def first_frame(stack, who, question=QUESTION):
    return await websocket(stack, who, question, in_frame=True)


# Each with the statuses that a refusal with a code may have there. Whoever names no key may open a WebSocket and has it closed. A page
# whose origin belongs to nobody is turned away before anything else is looked at, with the status of HTTP.
WAYS = {
    "WebSocket": (websocket, lambda code: {HTTP_STATUS[code]} if code != "UNAUTHENTICATED" else {"401", "1008"}),
    "first frame": (first_frame, lambda code: {"1008"} if code != "PERMISSION_DENIED" else {"1008", "403"}),
    "SSE": (events, lambda code: {HTTP_STATUS[code]}),
    "REST": (rest, lambda code: {HTTP_STATUS[code]}),
    "OpenAI": (openai, lambda code: {HTTP_STATUS[code]}),
    "OpenAI stream": (openai_stream, lambda code: {HTTP_STATUS[code]}),
    "gRPC": (over_grpc, lambda code: {GRPC_STATUS[code]}),
    "gRPC-Web": (over_grpc_web, lambda code: {GRPC_STATUS[code]} if code != "PERMISSION_DENIED" else {"7", "403"}),
    "search": (search, lambda code: {HTTP_STATUS[code]}),
}
