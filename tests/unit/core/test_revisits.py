"""When a page is looked at again, and what follows from what is found there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from builders import NOON, an_article, an_entry

from storywatch.core.model import ArticleId, NotModified, Page, PageState, Validators
from storywatch.core.revisits import (
    GONE_ONCE,
    SUSPECT,
    Seen,
    Unseen,
    Visit,
    VisitOutcome,
    VisitPlan,
    first_at,
    plan_next,
    plan_revisit,
    plan_unfollowed,
)
from storywatch.core.versions import Change, Version

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
URL = "https://harbor-times.example/1"
KEY = "http://harbor-times.example/1"
TEXT = (
    "The harbour reopened on Monday after nine days.",
    "Forty ships are waiting at anchor off the town.",
    "The union called the end of the strike a victory.",
)
TAGS = Validators(etag='"2"')


def a_visit(**changes: Any) -> Visit:
    title = changes.pop("title", "Harbour reopens")
    values = {
        "id": 1,
        "lease": "a-lease",
        "entry": an_entry(),
        "feeds": frozenset({an_entry().feed}),
        "url": URL,
        "url_key": KEY,
        "article": ArticleId("art_1"),
        "title": title,
        "state": PageState.READ,
        "versions": (Version(title=title, paragraphs=TEXT),),
        "raw_hash": "1",
        "first_at": NOON,
        **changes,
    }
    return Visit(**values)


def a_page(*paragraphs: str, **changes: Any) -> Page:
    values = {
        "state": PageState.READ,
        "url": URL,
        "title": "Harbour reopens",
        "paragraphs": paragraphs or TEXT,
        "raw_hash": "2",
    }
    return Page(**{**values, **changes})


def plan(
    answer: Seen | NotModified | Unseen | Page, visit: Visit | None = None, before: Page | None = None
) -> VisitPlan:
    if isinstance(answer, Page):
        answer = Seen(page=answer, before=before or a_page(raw_hash="1"), validators=TAGS)
    return plan_revisit(visit or a_visit(), answer, now=NOON + HOUR)


@pytest.mark.parametrize(
    ("age", "wait"),
    [
        (0 * MINUTE, 15 * MINUTE), (2 * HOUR, 15 * MINUTE), (3 * HOUR, HOUR), (23 * HOUR, HOUR), (DAY, 3 * HOUR), (7 * DAY, 3 * DAY),
        (29 * DAY, 3 * DAY),
    ],
)  # fmt: skip
def test_visits_thin_out_with_age(age: timedelta, wait: timedelta) -> None:
    """And are a tenth later at most, so that what came together does not come back together."""
    now = NOON + age
    next_at = plan_next("a", NOON, now=now)
    assert next_at is not None
    assert wait <= next_at - now <= wait * 1.1
    assert next_at != plan_next("b", NOON, now=now)
    assert next_at == plan_next("a", NOON, now=now)


def test_after_a_month_a_page_is_left_alone() -> None:
    """Whatever was found last."""
    assert plan_next("a", NOON, now=NOON + 30 * DAY) is None
    assert plan_unfollowed(a_visit(), now=NOON + 30 * DAY).next_at is None


def test_age_counts_from_publication_as_far_as_it_can_be_believed() -> None:
    """A date yet to come is none; neither is a missing one."""
    assert first_at(an_article(published_at=NOON - HOUR, seen_at=NOON)) == NOON - HOUR
    assert first_at(an_article(published_at=NOON + HOUR, seen_at=NOON)) == NOON
    assert first_at(an_article(published_at=None, seen_at=NOON)) == NOON


def test_failures_make_the_wait_longer_and_never_endless() -> None:
    """Twice as long each time, three days at most; and never shorter than the server wishes."""
    waits = []
    for failures in (0, 1, 3, 30):
        found = plan(Unseen(reason="503"), a_visit(failures=failures))
        assert found.next_at is not None
        waits.append((found.next_at - NOON - HOUR) / MINUTE)
    assert [round(wait / 15) for wait in waits][:3] in ([2, 4, 16], [2, 4, 17], [2, 4, 18])
    assert waits[3] <= 3 * 24 * 60 * 1.1
    wish = plan(Unseen(reason="429", status=429, retry_after=DAY))
    assert wish.next_at == NOON + HOUR + DAY


def test_not_modified_keeps_what_was_known() -> None:
    """The note of the last visit too; validators only if there are new ones."""
    same = plan(NotModified(), a_visit(note="number changed"))
    assert (same.outcome, same.note, same.validators) == (VisitOutcome.UNCHANGED, "number changed", None)
    assert plan(NotModified(validators=TAGS)).validators == TAGS


def test_another_text_is_an_edit() -> None:
    """With its kinds, and the page's title only where that changed too."""
    found = plan(a_page(*TEXT, "Two crane drivers were hurt when work began."))
    assert (found.outcome, found.changes, found.title) == (VisitOutcome.EDITED, (Change.ADDED,), "Harbour reopens")
    assert (found.note, found.validators) == ("sentence added", TAGS)
    retitled = plan(a_page(title="Union leader resigns in Sandvik"), a_visit(title="The feed's own title"))
    assert (retitled.changes, retitled.title) == ((Change.TITLE,), "Union leader resigns in Sandvik")


def test_a_correction_note_is_an_edit() -> None:
    """Also where it is all that the page has more."""
    found = plan(a_page(correction="Correction: it was eight days."))
    assert found.changes == (Change.CORRECTION,)


