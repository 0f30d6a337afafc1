"""The stories in memory: those asked for last, as many as there is room for. What is put out is read anew when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storywatch.core.model import WatchId
from storywatch.core.story import Story

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_STORIES = 200
MOST_ARTICLES = 30_000  # that they remember, all together; each takes about 0.3 MB


class Stories(dict[WatchId, Story]):
    """By watch; the one asked for longest ago comes first.

    Nothing is put out by itself: who judges holds a story from when it is read until what was judged of it is stored.
    """

    def __init__(self, *, most: int = MOST_STORIES, most_articles: int = MOST_ARTICLES) -> None:
        super().__init__()
        self.most, self.most_articles = most, most_articles

    def __getitem__(self, watch: WatchId) -> Story:
        story = self.pop(watch)
        super().__setitem__(watch, story)
        return story

    def __setitem__(self, watch: WatchId, story: Story) -> None:
        self.pop(watch, None)
        super().__setitem__(watch, story)

    def put_out(self) -> list[WatchId]:
        """Make room, from the one asked for longest ago on; the last one stays, however large."""
        return list(self._put_out())

    def _put_out(self) -> Iterator[WatchId]:
        articles = sum(len(story.known) for story in self.values())
        for watch in list(self)[:-1]:
            if len(self) <= self.most and articles <= self.most_articles:
                return
            articles -= len(self.pop(watch).known)
            yield watch
