"""What is dropped after a while, and what never is: decisions and counts go on as if nothing had been."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from builders import NOON, a_judged, a_listed, a_watch, an_article
from fakes import FakeClock
from sqlalchemy import select

from storywatch.core.corrections import plan_correction
from storywatch.core.level import FLOW
from storywatch.core.model import EntryState, FeedbackKind, Label, WatchId
from storywatch.core.retention import Mark, Retention
from storywatch.forgetting import Forgetting
from storywatch.store.feedback import Feedback
from storywatch.store.packing import pack_paragraphs
from storywatch.store.retention import ARTICLES_AT_ONCE, Shelves
from storywatch.store.tables import article, article_address, entry, tally, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desks import Desk

    from storywatch.core.model import Article
    from storywatch.store.engine import Database

HARBOUR = WatchId("harbour-strike")
DAY = timedelta(days=1)
LONG_AGO = NOON - 500 * DAY
LIMIT = NOON - 400 * DAY


def old(number: int, **changes: object) -> Article:
    url = f"https://old.example/{number}"
    return an_article(**{"url": url, "url_key": url, "title": f"Old {number}", "seen_at": LONG_AGO, **changes})


def judge(desk: Desk, one: Article, label: Label) -> Article:
    return desk.judge(one, a_judged(one, label=label))


def newer(desk: Desk, count: int = FLOW, *, seen_at: object = NOON) -> None:
    """So many articles about nothing, judged after all others, straight into the tables."""
    with desk.database.write() as connection:
        first = (connection.execute(select(article.c.id).order_by(article.c.id.desc()).limit(1)).scalar() or 0) + 1
        model = dict(connection.execute(select(article).limit(1)).mappings().one())
        judged = dict(connection.execute(select(verdict).limit(1)).mappings().one())
        articles, verdicts = [], []
        for key in range(first, first + count):
            url = f"https://new.example/{key}"
            body = pack_paragraphs(("Nothing.",))
            articles.append(
                {**model, "id": key, "uid": f"new-{key}", "url": url, "url_key": url, "seen_at": seen_at, "body": body}
            )
            plain = {"label": Label.OFF_TOPIC, "relevance": 0.1, "about": False, "development": None}
            verdicts.append({**judged, "id": None, "article_id": key, **plain})
        for row in verdicts:
            del row["id"]
        connection.execute(desk.database.insert(article), articles)
        connection.execute(desk.database.insert(verdict), verdicts)


def drop_all(database: Database, *, articles: object = LIMIT) -> int:
    shelves = Shelves(database)
    mark: Mark | None = Mark()
    dropped = 0
    floors = shelves.load_floors()
    while mark is not None:
        stretch = shelves.drop_articles(mark, before=articles, floors=floors)  # type: ignore[arg-type]
        dropped, mark = dropped + stretch.dropped, stretch.mark
    return dropped


def drop_entries(database: Database, *, before: object) -> int:
    shelves = Shelves(database)
    mark: Mark | None = Mark()
    dropped = 0
    while mark is not None:
        stretch = shelves.drop_entries(mark, before=before)  # type: ignore[arg-type]
        dropped, mark = dropped + stretch.dropped, stretch.mark
    return dropped


def count(database: Database, table: object) -> int:
    with database.read() as connection:
        return len(connection.execute(select(table)).all())  # type: ignore[call-overload]


@pytest.fixture
def watched(desk: Desk) -> Desk:
    desk.judgements.sync_watches([a_watch()])
    return desk


def test_decisions_and_counts_stay_as_they_are(watched: Desk) -> None:
    """What is about no story goes with its verdict and address; what a story knows, its base rate, its timeline and its counts stay."""
    desk = watched
    about = [
        judge(desk, old(1), Label.DEVELOPMENT),
        judge(desk, old(2), Label.REPEAT),
        judge(desk, old(3), Label.POSSIBLE),
    ]
    nothing = judge(desk, old(4), Label.OFF_TOPIC)
    newer(desk)

    def known() -> tuple[str, ...]:
        views = desk.views
        memory = desk.judgements.load_story(HARBOUR, encoder="enc")
        told = (views.stories(), views.timeline(), [views.explain(one.id) for one in about], views.deliveries())
        return (repr(memory), *map(repr, told))

    before = known()
    addresses = count(desk.database, article_address)
    assert desk.views.explain(nothing.id).articles
    assert drop_all(desk.database) == 1
    assert known() == before
    assert not desk.views.explain(nothing.id).articles
    assert count(desk.database, article_address) == addresses - len(nothing.addresses)
    assert drop_all(desk.database) == 0


def test_the_verdicts_that_make_the_base_rate_are_kept(watched: Desk) -> None:
    """A quiet watch may have judged its last five hundred articles over years."""
    judge(watched, old(1), Label.OFF_TOPIC)
    newer(watched, FLOW - 1)
    assert drop_all(watched.database) == 0
    newer(watched, 1)
    assert drop_all(watched.database) == 1


def test_an_article_of_a_watch_that_nobody_knows_is_kept(desk: Desk) -> None:
    """Where it is not known from which verdicts a base rate is taken, none goes."""
    judge(desk, old(1), Label.OFF_TOPIC)
    newer(desk)
    assert drop_all(desk.database) == 0


def test_versions_are_kept_together_and_what_the_desk_has_spoken_of(watched: Desk) -> None:
    """A version is compared with the others; a verdict that was corrected teaches."""
    desk = watched
    judge(desk, old(1), Label.OFF_TOPIC)
    judge(desk, old(1, paragraphs=("Another version.",), id="art_other"), Label.REPEAT)
    spoken = judge(desk, old(2), Label.OFF_TOPIC)
    judge(desk, old(3), Label.OFF_TOPIC)
    judge(desk, old(3, paragraphs=("Of today.",), id="art_today", seen_at=NOON), Label.OFF_TOPIC)
    feedback = Feedback(desk.database, desk.waker)
    case = feedback.find_case(HARBOUR, spoken.id)
    feedback.record_feedback(case, plan_correction(case, FeedbackKind.NEW, off_topic=False, now=NOON), encoder="enc")
    feedback.undo_feedback(feedback.find_case(HARBOUR, spoken.id), now=NOON)
    newer(desk)
    assert drop_all(desk.database) == 0


def test_a_walk_goes_on_where_it_stood_or_begins_anew(watched: Desk) -> None:
    """A batch is small; whoever begins anew finds what is left, and nothing is dropped twice."""
    desk = watched
    judge(desk, old(1), Label.REPEAT)
    newer(desk, 2 * ARTICLES_AT_ONCE, seen_at=LONG_AGO + DAY)
    newer(desk)
    shelves = Shelves(desk.database)
    floors = shelves.load_floors()
    first = shelves.drop_articles(Mark(), before=LIMIT, floors=floors)
    assert first.dropped == ARTICLES_AT_ONCE - 1
    assert first.mark is not None
    second = shelves.drop_articles(first.mark, before=LIMIT, floors=floors)
    assert second.dropped == ARTICLES_AT_ONCE
    assert drop_all(desk.database) == 1


def settle(desk: Desk, at: object) -> None:
    for one in desk.entries(at):  # type: ignore[arg-type]
        desk.polls.settle_entry(one, EntryState.PASSED_OVER, note="about none")


def listed(*keys: object) -> list[object]:
    return [a_listed(str(key), title=f"The news of the number {key} of the day") for key in keys]


def test_an_entry_that_is_still_listed_is_kept_and_is_no_news(desk: Desk) -> None:
    """It may stay on a list for years; what has left the list goes, but for the newest, which are the feed's habit."""
    desk.poll(*listed(*range(30)), at=NOON)  # type: ignore[arg-type]
    settle(desk, NOON)
    year_on = NOON + 450 * DAY
    assert drop_entries(desk.database, before=year_on) == 0  # no list since: they may all be there
    desk.poll(*listed(0, *range(100, 125)), at=year_on)  # type: ignore[arg-type]
    settle(desk, year_on)
    assert drop_entries(desk.database, before=year_on - 400 * DAY) == 29
    assert drop_entries(desk.database, before=year_on - 400 * DAY) == 0
    again = desk.poll(*listed(0, 100, 101), at=year_on + DAY)  # type: ignore[arg-type]
    assert (again.new, again.known) == (0, 3)


