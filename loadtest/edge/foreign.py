"""Clients of other makers that run in this process or as a command: openai, grpcio, websockets and curl."""

import json
import subprocess
from socket import SHUT_RDWR

import grpc
import openai
import websockets
from websockets.sync.client import connect

from fake_services import messages
from several import Reading

FINISHES = ("", "complete", "no_evidence", "length", "blocked", "stopped")


def told(reading, pieces, cuts=0):
    """Returns the fields of an answer whose frames were read."""
    end = reading.end or {}
    if end.get("type") == "error":
        return {"refused": end["code"], "retry_after": (end.get("retry_after_ms") or 0) / 1000, "text": reading.text}
    return {"text": reading.text, "ended": end.get("text"), "pieces": pieces, "sources": [source["document_id"] for source in end.get("citations", [])],
            "finish": end.get("finish_reason"), "id": reading.id, "gaps": len(reading.wrong), "cuts": cuts}


class OpenAi:
    """The official client."""

    def __init__(self, http, key):
        self.http, self.key = http, key

    def client(self, key=None):
        return openai.OpenAI(base_url=f"http://{self.http}/v1", api_key=key or self.key, max_retries=0, timeout=60)

    def models(self):
        with self.client() as client:
            return {"models": [model.id for model in client.models.list()]}

    def ask(self, question, history=(), stream=True, stop_after=None, key=None):
        turns = [{"role": "user" if turn["role"] == "visitor" else "assistant", "content": turn["text"]} for turn in history]
        asked = {"model": "smallbiz-chatbot", "messages": [*turns, {"role": "user", "content": question}]}
        with self.client(key) as client:
            try:
                if stream:
                    return self.read(client.chat.completions.create(**asked, stream=True), stop_after)
                whole = client.chat.completions.create(**asked)
                return self.fields(whole.choices[0].message.content, 1, whole.model_extra["smallbiz"])
            except openai.APIStatusError as error:
                return {"refused": type(error).__name__, "retry_after": error.response.headers.get("retry-after")}

    def read(self, chunks, stop_after):
        text, pieces, beside = "", 0, None
        for chunk in chunks:
            beside = (chunk.model_extra or {}).get("smallbiz") or beside
            if piece := chunk.choices and chunk.choices[0].delta.content:
                text, pieces = text + piece, pieces + 1
            if pieces == stop_after:
                chunks.close()
                return {"text": text, "pieces": pieces}
        return self.fields(text, pieces, beside)

    @staticmethod
    def fields(text, pieces, beside):
        sources = [source["document_id"] for source in beside["citations"]]
        return {"text": text, "ended": beside["response"], "pieces": pieces, "sources": sources, "finish": beside["finish_reason"],
                "id": beside["answer_id"], "gaps": 0}


class Grpc:
    """grpcio, with the committed descriptors."""

    def __init__(self, address, key):
        self.address, self.key, self.type = address, key, messages()

    def call(self, channel, kind, method, reply, request, key=None, deadline=60):
        make = getattr(channel, kind)(f"/smallbiz.chatbot.v1.Chat/{method}", request_serializer=lambda message: message.SerializeToString(),
                                      response_deserializer=self.type(reply).FromString)
        return make(request, timeout=deadline, metadata=[("x-api-key", key or self.key)])

    def ask(self, question, history=(), stop_after=None, cut_after=None, key=None, deadline=60, stream=True):
        roles = self.type("HistoryTurn").DESCRIPTOR.enum_types_by_name["Role"].values_by_name
        turns = [{"role": roles[f"ROLE_{turn['role'].upper()}"].number, "text": turn["text"]} for turn in history]
        state = {"text": "", "pieces": 0, "gaps": 0, "cuts": 0, "seq": 0}
        with grpc.insecure_channel(self.address) as channel:
            try:
                request = self.type("AskRequest")(question=question, history=turns)
                events = self.call(channel, "unary_stream", "Ask", "ChatEvent", request, key, deadline)
                place = self.read(channel, events, state, stop_after, cut_after)
                if place:
                    events = self.call(channel, "unary_stream", "Resume", "ChatEvent", self.type("ResumeRequest")(**place), key)
                    state["cuts"] += 1
                    self.read(channel, events, state)
            except grpc.RpcError as error:
                trailers = dict(error.trailing_metadata() or ())
                return {"refused": error.code().name, "retry_after": trailers.get("ratelimit-reset"), "text": ""}
        return state

    def read(self, channel, events, state, stop_after=None, cut_after=None):
        """Reads to the end; returns the place to go on from where the call was cancelled before."""
        for event in events:
            state["gaps"] += event.seq != state["seq"] + 1
            state |= {"seq": event.seq, "id": event.answer_id}
            kind = event.WhichOneof("event")
            if kind == "delta":
                state |= {"text": state["text"] + event.delta.text, "pieces": state["pieces"] + 1}
            elif kind == "ended":
                sources = [citation.passage.document_id for citation in event.ended.citations]
                state |= {"ended": event.ended.text, "sources": sources, "finish": FINISHES[event.ended.finish_reason]}
            elif kind == "failed":
                state |= {"refused": event.failed.code}
            if kind == "delta" and state["pieces"] == stop_after:
                self.call(channel, "unary_unary", "Stop", "StopResponse", self.type("StopRequest")(answer_id=event.answer_id))
            if kind == "delta" and state["pieces"] == cut_after:
                events.cancel()
                return {"answer_id": event.answer_id, "epoch": event.epoch, "after_seq": event.seq}
        return None

    def search(self, query):
        """The public service shows how a search comes about."""
        with grpc.insecure_channel(self.address) as channel:
            request = self.type("ExplainRequest")(search={"question": query})
            reply = self.call(channel, "unary_unary", "Explain", "ExplainResponse", request)
        return {"sources": [candidate.passage.document_id for candidate in reply.candidates]}

    def feedback(self, answer_id):
        with grpc.insecure_channel(self.address) as channel:
            self.call(channel, "unary_unary", "SendFeedback", "SendFeedbackResponse", self.type("SendFeedbackRequest")(answer_id=answer_id, verdict=1))
        return {"taken": True}


