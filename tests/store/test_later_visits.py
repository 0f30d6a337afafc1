"""Addresses, raw pages and later visits as rows."""

from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from builders import NOON, a_judged, an_article
from desks import LEASE, RecordingWaker
from sqlalchemy import create_engine, func, select

from storywatch.core.model import (
    Address,
    AddressKind,
    ArticleId,
    EntryState,
    Label,
    PageState,
    RawPage,
    Validators,
    WatchId,
)
from storywatch.core.revisits import Visit, VisitOutcome, VisitPlan
from storywatch.core.urls import url_key
from storywatch.errors import LeaseLost
from storywatch.store import tables
from storywatch.store.addresses import url_uid
from storywatch.store.engine import open_database, release_leases
from storywatch.store.feedback import Feedback
from storywatch.store.judgements import Judgements
from storywatch.store.migrate import alembic_config
from storywatch.store.revisits import MOST_VERSIONS, Revisits

if TYPE_CHECKING:
    from desks import Desk

    from storywatch.core.model import Article

MINUTE = timedelta(minutes=1)
LATER = NOON + 20 * MINUTE
URL = "https://harbor-times.example/1"


def an_address(url: str, kind: AddressKind = AddressKind.LISTED) -> Address:
    return Address(url=url, url_key=url_key(url), kind=kind)


def a_raw(number: int = 1, **changes: Any) -> RawPage:
    values = {
        "raw_hash": f"{number:064}",
        "url": URL,
        "headers": {"etag": f'"{number}"', "last-modified": "Mon, 02 Mar 2026 12:00:00 GMT", "server": "press"},
        "body": f"<html>{number}</html>".encode() * 50,
        **changes,
    }
    return RawPage(**values)


def read(raw: RawPage | None = None, **changes: Any) -> Article:
    """An article that was read from these bytes, at its address and a longer one."""
    raw = raw or a_raw()
    addresses = (an_address(URL), an_address(f"{URL}/amp", AddressKind.AMP))
    return an_article(url_key=url_key(URL), raw=raw, raw_hash=raw.raw_hash, addresses=addresses, **changes)


def a_plan(**changes: Any) -> VisitPlan:
    return VisitPlan(**{"outcome": VisitOutcome.NOISE, "visited_at": LATER, "next_at": LATER + 15 * MINUTE, **changes})


def visits(desk: Desk, at: Any = LATER, limit: int = 10) -> list[Visit]:
    return Revisits(desk.database).claim_revisits(now=at, limit=limit, lease=LEASE)


def count(desk: Desk, table: str) -> int:
    with desk.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(getattr(tables, table))).scalar_one())


def test_an_article_about_a_story_leaves_its_bytes_and_a_visit(desk: Desk) -> None:
    """They are packed, and come back as they were, with what the server said."""
    desk.judge(read())
    revisits = Revisits(desk.database)
    assert revisits.load_raw(a_raw().raw_hash) == a_raw()
    assert revisits.load_raw("unknown") is None
    with desk.database.read() as connection:
        assert connection.execute(select(tables.raw_page.c.body)).scalar_one() == zlib.compress(a_raw().body)
    assert visits(desk, NOON + 14 * MINUTE) == []
    [visit] = visits(desk)
    assert (visit.url, visit.url_key, visit.raw_hash) == (URL, url_key(URL), a_raw().raw_hash)
    assert visit.validators == Validators(etag='"1"', last_modified="Mon, 02 Mar 2026 12:00:00 GMT")
    assert (visit.article, visit.title, visit.state) == (read().id, read().title, PageState.READ)
    assert [version.paragraphs for version in visit.versions] == [read().paragraphs]


@pytest.mark.parametrize("article", [read(), an_article()])
def test_what_is_about_nothing_or_was_not_read_leaves_neither(desk: Desk, article: Article) -> None:
    """Bytes of other people's matters are not kept."""
    label = Label.OFF_TOPIC if article.raw else Label.DEVELOPMENT
    desk.judge(article, a_judged(article, label=label))
    assert count(desk, "raw_page") == count(desk, "revisit") == 0


def test_a_visit_is_one_processes_until_its_lease_ends(desk: Desk) -> None:
    """Who comes second gets nothing; who comes too late is told so; a dead process's visits are released."""
    desk.judge(read())
    [visit] = visits(desk)
    assert visits(desk) == []
    [again] = visits(desk, LATER + LEASE + MINUTE)
    revisits = Revisits(desk.database)
    with pytest.raises(LeaseLost):
        revisits.record_visit(visit, a_plan())
    release_leases(desk.database)
    [third] = visits(desk)
    with pytest.raises(LeaseLost):
        revisits.record_visit(again, a_plan())
    revisits.record_visit(third, a_plan(note="a note", failures=2))
    [last] = visits(desk, LATER + 16 * MINUTE)
    assert (last.note, last.failures, last.validators.etag) == ("a note", 2, '"1"')
    revisits.record_visit(last, a_plan(next_at=None, validators=Validators()))
    assert visits(desk, LATER + timedelta(days=900)) == []
    with desk.database.read() as connection:
        row = connection.execute(select(tables.revisit)).one()
    assert (row.visits, row.etag, row.next_at) == (2, None, None)


