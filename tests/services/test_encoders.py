"""The encoders of a process: read once, in the background; a broken one is left out and spoken of."""
import dataclasses

import gevent
import numpy as np
import pytest

from helpdesk import settings
from helpdesk.aside import aside
from helpdesk.checks import encoders as checks
from helpdesk.matching import encoders as kinds
from helpdesk.services import encoders
from tests import tiny_onnx

needs_runtime = pytest.mark.skipif(bool(kinds.missing("semantic")), reason="onnxruntime is not installed")


@pytest.fixture(autouse=True)
def nothing_read():
    encoders.forget()
    yield
    encoders.forget()


@pytest.fixture
def use(config):
    """use("semantic", …): the setting of this process."""
    return lambda *names: settings.use(dataclasses.replace(config, assistant_encoders=names))


@pytest.fixture
def own(tmp_path):
    return str(tiny_onnx.folder(tmp_path / "own", ["[UNK]", "parcel"], np.eye(2, dtype=np.float32)))


@needs_runtime
def test_they_are_read_in_the_background_when_first_asked_for(use, own):
    use(own)
    assert [one.state for one in encoders.states()] == ["waiting"]
    assert encoders.ready() == ()                   # whoever asks first does not wait
    [encoder] = encoders.all_of_them()
    assert encoders.ready() == (encoder,) and [one.state for one in encoders.states()] == ["ready"]
    assert encoder.encode(["parcel"]).tolist() == [[0, 1]]


@needs_runtime
def test_a_broken_one_is_left_out_and_named_with_what_to_do(use, own, tmp_path, caplog):
    use(str(tmp_path / "nowhere"), own)
    assert len(encoders.all_of_them()) == 1 and "goes on without" in caplog.text
    found = {finding.state: finding for finding in checks.findings(ask=True)}
    assert "There is no folder" in found["warn"].says and "assistant_encoders" in found["warn"].fix
    assert "works" in found["ok"].says


def test_without_any_it_goes_by_words(use):
    use()
    assert encoders.all_of_them() == () and encoders.states() == []
    [finding] = checks.findings(ask=True)
    assert finding.state == "ok" and "words and letters" in finding.says


def test_one_that_is_named_and_not_installed_is_told_without_reading_anything(use, monkeypatch):
    monkeypatch.setattr(kinds, "find_spec", lambda _: None)
    use("multilingual")
    [finding] = checks.findings(ask=False)
    assert finding.state == "warn" and finding.fix == "pip install 'helpdesk[multilingual]'"


def test_others_go_on_while_something_is_computed():
    turns = []
    other = gevent.spawn(lambda: [turns.append(gevent.sleep(0.001)) for _ in range(3)])
    hold = gevent.monkey.get_original("threading", "Event")()
    waiting = gevent.spawn(aside, hold.wait, 10)
    other.join(5)
    hold.set()
    assert len(turns) == 3 and waiting.get(timeout=5)
    assert aside(lambda: aside(lambda: 7)) == 7
    with pytest.raises(ZeroDivisionError):
        aside(lambda: 1 / 0)
