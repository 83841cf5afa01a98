"""The programs that cut text beside ours, each as a function from a text to its chunks."""

import importlib
import time


def langchain_recursive(target, overlap):
    module = importlib.import_module("langchain_text_splitters")
    return module.RecursiveCharacterTextSplitter(chunk_size=target, chunk_overlap=overlap).split_text


def langchain_markdown(target, overlap):
    module = importlib.import_module("langchain_text_splitters")
    return module.MarkdownTextSplitter(chunk_size=target, chunk_overlap=overlap).split_text


def chonkie_recursive(target, _):
    return importlib.import_module("chonkie").RecursiveChunker("character", chunk_size=target)


def chonkie_sentence(target, overlap):
    return importlib.import_module("chonkie").SentenceChunker("character", chunk_size=target, chunk_overlap=overlap)


def chonkie_fast(target, _):
    return importlib.import_module("chonkie").FastChunker(chunk_size=target)


def semantic_text_splitter(target, overlap):
    return importlib.import_module("semantic_text_splitter").TextSplitter(target, overlap=overlap).chunks


def semantic_text_splitter_markdown(target, overlap):
    return importlib.import_module("semantic_text_splitter").MarkdownSplitter(target, overlap=overlap).chunks


def semchunk(target, overlap):
    cut = importlib.import_module("semchunk").chunkerify(len, target)
    return lambda text: cut(text, overlap=overlap)


# Name in the report, what makes the function, and whether it is for Markdown alone.
CUTTERS = {
    "LangChain recursive": (langchain_recursive, False),
    "LangChain Markdown": (langchain_markdown, True),
    "chonkie recursive*": (chonkie_recursive, False),
    "chonkie sentence": (chonkie_sentence, False),
    "chonkie fast*": (chonkie_fast, False),
    "semantic-text-splitter": (semantic_text_splitter, False),
    "semantic-text-splitter md": (semantic_text_splitter_markdown, True),
    "semchunk": (semchunk, False),
}


def rate(cut, texts, seconds):
    """Returns megabytes a second of processor time, and chunks a megabyte, over as many texts as fit into the time."""
    cut(texts[0])
    count = total = place = 0
    begun, before = time.monotonic(), time.process_time()
    while place == 0 or time.monotonic() - begun < seconds:
        text = texts[place % len(texts)]
        count += len(cut(text))
        total += len(text.encode())
        place += 1
    return {"rate": total / 1e6 / (time.process_time() - before), "chunks_per_mb": count / (total / 1e6)}
