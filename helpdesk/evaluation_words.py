"""What `helpdesk assistant eval` prints."""
from __future__ import annotations

from collections.abc import Iterator, Mapping

from helpdesk.matching.curve import Point, at_most

SHARES = (0.01, 0.02, 0.05, 0.10)
EVERY = 10              # cuts: a line for each tenth


def lines(figures: Mapping, titles: Mapping[int, str], wrong: float) -> Iterator[str]:
    """The figures in words; `wrong` is the share of wrong answers that the first promise is for."""
    used = ", ".join(figures["encoders"]) or "none: words and letters alone"
    yield f"{figures['articles']} articles, {figures['phrasings']} phrasings. Encoders: {used}."
    for name in figures["unusable"]:
        yield f"The encoder {name} cannot be used; helpdesk doctor says why."
    yield f"{figures['asked']} questions with an answer, {figures['unknown']} without one" + (
        f" (counted as {figures['unknown_share']:.0%} of all)." if figures["unknown_share"] is not None else ".")
    yield f"  Right at once          {figures['top1']:7.1%}"
    yield f"  Among the first three  {figures['top3']:7.1%}"
    yield f"  One question           {figures['ms']['p50']:.1f} ms, 95 of 100 within {figures['ms']['p95']:.1f} ms"
    points = [Point(*one) for one in figures["curve"]]
    yield ""
    for share in sorted({*SHARES, wrong}):
        yield f"  At most {share:5.1%} wrong: {_promise(at_most(points, share))}"
    yield from ("", "  From a confidence of   answered   wrong among these")
    for point in points[::EVERY]:
        wrong_here = f"{point.wrong:8.1%}" if point.count else "       –"
        yield f"  {point.cut:20.2f}   {point.answered:8.1%}   {wrong_here}  ({point.count} tried)"
    yield from _by_language(figures["locales"])
    yield from _confusions(figures["confusions"], titles)


def _promise(point: Point | None) -> str:
    if point is None:
        return "not within reach"
    return f"{point.answered:.1%} answered, from a confidence of {point.cut:.2f} on"


def _by_language(found: Mapping[str, Mapping]) -> Iterator[str]:
    if len(found) > 1:
        yield from ("", "  Language   questions   right at once   among the first three")
        for locale, one in found.items():
            yield f"  {locale or '?':8}   {one['asked']:9}   {one['top1']:13.1%}   {one['top3']:21.1%}"


def _confusions(found: list[Mapping], titles: Mapping[int, str]) -> Iterator[str]:
    if found:
        yield from ("", "  Most mixed up:")
    for one in found:
        yield (f"  {one['count']:3} × “{titles.get(one['right'], '?')}” taken for “{titles.get(one['taken'], '?')}”: "
               f"{one['example'][:80]}")
