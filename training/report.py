"""The report of `make evaluate`: figures by stream, language and role, curves, and the worst errors with their texts."""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING

from measure import (
    MISSED,
    WRONG,
    Part,
    by_language,
    by_role,
    development_curve,
    faults,
    relevance_curve,
    worst,
)
from scoring import Figures, ratio

from storywatch.core.model import Label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from measure import Fault, Point, Walk
    from streams import Labelled

HOME = "en"
FAR = ("ko", "uk", "ru", "ja", "zh")  # languages that are to be followed no worse than English
FIRST_LINES = 300  # characters of an article
REASONS = 3
HEADING = (
    "stream                     dev F1     P     R major rel F1     P     R alerts /due /told   maybe /100 R with   cut"
)
KINDS = {
    "off-topic": "wrong alert, off-topic",
    "repeat": "wrong alert, a repeat",
    "background": "wrong alert, background",
    "missed": "first report missed, never told",
    "late": "first report missed, told later",
}


def print_report(walks: Sequence[Walk], *, errors: int, graded: bool = True) -> None:
    """All of it; so many of the worst errors of each kind. `graded`: relevance is known as a figure, not only as yes or no."""
    found = [fault for walk in walks for fault in faults(walk)]
    languages = by_language(walks)
    parts = [
        _in_short(walks, languages),
        _by_stream(walks),
        _by_language(languages),
        _by_role(walks),
        _curve("development, by the usual cut of the score", "alerts", development_curve(walks)),
        _curve("about the story, by the cut of the relevance", "taken", relevance_curve(walks)) if graded else "",
        _counts(found),
        *(_errors(kind, worst(found, kind, errors)) for kind in (*WRONG, *MISSED) if errors),
    ]
    print("\n\n".join(part for part in parts if part))  # noqa: T201  it is a command


def _in_short(walks: Sequence[Walk], languages: dict[str, Part]) -> str:
    figures = [walk.figures for walk in walks]
    least = min(walks, key=lambda walk: walk.figures.f1)
    means = means_of(figures)
    pairs = [
        ("development F1", f"{means.f1:.3f}, the worst stream {least.figures.f1:.3f} ({least.stream.name})"),
        ("relevance F1", f"{means.relevance_f1:.3f}"),
        (
            "alerts per development",
            f"{means.alerts_told:.2f} for each that was told, {means.alerts_due:.2f} for each that was due",
        ),
        ("major developments found", _major(walks)),
        (
            "where possible counts",
            f"recall {means.possible_recall:.3f} with {means.possible_share:.1f} possible items for 100 relevant",
        ),
        ("first reports found", _far(languages)),
        ("told at once or later", _far_ever(languages)),
    ]
    return "\n".join([f"means over {len(walks)} streams", *(f"  {name:26} {words}" for name, words in pairs)])


def means_of(figures: Sequence[Figures]) -> Figures:
    """The mean of each figure."""
    return Figures(**{name: mean(getattr(one, name) for one in figures) for name in Figures.__dataclass_fields__})


def _major(walks: Sequence[Walk]) -> str:
    due, told = 0, 0
    for walk in walks:
        major = walk.stream.major - walk.stream.seeded
        due += len(major)
        told += len(major & frozenset[str]().union(*(one.told for one in walk.outcomes())))
    return f"{ratio(told, due):.3f} ({told} of {due})"


def _far(languages: dict[str, Part]) -> str:
    """How the far languages fare against English, together and the worst of them."""
    home = languages.get(HOME, Part())
    far = {lang: part for lang in FAR if (part := languages.get(lang)) and part.firsts}
    if not home.at_once or not far:
        return "no first report in English or none in the other languages: nothing to compare"
    together = ratio(sum(part.at_once for part in far.values()), sum(part.firsts for part in far.values()))
    worst_of = min(far, key=lambda lang: far[lang].found)
    return (
        f"{home.found:.3f} in English, {together:.3f} in {', '.join(far)}: {together / home.found:.2f} of the English share;"
        f" the least is {worst_of} with {far[worst_of].found / home.found:.2f}"
    )


def _far_ever(languages: dict[str, Part]) -> str:
    """The same for developments that some alert told, by the language that they were first reported in."""
    far = [part for lang, part in languages.items() if lang in FAR and part.due]
    home = languages.get(HOME, Part())
    at_home, share = ratio(home.ever, home.due), ratio(sum(part.ever for part in far), sum(part.due for part in far))
    return f"{at_home:.3f} of those first reported in English, {share:.3f} in the others: {ratio(share, at_home):.2f} of it"


