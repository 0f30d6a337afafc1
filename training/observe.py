"""What the matcher sees along a labelled stream: rows to learn from.

Once with every earlier decision right, once along the matcher's own decisions: there an article is fresh if it
reports a development that no alert told, so that a second report learns to make good what the first one missed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from storywatch.core.matching import look_of, match
from storywatch.core.memory import centred
from storywatch.core.model import Label, Match, PageState, Verdict
from storywatch.core.names import skeletons_of
from storywatch.core.novelty import TELLING_FIGURES, weigh_news
from storywatch.core.pairs import FIGURES
from storywatch.core.relevance import text_of, weigh_evidence, weigh_words
from storywatch.core.story import Story, watch_texts
from storywatch.core.text import lead_of, words_of
from storywatch.core.weights import BUCKETS, Blend, Cuts, Linear, Priors, Weights, bucket_of
from storywatch.encode import detect_language
from storywatch.pipeline import read_closely
from storywatch.replay import Replay

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streams import Labelled, Stream

    from storywatch.core.memory import Look
    from storywatch.core.model import Article, ArticleId, Judged, Reading
    from storywatch.ports import Encoder

RIGHT = 0.95  # the relevance that a right earlier decision is remembered with
STRANGERS = 40  # articles of other streams that are shown to each story, early and late
NEIGHBOURS = 40  # and as many that are the nearest to what its watch says
TELLING_CHARS = 20  # a shorter sentence is no part of the labelled one by chance only
FEWEST_SENTENCES = 100  # for a language's own mean
COHORT = 60  # vectors of unrelated articles kept for each language


@dataclass(slots=True, kw_only=True, eq=False)
class Row:
    """One article at one moment of one story."""

    labelled: Labelled
    fresh: bool
    relevance: dict[str, float]
    novelty: dict[str, float] = field(default_factory=dict)
    pairs: np.ndarray = field(default_factory=lambda: np.zeros((0, len(FIGURES))))
    ages: np.ndarray = field(default_factory=lambda: np.zeros(0))
    told: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    doubts: np.ndarray = field(default_factory=lambda: np.zeros(0))
    same: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))  # earlier ones with a development of this
    sentences: np.ndarray = field(default_factory=lambda: np.zeros((0, len(TELLING_FIGURES))))
    telling: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))  # sentences labelled as the news
    genre: np.ndarray = field(default_factory=lambda: np.zeros(0))  # lead and title

    @property
    def relevant(self) -> bool:
        """The label."""
        return self.labelled.relevant


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """The two lines of an entry at one moment of one story."""

    relevant: bool
    stranger: bool
    words: dict[str, float]
    evidence: dict[str, float]


@dataclass(slots=True, kw_only=True, eq=False)
class Seen:
    """All rows of one stream."""

    stream: Stream
    rows: list[Row]  # one an item, every earlier decision right
    extra: list[Row]  # for relevance only: cold starts, feed texts, strangers
    short: list[Row] = field(default_factory=list)  # for novelty: relevant items of which only the feed's lines are had
    glances: list[Glimpse] = field(default_factory=list)
    own: list[Row] = field(default_factory=list)  # along the matcher's own decisions


def begin(stream: Stream, encoder: Encoder, weights: Weights) -> Story:
    """The stream's story before its first item."""
    texts = watch_texts(stream.watch)
    vectors = dict(zip(texts, encoder.encode(texts), strict=True))
    return Story.begin(stream.watch, vectors, lang=detect_language(stream.watch.about), weights=weights)


