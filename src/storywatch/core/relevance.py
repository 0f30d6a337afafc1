"""Evidence that an article is about a story: figures, each of which could be the only one that speaks.

Cosines are also given as standard deviations above what unrelated articles of the same language reach ("z"):
the same cosine means much in Korean and little in English. Nothing here needs an earlier article.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from storywatch.core.memory import LONG_NAME, centred
from storywatch.core.names import beginnings_of, share_named, skeletons_of
from storywatch.core.terms import TermHits, count_inflected, find_terms, has_script_of
from storywatch.core.text import share_within, words_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    import numpy.typing as npt

    from storywatch.core.memory import Known, Look, Memory
    from storywatch.core.model import Article, Vector
    from storywatch.core.story import Story
    from storywatch.core.weights import Blend, Matrix

SPREAD = 0.03  # keeps a z-score finite where the unrelated articles are all alike
NOWHERE = 0.0  # the z-score where there is nothing to compare with
COUNTED_TERMS = 4
RECENT_LEADS = 200
FAR, CLOSE = 0.35, 0.55  # likeness of a sentence
OWN_COUNT = 2  # articles that the watch's own texts count for when words are weighed
AT_LARGE = 50  # articles of news at large that a word's share is taken of
TOLD_WORDS = 8
TOLD_NAMES = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """The figures by name, and the user's words that were found."""

    features: dict[str, float]
    terms: TermHits


def weigh_evidence(look: Look, story: Story) -> Evidence:
    """All the evidence for one article."""
    article = look.reading.article
    text = text_of(article)
    terms = find_terms(story.watch.terms, text)
    cohort = centred(
        story.weights.priors.cohort(article.lang, len(look.lead)),
        story.mean(article.lang),
    )
    sure = np.array([one.sure for one in story.memory.articles], dtype=bool)
    leads = np.concatenate([story.memory.directions[:-1], story.memory.leads[sure][-RECENT_LEADS:]])
    known = _nearest_sure(look, story.memory, sure)
    features = {
        **_to_the_watch(look, story.memory, cohort),
        **_to_the_accepted(look, story.memory, cohort, leads=leads, known=known),
        **_to_others(look, story.memory, cohort, leads=leads, known=known),
        **_by_names(look, story),
        **_by_words(look.marks.words, look.marks.skeletons, story),
        **_by_terms(article, text, story, terms),
        **_by_parts_of_terms(look.marks.words, story),
        **_by_copies(look, story.memory),
        "chars": math.log1p(len(text)),
        "feed_only": float(article.unread),
    }
    if not len(cohort):
        features |= _usual_beside_others(features, story.weights.relevance)
    return Evidence(features=features, terms=terms)


def _usual_beside_others(features: dict[str, float], model: Blend) -> dict[str, float]:
    """Without unrelated articles to compare with, what only they tell is as usual: it speaks neither for nor against."""
    usual = dict(zip(model.names, model.linear.mean.tolist(), strict=True))
    compared = (name for name in features if name.startswith("others_") or name.endswith(("_z", "_t")))
    return {name: usual[name] for name in compared if name in usual}


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
        "lead_about_z": z_score(about, others[:, -2]),
        "lead_name_z": z_score(name, others[:, -1]),
        "own_top": top,
        "own_mean": float(own.mean()),
        "own_title": float(own[0]),
        "own_most": float(own.max()),
        "own_top_z": z_score(top, own_others),
    }


