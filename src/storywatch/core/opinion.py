"""The second opinion: what a language model is asked about a doubtful article, and what its answer may change.

Nothing here asks anybody. The question holds text of strangers, and so does the answer that was made from it: an
answer moves the label of the very article that it is about, and nothing else. Its words are never told; it may only
point at sentences, and name values that stand in them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from storywatch.core.developments import SAME, develop, kept_without_text, pick_sentences
from storywatch.core.model import Label, NewSentence, Reason, Severity, Translation
from storywatch.core.telling import bare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from storywatch.core.model import Development, Judged, Reading, Verdict
    from storywatch.core.story import Story

DEFAULT_LOW, DEFAULT_HIGH = 0.15, 0.7
MOST_TOLD = 8
MOST_KNOWN = 3
MOST_PICKED = 3
NAME_CHARS = 120
ABOUT_CHARS = 800
TITLE_CHARS = 300
SENTENCE_CHARS = 400
VALUE_CHARS = 80
DECISIVE = 10.0  # log-odds: what it says decides, within the band
TRANSLATION_CHARS = 1000
LONGER = 6  # times its original: a Chinese sentence is short

PAUSE_AFTER = 3  # failures in a row
FIRST_PAUSE = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(hours=6)


class Answer(StrEnum):
    """One word, so that a small model can give it."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


class Kind(StrEnum):
    """What the model takes the article for."""

    NEW_FACT = "new fact"
    PREVIEW = "preview"
    RETELLING = "retelling"
    OTHER_MATTER = "other matter"
    OPINION = "opinion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The scores that are doubtful, both ends included."""

    low: float = DEFAULT_LOW
    high: float = DEFAULT_HIGH

    def holds(self, score: float) -> bool:
        """Is it doubtful?"""
        return self.low <= score <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A development that was told: the day (ISO) and the headline."""

    day: str
    headline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked about one article. All texts are plain and bounded, but for those of `picked`."""

    story: str
    about: str
    told: tuple[Told, ...]  # the last ones, the oldest first
    known: tuple[str, ...]  # the nearest sentences that the story knows
    title: str
    day: str  # ISO: when the article was seen
    sentences: tuple[str, ...]  # those that may be new
    picked: tuple[NewSentence, ...]  # the same, as the article has them


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """A valid answer. `sentence` is a place in the question's sentences; values stand literally in what was asked."""

    new: Answer
    about: Answer
    by: str  # the model
    sentence: int | None = None
    kind: Kind | None = None
    old: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOpinion:
    """Nothing that could be used came back, and why."""

    reason: str


Heard = Opinion | NoOpinion


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """May a call be made? With neither of the two set, it may, and was counted."""

    answer: str | None = None  # kept from before: none is needed
    refused: str | None = None  # why none is made


# --------------------------------------------------------------------------- the question

_MARKUP = re.compile(r"<\|[^|>]{0,40}\|>|\[/?(?:INST|SYS|AVAILABLE_TOOLS|TOOL_CALLS)\]|</?s>|<</?SYS>>", re.IGNORECASE)
_FENCES = re.compile(r"[<>]{2,}|`{3,}|~{3,}|={4,}|-{4,}|#{3,}|\*{4,}|_{4,}")
_KEPT_FORMATS = frozenset("\u200c\u200d")  # Persian and Hindi are not written without


def plain(text: str, limit: int) -> str:
    """One line of at most so many characters, without controls, invisible signs, fences and the marks of chat templates."""
    text = unicodedata.normalize("NFC", text[: 8 * limit].encode("utf-8", "replace").decode("utf-8"))
    visible = "".join(sign if unicodedata.category(sign)[0] != "C" or sign in _KEPT_FORMATS else " " for sign in text)
    stripped = _unmarked(visible)
    return " ".join(stripped.split())[:limit].rstrip()


def _unmarked(text: str) -> str:
    """Taking a mark out may put another one together, so it is done until none is left."""
    while (without := _FENCES.sub(" ", _MARKUP.sub(" ", text))) != text:
        text = without
    return text


def question_of(judged: Judged, reading: Reading, story: Story, *, band: Band | None) -> Question | None:
    """What to ask about a judged article; None where it is not doubtful, a copy, or has nothing to ask about."""
    verdict = judged.verdict
    if band is None:
        return None
    doubtful = verdict.verdict is not Label.OFF_TOPIC and judged.match.copy_of is None and band.holds(verdict.score)
    if not doubtful:
        return None
    picked = [new for new in verdict.new or pick_sentences(judged.match, reading, story) if _worded(new)][:MOST_PICKED]
    if not picked:
        return None
    return Question(
        story=plain(story.watch.name, NAME_CHARS),
        about=plain(story.watch.about, ABOUT_CHARS),
        told=_told(story),
        known=_nearest_known([new.sentence for new in picked], reading, story),
        title=plain(reading.article.title, TITLE_CHARS),
        day=reading.article.seen_at.date().isoformat(),
        sentences=tuple(_worded(new) for new in picked),
        picked=tuple(picked),
    )


