"""The demo's stream, newsstand and clock: what the show relies on."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from builders import NOON
from fakes import FakeClock
from standardwebhooks import Webhook

from storywatch.config import load_config
from storywatch.demo.newsstand import Newsstand, Receiver, open_newsstand
from storywatch.demo.stage import SECRET, SECRET_ENV, WATCH, LeapingClock, write_config
from storywatch.demo.stream import load_stream, read_text
from storywatch.parse.document import parse_document
from storywatch.parse.page import parse_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LABELLED = [json.loads(line) for line in read_text("stream.jsonl").splitlines()]
ITEMS = load_stream()
EDITED = "/le-fanal/2026/03/31/caution"


@pytest.fixture
def calls() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def stand() -> Newsstand:
    return Newsstand()


@pytest.fixture
def base(stand: Newsstand, clock: FakeClock, calls: list[dict[str, Any]]) -> Iterator[str]:
    with open_newsstand(stand, Receiver(SECRET, clock, calls.append)) as address:
        yield address


def ask(base: str, path: str, *, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection(urlsplit(base).netloc, timeout=10)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET" if body is None else "POST", path, body=body, headers=named)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def signed(body: bytes, at: datetime, secret: str = SECRET) -> dict[str, str]:
    return {
        "webhook_id": "dlv_1",
        "webhook_timestamp": str(int(at.timestamp())),
        "webhook_signature": Webhook(secret).sign("dlv_1", at, body.decode()),
    }


# --------------------------------------------------------------------------- the stream


def test_the_stream_is_in_the_order_of_its_time() -> None:
    """Items appear as they would be found, and no outlet dates its article after that."""
    assert [item.seen_at for item in ITEMS] == sorted(item.seen_at for item in ITEMS)
    assert all(item.published_at < item.seen_at for item in ITEMS)


def test_the_stream_breaks_news_in_several_languages() -> None:
    """The demo shows what it is for: first reports in at least four languages, among everything that is no news."""
    by_role = defaultdict(list)
    for item in LABELLED:
        by_role[item["role"]].append(item["lang"])
    assert len(set(by_role["first"])) >= 4
    assert all(by_role[role] for role in ("repeat", "wire", "translation", "background", "offtopic"))


def test_every_first_report_says_its_news_in_its_text() -> None:
    """The labels name sentences that stand in the articles."""
    for item in LABELLED:
        assert bool(item["news"]) == (item["role"] == "first")
        assert all(any(sentence in text for text in [item["title"], *item["paragraphs"]]) for sentence in item["news"])


def test_no_two_articles_have_one_headline() -> None:
    """The show tells articles apart by it."""
    assert len({item.title for item in ITEMS}) == len(ITEMS)


def test_no_outlet_is_real() -> None:
    """Every address is under a name that nobody can own."""
    assert all((urlsplit(item["url"]).hostname or "").endswith(".example") for item in LABELLED)


def test_what_each_feed_shows_first_is_not_about_the_story() -> None:
    """Nothing of the story is lost to the baseline of the feeds' first poll."""
    first: dict[str, dict[str, Any]] = {}
    for item in LABELLED:
        first.setdefault(item["outlet"], item)
    assert {item["role"] for item in first.values()} == {"offtopic"}
    assert [item["id"] for item in LABELLED[: len(first)]] == [item["id"] for item in first.values()]


# --------------------------------------------------------------------------- the newsstand


def test_a_feed_lists_what_was_shown_newest_first(stand: Newsstand, base: str) -> None:
    """Readers of the feed find each address once, with its last headline and its date."""
    stand.show(*ITEMS)
    _, headers, body = ask(base, "/le-fanal/feed.xml")
    listing = parse_document(body, url=f"{base}/le-fanal/feed.xml", content_type=headers["content-type"], timezone=None)
    shown = [item for item in ITEMS if item.outlet == "le-fanal"]
    assert listing.title == "Le Fanal"
    assert len(listing.entries) == len({item.path for item in shown})
    assert listing.entries[0].title == shown[-1].title
    assert listing.entries[0].published_at == shown[-1].published_at


def test_an_unchanged_feed_answers_that_it_is_unchanged(stand: Newsstand, base: str) -> None:
    """Polite polling is shown, too; a new item makes a new feed."""
    stand.show(ITEMS[0])
    path = f"/{ITEMS[0].outlet}/feed.xml"
    etag = ask(base, path)[1]["etag"]
    assert ask(base, path, if_none_match=etag)[0] == HTTPStatus.NOT_MODIFIED
    stand.show(next(item for item in ITEMS[1:] if item.outlet == ITEMS[0].outlet))
    assert ask(base, path, if_none_match=etag)[0] == HTTPStatus.OK


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_a_page_can_be_read_like_any_other(stand: Newsstand, base: str, item: Any) -> None:
    """The reader finds title, language, date and every paragraph, and nothing of the page's furniture."""
    stand.show(item)
    status, headers, body = ask(base, item.path)
    page = parse_page(body, url=base + item.path, content_type=headers["content-type"])
    assert status == HTTPStatus.OK
    assert (page.title, page.published_at) == (item.title, item.published_at)
    assert page.paragraphs == item.paragraphs


