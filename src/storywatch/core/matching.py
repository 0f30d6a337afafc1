"""Is this about the story? First a glance at an entry, then a match with the whole article."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from storywatch.core.memory import centred
from storywatch.core.model import Glance, Match, PageState, Reason
from storywatch.core.names import skeletons_of
from storywatch.core.relevance import weigh_evidence, z_score
from storywatch.core.terms import find_terms
from storywatch.core.text import share_within, words_of
from storywatch.core.weights import probability
from storywatch.core.wording import tell_relevance

if TYPE_CHECKING:
    from storywatch.core.memory import Look
    from storywatch.core.model import Article, ArticleId, Reading, Vector
    from storywatch.core.relevance import Evidence
    from storywatch.core.story import Story

COPIED = 0.65  # real copies share .73 and more of their three-word runs, other reports of one event .50 at most
COPY_WINDOW = timedelta(days=14)
SHORT = 40  # runs; below that a text is too short for the share to mean anything, unless all is the same
GLANCE_Z = 0.5  # standard deviations above unrelated articles: lenient, a page too many costs little
GLANCE_WORDS = 2
REASONS_TOLD = 5


def glance(title: str, summary: str, lang: str | None, story: Story, vector: Vector | None = None) -> Glance:
    """Could an entry be about the story? Lenient: a relevant page passed over is worse than a useless one fetched.

    `worth` is None only where the watch has no words in the entry's language and no vector is given.
    """
    text = f"{title}\n{summary}"
    hits = find_terms(story.watch.terms, text)
    if hits.vetoes:
        return Glance(worth=False, figure=0.0, words=f"has the excluded word {hits.vetoes[0]!r}")
    if hits.wanted:
        return Glance(worth=True, figure=float(len(hits.any)), words=f"has your words: {', '.join(hits.any)}")
    named = skeletons_of(text) & story.basis.names
    if named:
        return Glance(worth=True, figure=float(len(named)), words="has a name of the watch")
    if vector is not None:
        return _glance_at_vector(vector, lang or story.lang, story)
    if lang not in story.basis.own_languages:
        return Glance(worth=None, figure=0.0, words="the watch has no words in this language")
    shared = words_of(text) & story.basis.words
    worth = len(shared) >= GLANCE_WORDS
    return Glance(worth=worth, figure=float(len(shared)), words=f"shares {len(shared)} words with the watch")


def _glance_at_vector(vector: Vector, lang: str, story: Story) -> Glance:
    mean = story.mean(lang)
    directions = np.concatenate([story.memory.directions, story.memory.leads])
    cohort = centred(story.weights.priors.cohort(lang, len(vector)), mean)
    near = float((directions @ centred(vector[None, :], mean)[0]).max())
    figure = z_score(near, (cohort @ directions.T).max(axis=1) if len(cohort) else np.zeros(0))
    words = f"its title is {figure:.1f} deviations nearer to the story than unrelated news"
    return Glance(worth=figure >= GLANCE_Z or not len(cohort), figure=round(figure, 4), words=words)


def match(reading: Reading, story: Story) -> Match:
    """How well an article fits the story. Excluded words are the only veto; all else is evidence."""
    look = story.look_at(reading)
    evidence = weigh_evidence(look, story)
    copy_of = find_copy(look, story)
    model = story.weights.relevance
    relevance = round(probability(model.logit(evidence.features)), 4)
    pulls = model.pulls(evidence.features)
    reasons = tell_relevance(evidence.features, pulls, evidence.terms, count=REASONS_TOLD)
    about = relevance >= story.weights.cuts.about
    if evidence.terms.vetoes:
        relevance, about = 0.0, False
    elif copy_of is not None:
        about, reasons = True, (_copied(), *reasons)
    elif not about and _was_asked_for(reading.article, evidence):
        relevance, about = max(relevance, story.weights.cuts.about), True
    return Match(
        relevance=relevance,
        about=about,
        copy_of=copy_of,
        reasons=reasons,
        features={name: round(figure, 4) for name, figure in evidence.features.items()},
    )


def _copied() -> Reason:
    return Reason(name="copy", figure=1.0, pull=0.0, words="a near copy of an article in the story")


def _was_asked_for(article: Article, evidence: Evidence) -> bool:
    """A hit of the user's own words where only the feed's two lines could be had is never dropped."""
    without_text = article.state in {PageState.FEED_ONLY, PageState.BLOCKED} or not article.paragraphs
    return without_text and evidence.terms.wanted


def find_copy(look: Look, story: Story) -> ArticleId | None:
    """The newest article about the story of which this one is a near copy, or the same text at another address.

    An edit of one address is no copy: it is compared line by line.
    """
    article = look.reading.article
    for known in reversed(story.memory.articles):
        if article.seen_at - known.record.seen_at > COPY_WINDOW:
            break
        runs = known.marks.runs
        if runs == look.marks.runs:
            return known.record.article
        long_enough = min(len(runs), len(look.marks.runs)) >= SHORT
        if long_enough and known.record.url_key != article.url_key and share_within(runs, look.marks.runs) >= COPIED:
            return known.record.article
    return None