def _worded(new: NewSentence) -> str:
    return plain(new.sentence, SENTENCE_CHARS)


def _told(story: Story) -> tuple[Told, ...]:
    told = [known.record for known in story.known if known.told][-MOST_TOLD:]
    return tuple(
        Told(day=record.seen_at.date().isoformat(), headline=plain(record.title, TITLE_CHARS)) for record in told
    )


def _nearest_known(picked: Sequence[str], reading: Reading, story: Story) -> tuple[str, ...]:
    """The known sentences that are nearest to any of those picked, each once."""
    rows = [at for at, sentence in enumerate(reading.sentences) if bare(sentence.text) in picked]
    nearness = story.look_at(reading).likeness[rows or slice(None)].max(axis=0)
    texts = [text for marks in story.memory.marks for text in marks.texts]
    found: dict[str, None] = {}
    for at in (-nearness).argsort(kind="stable").tolist():
        text = plain(texts[at], SENTENCE_CHARS)
        if text:
            found.setdefault(text)
        if len(found) == MOST_KNOWN:
            break
    return tuple(found)


# --------------------------------------------------------------------------- the answer

Word = TypeVar("Word", bound=StrEnum)


def read_answer(raw: Mapping[str, object], question: Question, *, by: str) -> Heard:
    """The answer as far as it keeps to what was asked: the rest of it is not read."""
    new, about = _word(Answer, raw.get("new")), _word(Answer, raw.get("about"))
    if new is None or about is None:
        return NoOpinion(reason="an odd answer")
    sentence = _place(raw.get("sentence"), len(question.sentences))
    return Opinion(
        new=new,
        about=about,
        by=by,
        sentence=sentence,
        kind=_word(Kind, raw.get("kind")),
        old=_value(raw.get("old"), (*question.known, *(told.headline for told in question.told), *question.sentences)),
        value=None if sentence is None else _value(raw.get("value"), (question.picked[sentence].sentence,)),
    )


def _word(words: type[Word], given: object) -> Word | None:
    said = given.strip().lower() if isinstance(given, str) else None
    return next((word for word in words if word.value == said), None)


def _place(given: object, count: int) -> int | None:
    """A number from 1 as it was given to the model; from 0 here."""
    return given - 1 if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= count else None


def _value(given: object, texts: Sequence[str]) -> str | None:
    said = given.strip() if isinstance(given, str) else ""
    return said if 0 < len(said) <= VALUE_CHARS and any(said in text for text in texts) else None


# --------------------------------------------------------------------------- what it changes


def fold(judged: Judged, reading: Reading, story: Story, heard: Heard, *, question: Question, now: datetime) -> Judged:
    """The judgement with what was heard: another label where it was clear, and in any case a reason that tells it.

    Score, cuts and features stay as they are. What a second opinion alone made a development is minor.
    """
    if isinstance(heard, NoOpinion):
        told = Reason(name="opinion", figure=0.0, pull=0.0, words=f"no second opinion: {heard.reason}")
        return replace(judged, verdict=replace(judged.verdict, reasons=(told, *judged.verdict.reasons)))
    verdict = judged.verdict
    label = _label(heard, judged, reading)
    severity = (verdict.severity or Severity.MINOR) if label is Label.DEVELOPMENT else None
    changed = replace(
        verdict,
        verdict=label,
        severity=severity,
        new=_new(heard, question, verdict, label),
        reasons=(_reason(heard, question, label, before=verdict.verdict), *verdict.reasons),
    )
    return story.judged(reading, judged.match, changed, develop(changed, reading, story, now=now))


def _label(opinion: Opinion, judged: Judged, reading: Reading) -> Label:
    """What the article is then. An answer that contradicts itself is as good as none."""
    before, nearest = judged.verdict.verdict, judged.verdict.nearest
    if _says_yes(opinion):
        return Label.DEVELOPMENT
    if not _says_no(opinion):
        return before
    if kept_without_text(reading, judged.match):
        return Label.POSSIBLE
    if opinion.about is Answer.NO:
        return Label.OFF_TOPIC
    return Label.REPEAT if nearest is not None and nearest.score >= SAME else Label.BACKGROUND


def _says_yes(opinion: Opinion) -> bool:
    fits = opinion.kind in {None, Kind.NEW_FACT}
    return opinion.new is Answer.YES and opinion.about is Answer.YES and fits


