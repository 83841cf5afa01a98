"""Documents of real text, made of the paragraphs below a folder in a mixed order."""

import json
import random
import re

DOCUMENT_CHARS = 64_000
LONG_PARAGRAPH_CHARS = 8_000
# What is longer without an empty line is no prose, but a list, a table or a word without end.
MOST_PARAGRAPH_CHARS = 4_000


def files(folder, ending):
    return sorted(path for path in folder.rglob(f"*{ending}") if path.is_file() and not {".cache", "target", "node_modules"} & set(path.parts))


def paragraphs(folder):
    """Returns paragraphs of running text, and sections of Markdown."""
    sections = [section for path in files(folder, ".md")
                for section in re.split(r"\n(?=#)", path.read_text(encoding="utf-8", errors="replace"))]
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in files(folder, ".txt")]
    lines = [line for path in files(folder, "corpus.jsonl") for line in path.read_text(encoding="utf-8").splitlines()]
    prose = [part for text in texts + [json.loads(line)["text"] for line in lines] for part in re.split(r"\n\s*\n", text)]
    return [part.strip() for part in prose if part.strip() and len(part) <= MOST_PARAGRAPH_CHARS], [
        part.strip() for part in sections if part.strip()]


def documents(parts, size_bytes, seed, divider):
    """Puts parts together in a mixed order until there is enough."""
    order, made, total = random.Random(seed), [], 0
    while total < size_bytes:
        document, chars = [], 0
        while chars < DOCUMENT_CHARS:
            document.append(order.choice(parts))
            chars += len(document[-1])
        made.append(divider(document))
        total += len(made[-1].encode())
    return made


def unbroken(parts):
    """Joins paragraphs to long ones."""
    text, pieces = "", []
    for part in parts:
        text += " ".join(part.split()) + " "
        if len(text) >= LONG_PARAGRAPH_CHARS:
            pieces.append(text.strip())
            text = ""
    return "\n\n".join([*pieces, text])


def corpora(options):
    prose, sections = paragraphs(options.texts)
    size = int(options.megabytes * 1e6)
    return {
        "text": (".txt", documents(prose or sections, size, options.seed, "\n\n".join)),
        "long paragraphs": (".txt", documents(prose or sections, size, options.seed, unbroken)),
        "Markdown": (".md", documents(sections or prose, size, options.seed, "\n\n".join)),
    }
