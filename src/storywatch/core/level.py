"""The level of a story: how far its cut lies from the usual one, and how seldom anything is about it.

Cuts that fit one story are wrong for the next.

A story whose best scores are high, since its texts are long or its outlets loud, needs a higher cut than one that is told in
two lines. The shift is a share of the distance of its high scores from what is usual, and grows with the articles
behind it, so that a young story has the usual cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from storywatch.core.weights import logit_of

if TYPE_CHECKING:
    from collections.abc import Sequence

FLOW = 500  # the last articles judged, of which a watch's base rate is taken
PROBABLE = 0.5  # from this chance on an article counts as about the story
DOUBTED = 20  # articles for which the usual rate stands at first
RARE = 0.75  # of the usual share: down to it a rate says nothing
TRUSTED = 0.9  # of the shift that the rate itself would ask for, where only two lines of an article are known
TRUSTED_READ = 0.3  # of that for an article that was read: it says enough to stand out after months of other news
RAREST = 0.002  # beyond it nothing is learnt from so few

HIGH = 0.9  # the quantile of a story's scores that is compared
REACH = 0.3  # of the distance; more follows the noise of single stories
PATIENCE = 30  # articles after which half of it counts
LAST = 200  # articles that are looked at
FAINTEST = 0.005  # a lower score says no more


def shift_of(scores: Sequence[float], usual: float | None) -> float:
    """By how much the cut moves, in log-odds, after these scores (the oldest first); `usual` is what `height_of` usually is.

    0 where nothing is known. Scores of 0, which copies have, are left out.
    """
    counted = [score for score in scores if score > 0][-LAST:]
    if usual is None or not counted:
        return 0.0
    count = len(counted)
    return round(REACH * (height_of(counted) - usual) * count / (count + PATIENCE), 4)


def probably_about(relevance: float) -> bool:
    """Does an article of this chance count, for its watch's base rate, as about the story?"""
    return relevance >= PROBABLE


def rate_shift(flow: Sequence[bool], usual: float | None, *, read: bool) -> float:
    """What a watch's base rate adds to the log-odds that an article is about its story; never more than 0.

    `flow` says of the last articles judged whether they were probably about it, `usual` is the least share that the weights were
    learnt with: down to three quarters of it a rate says nothing. Beyond, posterior odds go with the prior ones (Saerens, Latinne and
    Decaestecker 2002). Not the whole of the shift is taken, since what is rejected in the feeds of a whole country is
    less like the story than what the weights were taught to reject; least of it where the article was `read`, and not
    only its two lines in a feed. 0 where nothing is known.
    """
    if usual is None:
        return 0.0
    rate = (sum(flow) + DOUBTED * usual) / (len(flow) + DOUBTED)
    trusted = TRUSTED_READ if read else TRUSTED
    return round(min(0.0, trusted * (logit_of(max(RAREST, rate)) - logit_of(RARE * usual))), 4)


def height_of(scores: Sequence[float]) -> float:
    """How high the scores of a story go, in log-odds."""
    return float(np.quantile([logit_of(max(FAINTEST, min(1 - FAINTEST, score))) for score in scores], HIGH))