def test_a_feed_keeps_its_habit_and_what_waits(desk: Desk) -> None:
    """The twenty newest entries tell how often news comes, however old they are; what waits is still to be read."""
    desk.poll(*listed(*range(25)), at=NOON)  # type: ignore[arg-type]
    year_on = NOON + 450 * DAY
    desk.poll(*listed(100), at=year_on)  # type: ignore[arg-type]
    assert drop_entries(desk.database, before=year_on) == 0  # all of them wait
    settle(desk, year_on)
    assert drop_entries(desk.database, before=year_on - 400 * DAY) == 6
    assert count(desk.database, entry) == 20


def test_an_entry_stays_with_its_article(watched: Desk) -> None:
    """Where the article goes, its entry goes after it; else it says from which feed the article came."""
    desk = watched
    judge(desk, old(1), Label.REPEAT)
    judge(desk, old(2), Label.OFF_TOPIC)
    newer(desk)
    year_on = NOON + 450 * DAY
    desk.poll(*listed(*range(100, 125)), at=year_on)  # type: ignore[arg-type]
    assert drop_entries(desk.database, before=year_on - 400 * DAY) == 0
    drop_all(desk.database)
    assert drop_entries(desk.database, before=year_on - 400 * DAY) == 1


def test_all_of_it_is_forgotten_step_by_step(watched: Desk) -> None:
    """One call does so many batches and says whether more is left; a change of the configuration begins the walk anew."""
    desk = watched
    judge(desk, old(1), Label.OFF_TOPIC)
    newer(desk)
    tallied = count(desk.database, tally)

    async def play() -> Iterator[bool]:
        with ThreadPoolExecutor(1) as writer:
            kept = Retention(articles=None, entries=None)
            forgetting = Forgetting(
                clock=FakeClock(NOON), shelves=Shelves(desk.database), writer=writer, retention=kept
            )
            assert await forgetting.go_on() is False
            assert desk.views.explain(old(1).id).articles
            forgetting.reconfigure(Retention())
            assert await forgetting.go_on(batches=1) is True  # where the base rates begin
            forgetting.reconfigure(replace(Retention(), entries=None))
            assert [await forgetting.go_on(batches=1) for _ in range(2)] == [True, True]
            assert not desk.views.explain(old(1).id).articles
            assert await forgetting.go_on(batches=1) is False
            forgetting.reconfigure(Retention())
            assert await forgetting.go_on() is False
        return iter(())

    asyncio.run(play())
    assert count(desk.database, tally) == tallied


def test_a_call_takes_no_longer_than_it_may_and_hears_of_another_configuration(watched: Desk) -> None:
    """On a slow disk one batch may be all of a call; a configuration that comes in the middle of one ends it."""
    desk = watched
    judge(desk, old(1), Label.OFF_TOPIC)
    newer(desk)

    async def play() -> None:
        with ThreadPoolExecutor(1) as writer:
            forgetting = Forgetting(clock=FakeClock(NOON), shelves=Shelves(desk.database), writer=writer)
            assert await forgetting.go_on(seconds=0) is True  # where the base rates begin
            assert desk.views.explain(old(1).id).articles
            going = asyncio.create_task(forgetting.go_on())
            await asyncio.sleep(0)  # it is in the middle of its first batch
            forgetting.reconfigure(Retention(articles=None, entries=None))
            assert await going is True
            assert await forgetting.go_on() is False

    asyncio.run(play())
