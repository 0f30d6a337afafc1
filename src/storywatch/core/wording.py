"""The evidence in words: what a person reads under "why?".

Figures that measure one thing in several ways are told as one piece of evidence: its pull is the sum of theirs,
and the figure shown is the one that a person can picture, in units that a person counts in. The words name what
was looked at, not what was found, so that they are true of a high figure and of a low one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from storywatch.core.model import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from storywatch.core.terms import TermHits

FAINT = 0.05  # log-odds below which a piece of evidence said nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One piece of evidence: the features behind it, the one that is shown, its unit, and the words for it."""

    name: str
    shown: str
    words: str
    features: tuple[str, ...]
    unit: Callable[[float], float]
    sought: bool  # something that most articles have none of: told only where it is there


def _evidence(
    name: str, shown: str, words: str, more: str = "", *, unit: Callable[[float], float] = float, sought: bool = False
) -> Evidence:
    return Evidence(name=name, shown=shown, words=words, features=(shown, *more.split()), unit=unit, sought=sought)


RELEVANCE = (
    _evidence(
        "watch",
        "own_top",
        "likeness of its best sentences to your description and seeds: {:.2f}",
        "lead_best lead_about lead_name lead_best_z lead_best_t lead_name_z lead_about_z own_mean own_most own_title own_top_z",
    ),
    _evidence(
        "story",
        "known_top",
        "likeness of its best sentences to what the story knows: {:.2f}",
        "accepted_near accepted_near_z accepted_near_t accepted_top accepted_top_z accepted_top_t accepted_middle"
        " accepted_middle_z accepted_count known_mean known_title known_least known_middle known_far known_close",
    ),
    _evidence("others", "others_top", "likeness to unrelated news of its language: {:.2f}", "others_mean others_gap"),
    _evidence("words", "words_mean", "weight of the story's words that are in it: {:.2f}", "words_top words_rare"),
    _evidence(
        "spellings", "bones_top", "weight of the story's names that are in it, however spelt: {:.2f}", "bones_best"
    ),
    _evidence(
        "names",
        "names_share",
        "names of the watch that are in it: {:.0%}",
        "names_count names_head name_tokens names_weight names_about names_rarest",
    ),
    _evidence(
        "terms",
        "terms",
        "your words that are in it: {:.0f}",
        "terms_part terms_parts terms_near terms_named terms_title terms_head terms_missed terms_none",
    ),
    _evidence("wording", "copied", "its wording that is in an article of the story: {:.0%}"),
    _evidence("address", "same_address", "articles of the story at its address: {:.0f}"),
    _evidence("length", "chars", "its length in characters: {:.0f}", "feed_only", unit=math.expm1),
)

