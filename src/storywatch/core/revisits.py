"""When to look again at an article's page, and what became of it: nothing, mere wording, another version, or gone.

How two versions are compared is in `core.versions`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from storywatch.core.ids import digest
from storywatch.core.model import NotModified, PageState, Validators
from storywatch.core.urls import url_key
from storywatch.core.versions import Change, Version, means, said_of, sentences_by_key, what_changed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from storywatch.core.model import Article, ArticleId, Entry, FeedId, Page

# How old the article is, and how long to wait then. Older ones are left alone.
SCHEDULE = (
    (timedelta(hours=3), timedelta(minutes=15)),
    (timedelta(days=1), timedelta(hours=1)),
    (timedelta(days=7), timedelta(hours=3)),
    (timedelta(days=30), timedelta(days=3)),
)
JITTER = 0.1  # of the wait, at most, later
MOST_FAILURES = 6  # in a row, that make the wait longer; each doubles it
LONGEST_WAIT = timedelta(days=3)
NOBODY_WAIT = timedelta(days=1)  # no watch follows the feed at present
GONE_STATUS = frozenset({404, 410})

AFRESH_EVERY = 6  # visits one is made without validators: some servers say "not modified" of what was

LONGEST_SENTENCE = 700  # of what is kept of a note

LEAST_LEFT = 0.5  # of the text; what is shorter is looked at a second time before it is believed

NONE = Validators()
SUSPECT = "less than half of the text was left: it waits for a second look"
GONE_ONCE = "the page was gone: it waits for a second look"
WITHDRAWN = "withdrawn: the page is gone"
NOBODY = "no watch follows this feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A claimed visit to the page of an article, ours until its lease runs out."""

    id: int
    lease: str
    entry: Entry  # under which the article came last; its own lease is nobody's
    feeds: frozenset[FeedId]  # that listed a version of it: who follows one of them hears of the next
    url: str
    url_key: str
    article: ArticleId  # the version that is known
    title: str
    state: PageState
    versions: tuple[Version, ...]  # that were judged, the known one last
    raw_hash: str | None
    validators: Validators = NONE  # to ask with: none where the whole page is wanted
    first_at: datetime
    failures: int = 0
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A page came. `before`: what the same reader makes of the bytes of the known version; None: they are not kept."""

    page: Page
    before: Page | None
    validators: Validators = NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """No page came. `forbidden`: and none will, since it may not be asked for."""

    reason: str
    status: int | None = None
    forbidden: bool = False
    retry_after: timedelta | None = None


class VisitOutcome(StrEnum):
    """What came of a visit."""

    UNCHANGED = "unchanged"  # not modified, or the very same bytes
    NOISE = "noise"  # nothing that has a meaning
    FLIP = "flip"  # a version that was there before
    EDITED = "edited"  # another version, to be judged
    SUSPECT = "suspect"  # waits for a second look
    REFUSED = "refused"  # a wall, a teaser or another page came instead
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class AmendmentKind(StrEnum):
    """How an outlet comes back to what it reported."""

    CORRECTION = "correction"
    RETRACTION = "retraction"  # it says that it takes it back
    GONE = "gone"  # the page is not there any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """An outlet comes back to what it reported, as a later visit found it. `sentence` is how it says so."""

    kind: AmendmentKind
    url: str
    sentence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitPlan:
    """What a visit changes of its row. `next_at` None: no more visits. `validators` None: keep the old ones."""

    outcome: VisitOutcome
    visited_at: datetime
    next_at: datetime | None
    failures: int = 0
    note: str | None = None
    validators: Validators | None = None
    changes: tuple[Change, ...] = ()
    title: str = ""  # of the new version, where there is one
    amendment: Amendment | None = None


# --------------------------------------------------------------------------- when


def first_at(article: Article) -> datetime:
    """From when on an article's age is counted: its publication, as far as that can be believed, else when it was seen."""
    published_at = article.published_at
    return article.seen_at if published_at is None else min(published_at, article.seen_at)


def plan_next(mark: str, since: datetime, *, now: datetime, failures: int = 0) -> datetime | None:
    """When to look at a page again that is known since then; None: no more. `mark` spreads the visits."""
    wait = next((wait for age, wait in SCHEDULE if now - since < age), None)
    if wait is None:
        return None
    if failures:
        wait = max(wait, min(LONGEST_WAIT, wait * 2 ** min(failures, MOST_FAILURES)))
    share = int(digest("visit", mark, now.isoformat())[-8:], 16) / 0xFFFFFFFF
    return now + wait * (1 + JITTER * share)


def plan_unfollowed(visit: Visit, *, now: datetime) -> VisitPlan:
    """No watch follows the feed for now: nothing is asked, and a day later it is looked at who does."""
    going_on = plan_next(visit.url_key, visit.first_at, now=now) is not None
    return VisitPlan(
        outcome=VisitOutcome.UNCHANGED,
        visited_at=now,
        next_at=now + NOBODY_WAIT if going_on else None,
        failures=visit.failures,
        note=NOBODY,
    )


# --------------------------------------------------------------------------- what


def plan_revisit(visit: Visit, answer: Seen | NotModified | Unseen, *, now: datetime) -> VisitPlan:
    """What a visit found, what follows for the next, and whether there is a version to be judged."""
    if isinstance(answer, Unseen):
        return _plan_unseen(visit, answer, now)
    soon = plan_next(visit.url_key, visit.first_at, now=now)
    plan = VisitPlan(outcome=VisitOutcome.UNCHANGED, visited_at=now, next_at=soon, validators=answer.validators)
    if isinstance(answer, NotModified):
        said = answer.validators if answer.validators != Validators() else None
        is_back = visit.note is not None and visit.note.startswith(GONE_ONCE)
        return replace(plan, validators=said, note=None if is_back else visit.note)
    if answer.page.raw_hash is not None and answer.page.raw_hash == visit.raw_hash:
        return plan
    if answer.page.state is PageState.GONE:
        return _plan_gone(visit, "another page came instead", now)
    return _plan_seen(visit, answer, plan)


