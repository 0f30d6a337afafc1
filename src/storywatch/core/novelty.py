"""Evidence that an article tells something new in its story, as figures.

Sentence by sentence against everything known, article against article, and what betrays a retelling: age,
the story's own pace, words of background. What is measured is compared with what is usual in this story.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from storywatch.core.cues import is_again, is_background, is_elapsed, is_eve, is_live
from storywatch.core.dates import days_to_come
from storywatch.core.edits import Added, Altered, compare_versions
from storywatch.core.facts import Said
from storywatch.core.memory import hours_of
from storywatch.core.model import Place
from storywatch.core.pairs import FIGURES, NEUTRAL, Pairs, compare, head_names, head_numbers, new_names
from storywatch.core.relevance import has_address, z_score
from storywatch.core.statuses import planned_for
from storywatch.core.text import words_of
from storywatch.core.weights import logit_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from storywatch.core.memory import Look, Memory
    from storywatch.core.model import Vector
    from storywatch.core.story import Story
    from storywatch.core.weights import Matrix, Weights

RECENT_HOURS = 96.0
DAY_HOURS = 24.0
NOTHING_RECENT = 0.2  # the similarity to take where nothing is recent
LONG_SILENCE = 8.0  # log hours
QUITE_LIKE = 0.6  # from here on two sentences are about the same thing
VERY_NEW = 0.45
MANY = 11  # counts below ten are in every text
STALE_CAP = 500.0
ANNOUNCED_HOURS = 12.0  # a day named by an article so much older was announced before
USUAL = 40
FEWEST = 5
FEWEST_WORDS = 50
SHORT_HOURS = 36.0
LONG_HOURS = 336.0
SAME_SENTENCE = 0.8
ABOUT = (
    "lead_about",
    "own_top",
    "own_mean",
    "accepted_middle",
    "accepted_top",
    "known_mean",
    "words_top",
    "words_mean",
    "bones_top",
    "names_share",
    "terms",
)

TELLING_FIGURES = (
    "nearest",
    "nearest_recent",
    "close_watch",
    "close_story",
    "position",
    "title",
    "summary",
    "lead",
    "dated",
    "length",
    "new_numbers",
    "new_names",
    "quoted",
    "negated",
    "new_and_close",
    "changed",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class News:
    """The evidence for one article: figures by name, and what they were made of."""

    features: dict[str, float]
    pairs: Pairs
    same: npt.NDArray[np.float64]  # for each earlier article: chance that it reports the same
    telling: npt.NDArray[np.float64]  # for each sentence: chance that it tells the news
    sentences: npt.NDArray[np.float64]  # the figures behind it


def weigh_news(look: Look, story: Story, *, relevance: float, evidence: Mapping[str, float]) -> News:
    """All the evidence for one article that is about the story to some degree; `evidence` is that it is."""
    memory, weights = story.memory, story.weights
    pairs = compare(look, memory)
    changed = find_changed(look, memory)
    sentences = _sentence_figures(look, memory, changed)
    same = pairs.chances(weights.same)
    telling = 1 / (1 + np.exp(-np.clip(weights.telling.logits(sentences), -40, 40)))
    features = {
        "relevance": logit_of(relevance),
        **{f"about_{name}": evidence[name] for name in ABOUT},
        **_unlike_the_known(look, memory),
        **_unlike_each(pairs),
        **_unlike_lately(look, pairs),
        **_pace(pairs),
        **_new_words(look, memory),
        **_turned(look, memory),
        **_edited(look, story),
        **_by_facts(look, story),
        **_by_the_calendar(look, story.memory),
        **_kind(look, story),
        **_usual(look, memory),
        "changed_numbers": math.log1p(len(changed)),
        **_sentences(sentences),
    }
    features.update(
        stacked_features(
            same,
            pairs.ages,
            told=pairs.told,
            doubts=pairs.doubts,
            telling=telling,
            genre=genre_of(look, weights),
        )
    )
    return News(features=features, pairs=pairs, same=same, telling=telling, sentences=sentences)


def stacked_features(
    same: npt.NDArray[np.float64],
    ages: npt.NDArray[np.float64],
    *,
    told: npt.NDArray[np.bool_],
    doubts: npt.NDArray[np.float64],
    telling: npt.NDArray[np.float64],
    genre: tuple[float, float],
) -> dict[str, float]:
    """What the smaller models say: about the earlier articles, the sentences and the kind of text.

    One value an earlier article: the chance that it reports the same, its age in hours, whether it was told, and its
    score where that was doubtful, else 0. What several doubtful reports have in common is news that was missed.
    """
    recent = same[ages <= RECENT_HOURS]
    old = same[ages > RECENT_HOURS]
    ranked = np.sort(telling)
    return {
        "same_most": float(same.max(initial=0.0)),
        "same_top": float(np.sort(same)[-3:].mean()) if len(same) else 0.0,
        "same_none": float(np.log(np.clip(1 - same, 1e-4, 1)).sum()),
        "same_recent": float(recent.max(initial=0.0)),
        "same_old": float(old.max(initial=0.0)),
        "same_told": float(same[told].max(initial=0.0)),
        "same_doubtful": float((same * doubts).max(initial=0.0)),
        "same_doubts": math.log1p(float((same * (doubts > 0)).sum())),
        "same_age": math.log1p(float(ages[same.argmax()])) if len(same) else LONG_SILENCE,
        "telling_most": float(ranked[-1]),
        "telling_two": float(ranked[-2:].mean()),
        "telling_head": float(telling[:4].max()),
        "telling_sum": math.log(float(telling.sum()) + 1e-3),
        "genre_background": genre[0],
        "genre_fresh": genre[1],
    }


def genre_of(look: Look, weights: Weights) -> tuple[float, float]:
    """How much lead and title lie in the directions of explainers and of fresh reports; 0 for another encoder."""
    priors = weights.priors
    both = np.concatenate([look.lead, look.sentences[0]])
    if priors.background is None or priors.fresh is None or len(priors.background) != len(both):
        return 0.0, 0.0
    return float(priors.background @ both), float(priors.fresh @ both)


def _unlike_the_known(look: Look, memory: Memory) -> dict[str, float]:
    """Each part's nearest known sentence, ever and lately."""
    nearest = look.nearest
    lead = look.marks.head[-1]
    body = nearest[1:] if len(nearest) > 1 else nearest
    recent = nearest_recent(look, memory)
    closeness = _closeness(look, memory)
    new_and_close = (1 - nearest) * np.clip(closeness, 0, 1)
    return {
        "title_nearest": float(nearest[0]),
        "lead_nearest": float(nearest[lead]),
        "head_nearest": float(nearest[list(look.marks.head)].mean()),
        "body_nearest": float(body.mean()),
        "body_least": float(body.min()),
        "body_low": float(np.quantile(body, 0.25)),
        "late_least": float(body[len(body) // 2 :].min()),
        "body_new": float((body < VERY_NEW).mean()),
        "title_recent": float(recent[0]),
        "lead_recent": float(recent[lead]),
        "body_recent": float(recent.mean()),
        "new_and_close": float(new_and_close.max()),
        "new_and_close_title": float(new_and_close[0]),
        "new_and_close_lead": float(new_and_close[lead]),
        "new_and_close_mean": float(new_and_close.mean()),
        "close_title": float(closeness[0]),
        "close_mean": float(closeness.mean()),
    }


def nearest_recent(look: Look, memory: Memory) -> Vector:
    """For each sentence the similarity of the nearest one of the last four days."""
    lately = memory.hours >= look.hours - RECENT_HOURS
    if not lately.any():
        return np.full(len(look.sentences), NOTHING_RECENT, dtype=np.float32)
    found: Vector = look.likeness[:, lately].max(axis=1)
    return found


def _closeness(look: Look, memory: Memory) -> Vector:
    """How close each sentence is to the middle of the story of late."""
    middle = np.concatenate([memory.directions[:-1], memory.leads[-USUAL:]]).mean(axis=0)
    found: Vector = look.sentences @ (middle / max(float(np.linalg.norm(middle)), 1e-6))
    return found


def _unlike_each(pairs: Pairs) -> dict[str, float]:
    """How well one earlier article alone covers this one."""
    if not pairs.articles:
        return dict.fromkeys(
            ("covered_best", "covered_recent", "covered_low", "copied_recent", "lead_most", "lead_old"), 0.0
        )
    mean = pairs.covered.mean(axis=0)
    lately = pairs.ages <= RECENT_HOURS
    leads, copied = pairs.figures[:, 0], pairs.figures[:, 18]
    return {
        "covered_best": float(mean.max()),
        "covered_recent": float(mean[lately].max(initial=0.0)),
        "covered_low": float(np.quantile(pairs.covered, 0.25, axis=0).max()),
        "copied_recent": float(copied[lately].max(initial=0.0)),
        "lead_most": float(leads.max()),
        "lead_old": float(leads[~lately].max(initial=0.0)),
    }


def _unlike_lately(look: Look, pairs: Pairs) -> dict[str, float]:
    """The likest lead of some spans of time, and shared names and figures with one of the last days' articles."""
    ages, marks = pairs.ages, look.marks
    figures = dict(zip(FIGURES, pairs.figures.T, strict=True))
    lately = ages <= RECENT_HOURS
    told = np.array([known.told for known in pairs.articles], dtype=bool)
    head, numbers = head_names(marks), frozenset(number for number in marks.all_numbers() if number >= MANY)
    shared = [len(numbers & known.marks.all_numbers()) / len(numbers) for known in pairs.articles] if numbers else []
    leads = figures["lead"]
    return {
        "lead_36h": float(leads[ages <= SHORT_HOURS].max(initial=0.0)),
        "lead_96h": float(leads[lately].max(initial=0.0)),
        "lead_14d": float(leads[ages <= LONG_HOURS].max(initial=0.0)),
        "lead_told": float(leads[lately & told].max(initial=0.0)),
        "lead_untold": float(leads[lately & ~told].max(initial=0.0)),
        "lead_age": math.log1p(float(ages[leads.argmax()])) if len(ages) else LONG_SILENCE,
        "covered_age": math.log1p(float(ages[figures["covered"].argmax()])) if len(ages) else LONG_SILENCE,
        "covered_head": float(figures["covered"].max(initial=0.0)),
        "covered_head_recent": float(figures["covered"][lately].max(initial=0.0)),
        "names_recent": float(figures["names"][lately].max(initial=0.0)) if head else 0.0,
        "numbers_recent": max((one for one, near in zip(shared, lately, strict=True) if near), default=0.0)
        if numbers
        else NEUTRAL,
        "owner_day": float(bool((figures["same_owner"][ages <= DAY_HOURS] > 0).any())),
    }


def _turned(look: Look, memory: Memory) -> dict[str, float]:
    """Negation that comes or goes where a sentence matches a known one."""
    rows = look.likeness.argmax(axis=1)
    negated = [one for marks in memory.marks for one in marks.negated]
    turned = [look.marks.negated[at] != negated[row] for at, row in enumerate(rows.tolist())]
    nearest = look.nearest
    alike = [at for at in range(len(rows)) if nearest[at] > VERY_NEW]
    return {
        "turned": math.log1p(sum(turned[at] and nearest[at] > QUITE_LIKE for at in range(len(rows)))),
        "turned_head": float(any(turned[at] and look.marks.negated[at] for at in look.marks.head if at in alike)),
    }


def _edited(look: Look, story: Story) -> dict[str, float]:
    """What an edit of a known address changes: sentences that its story does not have."""
    article, nearest = look.reading.article, look.nearest
    before = next((known for known in reversed(story.memory.articles) if known.record.url_key == article.url_key), None)
    if before is None:
        return {"edited_sentences": 0.0, "edited_most": 0.0, "edited_meaning": 0.0, "edited_added": 0.0}
    found = compare_versions(before.marks.texts, look.marks.texts)
    return {
        "edited_sentences": float((nearest < SAME_SENTENCE).sum()),
        "edited_most": 1 - float(nearest.min()),
        "edited_meaning": math.log1p(sum(isinstance(one, Altered) and one.means for one in found)),
        "edited_added": math.log1p(sum(isinstance(one, Added) for one in found)),
    }


def _by_facts(look: Look, story: Story) -> dict[str, float]:
    """What the table of facts knows otherwise, and figures and days that nobody gave before."""
    article, marks = look.reading.article, look.marks
    said = [
        Said(text=text, lang=article.lang, owner=article.owner, at=article.seen_at)
        for text in dict.fromkeys(marks.texts)
    ]
    head = {marks.texts[at] for at in marks.head}
    changes = [(one.text in head, change) for one in said for change in story.facts.changes(one)]
    unheard = [one.text in head for one in said for _ in story.facts.unheard(one)]
    return {
        "fact_changes": math.log1p(sum(not change.conflict for _, change in changes)),
        "fact_changes_head": math.log1p(sum(top and not change.conflict for top, change in changes)),
        "fact_surest": max((change.likeness for _, change in changes), default=0.0),
        "fact_conflicts": math.log1p(sum(change.conflict for _, change in changes)),
        "fact_states": math.log1p(sum(isinstance(change.after.value, frozenset) for _, change in changes)),
        "fact_unheard": math.log1p(len(unheard)),
        "fact_unheard_head": math.log1p(sum(unheard)),
        "planned_head": float(any(planned_for(text) is not None for text in head)),
    }


def _by_the_calendar(look: Look, memory: Memory) -> dict[str, float]:
    """What its top says of time: that it goes on, that it is long since, that it is due on a day which was announced."""
    marks, said = look.marks, look.reading.article.seen_at.date()
    head = [marks.texts[at] for at in marks.head]
    earlier = (known.announced for known in memory.articles if known.hours <= look.hours - ANNOUNCED_HOURS)
    announced = frozenset[date]().union(*earlier)
    ahead = [days_to_come(text, said, weekdays=True) for text in head]
    days = frozenset[date]().union(*ahead)
    return {
        "again_title": float(is_again(head[0])),
        "again_head": float(any(map(is_again, head))),
        "eve_title": float(is_eve(head[0])),
        "eve_head": float(any(map(is_eve, head))),
        "elapsed_title": float(is_elapsed(head[0])),
        "elapsed_head": float(any(map(is_elapsed, head))),
        "day_announced": float(bool(days & announced)),
        "day_announced_title": float(bool(ahead[0] & announced)),
        "day_unannounced": float(bool(days - announced)),
        "day_due": float(said in announced or said + timedelta(1) in announced),
    }


def _pace(pairs: Pairs) -> dict[str, float]:
    """How long the story was silent, and whether that is long for this story."""
    ages = pairs.ages
    gap = math.log1p(float(ages.min())) if len(ages) else LONG_SILENCE
    gaps = np.log1p(np.abs(np.diff(ages[-20:])))
    pace = float(np.median(gaps)) if len(gaps) > 2 else 2.0  # noqa: PLR2004
    return {
        "silence": gap,
        "silence_unusual": gap - pace,
        "reports_day": math.log1p(float((ages <= DAY_HOURS).sum())),
        "reports_recent": math.log1p(float((ages <= RECENT_HOURS).sum())),
    }


def _new_words(look: Look, memory: Memory) -> dict[str, float]:
    """Names and quantities that the story does not know."""
    marks = look.marks
    head, everywhere = head_names(marks), marks.all_names()
    fresh = new_names(everywhere, memory.names)
    numbers = marks.all_numbers() - memory.numbers
    used = memory.vocabulary.used.get(look.reading.article.lang, frozenset())
    lead = marks.head[-1]
    return {
        "strange_title": _strange(words_of(marks.texts[0]), used),
        "strange_lead": _strange(words_of(marks.texts[lead]), used),
        "strange": _strange(marks.words, used),
        "new_names_head": math.log1p(len(new_names(head, memory.names))),
        "new_names": math.log1p(len(fresh)),
        "new_names_share": len(fresh) / max(1, len(everywhere)),
        "new_numbers_head": math.log1p(len(head_numbers(marks) - memory.numbers)),
        "new_numbers": math.log1p(len(numbers)),
        "new_numbers_large": math.log1p(sum(number >= MANY for number in numbers)),
    }


def _strange(words: frozenset[str], used: frozenset[str]) -> float:
    """The share of words that the story did not use in this language; one half where it hardly has any."""
    if len(used) <= FEWEST_WORDS or not words:
        return NEUTRAL
    return len(words - used) / len(words)


def _kind(look: Look, story: Story) -> dict[str, float]:
    """What kind of text it is, by its words, its dates and its address."""
    article, marks = look.reading.article, look.marks
    stale = 0.0
    if article.published_at is not None:
        stale = min(STALE_CAP, max(0.0, look.hours - hours_of(article.published_at)))
    return {
        "background_title": float(is_background(article.title)),
        "background_summary": float(is_background(article.summary)),
        "live": float(is_live(article.title)),
        "stale": math.log1p(stale),
        "undated": float(article.published_at is None),
        "dated_head": float(any(marks.dated[at] for at in marks.head)),
        "dated_share": float(np.mean(marks.dated)),
        "negated_head": float(any(marks.negated[at] for at in marks.head)),
        "quotes": sum(article.text.count(mark) for mark in '"“„«「') / len(marks.texts),
        "length": math.log(len(marks.texts)),
        "feed_only": float(article.unread),
        "edited": float(has_address(story.memory.articles, article.url_key)),
    }


def _usual(look: Look, memory: Memory) -> dict[str, float]:
    """Lead and title against what was usual for the story's last articles when they came."""
    if len(memory.leads) < FEWEST:
        return {"lead_unusual": 0.0, "title_unusual": 0.0}
    leads = memory.leads[-2 * USUAL :]
    titles = memory.sentences[memory.starts[-2 * USUAL :]]
    return {
        "lead_unusual": z_score(float((leads @ look.lead).max()), _nearest_before(leads)),
        "title_unusual": z_score(float((titles @ look.sentences[0]).max()), _nearest_before(titles)),
    }


def _nearest_before(rows: Matrix) -> Vector:
    """For each of the last rows the similarity of the nearest one before it."""
    likeness = np.tril(rows @ rows.T, -1)
    found: Vector = likeness.max(axis=1)[-USUAL:]
    return found[1:]


def find_changed(look: Look, memory: Memory) -> frozenset[int]:
    """The places of the sentences that match a known one and give other quantities."""
    rows = look.likeness.argmax(axis=1)
    numbers = [numbers for marks in memory.marks for numbers in marks.numbers]
    found = set()
    for sentence, row in enumerate(rows.tolist()):
        new, old = look.marks.numbers[sentence], numbers[row]
        if look.likeness[sentence, row] > QUITE_LIKE and new - old and old - new:
            found.add(sentence)
    return frozenset(found)


def _sentence_figures(look: Look, memory: Memory, changed: frozenset[int]) -> npt.NDArray[np.float64]:
    """One row a sentence, in the order of TELLING_FIGURES."""
    nearest, marks = look.nearest, look.marks
    count = len(nearest)
    closeness = _closeness(look, memory)
    columns = [
        nearest,
        nearest_recent(look, memory),
        look.likeness[:, : len(memory.own)].max(axis=1),
        closeness,
        np.arange(count) / max(1, count - 1),
        [place is Place.TITLE for place in marks.places],
        [place is Place.SUMMARY for place in marks.places],
        [place is Place.LEAD for place in marks.places],
        marks.dated,
        [math.log1p(len(text)) for text in marks.texts],
        [math.log1p(len(numbers - memory.numbers)) for numbers in marks.numbers],
        [math.log1p(len(new_names(names, memory.names))) for names in marks.names],
        [any(mark in text for mark in '"“„«「') for text in marks.texts],
        marks.negated,
        (1 - nearest) * np.clip(closeness, 0, 1),
        [at in changed for at in range(count)],
    ]
    return np.column_stack([np.asarray(column, dtype=np.float64) for column in columns])


def _sentences(figures: npt.NDArray[np.float64]) -> dict[str, float]:
    """The strongest of some figures over the sentences."""
    named = dict(zip(TELLING_FIGURES, figures.T, strict=True))
    return {
        "dated_and_new": float((named["dated"] * (1 - named["nearest"])).max()),
        "names_and_close": float((named["new_names"] * np.clip(named["close_story"], 0, 1)).max()),
    }