NOVELTY = (
    _evidence(
        "unlike",
        "head_nearest",
        "likeness of its top to known sentences: {:.2f}",
        "title_nearest lead_nearest title_recent lead_recent lead_unusual title_unusual",
    ),
    _evidence(
        "body",
        "body_nearest",
        "likeness of its body to known sentences: {:.2f}",
        "body_least body_low late_least body_new body_recent covered_low",
    ),
    _evidence(
        "close",
        "new_and_close",
        "a sentence that is new and yet close to the story: {:.2f}",
        "new_and_close_title new_and_close_lead new_and_close_mean close_title close_mean names_and_close dated_and_new",
    ),
    _evidence(
        "same",
        "same_most",
        "chance that an earlier article reports the same: {:.0%}",
        "same_top same_none same_recent same_old same_age",
    ),
    _evidence("told", "same_told", "chance that an article which was told reports the same: {:.0%}"),
    _evidence(
        "doubted",
        "same_doubts",
        "doubtful reports of the same that were not told: {:.1f}",
        "same_doubtful",
        unit=math.expm1,
        sought=True,
    ),
    _evidence(
        "covered",
        "covered_best",
        "likeness of its sentences to those of one earlier article: {:.2f}",
        "covered_recent copied_recent covered_head covered_head_recent covered_age lead_most lead_old lead_36h lead_96h lead_14d"
        " lead_told lead_untold lead_age",
    ),
    _evidence(
        "telling",
        "telling_most",
        "chance that one of its sentences is the news: {:.0%}",
        "telling_two telling_head telling_sum dated_head dated_share",
    ),
    _evidence(
        "genre",
        "genre_background",
        "the tone of an explainer or opinion: {:+.1f}",
        "genre_fresh background_title background_summary live quotes",
    ),
    _evidence(
        "pace",
        "silence",
        "hours since the last report: {:.1f}",
        "silence_unusual reports_day reports_recent owner_day",
        unit=math.expm1,
    ),
    _evidence(
        "names", "new_names", "names new to the story: {:.0f}", "new_names_head new_names_share", unit=math.expm1
    ),
    _evidence(
        "figures",
        "new_numbers",
        "figures new to the story: {:.0f}",
        "new_numbers_head new_numbers_large changed_numbers",
        unit=math.expm1,
    ),
    _evidence("stale", "stale", "hours from its publication until it was seen: {:.1f}", "undated", unit=math.expm1),
    _evidence(
        "edited",
        "edited",
        "earlier versions at its address: {:.0f}",
        "edited_sentences edited_most edited_meaning edited_added",
        sought=True,
    ),
    _evidence(
        "facts",
        "fact_changes",
        "known figures and states that it tells otherwise: {:.0f}",
        "fact_changes_head fact_surest fact_conflicts fact_states fact_unheard fact_unheard_head",
        unit=math.expm1,
    ),
    _evidence(
        "turned",
        "turned",
        "known sentences that it turns into their opposite: {:.0f}",
        "turned_head",
        unit=math.expm1,
        sought=True,
    ),
    _evidence(
        "planned",
        "planned_head",
        "its top tells of what is still to come: {:.0f}",
        "eve_title eve_head day_unannounced day_due",
        sought=True,
    ),
    _evidence(
        "announced",
        "day_announced",
        "its top names a day that was announced: {:.0f}",
        "day_announced_title",
        sought=True,
    ),
    _evidence(
        "again", "again_head", "its top tells of what goes on or was done before: {:.0f}", "again_title", sought=True
    ),
    _evidence(
        "elapsed", "elapsed_head", "its top counts the time since something: {:.0f}", "elapsed_title", sought=True
    ),
    _evidence("strange", "strange", "words that the story has not used so far: {:.0%}", "strange_title strange_lead"),
    _evidence(
        "shared",
        "names_recent",
        "names that it shares with one report of the last days: {:.0%}",
        "numbers_recent",
    ),
    _evidence(
        "centre",
        "about_own_top",
        "how near it lies to the centre of the story: {:.2f}",
        "about_lead_about about_own_mean about_accepted_middle about_accepted_top about_known_mean about_words_top about_words_mean"
        " about_bones_top about_names_share about_terms",
    ),
    _evidence("form", "length", "its length in sentences: {:.0f}", "feed_only negated_head", unit=math.exp),
)


def tell_relevance(
    features: Mapping[str, float], pulls: Mapping[str, float], terms: TermHits, *, count: int
) -> tuple[Reason, ...]:
    """The strongest evidence for and against, the user's own words first."""
    vetoes = [_word(term, "your excluded word {!r} is in it", pull=-10.0) for term in terms.vetoes]
    named = [_word(term, "your word {!r} is in it", pull=0.0) for term in terms.any[:count]]
    return (*vetoes, *named, *_strongest(features, pulls, RELEVANCE, count=count))


def _word(term: str, words: str, *, pull: float) -> Reason:
    return Reason(name="term", figure=1.0, pull=pull, words=words.format(term))


def tell_novelty(features: Mapping[str, float], pulls: Mapping[str, float], *, count: int) -> tuple[Reason, ...]:
    """The strongest evidence for and against something new."""
    return _strongest(features, pulls, NOVELTY, count=count)


def _strongest(
    features: Mapping[str, float], pulls: Mapping[str, float], evidence: Sequence[Evidence], *, count: int
) -> tuple[Reason, ...]:
    total = summed(pulls, evidence)
    told = [
        one
        for one in evidence
        if abs(total[one.name]) >= FAINT and not (one.sought and not any(features.get(name) for name in one.features))
    ]
    told.sort(key=lambda one: (-abs(total[one.name]), one.name))
    return tuple(_reason(one, _shown(one, features), total[one.name]) for one in told[:count])


def _shown(one: Evidence, features: Mapping[str, float]) -> float:
    """The figure that is told; of what is sought the largest, which can be another one's."""
    return features[one.shown] or (max(features.get(name, 0.0) for name in one.features) if one.sought else 0.0)


def summed(pulls: Mapping[str, float], evidence: Sequence[Evidence]) -> dict[str, float]:
    """The pull of each piece of evidence: the sum over its features."""
    return {one.name: sum(pulls.get(name, 0.0) for name in one.features) for one in evidence}


def _reason(one: Evidence, figure: float, pull: float) -> Reason:
    way, figure = "for" if pull > 0 else "against", one.unit(figure)
    return Reason(
        name=one.name,
        figure=round(figure, 4),
        pull=round(pull, 4),
        words=f"{one.words.format(figure)}, speaks {way} it ({pull:+.1f})",
    )
