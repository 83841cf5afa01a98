"""Visitors of a gateway who note what they are told and when: one at a time, or many in one thread."""

import asyncio
import contextlib
import json
import select
import time

import websockets

from edge_stack import ask, frame, websocket

QUESTION = "When are you open on Sundays?"


def mark(number):
    """Returns words that make a question one of its own, and find as much."""
    return f"This is visitor {number}."


def question(number):
    return f"{QUESTION} {mark(number)}"


class Answer:
    """What a visitor was told, with times of a clock that all processes share."""

    def __init__(self, question):
        self.question, self.asked, self.frames = question, time.time(), []

    def take(self, frame):
        """Takes a frame; returns whether it is the last."""
        self.frames.append((time.time(), frame))
        return frame.get("type") in ("end", "error")

    @property
    def end(self):
        return self.frames[-1][1] if self.frames and self.frames[-1][1].get("type") in ("end", "error") else None

    @property
    def kind(self):
        return self.end["type"] if self.end else "lost"

    @property
    def seconds(self):
        """From the question to the last frame."""
        return (self.frames[-1][0] if self.frames else time.time()) - self.asked

    @property
    def is_from_a_model(self):
        return self.kind == "end" and self.end.get("source") in ("model", "fallback_model")

    @property
    def may_be_tried_again(self):
        return self.kind == "error" and bool(self.end.get("retryable"))

    @property
    def text(self):
        """The text as the frames make it, without its last one's own."""
        text = b""
        for _, one in self.frames:
            if one["type"] == "chunk":
                text += one["text"].encode()
            elif one["type"] == "retract":
                text = text[:one["from_byte"]]
        return text.decode()

    @property
    def is_in_order(self):
        numbers = [one["seq"] for _, one in self.frames if "seq" in one]
        return numbers == list(range(1, len(numbers) + 1))

    @property
    def is_whole(self):
        return self.kind == "end" and self.is_in_order and self.text == self.end["text"]

    def after(self, moment):
        """Seconds from a moment to the last frame."""
        return self.frames[-1][0] - moment if self.frames else float("inf")


async def read(port, question, patience=150, stop=None):
    """Asks over a WebSocket and reads to the end; `stop(answer, connection)` may end it before, by returning True."""
    answer = Answer(question)
    with contextlib.suppress(OSError, websockets.WebSocketException, TimeoutError):
        async with asyncio.timeout(patience), websockets.connect(f"ws://127.0.0.1:{port}/ws", open_timeout=20, ping_interval=None) as connection:
            answer.asked = time.time()
            await connection.send(json.dumps({"action": "sendMessage", "message": question}))
            async for message in connection:
                if answer.take(json.loads(message)) or (stop and await stop(answer, connection)):
                    return answer
    return answer


class Readers:
    """Many WebSockets of one thread. What comes is only noted with its time, and looked into afterwards."""

    def __init__(self, port):
        self.port, self.sockets, self.notes, self.lost = port, {}, {}, 0
        self.epoll = select.epoll()

    def open(self, count, source="127.0.0.1"):
        """Opens so many and returns their numbers."""
        opened = [websocket(self.port, source) for _ in range(count)]
        for one in opened:
            one.setblocking(False)
            self.sockets[one.fileno()], self.notes[one.fileno()] = one, []
            self.epoll.register(one.fileno(), select.EPOLLIN)
        return [one.fileno() for one in opened]

    def ask(self, number, question):
        self.sockets[number].send(ask(question))

    def serve(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for number, _ in self.epoll.poll(left):
                self.note(number)

    def note(self, number):
        try:
            part = self.sockets[number].recv(65536)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        if not part:
            self.epoll.unregister(number)
            self.lost += 1
        elif part[0] == 0x89:
            self.sockets[number].send(frame(part[2:2 + part[1]], 10))
        else:
            self.notes[number].append((time.time(), part))

    def has_ended(self, number):
        return b'"type":"end"' in b"".join(part for _, part in self.notes[number][-2:])

    def answer(self, number, question):
        """Returns what came over a socket as an answer."""
        answer, rest = Answer(question), b""
        for moment, part in self.notes[number]:
            rest += part
            while len(rest) >= 2:
                size, head = rest[1] & 0x7F, 2
                if size == 126:
                    size, head = int.from_bytes(rest[2:4], "big"), 4
                if len(rest) < head + size:
                    break
                if rest[0] & 0x0F == 1:
                    answer.frames.append((moment, json.loads(rest[head:head + size])))
                rest = rest[head + size:]
        return answer

    def close(self):
        for one in self.sockets.values():
            one.close()