def _says_no(opinion: Opinion) -> bool:
    if opinion.about is Answer.NO:
        return opinion.new is not Answer.YES or opinion.kind is Kind.OTHER_MATTER
    return opinion.new is Answer.NO and opinion.kind is not Kind.NEW_FACT


def _new(opinion: Opinion, question: Question, verdict: Verdict, label: Label) -> tuple[NewSentence, ...]:
    """The sentence that was pointed at comes first, with the values that were named, then those that were picked."""
    if label is Label.POSSIBLE:
        return verdict.new or question.picked
    if label is not Label.DEVELOPMENT:
        return ()
    picked = verdict.new or question.picked
    if opinion.sentence is None or not _says_yes(opinion):
        return picked
    first = question.picked[opinion.sentence]
    if opinion.value is not None:
        first = replace(first, old=opinion.old, new=opinion.value)
    return (first, *(new for new in picked if new.sentence != first.sentence))


def _reason(opinion: Opinion, question: Question, label: Label, *, before: Label) -> Reason:
    way = 1.0 if _says_yes(opinion) else -1.0 if _says_no(opinion) else 0.0
    news = {
        Answer.YES: "it tells something new",
        Answer.NO: "nothing in it is new",
        Answer.UNSURE: "unsure if it is new",
    }
    about = {Answer.YES: "", Answer.NO: ", not about the story", Answer.UNSURE: ", perhaps not about the story"}
    words = f"second opinion of {opinion.by}: {news[opinion.new]}{about[opinion.about]}"
    if opinion.kind is not None:
        words += f" ({opinion.kind})"
    if opinion.sentence is not None and way > 0:
        words += f": “{question.sentences[opinion.sentence]}”"
    if not way:
        words += "; it changes nothing"
    elif way < 0 and label is Label.POSSIBLE:
        words += "; kept as possible, for your word is in it and its text could not be had"
    elif label is not before:
        words += f"; {label} instead of {before}"
    return Reason(name="opinion", figure=way, pull=way * DECISIVE, words=words)


# --------------------------------------------------------------------------- translation

_LINK = re.compile(r"[a-z][a-z0-9+.-]*://|\bwww\.|\bmailto:|\]\(", re.IGNORECASE)
_DOMAIN = re.compile(r"(?<![\w.])[\w-]{2,}(?:\.[\w-]+)*\.[a-z]{2,}(?![\w-])|\S+@\S+", re.IGNORECASE)


def sentences_to_translate(development: Development, lang: str) -> tuple[str, ...]:
    """The new sentences that are in another language, plain and bounded."""
    foreign = [new for new in development.new if _base(new.lang) != _base(lang)]
    return tuple(dict.fromkeys(text for new in foreign if (text := _worded(new))))


def read_translations(raw: Mapping[str, object], sentences: Sequence[str]) -> dict[str, str]:
    """A translation by its original, where one came that is text and no more: no links, no essay."""
    found: dict[str, str] = {}
    rows = raw.get("translations")
    for row in rows[: len(sentences)] if isinstance(rows, list) else []:
        at = _place(row.get("sentence"), len(sentences)) if isinstance(row, dict) else None
        said = row.get("text") if isinstance(row, dict) else None
        if at is not None and isinstance(said, str) and (text := _translation(said, sentences[at])):
            found[sentences[at]] = text
    return found


def _translation(said: str, original: str) -> str | None:
    text = plain(said, TRANSLATION_CHARS)
    linked = _LINK.search(text) or any(name not in original for name in _DOMAIN.findall(text))
    return None if linked or len(said) > LONGER * len(original) + NAME_CHARS else text or None


def with_translations(judged: Judged, found: Mapping[str, str], *, lang: str, by: str) -> Judged:
    """The judgement whose new sentences carry their translation beside them, marked with who made it."""
    if judged.development is None or not found:
        return judged
    new = tuple(_translated(one, found, lang=lang, by=by) for one in judged.development.new)
    return replace(
        judged,
        verdict=replace(judged.verdict, new=new),
        development=replace(judged.development, new=new),
    )


def _translated(new: NewSentence, found: Mapping[str, str], *, lang: str, by: str) -> NewSentence:
    text = found.get(_worded(new)) if _base(new.lang) != _base(lang) else None
    return new if text is None else replace(new, translation=Translation(lang=lang, text=text, by=by))


def _base(lang: str) -> str:
    return lang.partition("-")[0].lower()


# --------------------------------------------------------------------------- when it fails


def plan_pause(failures: int, *, now: datetime) -> datetime | None:
    """After so many failures in a row: until when nobody is asked, or None. Each further failure doubles the pause."""
    if failures < PAUSE_AFTER:
        return None
    doublings = min(failures - PAUSE_AFTER, 10)
    return now + min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)
