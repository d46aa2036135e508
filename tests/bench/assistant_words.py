"""Makes helpdesk/matching/data/{en,id,es,pt,hi}.txt, the common words that the spelling pass knows.

    python -m tests.bench.assistant_words FOLDER

FOLDER holds unpacked: the npm packages @zxcvbn-ts/language-{en,id,es-es,pt-br} (MIT) and stopwords-iso (MIT), and
Django (BSD-3-Clause). For Hindi, whose words no list of a free licence holds by frequency, the words of Django's
translation, of the Unicode CLDR (Babel), of our own texts and of stopwords-iso are taken.
"""
from __future__ import annotations

import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from babel import Locale

from helpdesk import paths
from helpdesk.services.words import words

DATA = Path(__file__).parents[2] / "helpdesk/matching/data"
LISTS = {"en": ("en", 20_000), "id": ("id", 10_000), "es": ("es-es", 12_000), "pt": ("pt-br", 12_000)}
TRANSLATED = re.compile(r'^msgstr(?:\[\d\])? "(.*)"|^"(.*)"', re.MULTILINE)
DEVANAGARI = re.compile("[\u0900-\u097f]+")
LETTERS = range(2, 21)


def main(folder: Path) -> None:
    """Write the five lists."""
    for language, (name, most) in LISTS.items():
        [file] = folder.glob(f"**/*zxcvbn-ts-language-{name}*/package/src/commonWords.json")
        _write(language, json.loads(file.read_text(encoding="utf-8")), most)
    _write("hi", _hindi(folder), 20_000)


def _write(language: str, listed: Iterable[str], most: int) -> None:
    kept: dict[str, None] = {}
    for word in listed:
        folded = words(word)
        if len(folded) == 1 and len(folded[0]) in LETTERS and not any(c.isdigit() for c in folded[0]):
            kept.setdefault(folded[0])
        if len(kept) == most:
            break
    (DATA / f"{language}.txt").write_text("\n".join(kept) + "\n", encoding="utf-8")
    print(language, len(kept))


def _hindi(folder: Path) -> list[str]:
    often: Counter[str] = Counter()
    for file in folder.glob("**/locale/hi/LC_MESSAGES/*.po"):
        for one, more in TRANSLATED.findall(file.read_text(encoding="utf-8")):
            often.update(DEVANAGARI.findall(one + more))
    for table in (Locale("hi").territories, Locale("hi").languages, Locale("hi").currencies):
        often.update(DEVANAGARI.findall(" ".join(table.values())))
    [file] = folder.glob("**/stopwords-iso*/package/stopwords-iso.json")
    often.update(json.loads(file.read_text(encoding="utf-8"))["hi"])
    for name in ("assistant/hi.toml", "questions.toml", "seeds/articles.toml"):
        text = (paths.CONFIG / name).read_text(encoding="utf-8")
        tomllib.loads(text)
        often.update(DEVANAGARI.findall(text))
    often.update(DEVANAGARI.findall((DATA / "background.txt").read_text(encoding="utf-8")))
    return [word for word, _ in often.most_common()]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
