"""Any sentence model of one's own: a folder with model.onnx (or onnx/model.onnx) and tokenizer.json, as the tools that
export sentence models write it."""
from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

from helpdesk.matching.encoders.files import Unusable, sha256

MODELS = ("model.onnx", "onnx/model.onnx")
FIX = "assistant_encoders must name a folder that holds model.onnx and tokenizer.json."


def load(name: str):
    """Read the model in this folder. It is named by its contents, so that another model in the same place does not
    meet the vectors of the old one. Raises Unusable."""
    folder = Path(name).expanduser()
    if absent := [package for package in ("onnxruntime", "tokenizers") if find_spec(package) is None]:
        raise Unusable(f"Running a model needs {' and '.join(absent)}.", "pip install 'helpdesk[semantic]'")
    if not folder.is_dir():
        raise Unusable(f"There is no folder {folder}.", FIX)
    model = next((folder / one for one in MODELS if (folder / one).is_file()), None)
    if model is None:
        raise Unusable(f"There is no model.onnx in {folder}.", FIX)
    words = folder / "tokenizer.json"
    if not words.is_file():
        raise Unusable(f"There is no tokenizer.json in {folder}.", FIX)
    return _read(model, words, _pooling(folder / "1_Pooling" / "config.json"))


def _read(model: Path, words: Path, pooling: str):
    from tokenizers import Tokenizer

    from helpdesk.matching.encoders.onnx import OnnxEncoder
    try:
        tokenizer = Tokenizer.from_file(str(words))
    except Exception as error:      # the package raises nothing more exact
        raise Unusable(f"{words} cannot be read: {error}"[:300], FIX) from error
    return OnnxEncoder(f"own-{sha256(model)[:16]}-{sha256(words)[:8]}", model, tokenizer, pooling)


def _pooling(file: Path) -> str:
    """How sentence-transformers would make one vector of many; mean where nothing is said."""
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except OSError:
        return "mean"
    except ValueError as error:
        raise Unusable(f"{file} cannot be read: {error}.", FIX) from error
    if said.get("pooling_mode_cls_token"):
        return "cls"
    if not said.get("pooling_mode_mean_tokens", True):
        raise Unusable(f"{file} asks for a pooling that is neither mean nor the first token.", "Use another model.")
    return "mean"
