"""The evidence in words, each with its figure: what a person reads under "why?"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storywatch.core.model import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storywatch.core.terms import TermHits

FAINT = 0.05  # log-odds below which a feature said nothing

RELEVANCE_WORDS = {
    "lead_best": "its opening resembles your seeds and description ({:.2f})",
    "lead_about": "its opening resembles your description ({:.2f})",
    "lead_name": "its opening resembles the watch's name ({:.2f})",
    "lead_best_z": "its opening is {:.1f} deviations nearer to your texts than unrelated news in its language",
    "lead_name_z": "its opening is {:.1f} deviations nearer to the watch's name than unrelated news",
    "own_top": "its best sentences resemble your texts ({:.2f})",
    "own_mean": "its sentences resemble your texts on average ({:.2f})",
    "own_title": "its title resembles your texts ({:.2f})",
    "own_top_z": "its best sentences are {:.1f} deviations nearer to your texts than unrelated news",
    "accepted_near": "its opening resembles an article of the story ({:.2f})",
    "accepted_top": "its opening resembles the story's articles ({:.2f})",
    "accepted_top_z": "its opening is {:.1f} deviations nearer to the story's articles than unrelated news",
    "accepted_middle": "its opening is near the middle of the story ({:.2f})",
    "accepted_middle_z": "its opening is {:.1f} deviations nearer to the middle of the story than unrelated news",
    "known_top": "its best sentences resemble known ones ({:.2f})",
    "known_mean": "its sentences resemble known ones on average ({:.2f})",
    "rejected_gap": "it is nearer to the story than to what was not about it ({:+.2f})",
    "names_share": "it has {:.0%} of the watch's names",
    "names_count": "names of the watch in it (log {:.1f})",
    "names_head": "names of the watch at its top (log {:.1f})",
    "name_tokens": "it has {:.0%} of the words of the watch's name",
    "terms": "{:.0f} of your words are in it",
    "terms_title": "your words stand in its title ({:.0f})",
    "copied": "{:.0%} of its wording is in an article of the story",
    "same_address": "an article of the story had this address ({:.0f})",
    "chars": "its length (log {:.1f})",
    "feed_only": "only the feed's text is known ({:.0f})",
}

NOVELTY_WORDS = {
    "relevance": "how surely it is about the story (log-odds {:.1f})",
    "title_nearest": "its title resembles a known sentence ({:.2f})",
    "lead_nearest": "its first sentence resembles a known one ({:.2f})",
    "head_nearest": "its top resembles known sentences ({:.2f})",
    "body_nearest": "its sentences resemble known ones on average ({:.2f})",
    "body_least": "its least known sentence resembles a known one by {:.2f}",
    "body_low": "a quarter of its sentences resemble known ones by less than {:.2f}",
    "late_least": "in its second half a sentence resembles known ones by only {:.2f}",
    "body_new": "{:.0%} of its sentences are unlike any known one",
    "title_recent": "its title resembles a sentence of the last days ({:.2f})",
    "lead_recent": "its first sentence resembles one of the last days ({:.2f})",
    "body_recent": "its sentences resemble those of the last days ({:.2f})",
    "new_and_close": "a sentence is new and close to the story ({:.2f})",
    "new_and_close_title": "its title is new and close to the story ({:.2f})",
    "new_and_close_lead": "its first sentence is new and close to the story ({:.2f})",
    "new_and_close_mean": "its sentences are new and close to the story ({:.2f})",
    "close_title": "its title is close to the story ({:.2f})",
    "close_mean": "its sentences are close to the story ({:.2f})",
    "covered_best": "one earlier article tells most of it ({:.2f})",
    "covered_recent": "one article of the last days tells most of it ({:.2f})",
    "covered_low": "one earlier article tells even its less known parts ({:.2f})",
    "copied_recent": "{:.0%} of its wording is in an article of the last days",
    "lead_most": "its opening resembles an earlier article ({:.2f})",
    "lead_old": "its opening resembles an article of earlier weeks ({:.2f})",
    "same_most": "an earlier article reports the same ({:.0%} sure)",
    "same_top": "earlier articles report the same ({:.0%} sure)",
    "same_none": "that no earlier article reports the same (log {:.1f})",
    "same_recent": "an article of the last days reports the same ({:.0%} sure)",
    "same_old": "an article of earlier weeks reports the same ({:.0%} sure)",
    "same_age": "the age of the report most like it (log hours {:.1f})",
    "telling_most": "a sentence reads like news ({:.0%})",
    "telling_two": "two sentences read like news ({:.0%})",
    "telling_head": "a sentence at its top reads like news ({:.0%})",
    "telling_sum": "how many sentences read like news (log {:.1f})",
    "genre_background": "it reads like an explainer or opinion ({:+.2f})",
    "genre_fresh": "it reads like a fresh report ({:+.2f})",
    "silence": "the time since the last report (log hours {:.1f})",
    "silence_unusual": "the silence before it is long for this story ({:+.1f})",
    "reports_day": "reports of the last day (log {:.1f})",
    "reports_recent": "reports of the last four days (log {:.1f})",
    "reports_all": "reports so far (log {:.1f})",
    "new_names_head": "new names at its top (log {:.1f})",
    "new_names": "new names (log {:.1f})",
    "new_names_share": "{:.0%} of its names are new",
    "new_numbers_head": "new figures at its top (log {:.1f})",
    "new_numbers": "new figures (log {:.1f})",
    "new_numbers_large": "new large figures (log {:.1f})",
    "changed_numbers": "figures that differ at known sentences (log {:.1f})",
    "background_title": "its title sounds like background ({:.0f})",
    "background_summary": "its summary sounds like background ({:.0f})",
    "live": "its title announces a ticker or video ({:.0f})",
    "stale": "it was published long before it was seen (log hours {:.1f})",
    "undated": "it has no date ({:.0f})",
    "dated_head": "its top names a day ({:.0f})",
    "dated_share": "{:.0%} of its sentences name a day",
    "negated_head": "its top denies or negates something ({:.0f})",
    "quotes": "quotations ({:.1f} a sentence)",
    "length": "its length (log {:.1f})",
    "edited": "an earlier version stood at this address ({:.0f})",
    "lead_unusual": "its opening against what is usual in this story ({:+.1f} deviations)",
    "title_unusual": "its title against what is usual in this story ({:+.1f} deviations)",
    "dated_and_new": "a sentence names a day and is new ({:.2f})",
    "names_and_close": "a sentence has new names and is close to the story ({:.2f})",
    "carried": "an earlier report of the same was doubtful ({:.0%})",
}


def tell_relevance(
    features: Mapping[str, float], pulls: Mapping[str, float], terms: TermHits, *, count: int
) -> tuple[Reason, ...]:
    """The strongest evidence for and against, the user's own words first."""
    named = tuple(
        Reason(name="term", figure=1.0, pull=0.0, words=f"your word {term!r} is in it") for term in terms.any[:count]
    )
    vetoes = tuple(
        Reason(name="veto", figure=1.0, pull=-10.0, words=f"your excluded word {term!r} is in it") for term in terms.vetoes
    )
    return (*vetoes, *named, *strongest(features, pulls, RELEVANCE_WORDS, count=count))


def tell_novelty(features: Mapping[str, float], pulls: Mapping[str, float], *, count: int) -> tuple[Reason, ...]:
    """The strongest evidence for and against something new."""
    return strongest(features, pulls, NOVELTY_WORDS, count=count)


def strongest(
    features: Mapping[str, float], pulls: Mapping[str, float], words: Mapping[str, str], *, count: int
) -> tuple[Reason, ...]:
    """The features with the largest pull that can be told in words, with the way they pulled."""
    told = [name for name in pulls if name in words and abs(pulls[name]) >= FAINT]
    told.sort(key=lambda name: (-abs(pulls[name]), name))
    return tuple(
        Reason(
            name=name,
            figure=round(features[name], 4),
            pull=round(pulls[name], 4),
            words=f"{words[name].format(features[name])}: {'for' if pulls[name] > 0 else 'against'} ({pulls[name]:+.1f})",
        )
        for name in told[:count]
    )
