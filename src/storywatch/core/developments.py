"""Is anything new in it? The verdict on one article, and the development that follows from it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from storywatch.core.corrections import development_id
from storywatch.core.counterfactual import turn_novelty, turn_relevance
from storywatch.core.facts import SIDE_BY_SIDE, Said
from storywatch.core.matching import FEWEST_RUNS, about_cut, is_copy
from storywatch.core.model import (
    Development,
    Label,
    Nearest,
    NewSentence,
    Reason,
    Sensitivity,
    Severity,
    Verdict,
)
from storywatch.core.novelty import QUITE_LIKE, weigh_news
from storywatch.core.numbers import changed_quantity
from storywatch.core.severity import known_alike, known_text, severity_figures, weigh_severity
from storywatch.core.telling import bare, choose, headline_of
from storywatch.core.text import runs_of
from storywatch.core.weights import logit_of, probability
from storywatch.core.wording import tell_novelty

if TYPE_CHECKING:
    from datetime import datetime

    from storywatch.core.facts import Change
    from storywatch.core.memory import Look
    from storywatch.core.model import Match, Reading
    from storywatch.core.novelty import News
    from storywatch.core.quantities import Quantity
    from storywatch.core.story import Story

SHIFTS = {Sensitivity.STRICT: 0.8, Sensitivity.BALANCED: 0.0, Sensitivity.EAGER: -0.8}  # of the cut, in log-odds
SURELY = 0.8  # the chance to be about the story from which on two lines are enough for an alert
SAME = 0.5  # from here on an earlier article is said to report the same
REASONS_TOLD = 6
LARGEST = 50.0  # times a figure changes; beyond that something else is counted
FEW = 50.0  # below, 0 and 1 may become anything
ABOUT_THE_SAME = 0.5  # likeness of two sentences, from which on a fact in both is told as changed


def judge(match: Match, reading: Reading, story: Story) -> Verdict:
    """What an article is to the story.

    Ages are counted from when articles were seen, so that a late judgement is no other judgement.
    """
    if not match.about:
        return Verdict(verdict=Label.OFF_TOPIC, score=0.0, reasons=(*match.reasons, *_turned_relevance(match, story)))
    look = story.look_at(reading)
    news = weigh_news(look, story, relevance=match.relevance, evidence=match.features)
    nearest = _nearest(look, news, story)
    if match.copy_of is not None:
        return _copy(match, nearest, story)
    if is_seed(look, story):
        return Verdict(verdict=Label.REPEAT, score=0.0, reasons=(_seeded(), *match.reasons))
    score = score_of(news, match.chance, story)
    label = _label(score, news, reading, match, story)
    told = choose(look, news, story) if label in {Label.DEVELOPMENT, Label.POSSIBLE} else ()
    new = tuple(_new_sentence(at, look, story) for at in told)
    severity = None
    if label is Label.DEVELOPMENT:
        severity = weigh_severity(
            severity_figures(look, news, known_alike(look, story.memory), told=told), story.gravity
        )
    reasons = _reasons(news, match, story)
    turns = turn_novelty(
        news.features,
        story.weights.novelty,
        relevance=match.chance,
        score=score,
        cut=cut_of(story),
    )
    return Verdict(
        verdict=label,
        score=score,
        severity=severity.severity if severity else None,
        new=new,
        nearest=nearest,
        reasons=(
            *reasons,
            *_conflicts(new),
            *((severity.reason,) if severity else ()),
            *(turn.reason() for turn in turns),
        ),
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
        headline=headline_of(story.look_at(reading), verdict.new[0].sentence if verdict.new else article.title),
        lang=article.lang,
        severity=verdict.severity or Severity.MINOR,
        first_seen_at=now,
        new=verdict.new,
    )


def score_of(news: News, chance: float, story: Story) -> float:
    """The probability that it is news about the story: that it is new if it is about it, times the chance that it is."""
    model = story.weights.novelty
    fresh = probability(model.logit(news.features) + story.adjustment.of_novelty(model, news.features))
    return round(fresh * chance, 4)


def cut_of(story: Story) -> float:
    """The score from which on this story tells: the usual one, moved by its own level and by what the desk wants."""
    return probability(logit_of(story.weights.cuts.development) + SHIFTS[story.watch.sensitivity] + story.level)


def _label(score: float, news: News, reading: Reading, match: Match, story: Story) -> Label:
    cuts = story.weights.cuts
    shift = SHIFTS[story.watch.sensitivity]
    if score >= cut_of(story):
        return Label.DEVELOPMENT if _says_enough(match) else Label.POSSIBLE
    if score >= probability(logit_of(cuts.possible) + shift) or kept_without_text(reading, match):
        return Label.POSSIBLE
    return Label.REPEAT if news.features["same_most"] >= SAME else Label.BACKGROUND


def _says_enough(match: Match) -> bool:
    """Two lines of a feed alert only where they are surely about the story: much on real feeds is near it by chance."""
    return not match.features["feed_only"] or match.chance >= SURELY


def kept_without_text(reading: Reading, match: Match) -> bool:
    """Is it possible at the least: one of the user's words is in it, and its text could not be had?"""
    return reading.article.unread and match.features["terms"] > 0 and not match.features["same_address"]


def _copy(match: Match, nearest: Nearest | None, story: Story) -> Verdict:
    original = next(known.record for known in story.memory.articles if known.record.article == match.copy_of)
    told = Nearest(
        development=original.development,
        article=original.article,
        sentence=nearest.sentence if nearest else None,
        score=1.0,
        alike=nearest.alike if nearest else None,
        outlet=original.outlet,
        day=original.seen_at.date().isoformat(),
    )
    return Verdict(verdict=Label.REPEAT, score=0.0, nearest=told, reasons=match.reasons)