def observe(stream: Stream, others: Sequence[Stream], encoder: Encoder, *, priors: Priors) -> Seen:
    """Walk along a stream with the right decisions and note what the matcher sees."""
    story = first = begin(stream, encoder, unlearnt(priors))
    home = first  # what the story would be if only texts in the watch's own language had come so far
    rows: list[Row] = []
    extra: list[Row] = []
    shorts: list[Row] = []
    glances: list[Glimpse] = []
    past: dict[ArticleId, frozenset[str]] = {}
    for number, (labelled, fresh) in enumerate(zip(stream.items, stream.fresh(), strict=True)):
        reading = read_closely(labelled.article, encoder)
        short = read_closely(feed_only(labelled.article), encoder)
        rows.append(_row(labelled, reading, story, fresh=fresh, past=past))
        extra.append(_relevance_row(labelled, reading, first))
        extra.append(_relevance_row(labelled, short, first))
        glances += [
            _glimpse(labelled.article, encoder, moment, relevant=labelled.relevant) for moment in (first, story)
        ]
        if number % 2:
            extra.append(_relevance_row(labelled, short, story))
        if labelled.relevant:
            shorts.append(_row(labelled, short, story, fresh=fresh, past=past))
        if labelled.article.lang != first.lang:
            extra.append(_relevance_row(labelled, reading, home))
        story = story.learn(_right(story, reading, labelled, fresh=fresh))
        if labelled.article.lang == first.lang:
            home = home.learn(_right(home, reading, labelled, fresh=fresh))
        if labelled.relevant:
            past[labelled.article.id] = labelled.developments
    for number, stranger in enumerate(_strangers(stream, others, first, encoder)):
        article = feed_only(stranger.article) if number % 2 else stranger.article
        reading = read_closely(article, encoder)
        extra += [_relevance_row(stranger, reading, moment) for moment in (first, story)]
        glances += [_glimpse(stranger.article, encoder, moment, stranger=True) for moment in (first, story)]
    return Seen(stream=stream, rows=rows, extra=extra, short=shorts, glances=glances)


def _glimpse(
    article: Article, encoder: Encoder, story: Story, *, relevant: bool = False, stranger: bool = False
) -> Glimpse:
    [vector] = encoder.encode([f"{article.title}. {article.summary}"])
    look = look_of(article.title, article.summary, vector, article.lang, story)
    return Glimpse(
        relevant=relevant,
        stranger=stranger,
        words=weigh_words(article.title, article.summary, story),
        evidence=weigh_evidence(look, story).features,
    )