def _by_stream(walks: Sequence[Walk]) -> str:
    lines = [HEADING, *(_line(walk.stream.name, walk.figures, walk.cuts.development) for walk in walks)]
    cut = mean(walk.cuts.development for walk in walks)
    return "\n".join([*lines, _line("mean", means_of([walk.figures for walk in walks]), cut)])


def _line(name: str, one: Figures, cut: float) -> str:
    return (
        f"{name:26} {one.f1:6.3f} {one.precision:5.2f} {one.recall:5.2f} {one.major:5.2f} {one.relevance_f1:6.3f}"
        f" {one.relevance_precision:5.2f} {one.relevance_recall:5.2f} {one.alerts:6.1f} {one.alerts_due:4.2f} {one.alerts_told:5.2f}"
        f" {one.possible:7.1f} {one.possible_share:4.0f} {one.possible_recall:6.2f} {cut:5.2f}"
    )


def _by_language(languages: dict[str, Part]) -> str:
    home = languages.get(HOME, Part()).found
    lines = [
        "language     items  relevant rel F1     P     R  alerts right  dev F1  first reports  told at once  share  of English  told ever"
    ]
    for lang, one in languages.items():
        against = f"{one.found / home:10.2f}" if home and one.firsts else f"{'-':>10}"
        lines.append(
            f"{lang or '?':12} {one.items:5} {one.relevant:9} {one.relevance_f1:6.3f} {ratio(one.hits, one.kept):5.2f}"
            f" {ratio(one.hits, one.relevant):5.2f} {one.alerts:7} {one.right:5} {one.f1:7.3f} {one.firsts:14} {one.at_once:13}"
            f" {one.found:6.2f}  {against} {one.ever:4} of {one.due}"
        )
    return "\n".join(lines)


def _by_role(walks: Sequence[Walk]) -> str:
    labels = [label.value for label in Label]
    lines = [f"{'role':12} {'items':>5} {' '.join(f'{label:>11}' for label in labels)}  wrong alerts  mean score"]
    for role, one in by_role(walks).items():
        shares = " ".join(f"{one.verdicts[label] / one.items:11.2f}" for label in labels)
        lines.append(f"{role:12} {one.items:5} {shares} {one.wrong:13} {one.score / one.items:11.3f}")
    return "\n".join(lines)


def _curve(title: str, count: str, points: Sequence[Point]) -> str:
    lines = [title, f"    cut      P      R  mean F1 {count:>8}"]
    lines += [
        f"   {one.cut:4.2f} {one.precision:6.3f} {one.recall:6.3f} {one.mean_f1:8.3f} {one.alerts:8}" for one in points
    ]
    return "\n".join(lines)


def _counts(found: Sequence[Fault]) -> str:
    counts = {kind: [one for one in found if one.kind == kind] for kind in KINDS}
    lines = [f"{'errors':34} count  major"]
    lines += [f"{KINDS[kind]:34} {len(ones):5} {sum(one.major for one in ones):6}" for kind, ones in counts.items()]
    return "\n".join(lines)


def _errors(kind: str, found: Sequence[Fault]) -> str:
    if not found:
        return ""
    return "\n".join([f"--- {KINDS[kind]}: the {len(found)} farthest from the cut", *map(_error, found)])


def _error(one: Fault) -> str:
    item = one.labelled.item
    tells = f"{', '.join(one.developments)}{' (major)' if one.major else ''}" if one.developments else "nothing"
    lines = [
        f"\n{one.stream} {item.id} ({item.article.lang}, {one.labelled.role}) tells {tells}: {one.verdict}, {_margin(one)}",
        f"    {item.article.title}",
        f"    {first_lines(one.labelled)}",
    ]
    if one.other:
        lines.append(f"    told by {one.other}")
    if one.nearest:
        lines.append(f"    nearest known: {one.nearest.item.id} ({one.likeness:.2f}) {one.nearest.item.article.title}")
    lines += [f"    why: {reason}" for reason in one.reasons[:REASONS]]
    return "\n".join(lines)


def _margin(one: Fault) -> str:
    """How far from the cut that decided."""
    if one.margin is None:
        return "passed over at a glance"
    side = f"{abs(one.margin):.2f} {'above' if one.margin >= 0 else 'below'} the cut"
    if one.verdict == Label.OFF_TOPIC:
        return f"relevance {one.relevance or 0.0:.2f}, {side}"
    return f"score {one.score:.2f}, {side}"


def first_lines(labelled: Labelled) -> str:
    """The first lines of an article, as one line."""
    article = labelled.article
    lines = dict.fromkeys(line for line in (article.summary, *article.paragraphs) if line.strip())
    text = " ".join(" ".join(lines).split())
    return text if len(text) <= FIRST_LINES else f"{text[:FIRST_LINES].rstrip()}…"