def test_another_version_ends_its_visit_with_its_verdict(desk: Desk) -> None:
    """Article, verdict, bytes and the visit's end are one transaction; the entry leads to the newer version."""
    desk.judge(read())
    [visit] = visits(desk)
    edited = read(a_raw(2), paragraphs=("Sixty ships are waiting.",), seen_at=LATER)
    visited = (visit, a_plan(outcome=VisitOutcome.EDITED, note="number changed", validators=Validators(etag='"2"')))
    entry = replace(visit.entry, seen_at=LATER)
    record = desk.judgements.record_article
    record(entry, edited, [a_judged(edited)], encoder="enc", now=LATER, visited=visited)
    with pytest.raises(LeaseLost):
        record(entry, edited, [a_judged(edited)], encoder="enc", now=LATER, visited=visited)
    assert (count(desk, "article"), count(desk, "verdict"), count(desk, "raw_page")) == (2, 2, 2)
    [again] = visits(desk, LATER + 16 * MINUTE)
    assert (again.article, again.raw_hash, again.validators.etag) == (edited.id, edited.raw_hash, '"2"')
    assert [version.paragraphs for version in again.versions] == [read().paragraphs, edited.paragraphs]
    with desk.database.read() as connection:
        row = connection.execute(select(tables.entry).order_by(tables.entry.c.id.desc())).first()
    assert row is not None
    assert (row.state, row.article) == (EntryState.JUDGED, edited.id)


def test_a_version_from_the_feed_takes_the_visit_over(desk: Desk) -> None:
    """The page is looked at soon again, and who looks at it just now is told to drop it."""
    desk.judge(read())
    [visit] = visits(desk)
    newer = read(a_raw(2), paragraphs=("Sixty ships are waiting.",), seen_at=LATER)
    desk.judge(newer)
    with pytest.raises(LeaseLost):
        Revisits(desk.database).record_visit(visit, a_plan())
    [again] = visits(desk, LATER + timedelta(hours=1))
    assert again.article == newer.id
    assert count(desk, "revisit") == 1


def test_the_first_version_and_the_newest_are_compared_with(desk: Desk) -> None:
    """A page that never rests does not grow without end."""
    for number in range(MOST_VERSIONS + 5):
        desk.judge(read(a_raw(number), paragraphs=(f"{number} ships are waiting.",), seen_at=NOON + number * MINUTE))
    [visit] = visits(desk, NOON + timedelta(hours=2))
    texts = [version.paragraphs[0].split()[0] for version in visit.versions]
    assert texts == ["0", *map(str, range(4, MOST_VERSIONS + 5))]


def test_old_bytes_and_the_oldest_of_too_many_are_dropped(desk: Desk) -> None:
    """Four hundred days and so many bytes; what is dropped is no loss to verdicts."""
    for number in range(5):
        desk.judge(read(a_raw(number), paragraphs=(f"{number} ships are waiting.",)))
    with desk.database.write() as connection:
        for number in range(5):
            row = tables.raw_page.c.raw_hash == f"{number:064}"
            connection.execute(tables.raw_page.update().where(row).values(fetched_at=NOON + number * MINUTE))
    revisits = Revisits(desk.database)
    assert revisits.drop_raw_pages(before=NOON, most_bytes=10**9) == 0
    assert revisits.drop_raw_pages(before=NOON + MINUTE, most_bytes=10**9) == 1
    size = len(zlib.compress(a_raw().body))
    assert revisits.drop_raw_pages(before=NOON, most_bytes=2 * size + 10) == 2
    assert [revisits.load_raw(f"{number:064}") is not None for number in range(5)] == [False, False, False, True, True]


def test_old_notices_are_dropped_but_the_last_word_on_a_feed_stays(desk: Desk) -> None:
    """A feed that runs over at each poll is told of a hundred times a day; one that is gone, once and for good."""
    desk.poll()
    with desk.database.write() as connection:
        feed = connection.execute(select(tables.feed.c.id)).scalar_one()
        rows = [
            {"uid": f"n{n}", "feed_id": feed, "kind": "gap", "told": f"gap {n}", "at": NOON + n * MINUTE}
            for n in range(4)
        ]
        connection.execute(tables.feed_notice.insert(), rows)
    revisits = Revisits(desk.database)
    assert revisits.drop_notices(before=NOON + 2 * MINUTE) == 2
    assert revisits.drop_notices(before=NOON + 9 * MINUTE) == 1
    with desk.database.read() as connection:
        assert connection.execute(select(tables.feed_notice.c.told)).scalars().all() == ["gap 3"]


# --------------------------------------------------------------------- addresses


