"""Is anything new in it? The verdict on one article, and the development that follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storywatch.core.corrections import development_id
from storywatch.core.model import (
    Development,
    Label,
    Nearest,
    NewSentence,
    PageState,
    Reason,
    Sensitivity,
    Severity,
    Verdict,
)
from storywatch.core.novelty import QUITE_LIKE, weigh_news
from storywatch.core.numbers import as_text, changed_figure
from storywatch.core.weights import logit_of, probability
from storywatch.core.wording import tell_novelty

if TYPE_CHECKING:
    from datetime import datetime

    from storywatch.core.memory import Look
    from storywatch.core.model import Match, Reading
    from storywatch.core.novelty import News
    from storywatch.core.story import Story

SHIFTS = {Sensitivity.STRICT: 0.8, Sensitivity.BALANCED: 0.0, Sensitivity.EAGER: -0.8}  # of the cut, in log-odds
SAME = 0.5  # from here on an earlier article is said to report the same
REASONS_TOLD = 6
SENTENCES_TOLD = 3
WORTH_TELLING = 0.5  # of the best sentence's chance
MAJOR = 0.8


def judge(match: Match, reading: Reading, story: Story) -> Verdict:
    """What an article is to the story.

    Ages are counted from when articles were seen, so that a late judgement is no other judgement.
    """
    if not match.about:
        return Verdict(verdict=Label.OFF_TOPIC, score=0.0, reasons=match.reasons)
    look = story.look_at(reading)
    news = weigh_news(look, story, relevance=match.relevance)
    nearest = _nearest(look, news, story)
    if match.copy_of is not None:
        return _copy(match, nearest, story)
    score, carried = score_of(news, match.relevance, story)
    label = _label(score, news, reading, match, story)
    return Verdict(
        verdict=label,
        score=score,
        severity=_severity(score) if label is Label.DEVELOPMENT else None,
        new=_new_sentences(look, news, story) if label in {Label.DEVELOPMENT, Label.POSSIBLE} else (),
        nearest=nearest,
        reasons=_reasons(news, match, story, carried=carried),
        features={name: round(figure, 4) for name, figure in news.features.items()},
    )


def develop(verdict: Verdict, reading: Reading, story: Story, *, now: datetime) -> Development | None:
    """The development that an article breaks, or None. Its id follows from watch and article."""
    if verdict.verdict is not Label.DEVELOPMENT:
        return None
    article = reading.article
    return Development(
        id=development_id(story.watch.id, article.id),
        watch=story.watch.id,
        article=article.id,
        headline=article.title or verdict.new[0].sentence,
        lang=article.lang,
        severity=verdict.severity or Severity.MINOR,
        first_seen_at=now,
        new=verdict.new,
    )


def score_of(news: News, relevance: float, story: Story) -> tuple[float, float]:
    """The probability that it is news about the story, and what doubt about an earlier report of the same added."""
    model = story.weights.novelty
    fresh = probability(model.logit(news.features) + story.adjustment.of_novelty(model, news.features))
    alone = fresh * relevance
    carried = carried_doubt(news)
    return round(1 - (1 - alone) * (1 - carried), 4), round(carried, 4)


def carried_doubt(news: News) -> float:
    """A second report of what was doubtful and not told raises the doubt: by the first one's score, if it is the same."""
    doubtful = [
        chance * known.record.score
        for known, chance in zip(news.pairs.articles, news.same.tolist(), strict=True)
        if known.record.verdict is Label.POSSIBLE and chance >= SAME
    ]
    told = [chance for known, chance in zip(news.pairs.articles, news.same.tolist(), strict=True) if known.told]
    return max(doubtful, default=0.0) * (1 - max(told, default=0.0))


