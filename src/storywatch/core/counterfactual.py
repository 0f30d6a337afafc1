"""What would have turned a verdict: the figure it had, the figure it needed, and the evidence that kept it there.

The models tell what each feature adds to the log-odds against its usual value (`pulls`). Evidence "as usual" is the
same sum without its pull. That is exact for a logistic model and near for one with trees in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from storywatch.core.model import Reason
from storywatch.core.weights import logit_of, probability
from storywatch.core.wording import NOVELTY, RELEVANCE, summed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from storywatch.core.weights import Blend, Linear
    from storywatch.core.wording import Evidence

MOST = 3  # pieces of evidence that are taken away together
FAINT = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The figure that a verdict would have had if some evidence had been as usual. Figures are probabilities."""

    question: str  # "about" or "new"
    without: tuple[
        str, ...
    ]  # names of pieces of evidence, as in `wording`; "terms": with one of the user's words in it
    pull: float  # that these had, in log-odds
    figure: float  # that it would have had
    needed: float  # the cut
    turns: bool  # is that on the other side of the cut?
    words: str

    def reason(self) -> Reason:
        """For the ledger: a reason that pulls nothing."""
        return Reason(name="turn", figure=self.figure, pull=0.0, words=self.words)


def turn_novelty(
    features: Mapping[str, float], model: Blend | Linear, *, relevance: float, score: float, cut: float
) -> tuple[Turn, ...]:
    """For a verdict with this score: what would have put it on the other side of the cut."""
    logit = logit_of(score / relevance) if relevance else logit_of(0.0)

    def figure(moved: float) -> float:
        return round(probability(logit - moved) * relevance, 4)

    least = "it would be told from a score of {needed:.2f} on and has {figure:.2f}"
    most = "it is told from a score of {needed:.2f} on and has {figure:.2f}"
    told = score >= cut
    start = _stands("new", score, cut, most if told else least)
    outcome = (
        ("it would be told", "it would still not be told") if not told else ("it would not", "it would still be told")
    )
    pulls = summed(model.pulls(features), NOVELTY)
    return (start, *_taken_away("new", NOVELTY, pulls, cut=cut, above=told, figure=figure, outcome=outcome))


def turn_relevance(
    features: Mapping[str, float], model: Blend | Linear, *, relevance: float, cut: float, termed: bool
) -> tuple[Turn, ...]:
    """For an article that is not about the story: what would have made it so. `termed`: has the user given words?"""
    logit = logit_of(relevance)

    def figure(moved: float) -> float:
        return round(probability(logit - moved), 4)

    start = _stands("about", relevance, cut, "it would be about the story from {needed:.2f} on and has {figure:.2f}")
    outcome = ("it would be about the story", "it would still not be about the story")
    pulls = summed(model.pulls(features), RELEVANCE)
    turns = (start, *_taken_away("about", RELEVANCE, pulls, cut=cut, above=False, figure=figure, outcome=outcome))
    if not termed or features["terms"]:
        return turns
    gain = model.logit({**features, "terms": 1.0}) - model.logit(features)
    return (*turns, _with_a_term(figure(-gain), gain, cut))


def _stands(question: str, figure: float, cut: float, words: str) -> Turn:
    return Turn(
        question=question,
        without=(),
        pull=0.0,
        figure=figure,
        needed=round(cut, 4),
        turns=False,
        words=words.format(needed=cut, figure=figure),
    )


def _taken_away(
    question: str,
    evidence: Sequence[Evidence],
    pulls: Mapping[str, float],
    *,
    cut: float,
    above: bool,
    figure: Callable[[float], float],
    outcome: tuple[str, str],
) -> tuple[Turn, ...]:
    """The strongest evidence as usual; where that does not turn it, the fewest pieces that together do."""
    way = 1 if above else -1
    ranked = sorted(
        (one for one in evidence if way * pulls[one.name] >= FAINT), key=lambda one: (-way * pulls[one.name], one.name)
    )
    turns: list[Turn] = []
    taken: list[Evidence] = []
    for one in ranked[:MOST]:
        taken.append(one)
        pull = sum(pulls[each.name] for each in taken)
        after = figure(pull)
        turned = (after < cut) if above else (after >= cut)
        if len(taken) > 1 and not turned:
            continue
        words = _words(taken, pull, after, above=above, outcome=outcome[0] if turned else outcome[1])
        names = tuple(each.name for each in taken)
        turns.append(
            Turn(
                question=question,
                without=names,
                pull=round(pull, 4),
                figure=after,
                needed=round(cut, 4),
                turns=turned,
                words=words,
            )
        )
        if turned:
            break
    return tuple(turns)


def _words(taken: Sequence[Evidence], pull: float, after: float, *, above: bool, outcome: str) -> str:
    subjects = " and ".join(one.words.partition(": {")[0] for one in taken)
    side = "for" if above else "against"
    start = (
        f"strongest {side} it: {subjects} ({pull:+.1f}); were that"
        if len(taken) == 1
        else f"were {subjects} ({pull:+.1f})"
    )
    return f"{start} as usual, it would have {after:.2f}: {outcome}"


def _with_a_term(after: float, gain: float, cut: float) -> Turn:
    turned = after >= cut
    made = "would have made it about the story" if turned else "would not have made it about the story"
    return Turn(
        question="about",
        without=("terms",),
        pull=round(-gain, 4),
        figure=after,
        needed=round(cut, 4),
        turns=turned,
        words=f"one of your words in it {made}, with {after:.2f}",
    )
