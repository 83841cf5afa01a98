"""Serves all-MiniLM-L6-v2 over the wire protocol of Bedrock's InvokeModel, as Titan is served.

    python loadtest/minilm/serve.py --port 0 --cache .cache/minilm/vectors.sqlite3

Prints its address, then answers `POST /model/minilm-l6-v2/invoke` until it is ended. Signatures are not checked.
"""

import argparse
import hashlib
import json
import os
import sqlite3
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

# First, because it tells numpy how many threads to use.
from encoder import MAX_TOKENS, MODEL_ID, Encoder, numpy

MAX_CHARACTERS = 50_000
MAX_BODY_BYTES = 1_000_000


class Vectors:
    """Vectors by text, kept in a file so that the next run need not compute them again."""

    def __init__(self, path, workers):
        self.encoder = Encoder()
        self.turns = threading.BoundedSemaphore(workers)
        self.lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.file.execute("PRAGMA journal_mode = WAL")
        self.file.execute("PRAGMA synchronous = OFF")
        self.file.execute("CREATE TABLE IF NOT EXISTS vector (key BLOB PRIMARY KEY, tokens INTEGER, numbers BLOB)")

    def of(self, text):
        """Returns the vector of a text and its tokens."""
        key = hashlib.sha256(f"{MODEL_ID} {MAX_TOKENS}\n{text}".encode()).digest()
        with self.lock:
            row = self.file.execute("SELECT tokens, numbers FROM vector WHERE key = ?", (key,)).fetchone()
        if row:
            return numpy.frombuffer(row[1], dtype="<f4"), row[0]
        with self.turns:
            vector, tokens = self.encoder.vector(text)
        numbers = vector.astype("<f4").tobytes()
        with self.lock:
            self.file.execute("INSERT OR REPLACE INTO vector VALUES (?, ?, ?)", (key, tokens, numbers))
        return vector, tokens


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    # An answer leaves in one packet.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 120
    vectors = None

    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        if length > MAX_BODY_BYTES:
            self.close_connection = True
            return self.refuse(400, "ValidationException", "the body is too large")
        body = self.rfile.read(length)
        if urllib.parse.unquote(self.path) != f"/model/{MODEL_ID}/invoke":
            return self.refuse(404, "ResourceNotFoundException", "no such model or operation")
        if self.headers.get("content-type") != "application/json":
            return self.refuse(400, "ValidationException", "expected a body of application/json")
        try:
            text = json.loads(body)["inputText"]
        except (ValueError, KeyError, TypeError):
            return self.refuse(400, "ValidationException", "expected a JSON object with inputText")
        if not isinstance(text, str) or not 1 <= len(text) <= MAX_CHARACTERS:
            return self.refuse(400, "ValidationException", f"inputText: expected 1 to {MAX_CHARACTERS} characters")
        vector, tokens = self.vectors.of(text)
        self.answer(200, {"embedding": [float(number) for number in vector], "inputTextTokenCount": tokens})

    def refuse(self, status, name, message):
        self.answer(status, {"message": message}, [("x-amzn-errortype", name)])

    def answer(self, status, value, headers=()):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        for name, content in headers:
            self.send_header(name, content)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_):
        """Texts and requests are not logged."""


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--port", type=int, default=0, help="0 takes a free one")
    arguments.add_argument("--cache", type=Path, required=True, help="file for vectors, made where it is missing")
    arguments.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="texts computed at the same time")
    options = arguments.parse_args()
    Handler.vectors = Vectors(options.cache, options.workers)
    ThreadingHTTPServer.request_queue_size = 128
    ThreadingHTTPServer.daemon_threads = True
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
