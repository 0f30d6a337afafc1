"""First contact: the first articles in each language but the seed's, each judged with nothing accepted before."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from observe import begin

from storywatch.core.matching import glance, match
from storywatch.core.model import Label, Terms
from storywatch.core.relevance import text_of
from storywatch.core.terms import find_terms
from storywatch.encode import detect_language
from storywatch.pipeline import read_closely
from storywatch.replay import Replay

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from judged_by import Judges
    from streams import Labelled, Stream

    from storywatch.core.story import Story
    from storywatch.core.weights import Weights
    from storywatch.ports import Encoder

FIRST = 3  # articles of a language
FEW = 0.1  # of the letters: a script that has fewer is only quoted
OWN_SCRIPTS = {"HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja"}  # scripts that one language alone is written in
COLUMNS = ("from the start", "language termed", "term in it", "second half", "language termed", "term in it")
HEADING = f"{'':26} {' '.join(f'{column:>16}' for column in COLUMNS)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """One relevant article, judged by a story that knows nothing but its watch."""

    stream: str
    item: str
    lang: str
    title: str
    termed: bool  # one of the user's terms is in its language
    hit: bool  # one of the user's terms stands in it
    late: bool  # the first half of the stream is cut away
    found: bool  # any verdict but off-topic
    why: str  # how near it came


def measure_contact(judges: Judges, encoder: Encoder) -> list[Meeting]:
    """All meetings of all streams, those with the first half cut away included."""
    return [meeting for stream, weights in judges for meeting in meet(stream, weights, encoder)]


def meet(stream: Stream, weights: Weights, encoder: Encoder) -> list[Meeting]:
    """The meetings of one stream: of the whole, then of its second half."""
    story = begin(stream, encoder, weights)
    at_home = {detect_language(seed) for seed in stream.watch.seeds} or {story.lang}
    termed = termed_languages(stream, at_home)
    meetings = []
    for late in (False, True):
        items = stream.items[len(stream.items) // 2 :] if late else stream.items
        for labelled in first_of_each(items, besides=at_home):
            found, why = judged_alone(labelled, story, encoder)
            meetings.append(
                Meeting(
                    stream=stream.name,
                    item=labelled.item.id,
                    lang=labelled.article.lang,
                    title=labelled.article.title,
                    termed=labelled.article.lang in termed,
                    hit=find_terms(stream.watch.terms, text_of(labelled.article)).wanted,
                    late=late,
                    found=found,
                    why=why,
                )
            )
    return meetings


def first_of_each(items: Sequence[Labelled], *, besides: Collection[str]) -> list[Labelled]:
    """The first relevant articles of each language, in the stream's order."""
    counts = Counter(dict.fromkeys(besides, FIRST))
    found = []
    for labelled in items:
        if labelled.relevant and counts[labelled.article.lang] < FIRST:
            counts[labelled.article.lang] += 1
            found.append(labelled)
    return found


def judged_alone(labelled: Labelled, story: Story, encoder: Encoder) -> tuple[bool, str]:
    """Does the story take it, and what decided?"""
    article = labelled.article
    row = Replay(story=story, encoder=encoder).decide(labelled.item)
    look = glance(article.title, article.summary, article.lang, story)
    if look.worth is None:
        [vector] = encoder.encode([f"{article.title}. {article.summary}"])
        look = glance(article.title, article.summary, article.lang, story, vector=vector)
    if look.worth:
        why = f"relevance {match(read_closely(article, encoder), story).relevance:.2f}"
    else:
        why = f"glance: {look.words}"
    return row["verdict"] != Label.OFF_TOPIC, why


# --------------------------------------------------------------------------- which language a term is in


def termed_languages(stream: Stream, at_home: Collection[str]) -> frozenset[str]:
    """The languages, besides those that are at home in the watch, that the user wrote a term in.

    A term is in a language if it has that language's script and either no other language has it, or the term stands in
    one of the stream's articles of that language, or the detector says so. A term that stands in the
    seed or in an article of the seed's language is of that language, or a name that is written alike in many: it tells of
    no effort for another one.
    """
    watch = stream.watch
    by_language: dict[str, list[str]] = {}
    for labelled in stream.items:
        by_language.setdefault(labelled.article.lang, []).append(text_of(labelled.article))
    home = [watch.name, watch.about, *watch.seeds, *(text for lang in at_home for text in by_language.pop(lang, []))]
    terms = [*watch.terms.any, *(term for group in watch.terms.all_groups for term in group)]
    abroad = [term for term in terms if not _stands_in(term, home)]
    return frozenset(lang for lang, texts in by_language.items() if any(is_in(term, lang, texts) for term in abroad))


def is_in(term: str, lang: str, texts: Sequence[str]) -> bool:
    """Is a term in a language, of which these texts are?"""
    own = {OWN_SCRIPTS[script] for script in scripts_of(term) if script in OWN_SCRIPTS}
    if own:
        return lang in own
    if not scripts_of(term) & scripts_of(texts[0]):
        return False
    return _stands_in(term, texts) or detect_language(term.replace("*", "")) == lang


def _stands_in(term: str, texts: Sequence[str]) -> bool:
    return any(find_terms(Terms(any=(term,)), text).wanted for text in texts)


def scripts_of(text: str) -> frozenset[str]:
    """The scripts of a text by their Unicode names: LATIN, CYRILLIC, CJK, HANGUL, ..."""
    counts = Counter(unicodedata.name(sign, "?").split()[0] for sign in text if sign.isalpha())
    return frozenset(script for script, count in counts.items() if count >= FEW * counts.total())


# --------------------------------------------------------------------------- printing


def print_contact(meetings: Sequence[Meeting]) -> None:
    """Shares found by stream and by language, their means, and what was not found."""
    lines = [HEADING, *_table(meetings, lambda one: one.stream), "", *_table(meetings, lambda one: one.lang), ""]
    lines += ["not found:", *(_miss(one) for one in meetings if not one.found)]
    print("\n".join(lines))  # noqa: T201  it is a command


def _table(meetings: Sequence[Meeting], part: Callable[[Meeting], str]) -> list[str]:
    """A line for each part, and the means over the parts that have any, with all their articles."""
    names = sorted({part(one) for one in meetings})
    rows = {name: _shares([one for one in meetings if part(one) == name]) for name in names}
    lines = [f"{name:26} {' '.join(map(_cell, shares))}" for name, shares in rows.items()]
    columns = zip(*rows.values(), strict=True)
    means = [[hits / count for hits, count in column if count] for column in columns]
    mean = " ".join(f"{sum(column) / len(column):16.3f}" if column else f"{'-':>16}" for column in means)
    return [*lines, f"{'mean':26} {mean}", f"{'all articles':26} {' '.join(map(_cell, _shares(meetings)))}"]


def _shares(meetings: Sequence[Meeting]) -> list[tuple[int, int]]:
    """Found and all, a pair a column."""
    found: list[tuple[int, int]] = []
    for late in (False, True):
        some = [one for one in meetings if one.late is late]
        parts = (some, [one for one in some if one.termed], [one for one in some if one.hit])
        found += [(sum(one.found for one in part), len(part)) for part in parts]
    return found


def _cell(share: tuple[int, int]) -> str:
    hits, count = share
    return f"{hits / count:6.2f} ({hits:3}/{count:3})" if count else f"{'-':>16}"


def _miss(one: Meeting) -> str:
    when = "second half" if one.late else "from the start"
    term = ", term in it" if one.hit else ", language termed" if one.termed else ""
    return f"  {one.stream} {one.item} {one.lang} ({when}{term}) {one.why}: {one.title[:90]}"
