"""How fast a folder of documents becomes searchable: the whole chatbot, with its offline embedder and embedded store."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

READY = '"message":"chatbot ready"'
WAIT_SECONDS = 3600


def until_ready(programs, documents, data):
    """Returns the seconds from the start of a chatbot until it answers from all documents."""
    prefixes = ("CHATBOT_", "GATEWAY_", "RETRIEVER_", "GENERATOR_", "INGESTOR_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    log = Path(f"{data}.log")
    command = [programs / "chatbot", "--port", "0", "--documents", documents, "--data", data]
    with open(log, "wb") as written:
        begun = time.monotonic()
        process = subprocess.Popen(command, stdout=written, stderr=written, env=environment | {"LOG_FORMAT": "json"})
        try:
            while READY not in log.read_text(errors="replace"):
                if process.poll() is not None or time.monotonic() > begun + WAIT_SECONDS:
                    sys.exit(f"the chatbot does not get ready: {log.read_text(errors='replace')[-2000:]}")
                time.sleep(0.02)
            return time.monotonic() - begun
        finally:
            process.terminate()
            process.wait()


def rate(programs, ending, texts):
    """Returns megabytes (1,000,000 bytes) a second, less what a chatbot without documents takes to get ready."""
    with tempfile.TemporaryDirectory(prefix="bench-indexing-") as folder:
        documents, empty = Path(folder, "documents"), Path(folder, "empty")
        documents.mkdir()
        empty.mkdir()
        for place, text in enumerate(texts):
            (documents / f"{place:05}{ending}").write_text(text, encoding="utf-8")
        idle = until_ready(programs, empty, Path(folder, "idle"))
        seconds = until_ready(programs, documents, Path(folder, "data")) - idle
    return sum(len(text.encode()) for text in texts) / 1e6 / seconds
