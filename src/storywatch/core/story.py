"""A story as a value: what its watch says and what was judged so far. Learning gives a new one.

Only articles about the story count. Those that were rejected are no evidence: measured, they pull down the next
relevant one, most of all the first in another language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from storywatch.core.corrections import corrected
from storywatch.core.facts import Facts, Said
from storywatch.core.feedback import UNADJUSTED, Adjustment, adjust
from storywatch.core.level import FLOW, probably_about, rate_shift, shift_of
from storywatch.core.memory import (
    LONG_NAME,
    Basis,
    Known,
    Look,
    Memory,
    Vocabulary,
    look_at,
    marks_of,
    remember,
    stacked,
)
from storywatch.core.model import Judged, Label, LanguageMean, Place, Remembered
from storywatch.core.names import beginnings_of, names_of, skeletons_of
from storywatch.core.severity import shipped_gravity
from storywatch.core.telling import Picker, shipped_picker
from storywatch.core.text import LEAD_CHARS, STEM, split_sentences, words_of
from storywatch.core.weights import Linear, Weights, shipped_weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from storywatch.core.model import Development, Match, Reading, StoryMemory, Vector, Verdict, Watch

REMEMBERED = 600  # newest articles about the story that count; older ones stay in the store
FORGOTTEN = 100
BEFORE = datetime(1970, 1, 1, tzinfo=UTC)  # when the watch's own texts were said
PRIOR_WEIGHT = 300  # sentences that a language's shipped mean counts for
STRANGE_WEIGHT = 30  # the same for a language without one: the mean of all serves till then
RUNNING_CAP = 300  # the watch's own mean never outweighs the prior, or the story's topic would be subtracted
MAX_SEED_SENTENCES = 200


def watch_texts(watch: Watch) -> list[str]:
    """The watch's own texts that need a vector, each once: name, description and its sentences, seeds and their leads."""
    texts = [watch.name, watch.about, *_about_sentences(watch), *_seed_sentences(watch), *_seed_leads(watch)]
    return [text for text in dict.fromkeys(texts) if text]


def _about_sentences(watch: Watch) -> list[str]:
    return split_sentences(watch.about.replace("\n", " "))


def _seed_sentences(watch: Watch) -> list[str]:
    return [text for seed in watch.seeds for text in split_sentences(seed)][:MAX_SEED_SENTENCES]


def _seed_leads(watch: Watch) -> list[str]:
    return [" ".join(split_sentences(seed))[:LEAD_CHARS] for seed in watch.seeds if seed.strip()]


