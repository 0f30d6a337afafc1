"""Is this about the story? First a glance at an entry, then a match with the whole article."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from storywatch.core.model import Article, ArticleId, Glance, Match, PageState, Place, Reading, Reason, Sentence
from storywatch.core.relevance import weigh_evidence, weigh_words
from storywatch.core.terms import find_terms
from storywatch.core.text import runs_of, share_within
from storywatch.core.weights import probability
from storywatch.core.wording import tell_relevance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storywatch.core.memory import Look, Marks
    from storywatch.core.model import Vector
    from storywatch.core.relevance import Evidence
    from storywatch.core.story import Story

COPIED = 0.65  # real copies share .73 and more of their three-word runs, other reports of one event .50 at most
OPENED = 0.5  # of the runs of a copy's opening stand in the original; reports that end on the same background have 0
OPENING = 4  # sentences of the body
COPY_WINDOW = timedelta(days=14)
SHORT = 40  # runs; below that a text is too short for the share to mean anything, unless all is the same
FEWEST_RUNS = 12  # of one same text at two addresses; "Live updates" and the like are written anew every day
DOUBTFUL = 0.3  # the relevance that is enough with one of the user's own words, or where only two lines are known
FEWEST_WORDS = 50  # that the story must have in a language before its words can say no
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
    if vector is None:
        return _glance_at_words(title, summary, lang, story)
    return _glance_at_vector(title, summary, vector, lang or story.lang, story=story)


def _glance_at_words(title: str, summary: str, lang: str | None, story: Story) -> Glance:
    """What words alone can tell: that it is not, in a language whose words the story knows; the rest is doubt."""
    model = story.weights.entry_words
    if model is None or len(story.memory.vocabulary.used.get(lang or story.lang, ())) < FEWEST_WORDS:
        return Glance(worth=None, figure=0.0, words="in a language that the watch has too few words of")
    figure = round(model.logit(weigh_words(title, summary, story)), 4)
    if figure >= 0:
        return Glance(worth=None, figure=figure, words="shares words with the story")
    return Glance(
        worth=False, figure=figure, words=f"its words are none of the story's ({figure:+.1f}, read from 0 on)"
    )


def look_of(title: str, summary: str, vector: Vector, lang: str, story: Story) -> Look:
    """An entry as if it were an article of one sentence, for `weigh_evidence`."""
    never = datetime.fromtimestamp(0, tz=UTC)
    article = Article(
        id=ArticleId(""),
        url="",
        url_key="",
        title=title,
        summary=summary,
        paragraphs=(),
        lang=lang,
        outlet="",
        outlet_name="",
        owner="",
        published_at=None,
        seen_at=never,
        state=PageState.FEED_ONLY,
    )
    sentence = Sentence(text=f"{title}\n{summary}", place=Place.TITLE, vector=vector)
    return story.look_at(Reading(article=article, sentences=(sentence,), lead=vector))


def _glance_at_vector(title: str, summary: str, vector: Vector, lang: str, *, story: Story) -> Glance:
    """The evidence for an article, weighed for an entry's two lines: lenient, since its page may say more."""
    model = story.weights.entry
    if model is None:
        return Glance(worth=True, figure=0.0, words="this encoder's weights can't tell from two lines")
    features = weigh_evidence(look_of(title, summary, vector, lang, story), story).features
    figure = round(model.logit(features), 4)
    return Glance(
        worth=figure >= 0, figure=figure, words=f"its two lines beside the story: {figure:+.1f}, read from 0 on"
    )


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
    about = relevance >= about_cut(evidence.features, story)
    if evidence.terms.vetoes:
        relevance, about = 0.0, False
    elif copy_of is not None:
        about, reasons = True, (_copied(), *reasons)
    elif not about and _was_asked_for(reading.article, evidence):
        relevance, about = max(relevance, story.weights.cuts.about), True
    return Match(
        relevance=relevance,
        about=about,
        rate_shift=story.rate_shift(read=not evidence.features["feed_only"]),
        copy_of=copy_of,
        reasons=reasons,
        features={name: round(figure, 4) for name, figure in evidence.features.items()},
    )


def about_cut(features: Mapping[str, float], story: Story) -> float:
    """The relevance from which on an article with this evidence is about the story.

    Lower where one of the user's own words is in it, and where a feed's two lines are all that could be had: they say
    less. What is so doubtful is hardly ever told (a score can't exceed the relevance), but it is kept and can be looked up.
    """
    cut = story.weights.cuts.about
    return min(cut, DOUBTFUL) if features["terms"] > 0 or features["feed_only"] else cut


def _copied() -> Reason:
    return Reason(name="copy", figure=1.0, pull=0.0, words="a near copy of an article in the story")


def _was_asked_for(article: Article, evidence: Evidence) -> bool:
    """A hit of the user's own words where only the feed's two lines could be had is never dropped."""
    return article.unread and evidence.terms.wanted


def find_copy(look: Look, story: Story) -> ArticleId | None:
    """The newest article about the story of which this one is a near copy, or the same text at another address.

    An edit of one address is no copy: it is compared line by line.
    """
    article = look.reading.article
    for known in reversed(story.memory.articles):
        if article.seen_at - known.record.seen_at > COPY_WINDOW:
            break
        runs, same_address = known.marks.runs, known.record.url_key == article.url_key
        if runs == look.marks.runs and _can_be_same(article, runs, same_address=same_address):
            return known.record.article
        if not same_address and is_copy(look.marks, runs):
            return known.record.article
    return None


def _can_be_same(article: Article, runs: frozenset[int], *, same_address: bool) -> bool:
    """Do equal runs mean an equal text? All texts without a letter are equal, and many short headlines are."""
    enough = same_address or len(runs) >= FEWEST_RUNS
    return enough and any(map(str.isalnum, chain(article.title, *article.paragraphs)))


def is_copy(marks: Marks, runs: frozenset[int]) -> bool:
    """Is a text a near copy of the one with these runs: all of it, and its opening by itself?

    Agencies end their reports on the same paragraphs for weeks, more than the news above them is long.
    The opening is the body's: many an outlet writes a summary of its own above a wire report.
    """
    if min(len(runs), len(marks.runs)) < SHORT or share_within(runs, marks.runs) < COPIED:
        return False
    body = [text for text, place in zip(marks.texts, marks.places, strict=True) if place in {Place.LEAD, Place.BODY}]
    opening = runs_of("", body[:OPENING] or marks.texts[:1])
    return len(opening & runs) >= OPENED * len(opening)
