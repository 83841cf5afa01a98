"""What is measured on the server itself: pgbench with the search's own vector query, recall of an index, and sizes."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy
import psycopg

from servers import pinned, wheel_program

TRIED_EF_SEARCH = [20, 24, 28, 32, 36, 40, 45, 50, 57, 64, 72, 80, 100, 130, 170, 220, 300, 400, 600, 1000]
INDEX_SECONDS = 3600
OURS = "SELECT chunk FROM chatbot.live ORDER BY embedding <#> {query} LIMIT 10"
# The neighbours that the retriever asks for when its caller wants ten, and the scan that its filters need.
SEARCHED = 15
SCAN = "-c hnsw.iterative_scan=strict_order"
PGBENCH = "\\set number random(1, {count})\n" + OURS.format(
    query="(SELECT vector FROM benchmark.queries WHERE number = :number)").replace("LIMIT 10", f"LIMIT {SEARCHED}") + ";\n"


def vector_text(vector):
    return "[" + ",".join(f"{number:.8g}" for number in vector) + "]"


def connect(url, ef_search=None, is_forced=False):
    """Connects; `is_forced` keeps statements from reading a whole table where an index can be used."""
    options = f"-c hnsw.ef_search={ef_search}" if ef_search else ""
    options += " -c enable_seqscan=off" if is_forced else ""
    return psycopg.connect(url, autocommit=True, options=options)


def wait_for_index(url):
    """Waits until the retriever has built its index; returns the seconds."""
    begun = time.monotonic()
    valid = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('chatbot.live_embedding') AND indisvalid"
    with connect(url) as connection:
        while time.monotonic() < begun + INDEX_SECONDS:
            if connection.execute(valid).fetchone():
                return time.monotonic() - begun
            time.sleep(1)
    sys.exit(f"the index of vectors is not there after {INDEX_SECONDS} s")


def put_queries(url, queries):
    """Makes the table from which pgbench takes its queries."""
    with connect(url) as connection:
        connection.execute("CREATE SCHEMA benchmark")
        connection.execute("CREATE TABLE benchmark.queries (number integer PRIMARY KEY, vector halfvec NOT NULL)")
        with connection.cursor().copy("COPY benchmark.queries FROM STDIN") as copy:
            for number, query in enumerate(queries, 1):
                copy.write_row([number, vector_text(query)])
        connection.execute("ANALYZE benchmark.queries")


def tidy(url):
    """What autovacuum would do in its own time."""
    with connect(url) as connection:
        connection.execute("VACUUM ANALYZE")


def chunk_numbers(url):
    """Returns the corpus's number of each row of the store."""
    sql = ("SELECT p.chunk, d.name, p.ordinal FROM chatbot.documents d "
           "JOIN chatbot.placements p ON p.version = d.current")
    with connect(url) as connection:
        rows = connection.execute(sql).fetchall()
    return {chunk: int(name.rpartition("-")[2]) * 20 + ordinal for chunk, name, ordinal in rows}


def recall(exact, found):
    """Returns the mean share of each exact answer that was found."""
    shares = [len(set(right) & set(got[:10])) / len(right) for right, got in zip(exact, found) if right]
    return sum(shares) / len(shares)


def index_recall(url, sql, ef_search, queries, exact, number_of, index):
    """Returns recall@10 of a statement with one parameter, the query's vector, through an index; the plan must use it."""
    with connect(url, ef_search, is_forced=True) as connection:
        planned = str(connection.execute(f"EXPLAIN (COSTS OFF) {sql}", [vector_text(queries[0])]).fetchall())
        if f"using {index}" not in planned:
            sys.exit(f"the index {index} is not used: {planned[:500]}")
    return recall_of(url, sql, (ef_search, True), queries, exact, number_of)


def recall_of(url, sql, session, queries, exact, number_of):
    """Returns recall@10 of a statement with one parameter, the query's vector; `session` is what `connect` takes."""
    with connect(url, *session) as connection:
        found = [[number_of(row[0]) for row in connection.execute(sql, [vector_text(query)])] for query in queries]
    return recall(exact, found)


def our_recall(url, ef_search, queries, exact, numbers):
    return recall_of(url, OURS.format(query="%s::halfvec"), (ef_search,), queries, exact, numbers.get)


def least_ef_search(url, queries, exact, wanted):
    """Returns the smallest `ef_search` with the wanted recall@10, and all that was tried."""
    numbers, tried = chunk_numbers(url), {}
    for ef_search in TRIED_EF_SEARCH:
        tried[ef_search] = our_recall(url, ef_search, queries, exact, numbers)
        if tried[ef_search] >= wanted:
            break
    return ef_search, tried


def plan(url, ef_search, query):
    """Returns how the vector query reads the table."""
    with connect(url, ef_search) as connection:
        rows = connection.execute(f"EXPLAIN (COSTS OFF) {OURS.format(query='%s::halfvec')}", [vector_text(query)])
        return next(row[0].strip(" ->") for row in rows if "Scan" in row[0])


def index_bytes(url, index):
    with connect(url) as connection:
        return connection.execute("SELECT pg_relation_size(%s::regclass)", [index]).fetchone()[0]


def pgbench(processor, url, ef_search, clients, seconds, work):
    """Runs the vector query with pgbench, prepared; returns queries a second and latencies."""
    script = Path(work) / "pgbench.sql"
    with connect(url) as connection:
        count = connection.execute("SELECT count(*) FROM benchmark.queries").fetchone()[0]
    script.write_text(PGBENCH.format(count=count))
    for old in Path(work).glob("transactions.*"):
        old.unlink()
    command = [wheel_program("pgbench"), "-n", "-M", "prepared", "-c", clients, "-j", 1, "-T", max(1, round(seconds)), "--log",
               "--log-prefix", Path(work) / "transactions", "-f", script, url]
    environment = os.environ | {"PGOPTIONS": f"-c hnsw.ef_search={ef_search} {SCAN}"}
    done = subprocess.run(pinned(processor, list(map(str, command))), env=environment, capture_output=True, text=True, check=False)
    rate = re.search(r"tps = ([0-9.]+)", done.stdout)
    if done.returncode != 0 or rate is None:
        sys.exit(f"pgbench: {done.stderr[-1000:]}")
    # The third column is the time of the transaction in microseconds.
    micros = [int(line.split()[2]) for path in Path(work).glob("transactions.*") for line in path.read_text().splitlines()]
    p50, p99 = numpy.percentile(micros, [50, 99])
    return {"per_second": float(rate.group(1)), "p50_ms": p50 / 1e3, "p99_ms": p99 / 1e3}
