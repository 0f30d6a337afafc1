"""What a story knows, as arrays: every remembered sentence and lead as a vector without the mean of its language."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np

from storywatch.core.cues import is_negated, names_day
from storywatch.core.dates import days_to_come
from storywatch.core.model import Label, Place
from storywatch.core.names import beginnings_of, names_of, skeletons_of
from storywatch.core.numbers import numbers_of
from storywatch.core.statuses import planned_for
from storywatch.core.text import runs_of, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy.typing as npt

    from storywatch.core.model import Reading, Remembered, Vector
    from storywatch.core.weights import Matrix

HEAD = (Place.TITLE, Place.SUMMARY, Place.LEAD)
ANCHOR = 0.7  # of relevance
SHORT_ANCHOR = 0.9  # for two lines, which resemble much by chance
FEW_SENTENCES = 4
LONG_NAME = 4  # letters of a skeleton from which on it is hardly ever a chance


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Marks:
    """What can be read off an article's words, sentence by sentence."""

    texts: tuple[str, ...]
    places: tuple[Place, ...]
    names: tuple[frozenset[str], ...]
    numbers: tuple[frozenset[float], ...]
    negated: tuple[bool, ...]
    dated: tuple[bool, ...]
    skeletons: frozenset[str]
    words: frozenset[str]
    runs: frozenset[int]

    @property
    def head(self) -> tuple[int, ...]:
        """Places of title, first sentence of the summary and first of the body, as far as there are any."""
        firsts = [self.places.index(place) for place in HEAD if place in self.places]
        return tuple(firsts or (0,))

    def all_names(self) -> frozenset[str]:
        """The names in any sentence."""
        return frozenset[str]().union(*self.names)

    def all_numbers(self) -> frozenset[float]:
        """The quantities in any sentence."""
        return frozenset[float]().union(*self.numbers)