@dataclass(frozen=True, kw_only=True, eq=False)
class Story:
    """What is known in one watch. The arrays behind it are made when first asked for, from its fields alone."""

    watch: Watch
    lang: str  # of the watch's own texts
    weights: Weights
    basis: Basis
    known: tuple[Known, ...] = ()
    total: int = 0  # articles about it so far, the forgotten ones included
    facts: Facts = field(default_factory=Facts)  # of the watch's texts and of `known`
    vocabulary: Vocabulary = field(default_factory=Vocabulary)  # of these too
    means: Mapping[str, LanguageMean] = field(default_factory=dict)
    flow: tuple[bool, ...] = ()  # of the last articles judged: was it probably about the story?
    adjustment: Adjustment = UNADJUSTED  # by the desk's feedback
    picker: Picker = field(default_factory=shipped_picker)  # of the sentences that tell
    gravity: Linear = field(default_factory=shipped_gravity)  # what makes a development major

    @classmethod
    def begin(cls, watch: Watch, vectors: Mapping[str, Vector], *, lang: str, weights: Weights | None = None) -> Story:
        """The story before its first article. `vectors` holds one for each of `watch_texts`."""
        basis = _basis(watch, vectors, lang=lang)
        return cls(
            watch=watch,
            lang=lang,
            weights=weights or shipped_weights(),
            basis=basis,
            facts=_facts(basis, ()),
            vocabulary=Vocabulary.of(basis, ()),
        )

    def recall(self, memory: StoryMemory) -> Story:
        """The story with what was stored of it: the same, to the last bit, as if it had been learnt just now."""
        records = corrected(memory, self.watch.id)
        about = [record for record in records if record.verdict is not Label.OFF_TOPIC]
        total = max(memory.total, len(about))
        known = tuple(Known.of(record) for record in about[-size_of_memory(total) :])
        recalled = replace(
            self,
            known=known,
            total=total,
            facts=_facts(self.basis, known),
            vocabulary=Vocabulary.of(self.basis, known),
            means={mean.lang: mean for mean in memory.means},
            flow=memory.flow[-FLOW:],
        )
        return replace(recalled, adjustment=adjust(memory, self.weights, centre=recalled.mean))

    def judged(self, reading: Reading, match: Match, verdict: Verdict, development: Development | None) -> Judged:
        """All that is to be kept of one judgement."""
        article = reading.article
        off_topic = verdict.verdict is Label.OFF_TOPIC
        nearest = verdict.nearest.development if verdict.nearest else None
        remembered = Remembered(
            article=article.id,
            url_key=article.url_key,
            title=article.title,
            summary=article.summary,
            paragraphs=article.paragraphs,
            lang=article.lang,
            owner=article.owner,
            outlet=article.outlet,
            published_at=article.published_at,
            seen_at=article.seen_at,
            lead=reading.lead,
            sentences=() if off_topic else reading.sentences,
            relevance=match.chance,
            verdict=verdict.verdict,
            score=verdict.score,
            development=development.id if development else None if off_topic else nearest,
        )
        return Judged(
            watch=self.watch.id,
            match=match,
            verdict=verdict,
            remembered=remembered,
            mean=self._mean_with(reading),
            development=development,
        )

    def learn(self, judged: Judged) -> Story:
        """The story after this judgement."""
        record = judged.remembered
        means = self.means if judged.mean is None else {**self.means, judged.mean.lang: judged.mean}
        flow = (*self.flow, probably_about(record.relevance))[-FLOW:]
        if judged.verdict.verdict is Label.OFF_TOPIC:
            return replace(self, means=means, flow=flow)
        latest, total = Known.of(record), self.total + 1
        known = (*self.known, latest)[-size_of_memory(total) :]
        forgot = len(known) <= len(self.known)
        if forgot:
            facts, vocabulary = _facts(self.basis, known), Vocabulary.of(self.basis, known)
        else:
            facts, vocabulary = self.facts.with_sentences(_said(latest)), self.vocabulary.with_articles([latest])
        return replace(self, known=known, total=total, facts=facts, vocabulary=vocabulary, means=means, flow=flow)

    def _mean_with(self, reading: Reading) -> LanguageMean:
        lang = reading.article.lang
        before = self.means.get(lang)
        total = np.stack([sentence.vector for sentence in reading.sentences]).sum(axis=0, dtype=np.float64)
        count = len(reading.sentences)
        if before is None:
            return LanguageMean(lang=lang, total=total, count=count)
        return LanguageMean(lang=lang, total=before.total + total, count=before.count + count)

    def mean(self, lang: str) -> Vector:
        """The mean vector of a language: the shipped one, moved by what this watch has seen."""
        dim = self.basis.vectors.shape[1]
        prior = self.weights.priors.mean(lang, dim)
        weight = PRIOR_WEIGHT if lang in self.weights.priors.means else STRANGE_WEIGHT
        seen = self.means.get(lang)
        if prior is None:
            prior = np.zeros(dim)
        if seen is None or not seen.count:
            return prior.astype(np.float32)
        running = min(seen.count, RUNNING_CAP)
        mixed = (prior * weight + seen.total / seen.count * running) / (weight + running)
        return mixed.astype(np.float32)

    @cached_property
    def memory(self) -> Memory:
        """What is known, as arrays."""
        return remember(self.basis, self.known, self.vocabulary, centre=self.mean)

    @cached_property
    def level(self) -> float:
        """By how much this story's cut lies above the usual one, in log-odds."""
        return shift_of([known.record.score for known in self.known], self.weights.cuts.usual)

    def rate_shift(self, *, read: bool) -> float:
        """What the watch's base rate adds to the log-odds that an article, read or not, is about the story."""
        return rate_shift(self.flow, self.weights.cuts.share, read=read)

    def look_at(self, reading: Reading) -> Look:
        """An article against what is known."""
        return look_at(reading, self.memory, self.mean(reading.article.lang))


