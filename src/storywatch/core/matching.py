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
    from storywatch.core.weights import Matrix

COPIED = 0.65  # real copies share .73 and more of their three-word runs, other reports of one event .50 at most
COPY_WINDOW = timedelta(days=14)
SHORT = 40  # runs; below that a text is too short for the share to mean anything, unless all is the same
GLANCE_Z = (
    -0.5
)  # standard deviations: finds 97 of 100 relevant entries before anything is known, passes every second other
GLANCE_LEADS = 100
REASONS_TOLD = 5


def glance(title: str, summary: str, lang: str | None, story: Story, vector: Vector | None = None) -> Glance:
    """Could an entry be about the story? Lenient: a relevant page passed over is worse than a useless one fetched.

    `worth` is None where words can't tell and no vector is given. That no name of the watch is in a headline
    proves nothing even in the watch's own language: one relevant English entry in seven has none.
    """
    text = f"{title}\n{summary}"
    hits = find_terms(story.watch.terms, text)
    if hits.vetoes:
        return Glance(worth=False, figure=0.0, words=f"has the excluded word {hits.vetoes[0]!r}")
    if hits.wanted:
        return Glance(
            worth=True, figure=float(len(hits.any)), words=f"has your words: {', '.join(hits.any) or 'all groups'}"
        )
    named = skeletons_of(text) & story.basis.names
    if named:
        return Glance(worth=True, figure=float(len(named)), words="has a name of the watch")
    if vector is None:
        return Glance(worth=None, figure=0.0, words="has no name or word of the watch")
    return _glance_at_vector(text, vector, lang or story.lang, story=story)


def _glance_at_vector(text: str, vector: Vector, lang: str, *, story: Story) -> Glance:
    """By how much nearer an entry is to the story than unrelated news in its language."""
    mean = story.mean(lang)
    cohort = centred(story.weights.priors.cohort(lang, len(vector)), mean)
    if not len(cohort):
        return _glance_at_words(text, lang, story)
    lead = centred(vector[None, :], mean)[0]
    figure = max(
        _nearer(lead, cohort, rows)
        for rows in (story.memory.directions, story.memory.leads[-GLANCE_LEADS:])
        if len(rows)
    )
    words = f"nearness to the story beside unrelated news: {figure:+.1f} deviations, read from {GLANCE_Z:+.1f} on"
    return Glance(worth=figure >= GLANCE_Z, figure=round(figure, 4), words=words)


def _glance_at_words(text: str, lang: str, story: Story) -> Glance:
    """For an encoder without anything to compare with: any shared word, and the doubt where there can be none."""
    shared = words_of(text) & story.basis.words
    worth = bool(shared) or lang not in story.basis.own_languages
    return Glance(worth=worth, figure=float(len(shared)), words=f"shares {len(shared)} words with the watch")


def _nearer(lead: Vector, cohort: Matrix, rows: Matrix) -> float:
    count = min(3, len(rows))
    near = float(np.sort(rows @ lead)[-count:].mean())
    usual: Vector = np.sort(cohort @ rows.T, axis=1)[:, -count:].mean(axis=1)
    return z_score(near, usual)


def match(reading: Reading, story: Story) -> Match:
    """How well an article fits the story. Excluded words are the only veto; all else is evidence."""
    look = story.look_at(reading)
    evidence = weigh_evidence(look, story)
    copy_of = find_copy(look, story)
    model = story.weights.relevance
    moved = story.adjustment.of_relevance(model, evidence.features, look, centre=story.mean)
    relevance = round(probability(model.logit(evidence.features) + moved), 4)
    pulls = model.pulls(evidence.features)
    told = tell_relevance(evidence.features, pulls, evidence.terms, count=REASONS_TOLD)
    reasons = (*story.adjustment.reasons(moved), *told)
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
