#!/usr/bin/env python3
"""LangChain's PGVector with the same vectors. Takes one JSON command a line on standard input, answers each with a line.

`{"do": "load"}`, `{"do": "index"}`, `{"do": "query", "clients": 1, "seconds": 5, "filter": "none", "ef_search": 100}`.
Unfiltered searches are kept from reading the whole table, unless `"as_planned": true`: vectors of single precision stand outside of
the table's pages, so that PostgreSQL takes the table for small and often leaves the index alone.
The vectors come from a table of vectors instead of a model, because no model is measured here.
"""

import json
import sys
import threading
import time
from pathlib import Path

import numpy
import sqlalchemy
from langchain_core.embeddings import Embeddings
from langchain_postgres import PGVector

from database import recall

BATCH = 500
CONNECTIONS = 16
FILTERS = {"none": None, "narrow": {"shelf": {"$eq": "0"}}, "wide": {"kind": {"$eq": "md"}}}
# LangChain makes no index of vectors; the one that pgvector's manual recommends is added by hand, as thoroughly built as ours, so
# that both need the same `ef_search`.
INDEX = ("SET maintenance_work_mem = '1GB'",
         "CREATE INDEX by_hand ON langchain_pg_embedding USING hnsw (embedding vector_cosine_ops) WITH (m = 24, ef_construction = 128)")


class Lookup(Embeddings):
    """Knows the queries' vectors by their numbers."""

    def __init__(self, queries):
        self.queries = [query.tolist() for query in queries]

    def embed_query(self, text):
        return self.queries[int(text)]

    def embed_documents(self, texts):
        raise NotImplementedError("vectors of documents are added with add_embeddings")


class Peer:
    def __init__(self, url, corpus, dimensions):
        self.url, self.corpus, self.dimensions = url.replace("postgresql://", "postgresql+psycopg://"), Path(corpus), dimensions
        self.queries = numpy.fromfile(self.corpus / "queries.f32", "<f4").reshape(-1, dimensions)
        self.exact = [json.loads(line) for line in open(self.corpus / "queries.jsonl", encoding="utf-8")]
        self.engines = {}

    def store(self, ef_search=None, is_forced=False):
        key = (ef_search, is_forced)
        if key not in self.engines:
            settings = ([f"-c hnsw.ef_search={ef_search}"] if ef_search else []) + (["-c enable_seqscan=off"] if is_forced else [])
            options = {"options": " ".join(settings)}
            engine = sqlalchemy.create_engine(self.url, pool_size=CONNECTIONS, max_overflow=0, connect_args=options)
            self.engines[key] = PGVector(
                Lookup(self.queries), connection=engine, embedding_length=self.dimensions, collection_name="benchmark")
        return self.engines[key]

    def load(self):
        store = self.store()
        vectors = numpy.memmap(self.corpus / "vectors.f32", "<f4", "r").reshape(-1, self.dimensions)
        rows = [json.loads(line) for line in open(self.corpus / "texts.jsonl", encoding="utf-8")]
        begun = time.monotonic()
        for start in range(0, len(rows), BATCH):
            part = rows[start:start + BATCH]
            store.add_embeddings(
                [row["text"] for row in part], vectors[start:start + BATCH].tolist(),
                [{"kind": row["kind"], "shelf": row["shelf"]} for row in part],
                [str(start + place) for place in range(len(part))])
        seconds = time.monotonic() - begun
        return {"chunks_per_second": len(rows) / seconds, "seconds": seconds}

    def index(self):
        begun = time.monotonic()
        engine = sqlalchemy.create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in INDEX:
                connection.execute(sqlalchemy.text(statement))
        engine.dispose()
        return {"seconds": time.monotonic() - begun}

    def query(self, clients, seconds, filter, ef_search, as_planned=False):
        is_forced = filter == "none" and not as_planned
        retriever = self.store(ef_search, is_forced).as_retriever(search_kwargs={"k": 10, "filter": FILTERS[filter]})
        latencies, found, lock = [], {}, threading.Lock()
        turn = iter(range(1_000_000_000))
        begun = time.monotonic() + min(1.0, seconds / 4)
        until = begun + seconds

        def client():
            while time.monotonic() < until:
                with lock:
                    number = next(turn) % len(self.queries)
                asked = time.monotonic()
                documents = retriever.invoke(str(number))
                answered = time.monotonic()
                with lock:
                    found[number] = [int(document.id) for document in documents]
                    if begun <= answered < until:
                        latencies.append((answered - asked) * 1e3)

        threads = [threading.Thread(target=client) for _ in range(clients)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        p50, p99 = numpy.percentile(latencies, [50, 99]) if latencies else (None, None)
        asked = sorted(found)
        return {"per_second": len(latencies) / seconds, "p50_ms": p50, "p99_ms": p99,
                "recall_at_10": recall([self.exact[number][filter] for number in asked], [found[number] for number in asked])}


def main():
    url, corpus, dimensions = sys.argv[1:]
    peer = Peer(url, corpus, int(dimensions))
    for line in sys.stdin:
        command = json.loads(line)
        done = getattr(peer, command.pop("do"))(**command)
        print(json.dumps(done), flush=True)


if __name__ == "__main__":
    main()