def _to_the_accepted(look: Look, memory: Memory, cohort: Matrix, *, leads: Matrix, known: Vector) -> dict[str, float]:
    """Lead and sentences against the articles taken so far; the watch's own texts stand in for them at first."""
    to = leads @ look.lead
    others = cohort @ leads.T
    usual = np.sort(others, axis=1)[:, -3:].mean(axis=1) if len(others) else np.zeros(0)
    middle = leads.mean(axis=0)
    middle = middle / max(float(np.linalg.norm(middle)), 1e-6)
    near = float(to.max())
    top = _top(to, 3)
    return {
        "accepted_near": near,
        "accepted_top": top,
        "accepted_top_z": z_score(top, usual),
        "accepted_near_z": z_score(near, others.max(axis=1) if len(others) else np.zeros(0)),
        "accepted_middle": float(middle @ look.lead),
        "accepted_middle_z": z_score(float(middle @ look.lead), cohort @ middle),
        "known_top": _top(known, 3),
        "known_mean": float(known.mean()),
        "known_title": float(known[0]),
        "accepted_count": math.log1p(len(memory.leads)),
    }


def _nearest_sure(look: Look, memory: Memory, sure: npt.NDArray[np.bool_]) -> Vector:
    """For each sentence the similarity of the nearest one of the watch or of an article surely about the story."""
    found: Vector = look.likeness[:, np.append(sure, True)[memory.owners]].max(axis=1)  # owner -1, the last: the watch
    return found


def _to_others(look: Look, memory: Memory, cohort: Matrix, *, leads: Matrix, known: Vector) -> dict[str, float]:
    """The other side of a z-score: how near this article is to everything ("t"), and how much of it is near the story.

    Both normalisations together are what speaker recognition does: Auckenthaler et al. 2000.
    """
    to = leads @ look.lead
    others = cohort @ look.lead if len(cohort) else np.zeros(1)
    return {
        "others_top": _top(others, 5),
        "others_mean": float(others.mean()),
        "others_gap": _top(to, 3) - _top(others, 5),
        "accepted_near_t": z_score(float(to.max()), others),
        "accepted_top_t": z_score(_top(to, 3), others),
        "lead_best_t": z_score(float((memory.directions @ look.lead).max()), others),
        "known_least": float(known.min()),
        "known_middle": float(np.median(known)),
        "known_far": float((known < FAR).mean()),
        "known_close": float((known > CLOSE).mean()),
    }


def _by_names(look: Look, story: Story) -> dict[str, float]:
    """Names that the watch tells, found in any script."""
    text = beginnings_of(look.marks.skeletons)
    head = frozenset[str]().union(*(skeletons_of(look.marks.texts[at]) for at in look.marks.head))
    wanted = story.basis.names
    hits = sum(name in text for name in story.basis.sure_names)
    return {
        "terms_named": math.log1p(sum(name in text for name in story.basis.term_names)),
        "names_share": hits / max(1, len(story.basis.sure_names)),
        "names_count": math.log1p(hits),
        "names_head": math.log1p(sum(bones in wanted for bones in head)),
        "name_tokens": share_named(skeletons_of(story.watch.name), text),
        **_by_rare_names(text, story),
    }


def _by_rare_names(text: frozenset[str], story: Story) -> dict[str, float]:
    """The watch's names weighed by how rare they are: a surname says more than a capital."""
    rarity = story.weights.priors.rarity
    most = sorted(map(rarity, story.basis.sure_names), reverse=True)[:TOLD_WORDS]
    found = sorted((rarity(name) for name in story.basis.sure_names if name in text), reverse=True)
    about = story.basis.about_names
    hits = sorted((rarity(name) for name in about if name in text), reverse=True)
    return {
        "names_weight": sum(found) / max(1.0, sum(most)),
        "names_about": len(hits) / max(1, len(about)),
        "names_rarest": hits[0] if hits else 0.0,
    }


def weigh_words(title: str, summary: str, story: Story) -> dict[str, float]:
    """What the words of an entry say, without any vector: a glance at its two lines."""
    text = f"{title}\n{summary}"
    words, skeletons = words_of(text), skeletons_of(text)
    wanted = story.basis.names
    return {
        **_by_words(words, skeletons, story),
        **_by_rare_names(skeletons, story),
        "names_title": math.log1p(sum(bones in wanted for bones in skeletons_of(title))),
        "names_any": math.log1p(sum(bones in wanted for bones in skeletons)),
        "words": math.log1p(len(words)),
        "words_missed": float(not words & story.basis.words),
    }


