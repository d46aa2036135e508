"""A sentence model of one table, written byte by byte: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto."""
import json
from pathlib import Path

import numpy as np

FLOAT, INT64 = 1, 7     # TensorProto.DataType
INTS = 7                # AttributeProto.AttributeType


def folder(where: Path, words: list[str], table: np.ndarray) -> Path:
    """A folder with a model that knows these words, the first one standing for all others."""
    where.mkdir(parents=True)
    (where / "model.onnx").write_bytes(model(table))
    (where / "tokenizer.json").write_text(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
        "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None,
        "decoder": None, "model": {"type": "WordLevel", "unk_token": words[0],
                                   "vocab": {word: number for number, word in enumerate(words)}}}))
    return where


def model(table: np.ndarray, sentence: bool = False, given: str = "input_ids") -> bytes:
    """last_hidden_state = table[input_ids]; with `sentence` also sentence_embedding, the mean over the tokens."""
    size = table.shape[1]
    nodes = [_node("Gather", ["table", given], ["last_hidden_state"])]
    outputs = [_value("last_hidden_state", FLOAT, ["batch", "tokens", size])]
    if sentence:
        nodes += [_node("Transpose", ["last_hidden_state"], ["turned"], _numbers("perm", [0, 2, 1])),
                  _node("GlobalAveragePool", ["turned"], ["pooled"]),
                  _node("Flatten", ["pooled"], ["sentence_embedding"])]
        outputs.append(_value("sentence_embedding", FLOAT, ["batch", size]))
    tensor = b"".join(_number(1, n) for n in table.shape) + _number(2, FLOAT) + _text(8, "table") \
        + _bytes(9, table.tobytes())
    inputs = [_value(name, INT64, ["batch", "tokens"]) for name in (given, "attention_mask")]
    graph = b"".join(_bytes(1, node) for node in nodes) + _text(2, "tiny") + _bytes(5, tensor) \
        + b"".join(_bytes(11, one) for one in inputs) + b"".join(_bytes(12, one) for one in outputs)
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _text(1, "") + _number(2, 13))


def _varint(number: int) -> bytes:
    head = b""
    while number > 127:
        head += bytes([number & 127 | 128])
        number >>= 7
    return head + bytes([number])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _node(kind: str, taken: list[str], made: list[str], attribute: bytes = b"") -> bytes:
    return b"".join(_text(1, name) for name in taken) + b"".join(_text(2, name) for name in made) + _text(4, kind) \
        + (_bytes(5, attribute) if attribute else b"")


def _numbers(name: str, values: list[int]) -> bytes:
    return _text(1, name) + b"".join(_number(8, value) for value in values) + _number(20, INTS)


def _value(name: str, kind: int, shape: list) -> bytes:
    sizes = b"".join(_bytes(1, _text(2, n) if isinstance(n, str) else _number(1, n)) for n in shape)
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, kind) + _bytes(2, sizes)))