def _plan_unseen(visit: Visit, answer: Unseen, now: datetime) -> VisitPlan:
    if answer.status in GONE_STATUS:
        return _plan_gone(visit, str(answer.status), now)
    if answer.status is None and answer.retry_after is not None and not answer.forbidden:
        return _plan_unasked(visit, answer.retry_after, now)
    failures = visit.failures + 1
    next_at = None if answer.forbidden else plan_next(visit.url_key, visit.first_at, now=now, failures=failures)
    if next_at is not None and answer.retry_after is not None:
        next_at = max(next_at, now + answer.retry_after)
    return VisitPlan(
        outcome=VisitOutcome.FAILED, visited_at=now, next_at=next_at, failures=failures, note=answer.reason
    )


def _plan_unasked(visit: Visit, wait: timedelta, now: datetime) -> VisitPlan:
    """The site has a queue, or wants a rest: that says nothing of the page, which is asked when its turn comes."""
    going_on = plan_next(visit.url_key, visit.first_at, now=now) is not None
    return VisitPlan(
        outcome=VisitOutcome.FAILED,
        visited_at=now,
        next_at=now + wait if going_on else None,
        failures=visit.failures,
        note=visit.note,
    )


def _plan_gone(visit: Visit, why: str, now: datetime) -> VisitPlan:
    """Once may be a mishap of the site; twice is an end."""
    if visit.note and visit.note.startswith(GONE_ONCE):
        return VisitPlan(
            outcome=VisitOutcome.WITHDRAWN,
            visited_at=now,
            next_at=None,
            note=f"{WITHDRAWN} ({why})",
            failures=2,
            amendment=Amendment(kind=AmendmentKind.GONE, url=visit.url),
        )
    again = plan_next(visit.url_key, visit.first_at, now=now)
    return VisitPlan(
        outcome=VisitOutcome.SUSPECT, visited_at=now, next_at=again, failures=1, note=f"{GONE_ONCE} ({why})"
    )


def _plan_seen(visit: Visit, answer: Seen, plan: VisitPlan) -> VisitPlan:
    page, known = answer.page, answer.before
    before = Version(title=known.title, paragraphs=known.paragraphs) if known else visit.versions[-1]
    refusal = _refusal(visit, page, before)
    if refusal is not None:
        return replace(plan, outcome=VisitOutcome.REFUSED, note=refusal, validators=None)
    after = Version(title=page.title, paragraphs=page.paragraphs)
    live = PageState.LIVE in {page.state, visit.state}
    changes = what_changed(
        before,
        after,
        titles=known is not None,
        live=live,
        correction=page.correction,
        corrected=known.correction if known else None,
    )
    if not means(changes):
        return replace(plan, outcome=VisitOutcome.NOISE, changes=changes)
    if not live and _length(after) < LEAST_LEFT * _length(before) and visit.note != SUSPECT:
        # Its validators must not come back: "not modified" would be said of the half text.
        return replace(plan, outcome=VisitOutcome.SUSPECT, note=SUSPECT, validators=Validators())
    title = page.title if Change.TITLE in changes else visit.title
    if any(_is_old(version, after, title, live=live) for version in visit.versions):
        return replace(plan, outcome=VisitOutcome.FLIP, changes=changes, note="a version that was there before")
    return replace(
        plan,
        outcome=VisitOutcome.EDITED,
        changes=changes,
        note=", ".join(changes),
        title=title,
        next_at=plan.next_at,
        amendment=amendment_of(changes, before, after, url=page.url, correction=page.correction),
    )


def amendment_of(
    changes: Iterable[Change], before: Version, after: Version, *, url: str, correction: str | None
) -> Amendment | None:
    """What an outlet says of its own report in a new version; that it takes it back says more than that it corrects it."""
    for change, kind in (
        (Change.RETRACTION, AmendmentKind.RETRACTION),
        (Change.CORRECTION, AmendmentKind.CORRECTION),
    ):
        if change in changes:
            sentence = said_of(change, before, after, correction=correction)
            return Amendment(kind=kind, url=url, sentence=sentence and sentence[:LONGEST_SENTENCE])
    return None


def _refusal(visit: Visit, page: Page, before: Version) -> str | None:
    """Why what came can't be another version of the article; None: it can."""
    if page.state.is_unread:
        return f"a page of the state {page.state} came instead"
    whole = {PageState.READ, PageState.LIVE}
    if visit.state in whole and page.state not in whole:
        return "only a part of the text came"
    if _is_garbled(page, before):
        return "the text came with broken letters"
    elsewhere = url_key(page.url) != url_key(visit.url) and url_key(page.canonical_url or "") != visit.url_key
    if elsewhere and not sentences_by_key(before.paragraphs).keys() & sentences_by_key(page.paragraphs).keys():
        return f"the address leads to another page now, {page.url[:200]}"
    return None


def _is_garbled(page: Page, before: Version) -> bool:
    """Was it decoded wrongly? A charset that a server forgot to name is no news."""
    broken = sum(paragraph.count("\ufffd") for paragraph in page.paragraphs)
    return broken > sum(paragraph.count("\ufffd") for paragraph in before.paragraphs)


def _length(version: Version) -> int:
    return sum(map(len, version.paragraphs))


def _is_old(version: Version, after: Version, title: str, *, live: bool) -> bool:
    changes = what_changed(version, replace(after, title=title), titles=True, live=live)
    return not means(changes)
