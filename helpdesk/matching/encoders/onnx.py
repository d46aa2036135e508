"""Sentence models in the ONNX format, run by onnxruntime on one thread."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from helpdesk.matching.encoders.files import Unusable

LONGEST = 128           # tokens of a text that are looked at
LONGEST_TEXT = 2_000    # characters that are made into tokens at all
BATCH = 32
GIVEN = ("input_ids", "attention_mask", "token_type_ids")       # what we can give a model

onnxruntime.set_default_logger_severity(3)      # errors only


class OnnxEncoder:
    """A model and its tokenizer. `pooling`: mean (over the tokens) or cls (the first token); a model with an output of
    its own for the sentence needs neither."""

    def __init__(self, name: str, model: Path, tokenizer: Tokenizer, pooling: str = "mean"):
        """Raises Unusable when the model wants or gives something else than a sentence model does."""
        self.name, self._pooling = name, pooling
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LONGEST)
        self._session = onnxruntime.InferenceSession(str(model), _options(), providers=["CPUExecutionProvider"])
        self._inputs = [one.name for one in self._session.get_inputs()]
        if not {"input_ids"} <= set(self._inputs) <= set(GIVEN):
            raise Unusable(f"The model asks for {', '.join(self._inputs)}; only {', '.join(GIVEN)} can be given.",
                           "Export the sentence model with these inputs.")
        self._output = self._sentence_output()
        self.dim = self.encode(["warm"]).shape[1]

    def encode(self, texts: list[str]) -> np.ndarray:
        """One row of length 1 per text."""
        if not texts:
            return np.empty((0, self.dim), np.float32)
        coded = [self._tokenizer.encode(text[:LONGEST_TEXT]).ids for text in texts]
        order = sorted(range(len(coded)), key=lambda n: len(coded[n]))      # alike lengths together: less padding
        rows: list[np.ndarray] = []
        for start in range(0, len(order), BATCH):
            rows += list(self._run([coded[n] for n in order[start:start + BATCH]]))
        result = np.empty((len(texts), len(rows[0])), np.float32)
        result[order] = rows
        return result

    def _run(self, coded: list[list[int]]) -> np.ndarray:
        longest = max(1, *map(len, coded))
        ids, mask = np.zeros((2, len(coded), longest), np.int64)
        for row, tokens in enumerate(coded):
            ids[row, :len(tokens)], mask[row, :len(tokens)] = tokens, 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        [found] = self._session.run([self._output], {name: given[name] for name in self._inputs})
        if found.ndim == 3:
            found = found[:, 0] if self._pooling == "cls" else _mean(found, mask)
        length = np.linalg.norm(found, axis=1, keepdims=True)
        return (found / np.maximum(length, 1e-9)).astype(np.float32)

    def _sentence_output(self) -> str:
        """The output with one vector per sentence, else the one with a vector per token."""
        outputs = self._session.get_outputs()
        for dimensions in (2, 3):
            for one in outputs:
                if len(one.shape) == dimensions and (dimensions == 3 or "sentence" in one.name):
                    return one.name
        raise Unusable(f"The model gives {', '.join(one.name for one in outputs)}; none of these is a vector per token "
                       "or per sentence.", "Export the sentence model with the output last_hidden_state.")


def _options() -> onnxruntime.SessionOptions:
    """One thread, and no memory kept for later: messages come one by one."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    return options


def _mean(found: np.ndarray, mask: np.ndarray) -> np.ndarray:
    weight = mask[:, :, None].astype(np.float32)
    return (found * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-9)