def is_seed(look: Look, story: Story) -> bool:
    """Is it one of the pasted articles itself, or a near copy of one?"""
    runs = look.marks.runs
    for seed in story.watch.seeds:
        known = _runs_of_seed(seed)
        if (known == runs and len(runs) >= FEWEST_RUNS) or is_copy(look.marks, known):
            return True
    return False


@lru_cache(maxsize=256)
def _runs_of_seed(seed: str) -> frozenset[int]:
    lines = [line.strip() for line in seed.splitlines() if line.strip()]
    return runs_of(lines[0], lines[1:]) if lines else frozenset()


def _seeded() -> Reason:
    return Reason(
        name="seed", figure=1.0, pull=0.0, words="the seed itself: an article that you pasted, or a copy of one"
    )


def _turned_relevance(match: Match, story: Story) -> tuple[Reason, ...]:
    """Nothing but the excluded word turns an article that has one."""
    if not match.relevance:
        return ()
    terms = story.watch.terms
    turns = turn_relevance(
        match.features,
        story.weights.relevance,
        relevance=match.relevance,
        cut=about_cut(match.features, story),
        termed=bool(terms.any or terms.all_groups),
    )
    return tuple(turn.reason() for turn in turns)


def _nearest(look: Look, news: News, story: Story) -> Nearest | None:
    """The earlier article that most surely reports the same, with its sentence nearest to any of this one."""
    if not news.pairs.articles:
        return None
    at = int(news.same.argmax())
    known = news.pairs.articles[at]
    index = len(story.memory.articles) - len(news.pairs.articles) + at
    rows = (story.memory.owners == index).nonzero()[0]
    nearness = look.likeness[:, rows].max(axis=0)
    row = int(nearness.argmax())
    return Nearest(
        development=known.record.development,
        article=known.record.article,
        sentence=known.marks.texts[row],
        score=round(float(news.same[at]), 4),
        alike=round(float(nearness[row]), 4),
        outlet=known.record.outlet,
        day=known.record.seen_at.date().isoformat(),
    )


def pick_sentences(match: Match, reading: Reading, story: Story) -> tuple[NewSentence, ...]:
    """What would be told as new if the article were told: for a second opinion on one that is not."""
    look = story.look_at(reading)
    news = weigh_news(look, story, relevance=match.relevance, evidence=match.features)
    return tuple(_new_sentence(at, look, story) for at in choose(look, news, story))


def _new_sentence(at: int, look: Look, story: Story) -> NewSentence:
    """A sentence with the value that it changes: against the sentence nearest to it, else against the table of facts."""
    article, text = look.reading.article, bare(look.marks.texts[at])
    row = int(look.likeness[at].argmax())
    known = known_text(row, story.memory)
    change = changed_quantity(known, text) if look.likeness[at, row] > QUITE_LIKE else None
    if change and _is_of_a_size(*change):
        by = int(story.memory.owners[row])
        record = story.memory.articles[by].record if by >= 0 else None
        return NewSentence(
            sentence=text,
            lang=article.lang,
            old=_written(change[0], known),
            new=_written(change[1], text),
            old_by=record.owner if record else None,
            conflict=bool(
                record and record.owner != article.owner and article.seen_at - record.seen_at <= SIDE_BY_SIDE
            ),
        )
    said = Said(text=text, lang=article.lang, owner=article.owner, at=article.seen_at)
    for fact in story.facts.changes(said):
        if _is_near(fact, at, look=look, story=story):
            return NewSentence(
                sentence=text,
                lang=article.lang,
                old=fact.old,
                new=fact.new,
                old_by=fact.who or None,
                conflict=fact.conflict,
            )
    return NewSentence(sentence=text, lang=article.lang)


def _written(quantity: Quantity, text: str) -> str:
    """A figure as its sentence has it, with its unit or currency."""
    return text[slice(*quantity.span)].strip()


def _is_of_a_size(old: Quantity, new: Quantity) -> bool:
    """A price for one is no change of the price of all."""
    small, large = sorted((abs(old.value), abs(new.value)))
    return large <= LARGEST * small or large < FEW


def _is_near(fact: Change, at: int, *, look: Look, story: Story) -> bool:
    """Was the old value said in a sentence about the same thing? Facts that only share their words are not shown."""
    old = fact.before.said.text
    texts = (text for marks in story.memory.marks for text in marks.texts)
    rows = [row for row, text in enumerate(texts) if text == old]
    return bool(rows) and float(look.likeness[at, rows].max()) >= ABOUT_THE_SAME


def _at_its_rate(match: Match, story: Story) -> str:
    """Where the watch's base rate makes a difference that can be seen."""
    if round(match.chance, 2) >= round(match.relevance, 2):
        return ""
    return f", {match.chance:.0%} where so few are: {sum(story.flow)} of the last {len(story.flow)} that were judged"


def _conflicts(new: tuple[NewSentence, ...]) -> tuple[Reason, ...]:
    return tuple(
        Reason(
            name="conflict", figure=1.0, pull=0.0, words=f"not agreed: {one.old_by} says {one.old}, this says {one.new}"
        )
        for one in new
        if one.conflict
    )


def _reasons(news: News, match: Match, story: Story) -> tuple[Reason, ...]:
    pulls = story.weights.novelty.pulls(news.features)
    told = tell_novelty(news.features, pulls, count=REASONS_TOLD)
    about = Reason(
        name="about",
        figure=match.relevance,
        pull=0.0,
        words=f"about the story with a probability of {match.relevance:.0%}{_at_its_rate(match, story)}",
    )
    moved = story.adjustment.of_novelty(story.weights.novelty, news.features)
    told = (*story.adjustment.reasons(moved), *told)
    return (about, *told)