def _label(score: float, news: News, reading: Reading, match: Match, story: Story) -> Label:
    cuts = story.weights.cuts
    shift = SHIFTS[story.watch.sensitivity]
    if score >= probability(logit_of(cuts.development) + shift):
        return Label.DEVELOPMENT
    if score >= probability(logit_of(cuts.possible) + shift) or kept_without_text(reading, match):
        return Label.POSSIBLE
    return Label.REPEAT if news.features["same_most"] >= SAME else Label.BACKGROUND


def kept_without_text(reading: Reading, match: Match) -> bool:
    """Is it possible at the least: one of the user's words is in it, and its text could not be had?"""
    without_text = reading.article.state in {PageState.FEED_ONLY, PageState.BLOCKED}
    return without_text and match.features["terms"] > 0 and not match.features["same_address"]


def _copy(match: Match, nearest: Nearest | None, story: Story) -> Verdict:
    original = next(known.record for known in story.memory.articles if known.record.article == match.copy_of)
    told = Nearest(
        development=original.development,
        article=original.article,
        sentence=nearest.sentence if nearest else None,
        score=1.0,
    )
    return Verdict(verdict=Label.REPEAT, score=0.0, nearest=told, reasons=match.reasons)


def _nearest(look: Look, news: News, story: Story) -> Nearest | None:
    """The earlier article that most surely reports the same, with its sentence nearest to the title."""
    if not news.pairs.articles:
        return None
    at = int(news.same.argmax())
    known = news.pairs.articles[at]
    index = len(story.memory.articles) - len(news.pairs.articles) + at
    rows = (story.memory.owners == index).nonzero()[0]
    row = int(look.likeness[:, rows].max(axis=0).argmax())
    return Nearest(
        development=known.record.development,
        article=known.record.article,
        sentence=known.marks.texts[row],
        score=round(float(news.same[at]), 4),
    )


def pick_sentences(match: Match, reading: Reading, story: Story) -> tuple[NewSentence, ...]:
    """What would be told as new if the article were told: for a second opinion on one that is not."""
    look = story.look_at(reading)
    news = weigh_news(look, story, relevance=match.relevance)
    return _new_sentences(look, news, story)


def _new_sentences(look: Look, news: News, story: Story) -> tuple[NewSentence, ...]:
    """The sentences that most likely tell what is new, in the article's order, with old and new figures."""
    best = float(news.telling.max())
    ranked = sorted(range(len(news.telling)), key=lambda at: (-news.telling[at], at))[:SENTENCES_TOLD]
    chosen: dict[str, int] = {}
    for at in sorted(ranked):
        if news.telling[at] >= WORTH_TELLING * best:
            chosen.setdefault(look.marks.texts[at], at)
    known = [text for marks in story.memory.marks for text in marks.texts]
    lang = look.reading.article.lang
    told = []
    for text, at in chosen.items():
        row = int(look.likeness[at].argmax())
        change = changed_figure(known[row], text) if look.likeness[at, row] > QUITE_LIKE else None
        old, new = (as_text(figure) for figure in change) if change else (None, None)
        told.append(NewSentence(sentence=text, lang=lang, old=old, new=new))
    return tuple(told)


def _severity(score: float) -> Severity:
    """Major where it is surely new."""
    return Severity.MAJOR if score >= MAJOR else Severity.MINOR


def _reasons(news: News, match: Match, story: Story, *, carried: float) -> tuple[Reason, ...]:
    pulls = story.weights.novelty.pulls(news.features)
    told = tell_novelty(news.features, pulls, count=REASONS_TOLD)
    about = Reason(
        name="about",
        figure=match.relevance,
        pull=0.0,
        words=f"about the story with a probability of {match.relevance:.0%}",
    )
    moved = story.adjustment.of_novelty(story.weights.novelty, news.features)
    told = (*story.adjustment.reasons(moved), *told)
    if carried:
        doubt = Reason(
            name="carried",
            figure=carried,
            pull=carried,
            words=f"an earlier report of the same was doubtful ({carried:.0%})",
        )
        return (about, doubt, *told)
    return (about, *told)
