from __future__ import annotations

from storywatch.core.model import WatchId
from storywatch.core.vectors import Stale, in_words


def a_stale(**changes: object) -> Stale:
    values = {"watch": WatchId("harbour-strike"), "articles": 2, "texts": 700, "means": 1, "encoders": ("old",)}
    return Stale(**{**values, **changes})  # type: ignore[arg-type]


def test_a_story_is_stale_as_long_as_anything_of_it_is() -> None:
    """Articles or means: without either, nothing is left to do."""
    assert a_stale(means=0)
    assert a_stale(articles=0)
    assert not a_stale(articles=0, means=0)


def test_several_stories_and_encoders_are_told_together() -> None:
    """How much there is in all, whose it is, and the command."""
    told = in_words([a_stale(), a_stale(watch=WatchId("ferry"), encoders=("older", "old"))], "new")
    assert told.startswith(
        "the vectors of 2 stories (1,400 texts) were made by old, older, and the configured encoder is new"
    )
    assert "`storywatch reencode`" in told
