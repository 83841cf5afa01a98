"""From measurements to a table, ratios and verdicts."""

from statistics import median

# Name of the ratio, what it divides, and its limit: at least or at most.
LIMITS = {
    "ours / pgbench": (0.8, None),
    "ours / LangChain": (4.0, None),
    "both / meaning cost": (None, 2.5),
    "p99 / p50": (None, 3.0),
    "recall@10": (0.95, None),
    "half / single index": (None, 0.36),
    "half - single recall": (-0.01, None),
}


def middle(rounds, name, field="per_second"):
    """Returns the median of a measure over the rounds, nothing where it was not taken."""
    values = [one[name][field] for one in rounds if one.get(name) and one[name].get(field) is not None]
    return median(values) if values else None


def paired(rounds, above, below):
    """Returns the median of each round's own ratio, so that a busy moment hits both sides of it."""
    ratios = [one[above]["per_second"] / one[below]["per_second"] for one in rounds
              if above in one and below in one and one[below]["per_second"]]
    return median(ratios) if ratios else None


def beside_langchain(size):
    """Returns the ratio to LangChain the faster way: with its index, or as PostgreSQL plans its query."""
    ratios = [paired(size["rounds"], "meaning 16", peer) for peer in ("LangChain 16", "LangChain as planned 16")]
    return min((ratio for ratio in ratios if ratio is not None), default=None)


def ratios(size):
    """Returns the ratios of one size on PostgreSQL, with 16 clients."""
    rounds, indexes = size["rounds"], size.get("indexes")
    tail = [one["meaning 16"]["p99_ms"] / one["meaning 16"]["p50_ms"] for one in rounds if "meaning 16" in one]
    found = {
        "ours / pgbench": paired(rounds, "meaning 16", "pgbench 16"),
        "ours / LangChain": beside_langchain(size),
        "both / meaning cost": paired(rounds, "meaning 16", "both 16"),
        "p99 / p50": median(tail) if tail else None,
        "recall@10": middle(rounds, "meaning 16", "recall_at_10"),
    }
    if indexes:
        found["half / single index"] = indexes["half_bytes"] / indexes["single_bytes"]
        found["half - single recall"] = indexes["half_recall"] - indexes["single_recall"]
    return {name: value for name, value in found.items() if value is not None}


def misses(found):
    """Returns the ratios outside of their limits, and those that were not measured."""
    wrong = []
    for name, (least, most) in LIMITS.items():
        value = found.get(name)
        if value is None:
            wrong.append(f"{name}: not measured")
        elif (least is not None and value < least) or (most is not None and value > most):
            limit = f"at least {least}" if least is not None else f"at most {most}"
            wrong.append(f"{name}: {value:.3f}, expected {limit}")
    return wrong


def show(value, form):
    return "–" if value is None else format(value, form)


def lines(results):
    """Returns the lines of the report."""
    yield f"{'chunks':>7}  {'system':<24}{'a second':>9}{'p50 ms':>9}{'p99 ms':>9}{'recall':>8}"
    for size in results["sizes"]:
        names = dict.fromkeys(name for one in size["rounds"] for name in one)
        for name in names:
            fields = [middle(size["rounds"], name, field) for field in ("per_second", "p50_ms", "p99_ms", "recall_at_10")]
            shown = [show(value, form) for value, form in zip(fields, ("9.1f", "9.2f", "9.2f", "8.3f"))]
            yield f"{size['chunks']:>7}  {size['store'] + ' ' + name:<24}" + "".join(
                f"{text:>{width}}" for text, width in zip(shown, (9, 9, 9, 8)))
        if "plan" in size:
            yield f"{size['chunks']:>7}  ef_search {size['ef_search']}, plan: {size['plan']}"
        for title, values in size["facts"].items():
            yield f"{size['chunks']:>7}  {title}: " + ", ".join(f"{name} {value:,.1f}" for name, value in values.items())
        for name, value in size.get("ratios", {}).items():
            yield f"{size['chunks']:>7}  {name:<24}{value:>9.3f}"
        for miss in size.get("misses", []):
            yield f"{size['chunks']:>7}  MISSED {miss}"