def marks_of(title: str, paragraphs: Sequence[str], parts: Sequence[tuple[str, Place]]) -> Marks:
    """The marks of a text whose sentences are `parts`."""
    texts = tuple(text for text, _ in parts)
    return Marks(
        texts=texts,
        places=tuple(place for _, place in parts),
        names=tuple(names_of(text) for text in texts),
        numbers=tuple(numbers_of(text) for text in texts),
        negated=tuple(is_negated(text) for text in texts),
        dated=tuple(names_day(text) for text in texts),
        skeletons=frozenset[str]().union(*(skeletons_of(text) for text in texts)),
        words=frozenset[str]().union(*(words_of(text) for text in texts)),
        runs=runs_of(title, paragraphs),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """A remembered article with all that is derived from it, so that nothing is derived twice."""

    record: Remembered
    marks: Marks
    vectors: Matrix  # raw, one row a sentence
    hours: float
    announced: frozenset[date]  # the days to come that it names

    @classmethod
    def of(cls, record: Remembered) -> Known:
        """Derived from the record alone: what was stored gives back exactly what was known."""
        parts = [(sentence.text, sentence.place) for sentence in record.sentences]
        return cls(
            record=record,
            marks=marks_of(record.title, record.paragraphs, parts),
            vectors=stacked([sentence.vector for sentence in record.sentences], len(record.lead)),
            hours=hours_of(record.seen_at),
            announced=announced_in((text for text, _ in parts), record.seen_at),
        )

    @property
    def sure(self) -> bool:
        """Is it so surely about the story that it may draw others in after it? A busy feed would else drift off."""
        return self.record.relevance >= (ANCHOR if len(self.marks.texts) >= FEW_SENTENCES else SHORT_ANCHOR)

    @property
    def told(self) -> bool:
        """Did it break a development?"""
        return self.record.verdict is Label.DEVELOPMENT


def announced_in(texts: Iterable[str], at: datetime) -> frozenset[date]:
    """The days to come that sentences name: weekdays only where the sentence looks ahead."""
    said = at.date()
    return frozenset[date]().union(
        *(days_to_come(text, said, weekdays=planned_for(text) is not None) for text in texts)
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Basis:
    """The watch's own texts: what the user wrote and pasted, with raw vectors and their languages."""

    sentences: tuple[tuple[str, str], ...]  # text and language: of the seeds, then of the description, then its name
    vectors: Matrix  # of these
    seeded: int  # how many of them are of the seeds
    directions: Matrix  # raw: the seeds' leads, the description, the name
    languages: tuple[str, ...]  # of the directions
    marks: Marks  # of the sentences
    sure_names: frozenset[str]  # names as they stand
    about_names: frozenset[str]  # those of name and description
    term_names: frozenset[str]  # skeletons of the user's words: a name in them is found in any script
    names: frozenset[str]  # of everything, with beginnings
    words: frozenset[str]  # of everything, the user's terms included
    own_languages: frozenset[str]  # in which the watch has words


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vocabulary:
    """The words of a story: in how many of its sure articles each stands, and all that it used by language.

    Only ever added to: what is made of hundreds of articles is not made anew for each.
    """

    sure: int = 0  # articles that are surely about the story
    words: Counter[str] = field(default_factory=Counter)  # of these
    skeletons: Counter[str] = field(default_factory=Counter)
    used: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by language, the watch's own under its language
    names: frozenset[str] = frozenset()  # with beginnings
    numbers: frozenset[float] = frozenset()

    @classmethod
    def of(cls, basis: Basis, known: Iterable[Known]) -> Vocabulary:
        """The words of the watch's own texts and of these articles."""
        found = cls(
            used=dict.fromkeys(sorted(basis.own_languages), basis.marks.words),
            names=beginnings_of(basis.names),
            numbers=basis.marks.all_numbers(),
        )
        return found.with_articles(known)

    def with_articles(self, known: Iterable[Known]) -> Vocabulary:
        """With the words of these articles."""
        sure, words, skeletons = self.sure, self.words.copy(), self.skeletons.copy()
        used, names, numbers = dict(self.used), set(self.names), set(self.numbers)
        for article in known:
            marks, lang = article.marks, article.record.lang
            if article.sure:
                sure += 1
                words.update(marks.words)
                skeletons.update(bones for bones in marks.skeletons if len(bones) >= LONG_NAME)
            used[lang] = used.get(lang, frozenset()) | marks.words
            names |= beginnings_of(_named(marks))
            numbers |= marks.all_numbers()
        return Vocabulary(
            sure=sure,
            words=words,
            skeletons=skeletons,
            used=used,
            names=frozenset(names),
            numbers=frozenset(numbers),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Memory:
    """The story as arrays, centred. Rows of `sentences`: the watch's own texts first, then one article after the other."""

    articles: tuple[Known, ...]
    leads: Matrix  # of these
    own: Matrix  # the watch's own sentences
    directions: Matrix
    sentences: Matrix
    hours: npt.NDArray[np.float64]  # of each sentence; the watch's own are ages ago
    starts: npt.NDArray[np.intp]  # where each article's sentences begin
    owners: npt.NDArray[np.intp]  # which article each sentence is of; -1 the watch itself
    article_hours: npt.NDArray[np.float64]
    marks: tuple[Marks, ...]  # of the watch, then of each article
    vocabulary: Vocabulary

    @property
    def names(self) -> frozenset[str]:
        """The known names, with beginnings."""
        return self.vocabulary.names

    @property
    def numbers(self) -> frozenset[float]:
        """The known quantities."""
        return self.vocabulary.numbers


LONG_AGO = -1e9


def remember(
    basis: Basis,
    known: Iterable[Known],
    vocabulary: Vocabulary,
    *,
    centre: Callable[[str], Vector],
) -> Memory:
    """The arrays for what is known now, each vector without the mean of its language."""
    articles = tuple(known)
    dim = basis.vectors.shape[1]
    own = centred_each(basis.vectors, [lang for _, lang in basis.sentences], centre)
    bodies = [centred(article.vectors, centre(article.record.lang)) for article in articles]
    counts = [len(body) for body in bodies]
    owners = np.repeat(np.arange(-1, len(articles)), [len(own), *counts])
    hours = np.array([article.hours for article in articles], dtype=np.float64)
    all_hours = np.concatenate([[LONG_AGO], hours])[owners + 1]
    marks = (basis.marks, *(article.marks for article in articles))
    return Memory(
        articles=articles,
        leads=_leads(articles, dim, centre),
        own=own,
        directions=centred_each(basis.directions, basis.languages, centre),
        sentences=np.concatenate([own, *bodies]),
        hours=all_hours,
        starts=np.cumsum([len(own), *counts[:-1]]) if counts else np.zeros(0, dtype=np.intp),
        owners=owners,
        article_hours=hours,
        marks=marks,
        vocabulary=vocabulary,
    )


def _named(marks: Marks) -> frozenset[str]:
    return marks.all_names() | frozenset(bones for bones in marks.skeletons if len(bones) >= LONG_NAME)


def _leads(articles: Sequence[Known], dim: int, centre: Callable[[str], Vector]) -> Matrix:
    raw = stacked([article.record.lead for article in articles], dim)
    return centred_each(raw, [article.record.lang for article in articles], centre)


def centred(vectors: Matrix, mean: Vector) -> Matrix:
    """Rows without the mean, normalised again."""
    moved = vectors - mean
    lengths = np.sqrt((moved * moved).sum(axis=-1, keepdims=True))
    unit: Matrix = (moved / np.maximum(lengths, 1e-6)).astype(np.float32)
    return unit


def centred_each(vectors: Matrix, languages: Sequence[str], centre: Callable[[str], Vector]) -> Matrix:
    """Rows without the mean of each one's language."""
    if not len(vectors):
        return vectors
    return centred(vectors, np.stack([centre(lang) for lang in languages]))


def stacked(vectors: Sequence[Vector], dim: int) -> Matrix:
    """Vectors as rows; no rows where there are none."""
    return np.stack(vectors).astype(np.float32) if vectors else np.zeros((0, dim), dtype=np.float32)


def hours_of(moment: datetime) -> float:
    """A moment in hours, for ages."""
    return moment.timestamp() / 3600


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """An article under judgement, centred, with its similarity to every known sentence."""

    reading: Reading
    marks: Marks
    lead: Vector
    sentences: Matrix
    likeness: Matrix  # sentences of the article by known sentences
    hours: float

    @property
    def nearest(self) -> Vector:
        """For each sentence the similarity of the nearest known one."""
        found: Vector = self.likeness.max(axis=1)
        return found


def look_at(reading: Reading, memory: Memory, mean: Vector) -> Look:
    """The article against what is known; `mean` is that of its language."""
    article = reading.article
    raw = stacked([sentence.vector for sentence in reading.sentences], len(reading.lead))
    sentences = centred(raw, mean)
    parts = [(sentence.text, sentence.place) for sentence in reading.sentences]
    return Look(
        reading=reading,
        marks=marks_of(article.title, article.paragraphs, parts),
        lead=centred(reading.lead[None, :], mean)[0],
        sentences=sentences,
        likeness=sentences @ memory.sentences.T,
        hours=hours_of(article.seen_at),
    )