def _strangers(stream: Stream, others: Sequence[Stream], story: Story, encoder: Encoder) -> list[Labelled]:
    """Articles of other stories: some of all kinds, and those that a newsroom would file under the same heading."""
    pool = [labelled for other in others if other is not stream for labelled in other.items]
    step = max(1, len(pool) // STRANGERS)
    leads = encoder.encode([lead_of(labelled.article) for labelled in pool])
    own = [centred(lead[None, :], story.mean(each.article.lang))[0] for lead, each in zip(leads, pool, strict=True)]
    nearness = np.array([float((story.memory.directions @ lead).max()) for lead in own])
    nearest = np.argsort(-nearness, kind="stable")[:NEIGHBOURS]
    chosen = (*pool[::step][:STRANGERS], *(pool[at] for at in nearest.tolist()))
    return [replace(labelled, relevant=False) for labelled in chosen]


def feed_only(article: Article) -> Article:
    """The article as it is known where its page can't be had."""
    lines = tuple(line for line in article.summary.splitlines() if line.strip())
    return replace(article, paragraphs=lines, state=PageState.FEED_ONLY)


def observe_own(stream: Stream, encoder: Encoder, weights: Weights) -> list[Row]:
    """Walk along a stream with these weights' own decisions; copies and what is passed over give no row.

    What the matcher rejects gives a row of relevance alone.
    """
    walk = Replay(story=begin(stream, encoder, weights), encoder=encoder)
    told = set(stream.seeded)
    past: dict[ArticleId, frozenset[str]] = {}
    rows: list[Row] = []
    for labelled in stream.items:
        story = walk.story
        decision = walk.decide(labelled.item)
        if walk.story is story:
            continue
        reading = read_closely(labelled.article, encoder)
        if decision["verdict"] == Label.OFF_TOPIC:
            rows.append(_relevance_row(labelled, reading, story))
            continue
        if match(reading, story).copy_of is None:
            rows.append(_row(labelled, reading, story, fresh=bool(labelled.developments - told), past=past))
        if decision["verdict"] == Label.DEVELOPMENT:
            told |= labelled.developments
        past[labelled.article.id] = labelled.developments
    return rows


def _row(
    labelled: Labelled, reading: Reading, story: Story, *, fresh: bool, past: Mapping[ArticleId, frozenset[str]]
) -> Row:
    look = story.look_at(reading)
    evidence = weigh_evidence(look, story).features
    news = weigh_news(look, story, relevance=RIGHT, evidence=evidence)
    same = [bool(past[known.record.article] & labelled.developments) for known in news.pairs.articles]
    return Row(
        labelled=labelled,
        fresh=fresh,
        relevance=evidence,
        novelty=news.features,
        pairs=news.pairs.figures,
        ages=news.pairs.ages,
        told=news.pairs.told,
        doubts=news.pairs.doubts,
        same=np.array(same, dtype=bool),
        sentences=news.sentences,
        telling=_told(look, labelled),
        genre=np.concatenate([look.lead, look.sentences[0]]),
    )


def _told(look: Look, labelled: Labelled) -> np.ndarray:
    return np.array(
        [
            any(text == told or (len(text) > TELLING_CHARS and text in told) for told in labelled.news)
            for text in look.marks.texts
        ]
    )


def _relevance_row(labelled: Labelled, reading: Reading, story: Story) -> Row:
    features = weigh_evidence(story.look_at(reading), story).features
    return Row(labelled=labelled, fresh=False, relevance=features)


def _right(story: Story, reading: Reading, labelled: Labelled, *, fresh: bool) -> Judged:
    if not labelled.relevant:
        verdict, chance = Verdict(verdict=Label.OFF_TOPIC, score=0.0), 0.02
    elif fresh:
        verdict, chance = Verdict(verdict=Label.DEVELOPMENT, score=0.9), RIGHT
    else:
        verdict, chance = Verdict(verdict=Label.REPEAT, score=0.1), RIGHT
    return story.judged(reading, Match(relevance=chance, about=labelled.relevant), verdict, None)


def unlearnt(priors: Priors) -> Weights:
    """Weights that know nothing but the priors."""
    zero = Linear(names=(), mean=np.zeros(0), scale=np.ones(0), weight=np.zeros(0), bias=0.0)
    return Weights(
        relevance=Blend(linear=zero),
        same=Blend(linear=_zeros(FIGURES)),
        telling=_zeros(TELLING_FIGURES),
        novelty=Blend(linear=zero),
        cuts=Cuts(about=0.4, development=0.4, possible=0.15),
        priors=priors,
    )


def _zeros(names: tuple[str, ...]) -> Linear:
    size = len(names)
    return Linear(names=names, mean=np.zeros(size), scale=np.ones(size), weight=np.zeros(size), bias=0.0)


def priors_from(streams: Sequence[Stream], encoder: Encoder) -> Priors:
    """Language means over all sentences of the streams, and leads of their off-topic items to compare with."""
    sums: dict[str, tuple[np.ndarray, int]] = {}
    leads: dict[str, list[np.ndarray]] = {}
    frequency = np.zeros(BUCKETS, dtype=np.uint16)
    for stream in streams:
        for labelled in stream.items:
            reading = read_closely(labelled.article, encoder)
            text = text_of(labelled.article)
            frequency[[bucket_of(word) for word in sorted(words_of(text) | skeletons_of(text))]] += 1
            vectors = np.stack([sentence.vector for sentence in reading.sentences]).astype(np.float64)
            for lang in (labelled.article.lang, "*"):
                total, count = sums.get(lang, (np.zeros(encoder.dim), 0))
                sums[lang] = (total + vectors.sum(axis=0), count + len(vectors))
                if not labelled.relevant:
                    leads.setdefault(lang, []).append(reading.lead)
    return Priors(
        means={lang: total / count for lang, (total, count) in sums.items() if count >= FEWEST_SENTENCES},
        unrelated={lang: np.stack(_spread(found, COHORT)) for lang, found in leads.items()},
        articles=sum(len(stream.items) for stream in streams),
        frequency=frequency,
    )


def _spread(found: list[np.ndarray], count: int) -> list[np.ndarray]:
    step = max(1.0, len(found) / count)
    return [found[int(at * step)] for at in range(min(count, len(found)))]