def size_of_memory(total: int) -> int:
    """How many of the newest articles count: all up to 600, then the oldest hundred is forgotten at once.

    What is made of all of them is then made anew once in a hundred articles, and in between only added to.
    """
    return total if total <= REMEMBERED else REMEMBERED - FORGOTTEN + 1 + (total - REMEMBERED - 1) % FORGOTTEN


def _facts(basis: Basis, known: Sequence[Known]) -> Facts:
    own = [Said(text=text, lang=lang, owner="", at=BEFORE) for text, lang in basis.sentences]
    return Facts.of([*own, *(said for article in known for said in _said(article))])


def _said(known: Known) -> list[Said]:
    record = known.record
    return [Said(text=text, lang=record.lang, owner=record.owner, at=record.seen_at) for text in known.marks.texts]


def _basis(watch: Watch, vectors: Mapping[str, Vector], *, lang: str) -> Basis:
    seeds = _seed_sentences(watch)
    sentences = [*seeds, *_about_sentences(watch), watch.about, watch.name]
    sentences = [text for text in sentences if text]
    directions = [text for text in (*_seed_leads(watch), watch.about, watch.name) if text]
    dim = len(vectors[sentences[0]])
    marks = marks_of("", (), [(text, Place.BODY) for text in sentences])
    names = marks.all_names() | skeletons_of(watch.name)
    return Basis(
        sentences=tuple((text, guess_language(text, lang)) for text in sentences),
        vectors=stacked([vectors[text] for text in sentences], dim),
        seeded=len(seeds),
        directions=stacked([vectors[text] for text in directions], dim),
        languages=tuple(guess_language(text, lang) for text in directions),
        marks=marks,
        sure_names=names,
        about_names=_about_names(watch),
        term_names=_term_names(watch),
        names=beginnings_of(names),
        words=frozenset[str]().union(*(_long_words(text) for text in sentences)),
        own_languages=frozenset(guess_language(text, lang) for text in sentences),
    )


def _term_names(watch: Watch) -> frozenset[str]:
    return frozenset(bones for term in watch.terms.wanted for bones in skeletons_of(term) if len(bones) >= LONG_NAME)


def _about_names(watch: Watch) -> frozenset[str]:
    told = frozenset[str]().union(*(names_of(text) for text in _about_sentences(watch)))
    return told | frozenset(bones for bones in skeletons_of(watch.name) if len(bones) >= LONG_NAME)


def _long_words(text: str) -> frozenset[str]:
    """Words that carry something: five letters and more, or pairs of characters."""
    return frozenset(word for word in words_of(text) if len(word) >= STEM - 1 or not word.isascii())


_SCRIPTS = (
    (re.compile(r"[\uac00-\ud7a3]"), "ko"),
    (re.compile(r"[\u3041-\u30fa]"), "ja"),
    (re.compile(r"[\u3400-\u9fff]"), "zh"),
)
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_UKRAINIAN = re.compile(r"[іїєґІЇЄҐ]")
_IN_CYRILLIC = frozenset({"ru", "uk", "be", "bg", "sr", "mk"})
_MANY = 0.3  # of the letters; a quoted word is fewer


def guess_language(text: str, default: str) -> str:
    """The language of one of the watch's texts by its script; `default` where Latin letters prevail.

    A seed may be in another language than the description, and is then compared without that language's mean.
    """
    many = max(1, sum(character.isalpha() for character in text)) * _MANY
    for script, lang in _SCRIPTS:
        if len(script.findall(text)) > many:
            return lang
    if len(_CYRILLIC.findall(text)) > many:
        return "uk" if _UKRAINIAN.search(text) else default if default in _IN_CYRILLIC else "ru"
    return default
