"""What the desk took back is shown as such, whoever said it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from newsdesk import NOW, Sleeper, fill

from storywatch.core.corrections import plan_correction
from storywatch.core.model import FeedbackKind, WatchId
from storywatch.store.feedback import Feedback
from storywatch.store.views import Views

if TYPE_CHECKING:
    from newsdesk import Newsdesk


def test_a_withdrawn_development_says_so_on_the_timeline(newsdesk: Newsdesk) -> None:
    """With the words of the desk, as text; the others say nothing of the kind."""
    fill(newsdesk)
    watch = WatchId("harbour-strike")
    feedback = Feedback(newsdesk.database, Sleeper())
    before = newsdesk.ask("/stories/harbour-strike").text
    [last, *_] = Views(newsdesk.database).timeline(watch)
    case = feedback.find_case(watch, last.reports[0].url)
    said = plan_correction(case, FeedbackKind.WRONG, now=NOW, by="<b>Ana</b>")
    feedback.record_feedback(case, said, encoder="enc")
    page = newsdesk.ask("/stories/harbour-strike").text
    assert "Withdrawn" not in before
    assert page.count("Withdrawn") == 1
    assert "(&lt;b&gt;Ana&lt;/b&gt;): wrong" in page
