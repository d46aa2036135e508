"""New words are told from old ones in the languages our customers write, whatever program they write in."""
import pytest

from channels._mail_reply import newly_written
from tests.channels.mail_languages import DEVICES, FIELDS, FORWARDS, WROTE, header_block
from tests.channels.mail_samples import QUOTED

NEW = "It still leaks.\n\nBest wishes\nAnn"
MIN_LANGUAGES = set("en id es pt fr de it nl sv da no fi pl ru ja zh hi ar".split())


def each(table):
    return [pytest.param(line, id=f"{language}-{n}") for language, lines in table.items()
            for n, line in enumerate(lines)]


def test_every_language_has_samples_of_every_kind():
    for table in (WROTE, FIELDS, FORWARDS, DEVICES):
        assert MIN_LANGUAGES <= set(table)


@pytest.mark.parametrize("line", each(WROTE))
def test_the_line_above_quoted_text_goes_with_it(line):
    assert newly_written(f"{NEW}\n\n{line}\n\n{QUOTED}") == NEW
    assert newly_written(f"{NEW}\n\n{line}\n{QUOTED}") == NEW
    assert newly_written(f"{line}\n{QUOTED}\n{NEW}") == NEW


@pytest.mark.parametrize("line", [p for p in each(WROTE) if not p.id.startswith(("ru-0", "ru-3", "ru-4", "cs-2",
"he"))])
def test_a_line_that_says_who_wrote_begins_old_text_without_marks_too(line):
    assert newly_written(f"{NEW}\n\n{line}\n\nDear customer,\nplease try it again.") == NEW


@pytest.mark.parametrize("line", [p for p in each(WROTE) if len(p.values[0]) > 50])
def test_such_a_line_may_be_broken_in_two(line):
    cut = line.rfind(" ", 0, len(line) - 12)
    broken = f"{line[:cut]}\n{line[cut + 1:]}"
    assert newly_written(f"{NEW}\n\n{broken}\n\n{QUOTED}") == NEW


@pytest.mark.parametrize("language", FIELDS)
def test_a_block_of_old_header_lines_begins_old_text(language):
    for block in (header_block(language), header_block(language, bold=True)):
        assert newly_written(f"{NEW}\n\n{block}\n\nOld text") == NEW
        assert newly_written(f"{NEW}\n________________________________\n{block}\n\nOld text") == NEW
    marked = "\n".join(f"\u200f{line}" for line in header_block(language).splitlines())
    assert newly_written(f"{NEW}\n\n{marked}\n\nOld text") == NEW


@pytest.mark.parametrize("line", each(FORWARDS))
def test_what_was_passed_on_is_kept(line):
    text = f"Please see below.\n\n{line}\n{header_block('en')}\n\nThe bill is wrong."
    assert newly_written(text) == text


@pytest.mark.parametrize("line", each(DEVICES))
def test_what_the_device_signed_is_left_out(line):
    assert newly_written(f"{NEW}\n\n{line}") == NEW
    assert newly_written(f"{NEW}\n\n{line}\n\n{WROTE['en'][0]}\n{QUOTED}") == NEW


@pytest.mark.parametrize("text", [
    "Am Montag schrieb ich Ihnen.\nBisher kam nichts.", "Le 2 juin, le technicien a écrit : tout va bien.\nMais non.",
    "El lunes escribí:\nquiero mi dinero\ny nadie contestó.",
    "On 2 June the technician wrote: all is well.\nIt is not.",
    "Pada 2 Juni teknisi menulis surat.\nSaya belum terima.", "2 июня мастер написал: всё в порядке.\nНо это не так.",
    "De: 10 à 12 h\nA: la gare\nMerci", "From: 10 am\nTo: noon\nis when I am at home.",
    "Sent from Berlin on Monday: two kettles.\nReceived: one kettle.\nWhere is the other?\nPlease look.\nThanks.\nAnn",
    "在北京我写道：很好。\n但是没有人回答。", "2025年6月2日に書きました。\n返事がありません。",
    "في الاثنين كتبت لكم رسالة.\nلم يصل رد.", "मैंने 2 जून को लिखा था।\nकोई उत्तर नहीं आया।",
    "Temat: czajnik\nCena: 20 zł\nIlość: 2"])
def test_a_persons_own_words_are_not_taken_for_such_lines(text):
    assert newly_written(text) == text