class WebSockets:
    """The library `websockets`; the key is in the handshake."""

    def __init__(self, http, key):
        self.http, self.key = http, key

    def open(self, key=None):
        return connect(f"ws://{self.http}/ws", additional_headers={"x-api-key": key or self.key}, max_size=2**20)

    def ask(self, question, history=(), stop_after=None, cut_after=None, key=None, stream=True):
        reading, pieces, cuts = Reading(), 0, 0
        frame = {"action": "sendMessage", "message": question, "history": list(history)}
        while reading.end is None:
            try:
                socket = self.open(key)
            except websockets.InvalidStatus as refused:
                return {"refused": json.loads(refused.response.body)["code"]}
            with socket:
                socket.send(json.dumps(frame))
                for message in socket:
                    pieces += json.loads(message)["type"] == "chunk"
                    if reading.take(json.loads(message)):
                        break
                    if pieces == stop_after:
                        socket.send(json.dumps({"action": "stop", "answer_id": reading.id}))
                        stop_after = None
                    if pieces == cut_after:
                        cut_after, cuts = None, cuts + 1
                        frame = {"action": "resume", "answer_id": reading.id, "epoch": reading.epoch, "after_seq": reading.seq}
                        socket.socket.shutdown(SHUT_RDWR)
                        break
        return told(reading, pieces, cuts)

    def feedback(self, answer_id):
        """Nothing is said of an opinion that is stored, so the next frame must be that of the heartbeat."""
        with self.open() as socket:
            socket.send(json.dumps({"action": "feedback", "answer_id": answer_id, "verdict": "positive"}))
            socket.send(json.dumps({"action": "heartbeat"}))
            return {"taken": json.loads(socket.recv(10))["type"] == "heartbeat"}


class Curl:
    """The command; REST."""

    def __init__(self, http, key):
        self.http, self.key = http, key

    def command(self, path, body=None, headers=(), key=None):
        """The key comes over standard input, so that it stands in no list of processes."""
        lines = [f'url = "http://{self.http}{path}"', f'header = "x-api-key: {key or self.key}"', *(f'header = "{header}"' for header in headers)]
        if body is not None:
            text = json.dumps(body).replace("\\", "\\\\").replace('"', '\\"')
            lines += ['header = "content-type: application/json"', f'data = "{text}"']
        return ["curl", "-sN", "--max-time", "60", "-w", "\\n%{http_code}\\n%header{retry-after}", "-K", "-"], "\n".join(lines)

    def send(self, *named, **more):
        command, config = self.command(*named, **more)
        body, status, wait = subprocess.run(command, input=config, capture_output=True, text=True, timeout=90).stdout.rsplit("\n", 2)
        return body, int(status), wait

    def ask(self, question, history=(), key=None, stream=True):
        body, status, wait = self.send("/chat", {"message": question, "history": list(history)}, key=key)
        body = json.loads(body)
        if status != 200:
            return {"refused": body["code"], "retry_after": wait}
        sources = [source["document_id"] for source in body["citations"]]
        return {"text": body["response"], "ended": body["response"], "pieces": 1, "sources": sources, "finish": body["finish_reason"],
                "id": body["answer_id"], "gaps": 0}

    def search(self, query):
        body, status, _ = self.send("/v1/search", {"query": query})
        return {"sources": [found["document"] for found in json.loads(body)["passages"]]} if status == 200 else {"refused": body}

    def feedback(self, answer_id):
        return {"taken": self.send("/feedback", {"answer_id": answer_id, "verdict": "positive"})[1] == 204}


class CurlEvents(Curl):
    """The command; server-sent events, which go on after `Last-Event-ID`."""

    def ask(self, question, history=(), cut_after=None, key=None, stream=True):
        reading, pieces, cuts, place = Reading(), 0, 0, None
        while reading.end is None:
            if place:
                path = f"/chat/{reading.id}/events"
                command, config = self.command(path, None, ["accept: text/event-stream", f"last-event-id: {place}"], key)
            else:
                body = {"message": question, "history": list(history), "streaming": True}
                command, config = self.command("/chat", body, ["accept: text/event-stream"], key)
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
                process.stdin.write(config)
                process.stdin.close()
                for line in process.stdout:
                    if line.startswith("{"):
                        reading.take(json.loads(line) | {"type": "error"})
                        break
                    if line.startswith("id: "):
                        place = line[4:].strip()
                    if not line.startswith("data: "):
                        continue
                    frame = json.loads(line[6:])
                    pieces += frame["type"] == "chunk"
                    if reading.take(frame) or pieces == cut_after:
                        break
                if reading.end is None:
                    cuts, cut_after = cuts + 1, None
                process.kill()
        return told(reading, pieces, cuts)
