"""Evidence that an article is about a story: figures, each of which could be the only one that speaks.

Cosines are also given as standard deviations above what unrelated articles of the same language reach ("z"):
the same cosine means much in Korean and little in English. Nothing here needs an earlier article.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from storywatch.core.memory import centred
from storywatch.core.model import PageState
from storywatch.core.names import beginnings_of, share_named, skeletons_of
from storywatch.core.terms import TermHits, find_terms
from storywatch.core.text import share_within

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from storywatch.core.memory import Known, Look, Memory
    from storywatch.core.model import Article, Vector
    from storywatch.core.story import Story
    from storywatch.core.weights import Matrix

SPREAD = 0.03  # keeps a z-score finite where the unrelated articles are all alike
NOWHERE = 0.0  # the z-score where there is nothing to compare with
COUNTED_TERMS = 4
RECENT_LEADS = 200
ANCHOR = 0.7  # so surely must an article be about the story to draw others in after it, or a busy feed drifts off


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """The figures by name, and the user's words that were found."""

    features: dict[str, float]
    terms: TermHits


def weigh_evidence(look: Look, story: Story) -> Evidence:
    """All the evidence for one article."""
    article = look.reading.article
    terms = find_terms(story.watch.terms, text_of(article))
    cohort = centred(
        story.weights.priors.cohort(article.lang, len(look.lead)),
        story.mean(article.lang),
    )
    features = {
        **_to_the_watch(look, story.memory, cohort),
        **_to_the_accepted(look, story.memory, cohort),
        **_by_names(look, story),
        **_by_terms(article, story, terms),
        **_by_copies(look, story.memory),
        "chars": math.log1p(len(text_of(article))),
        "feed_only": float(article.state in {PageState.FEED_ONLY, PageState.BLOCKED} or not article.paragraphs),
        "same_language": float(article.lang == story.lang),
    }
    return Evidence(features=features, terms=terms)


def text_of(article: Article) -> str:
    """Everything the article says."""
    return "\n".join((article.title, article.summary, *article.paragraphs))


def _to_the_watch(look: Look, memory: Memory, cohort: Matrix) -> dict[str, float]:
    """Lead and sentences against what the user wrote and pasted."""
    to = memory.directions @ look.lead
    others = cohort @ memory.directions.T
    best, about, name = float(to[:-1].max()), float(to[-2]), float(to[-1])
    own = look.likeness[:, : len(memory.own)].max(axis=1)
    own_others = (cohort @ memory.own.T).max(axis=1) if len(cohort) else np.zeros(0)
    top = _top(own, 3)
    return {
        "lead_best": best,
        "lead_about": about,
        "lead_name": name,
        "lead_best_z": z_score(best, others[:, :-1].max(axis=1) if len(others) else others),
        "lead_name_z": z_score(name, others[:, -1]),
        "own_top": top,
        "own_mean": float(own.mean()),
        "own_title": float(own[0]),
        "own_top_z": z_score(top, own_others),
    }


def _to_the_accepted(look: Look, memory: Memory, cohort: Matrix) -> dict[str, float]:
    """Lead and sentences against the articles taken so far; the watch's own texts stand in for them at first."""
    base = memory.directions[:-1]
    sure = np.array([known.record.relevance >= ANCHOR for known in memory.articles], dtype=bool)
    leads = np.concatenate([base, memory.leads[sure][-RECENT_LEADS:]])
    to = leads @ look.lead
    others = cohort @ leads.T
    usual = np.sort(others, axis=1)[:, -3:].mean(axis=1) if len(others) else np.zeros(0)
    middle = leads.mean(axis=0)
    middle = middle / max(float(np.linalg.norm(middle)), 1e-6)
    near = float(to.max())
    top = _top(to, 3)
    known = look.likeness[:, np.append(sure, True)[memory.owners]].max(axis=1)  # owner -1, the last, is the watch
    return {
        "accepted_near": near,
        "accepted_top": top,
        "accepted_top_z": z_score(top, usual),
        "accepted_middle": float(middle @ look.lead),
        "accepted_middle_z": z_score(float(middle @ look.lead), cohort @ middle),
        "known_top": _top(known, 3),
        "known_mean": float(known.mean()),
        "accepted_count": math.log1p(len(memory.leads)),
    }


def _by_names(look: Look, story: Story) -> dict[str, float]:
    """Names that the watch tells, found in any script."""
    text = beginnings_of(look.marks.skeletons)
    head = frozenset[str]().union(*(skeletons_of(look.marks.texts[at]) for at in look.marks.head))
    wanted = story.basis.names
    hits = sum(name in text for name in story.basis.sure_names)
    return {
        "names_share": hits / max(1, len(story.basis.sure_names)),
        "names_count": math.log1p(hits),
        "names_head": math.log1p(sum(bones in wanted for bones in head)),
        "name_tokens": share_named(skeletons_of(story.watch.name), text),
    }


def _by_terms(article: Article, story: Story, hits: TermHits) -> dict[str, float]:
    title = find_terms(story.watch.terms, article.title)
    count = float(min(len(hits.any), COUNTED_TERMS))
    return {
        "terms": count + hits.groups,
        "terms_title": float(title.wanted),
        "terms_none": float(not story.watch.terms.any and not story.watch.terms.all_groups),
    }


def _by_copies(look: Look, memory: Memory) -> dict[str, float]:
    copy = max((share_within(look.marks.runs, known.marks.runs) for known in _recent(memory)), default=0.0)
    return {"copied": copy, "same_address": float(has_address(memory.articles, look.reading.article.url_key))}


def _recent(memory: Memory) -> Sequence[Known]:
    return memory.articles[-RECENT_LEADS:]


def has_address(articles: Sequence[Known], url_key: str) -> bool:
    """Was an article at this address accepted before?"""
    return any(known.record.url_key == url_key for known in articles)


def _top(figures: Vector, count: int) -> float:
    return float(np.sort(figures)[-count:].mean())


def z_score(figure: float, others: npt.NDArray[Any]) -> float:
    """How many standard deviations above the others; 0 without any."""
    if not len(others):
        return NOWHERE
    return (figure - float(others.mean())) / (float(others.std()) + SPREAD)
