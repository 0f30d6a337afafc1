from __future__ import annotations

import io
from typing import Any

from storywatch.core.model import Listing
from storywatch.parse.worker import READY, RESULT, UNREADABLE, frame, load_tasks, receive, serve

URL = "https://harbor-times.example/"


def answers_to(*requests: tuple[str, dict[str, Any]]) -> list[Any]:
    said, counted = io.BytesIO(), []
    serve(io.BytesIO(b"".join(map(frame, requests))), said, load_tasks(), before_each=lambda: counted.append(1))
    said.seek(0)
    assert len(counted) == len(requests)
    return list(iter(lambda: receive(said), None))


def test_each_request_has_its_answer() -> None:
    """After the word that the process is ready; a task that fails is answered too."""
    feed = {"body": b"<rss version='2.0'><channel></channel></rss>", "url": URL}
    ready, listing, refused = answers_to(("feed", feed), ("page", {"body": b"", "url": URL}))
    assert ready == (READY, None)
    assert listing[0] == RESULT
    assert isinstance(listing[1], Listing)
    assert refused == (UNREADABLE, "no article text was found on the page")


def test_a_pipe_that_ends_in_the_middle_is_the_end() -> None:
    """The parent is gone: nothing is left to be done."""
    assert receive(io.BytesIO(frame("x")[:4])) is None
    assert receive(io.BytesIO()) is None