def test_an_edited_page_shows_its_last_text(stand: Newsstand, base: str) -> None:
    """The same address carries the new figure."""
    stand.show(*ITEMS)
    assert "3,1 millions" in ask(base, EDITED)[2].decode()


@pytest.mark.parametrize("path", ["/", "/nobody/feed.xml", "/le-fanal/2026/nothing", "/robots.txt"])
def test_what_is_not_there_is_not_found(base: str, path: str) -> None:
    """An empty newsstand has nothing but 404."""
    assert ask(base, path)[0] == HTTPStatus.NOT_FOUND


# --------------------------------------------------------------------------- the webhook's other end


def test_a_genuine_call_is_taken(base: str, calls: list[dict[str, Any]]) -> None:
    """A signed body arrives as it was sent."""
    body = '{"type": "test", "data": "해송"}'.encode()
    assert ask(base, "/hook", body=body, **signed(body, NOON))[0] == HTTPStatus.NO_CONTENT
    assert calls == [{"type": "test", "data": "해송"}]


def test_a_call_signed_while_secrets_change_is_taken(base: str, calls: list[dict[str, Any]]) -> None:
    """One right signature among several is enough."""
    body = b"{}"
    headers = signed(body, NOON)
    headers["webhook_signature"] = f"v1,b3RoZXI= {headers['webhook_signature']}"
    assert ask(base, "/hook", body=body, **headers)[0] == HTTPStatus.NO_CONTENT
    assert calls == [{}]


@pytest.mark.parametrize(
    "change",
    [
        {"webhook_signature": "v1,d3Jvbmc="},
        {"webhook_signature": ""},
        {"webhook_id": "dlv_2"},
        {"webhook_timestamp": "soon"},
        {"webhook_timestamp": "٣"},
        {"webhook_timestamp": "9" * 30},
    ],
    ids=str,
)
def test_a_call_that_is_not_genuine_is_refused(base: str, calls: list[dict[str, Any]], change: dict[str, str]) -> None:
    """Nobody but the holder of the secret can make the demo print something."""
    headers = {**signed(b"{}", NOON), **change}
    ask_headers = {name: value.encode("utf-8").decode("latin-1") for name, value in headers.items()}
    assert ask(base, "/hook", body=b"{}", **ask_headers)[0] == HTTPStatus.UNAUTHORIZED
    assert calls == []


def test_an_old_call_is_refused(base: str, clock: FakeClock, calls: list[dict[str, Any]]) -> None:
    """A recorded call can't be played again later."""
    headers = signed(b"{}", NOON)
    clock.advance(timedelta(minutes=6))
    assert ask(base, "/hook", body=b"{}", **headers)[0] == HTTPStatus.UNAUTHORIZED
    assert calls == []


@pytest.mark.parametrize(("path", "size"), [("/other", 2), ("/hook", 1_000_000)])
def test_other_calls_are_not_read(base: str, path: str, size: int) -> None:
    """A wrong address or an endless body is refused at once: by what it says of its length, before any of it came."""
    assert ask(base, path, body=b"", content_length=str(size))[0] == HTTPStatus.NOT_FOUND


# --------------------------------------------------------------------------- the stage


def test_the_clock_leaps_forward_only() -> None:
    """It starts where it is told, runs on, and is never set back."""
    world = FakeClock(NOON)
    clock = LeapingClock(world, datetime(2026, 1, 1, tzinfo=UTC))
    world.advance(timedelta(seconds=1))
    assert clock.now() == datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)
    clock.leap(datetime(2026, 1, 2, tzinfo=UTC))
    clock.leap(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock.now() == datetime(2026, 1, 2, tzinfo=UTC)


def test_the_configuration_is_one_that_a_user_could_have(tmp_path: Path) -> None:
    """The demo runs on an ordinary configuration: every outlet a feed, one watch, one webhook that is in use."""
    directory = write_config(tmp_path, ITEMS, "http://127.0.0.1:9")
    config = load_config(directory, environ={SECRET_ENV: SECRET})
    [watch] = config.watches
    assert watch.id == WATCH
    assert watch.feeds == set(config.feeds) == {item.outlet for item in ITEMS}
    assert [settings.disabled for settings in config.channels.values()] == [None]
    assert config.notices == ()