def test_a_page_that_can_not_be_compared_with_its_bytes_is_with_its_text() -> None:
    """Its title is then not compared: the known one is the feed's."""
    seen = Seen(page=a_page(title="As the page has it"), before=None, validators=TAGS)
    assert plan(seen).outcome is VisitOutcome.NOISE
    assert plan(a_page(raw_hash="1")).outcome is VisitOutcome.UNCHANGED


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (a_page(state=PageState.CONSENT), "consent"),
        (a_page(state=PageState.PARTIAL), "a part"),
        (a_page(state=PageState.MEDIA), "a part"),
        (a_page("The harbour re\ufffdpened on Monday.", "Forty ships."), "broken letters"),
        (
            a_page("Subscribe to read all our articles about the town.", url="https://harbor-times.example/offers"),
            "another page",
        ),
    ],
)
def test_what_is_no_version_changes_nothing(page: Page, why: str) -> None:
    """And its validators are not kept: "not modified" would be said of it."""
    found = plan(page)
    assert found.outcome is VisitOutcome.REFUSED
    assert why in (found.note or "")
    assert found.validators is None


def test_a_moved_article_is_still_the_article() -> None:
    """If its page says so, or some of its sentences are there."""
    moved = "https://harbor-times.example/2026/1"
    assert plan(a_page("All of it was written anew.", url=moved, canonical_url=URL)).outcome is not VisitOutcome.REFUSED
    assert plan(a_page(*TEXT, "One ship has sunk off the town.", url=moved)).outcome is VisitOutcome.EDITED


def test_a_teaser_that_becomes_whole_is_an_edit() -> None:
    """Only a whole text is protected from a part of it."""
    teaser = a_page(TEXT[0], state=PageState.PARTIAL, raw_hash="1")
    visit = a_visit(state=PageState.PARTIAL, versions=(Version(title="Harbour reopens", paragraphs=TEXT[:1]),))
    assert plan(a_page(), visit, teaser).outcome is VisitOutcome.EDITED


def test_a_text_that_shrinks_is_looked_at_twice() -> None:
    """The first time it waits, with no validators, so that the second look sees it whole."""
    short = a_page("The harbour reopened on Sunday after nine days.")
    first = plan(short)
    assert (first.outcome, first.note, first.validators) == (VisitOutcome.SUSPECT, SUSPECT, Validators())
    assert plan(short, a_visit(note=SUSPECT)).outcome is VisitOutcome.EDITED


def test_live_blogs_may_shrink() -> None:
    """Old entries make room for new ones."""
    found = plan(
        a_page("Ten ships have left the harbour since noon.", state=PageState.LIVE), a_visit(state=PageState.LIVE)
    )
    assert (found.outcome, found.changes) == (VisitOutcome.EDITED, (Change.ADDED,))


def test_a_version_that_was_there_before_is_no_event() -> None:
    """Its text and its title are those of an earlier one."""
    edited = (*TEXT, "Two crane drivers were hurt when work began.")
    visit = a_visit(
        versions=(
            Version(title="Harbour reopens", paragraphs=TEXT),
            Version(title="Harbour reopens", paragraphs=edited),
        )
    )
    assert plan(a_page(), visit, a_page(*edited, raw_hash="1")).outcome is VisitOutcome.FLIP


@pytest.mark.parametrize(
    "answer", [Unseen(reason="410", status=410), Unseen(reason="404", status=404), a_page(state=PageState.GONE)]
)
def test_gone_twice_is_withdrawn(answer: Unseen | Page) -> None:
    """Once it waits; and what came between ends the suspicion."""
    once = plan(answer)
    assert once.outcome is VisitOutcome.SUSPECT
    assert (once.note or "").startswith(GONE_ONCE)
    assert once.next_at is not None
    twice = plan(answer, a_visit(note=once.note))
    assert (twice.outcome, twice.next_at) == (VisitOutcome.WITHDRAWN, None)
    assert plan(a_page(), a_visit(note=once.note)).note is None


def test_who_was_not_asked_has_not_failed() -> None:
    """The site has a queue, or wants a rest: the visit waits for its turn, and what was known of the page stays known."""
    visit = a_visit(failures=1, note=f"{GONE_ONCE} (404)")
    found = plan(Unseen(reason="the site is being asked already", retry_after=3 * MINUTE), visit)
    assert (found.outcome, found.next_at) == (VisitOutcome.FAILED, NOON + HOUR + 3 * MINUTE)
    assert (found.failures, found.note) == (1, visit.note)
    old = a_visit(first_at=NOON - 31 * DAY)
    assert plan(Unseen(reason="the site is being asked already", retry_after=3 * MINUTE), old).next_at is None


def test_a_page_that_answers_not_modified_is_there() -> None:
    """It was gone once, and is no longer suspected: the next mishap is a first one again."""
    visit = a_visit(failures=1, note=f"{GONE_ONCE} (404)")
    assert plan(NotModified(), visit).note is None
    assert plan(NotModified(), a_visit(note=SUSPECT)).note == SUSPECT


def test_what_may_not_be_asked_for_is_not_asked_again() -> None:
    """The site's robots.txt says no."""
    found = plan(Unseen(reason="robots.txt does not allow /1", forbidden=True))
    assert (found.outcome, found.next_at) == (VisitOutcome.FAILED, None)
