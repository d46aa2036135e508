"""Places, cards and stickers in the console."""
import pytest

from channels._payload import card, place
from helpdesk.web.shared_words import Shared, shared


def test_what_the_channels_write_is_found_again():
    link = "https://www.openstreetmap.org/?mlat=-6.18&mlon=106.82"
    assert shared(place(-6.18, 106.82, ["Jalan Sabang (corner) 12", ""])) == [
        Shared("pin", "Jalan Sabang (corner) 12", "-6.18, 106.82", link)]
    assert shared(place(-6.18, 106.82)) == [Shared("pin", "A place", "-6.18, 106.82", link)]
    assert shared(f"Here:\n{place(-6.18, 106.82)}")[0] == Shared("", "Here:")
    assert shared(card("Rani Wijaya", ["+62 21 555-0100"])) == [
        Shared("contacts", "Rani Wijaya", "+62 21 555-0100", "tel:+62215550100")]
    assert shared(card("Rani", [])) == [Shared("contacts", "Rani")]
    assert shared("[sticker] hi, hello") == [Shared("smile", "hi, hello")]


@pytest.mark.parametrize("text", ["", "hello", "see [location] below", "[location] (1, 2) https://elsewhere.example/"])
def test_plain_words_stay_plain(text):
    assert shared(text) == []