def _by_words(mine: frozenset[str], bones: frozenset[str], story: Story) -> dict[str, float]:
    """Words and name skeletons that are common in the story and rare elsewhere: log-odds of the strongest."""
    known, priors = story.memory.vocabulary, story.weights.priors
    own = story.basis.marks

    def odds(token: str, counts: Counter[str], owned: frozenset[str]) -> float:
        inside = (counts[token] + (OWN_COUNT if token in owned else 0) + 0.05) / (known.sure + OWN_COUNT + 0.5)
        outside = (0.3 * priors.share(token) * AT_LARGE + 0.3) / 16
        return math.log(inside / outside)

    words = sorted(odds(word, known.words, own.words) for word in mine if word in own.words or word in known.words)
    long = [one for one in bones if len(one) >= LONG_NAME and (one in own.skeletons or one in known.skeletons)]
    names = sorted(odds(one, known.skeletons, own.skeletons) for one in long)
    rare = sorted((priors.rarity(word) for word in mine & story.basis.words), reverse=True)
    return {
        "words_top": sum(max(0.0, one) for one in words[-TOLD_WORDS:]),
        "words_mean": sum(words) / len(words) if words else -1.0,
        "words_rare": sum(rare[:TOLD_WORDS]),
        "bones_top": sum(max(0.0, one) for one in names[-TOLD_NAMES:]),
        "bones_best": names[-1] if names else -1.0,
    }


def _by_terms(article: Article, text: str, story: Story, hits: TermHits) -> dict[str, float]:
    title = find_terms(story.watch.terms, article.title)
    count = float(min(len(hits.any), COUNTED_TERMS))
    return {
        "terms": count + hits.groups,
        "terms_near": float(min(count_inflected(story.watch.terms, text), COUNTED_TERMS)),
        "terms_title": float(title.wanted),
        "terms_head": float(find_terms(story.watch.terms, f"{article.title}\n{article.summary}").wanted),
        "terms_missed": float(not hits.wanted and has_script_of(story.watch.terms, text)),
        "terms_none": float(not story.watch.terms.any and not story.watch.terms.all_groups),
    }


def _by_parts_of_terms(words: frozenset[str], story: Story) -> dict[str, float]:
    """How much of a wanted phrase an article has, its rare words counting more: "crew" of "patrol boat crew"."""
    rarity = story.weights.priors.rarity
    shares = []
    for term in story.watch.terms.wanted:
        weights = {part: max(0.0, rarity(part)) for part in sorted(words_of(term))}  # a set has no order to add up in
        whole = sum(weights.values())
        shares.append(sum(weight for part, weight in weights.items() if part in words) / whole if whole else 0.0)
    return {"terms_part": max(shares, default=0.0), "terms_parts": math.log1p(sum(shares))}


def _by_copies(look: Look, memory: Memory) -> dict[str, float]:
    copy = max((share_within(look.marks.runs, known.marks.runs) for known in _recent(memory)), default=0.0)
    return {"copied": copy, "same_address": float(has_address(memory.articles, look.reading.article.url_key))}


def _recent(memory: Memory) -> Sequence[Known]:
    return memory.articles[-RECENT_LEADS:]


def has_address(articles: Sequence[Known], url_key: str) -> bool:
    """Was an article at this address accepted before?"""
    return any(known.record.url_key == url_key for known in articles)


def _top(figures: npt.NDArray[Any], count: int) -> float:
    return float(np.sort(figures)[-count:].mean())


def z_score(figure: float, others: npt.NDArray[Any]) -> float:
    """How many standard deviations above the others; 0 without any."""
    if not len(others):
        return NOWHERE
    return (figure - float(others.mean())) / (float(others.std()) + SPREAD)
