"""Ranks a set's passages by the cosine of MiniLM's vectors alone and prints recall@1, recall@5 and MRR@10.

    python loadtest/minilm/baseline.py FOLDER...

A check of the encoder against figures of the same model elsewhere: one passage of `corpus.jsonl` is one unit, and the
question's `gold_ids` name what answers it.
"""

import json
import sys
from pathlib import Path

# First, because it tells numpy how many threads to use.
from encoder import Encoder, numpy


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def measure(encoder, folder):
    passages = rows(folder / "corpus.jsonl")
    matrix = numpy.stack([encoder.vector(passage["text"])[0] for passage in passages])
    ids = [passage["id"] for passage in passages]
    questions = [row for row in rows(folder / "questions.jsonl") if row["answerable"] and row["gold_ids"]]
    totals = numpy.zeros(3)
    for question in questions:
        golds = set(question["gold_ids"])
        order = numpy.argsort(-(matrix @ encoder.vector(question["question"])[0]))[:10]
        ranks = [rank for rank, place in enumerate(order) if ids[place] in golds]
        capped = [sum(rank < depth for rank in ranks) / min(depth, len(golds)) for depth in (1, 5)]
        totals += [*capped, 1 / (ranks[0] + 1) if ranks else 0.0]
    return totals / len(questions), len(questions)


if __name__ == "__main__":
    model = Encoder()
    for name in sys.argv[1:]:
        (first, fifth, reciprocal), count = measure(model, Path(name))
        print(f"{Path(name).name}: {count} questions, R@1 {first:.3f}, R@5 {fifth:.3f}, MRR@10 {reciprocal:.3f}", flush=True)
