"""Which of several developments a message names where there is no room for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storywatch.core.model import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storywatch.core.model import Gist


def weightiest(gists: Sequence[Gist], most: int) -> list[Gist]:
    """At most so many, in their order: of those that are too many the minor ones go first, from the end."""
    places = sorted(range(len(gists)), key=lambda place: gists[place].development.severity is not Severity.MAJOR)
    return [gists[place] for place in sorted(places[:most])]