def test_an_article_is_found_by_any_of_its_addresses(desk: Desk) -> None:
    """But not by the one of which it is a copy: that is another outlet's article."""
    foreign = an_address("https://agency.example/a", AddressKind.SYNDICATED)
    article = read()
    article = replace(article, addresses=(*article.addresses, foreign))
    desk.judge(article)
    keys = {address.url_key for address in article.addresses}
    assert desk.judgements.load_keys(keys) == {address.url_key: article.url_key for address in article.addresses[:2]}
    known = desk.judgements.load_known(url_key(f"{URL}/amp"))
    assert known is not None
    assert (known.id, known.title, known.watches) == (article.id, article.title, {WatchId("harbour-strike")})
    assert desk.judgements.load_known(foreign.url_key) is None
    assert desk.judgements.load_known("unknown") is None


def test_an_address_without_its_article_leads_nowhere(desk: Desk) -> None:
    """A row that somebody left behind is no article."""
    row = {"url": URL, "url_uid": "x", "article_key": "gone", "kind": "listed", "seen_at": NOON}
    with desk.database.write() as connection:
        connection.execute(tables.article_address.insert().values({**row, "url_uid": url_uid(url_key(URL))}))
    assert desk.judgements.load_known(url_key(URL)) is None


def test_explaining_lists_all_addresses_and_the_visits(desk: Desk) -> None:
    """Any of them names the article; so does its id."""
    article = desk.judge(read())
    for reference in (URL, f"{URL}/amp?utm_source=x", article.url_key, article.id):
        found = desk.views.explain(reference)
        assert [one.id for one in found.articles] == [article.id]
        assert [(one.url, one.kind) for one in found.addresses] == [(URL, "listed"), (f"{URL}/amp", "amp")]
        assert [(one.url, one.visits, one.note) for one in found.revisits] == [(URL, 0, None)]
    assert desk.views.explain("https://nowhere.example/").addresses == ()


def test_the_desk_may_name_an_article_by_any_of_its_addresses(desk: Desk) -> None:
    """What is corrected is the article, whichever address is at hand."""
    article = desk.judge(read())
    case = Feedback(desk.database, desk.waker).find_case(WatchId("harbour-strike"), f"{URL}/amp")
    assert case.article.id == article.id


def test_a_known_article_takes_the_entrys_address(desk: Desk) -> None:
    """The entry is settled and one more address leads to the article, together or not at all."""
    article = desk.judge(read())
    entry = desk.entry("another", LATER)
    again = replace(article, addresses=(an_address("https://m.harbor-times.example/1"),))
    desk.judgements.record_known(entry, again, note="judged before", now=LATER)
    assert desk.judgements.load_known(url_key("https://m.harbor-times.example/1")) is not None
    other = replace(again, addresses=(an_address("https://x.example/1"),))
    with pytest.raises(LeaseLost):
        desk.judgements.record_known(entry, other, note="judged before", now=LATER)
    assert desk.judgements.load_known(url_key("https://x.example/1")) is None
    assert ArticleId(article.id) == desk.judgements.load_known(url_key(URL)).id  # type: ignore[union-attr]


def test_articles_of_before_are_found_by_the_address_that_they_were_listed_under(sqlite_url: str) -> None:
    """What was judged before there were addresses keeps its key, so that an edit of it is one."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(sqlite_url)
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0003")
        values = {column.name: "x" for column in tables.article.columns if column.name != "id"}
        values |= {
            "url": f"{URL}?utm_source=rss",
            "url_key": url_key(URL),
            "state": "read",
            "body": b"x",
            "published_at": None,
        }
        for uid in ("art_1", "art_2"):
            connection.execute(tables.article.insert().values({**values, "uid": uid, "seen_at": NOON}))
    engine.dispose()
    database = open_database(sqlite_url)
    known = Judgements(database, RecordingWaker()).load_known(url_key(URL))
    assert known is not None
    assert known.id == "art_2"
    with database.read() as connection:
        [row] = connection.execute(select(tables.article_address)).all()
    assert (row.url, row.article_key, row.kind, row.seen_at) == (f"{URL}?utm_source=rss", url_key(URL), "listed", NOON)
    database.dispose()


def test_very_many_articles_of_before_are_found_too(sqlite_url: str) -> None:
    """More than are held in memory at once, each once."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(sqlite_url)
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0003")
        values = {column.name: "x" for column in tables.article.columns if column.name != "id"}
        values |= {"state": "read", "body": b"x", "published_at": None, "seen_at": NOON}
        rows = [values | {"uid": f"art_{n}", "url_key": f"http://x.example/{n // 2}"} for n in range(21_001)]
        connection.execute(tables.article.insert(), rows)
    engine.dispose()
    database = open_database(sqlite_url)
    with database.read() as connection:
        keys = list(connection.execute(select(tables.article_address.c.article_key)).scalars())
    assert len(keys) == len(set(keys)) == 10_501
    database.dispose()
