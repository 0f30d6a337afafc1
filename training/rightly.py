"""Walks along streams with the right decisions: what the story is when each first report comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from learn import priors_without
from observe import begin, unlearnt

from storywatch.core.model import Label, Match, Verdict
from storywatch.core.novelty import weigh_news
from storywatch.core.relevance import weigh_evidence
from storywatch.core.severity import known_alike
from storywatch.core.telling import bare, telling_figures
from storywatch.pipeline import read_closely

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams import Labelled, Stream

    from storywatch.core.memory import Look
    from storywatch.core.model import Judged, Reading
    from storywatch.core.novelty import News
    from storywatch.core.story import Story
    from storywatch.ports import Encoder

RIGHT = 0.98  # the relevance of what is relevant
MOST_OF_IT = 0.6
TELLING_CHARS = 20  # a shorter sentence is part of a labelled one by chance only


@dataclass(slots=True, kw_only=True)
class First:
    """A first report as the story saw it coming. `figures`: those of its sentences, without their direction."""

    stream: str
    labelled: Labelled
    news: frozenset[str]  # developments that it is the first to report
    look: Look
    weighed: News
    known: tuple[str, ...]  # for each sentence the known one that is about the same
    figures: dict[str, np.ndarray]
    told: np.ndarray  # for each sentence: is it labelled as the news?

    @property
    def vectors(self) -> np.ndarray:
        """One row a sentence."""
        return self.look.sentences.astype(np.float64)


def first_reports(streams: Sequence[Stream], encoder: Encoder) -> list[First]:
    """All first reports of all streams; the priors of each stream come from the others."""
    return [first for stream in streams for first in _along(stream, streams, encoder)]


def _along(stream: Stream, streams: Sequence[Stream], encoder: Encoder) -> Iterator[First]:
    story = begin(stream, encoder, unlearnt(priors_without(streams, [stream], encoder)))
    known = set(stream.seeded)
    for labelled in stream.items:
        reading = read_closely(labelled.article, encoder)
        news = labelled.developments - known
        if news:
            yield _first(stream, labelled, news, reading=reading, story=story)
        story = story.learn(_decided(story, reading, labelled, fresh=bool(news)))
        known |= labelled.developments


def _first(stream: Stream, labelled: Labelled, news: frozenset[str], *, reading: Reading, story: Story) -> First:
    look = story.look_at(reading)
    weighed = weigh_news(look, story, relevance=RIGHT, evidence=weigh_evidence(look, story).features)
    return First(
        stream=stream.name,
        labelled=labelled,
        news=news,
        look=look,
        known=known_alike(look, story.memory),
        weighed=weighed,
        figures=telling_figures(look, weighed, None, encoder=encoder_of(story)),
        told=np.array([is_labelled(text, labelled.news) for text in look.marks.texts]),
    )


def encoder_of(story: Story) -> str:
    """The name of the encoder that the story's weights belong to."""
    return str(story.weights.provenance.get("encoder", ""))


def is_labelled(text: str, news: frozenset[str]) -> bool:
    """Is a sentence, without its dateline, one of the labelled ones, a good part of one, or hardly more than one?"""
    text = bare(text)
    return any(
        text == told
        or (len(text) > TELLING_CHARS and text in told)
        or (told in text and len(told) >= MOST_OF_IT * len(text))
        for told in news
    )


def _decided(story: Story, reading: Reading, labelled: Labelled, *, fresh: bool) -> Judged:
    if not labelled.relevant:
        return story.judged(
            reading, Match(relevance=0.02, about=False), Verdict(verdict=Label.OFF_TOPIC, score=0.0), None
        )
    verdict = Verdict(verdict=Label.DEVELOPMENT if fresh else Label.REPEAT, score=0.9 if fresh else 0.1)
    return story.judged(reading, Match(relevance=RIGHT, about=True), verdict, None)
