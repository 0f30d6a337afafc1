"""Feeds as they are written into feeds.toml."""

from __future__ import annotations

import resource
import tomllib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storywatch.config import NewFeed, add_feeds, read_feed, table_of, written_feed
from storywatch.core.model import ArticleRules, Feed, FeedId, FeedKind
from storywatch.errors import ConfigError, StorywatchError

if TYPE_CHECKING:
    from pathlib import Path

OLD = '# Ours.\n[feeds.harbor-times]  # the Times\nurl = "https://harbor-times.example/feed.xml"\n'
FULL = Feed(
    id=FeedId("council"),
    url="https://council.example/news",
    owner="The Council",
    lang="en",
    every=timedelta(hours=36),
    timezone="Asia/Seoul",
    kind=FeedKind.PAGE,
    select='h2 a[title="x"]',
    article=ArticleRules(body="div.text", date="time"),
    backfill=timedelta(days=3),
)


def a_new(name: str = "gazette", **more: str) -> NewFeed:
    return NewFeed(feed=read_feed(name, {"url": f"https://{name}.example/rss"}), **more)


def test_every_key_of_a_feed_is_written_and_read_back() -> None:
    """And what is so without being written is left out."""
    assert read_feed("council", written_feed(FULL)) == FULL
    assert table_of(NewFeed(feed=FULL, remark="The council's press office")) == (
        "[feeds.council]  # The council's press office\n"
        'url = "https://council.example/news"\n'
        'kind = "page"\n'
        'select = "h2 a[title=\\"x\\"]"\n'
        'owner = "The Council"\n'
        'lang = "en"\n'
        'every = "36h"\n'
        'timezone = "Asia/Seoul"\n'
        'backfill = "3d"\n'
        'article = { body = "div.text", date = "time" }\n'
    )
    assert table_of(a_new()) == '[feeds.gazette]\nurl = "https://gazette.example/rss"\n'


@given(st.integers(0, 366 * 86_400))
def test_every_duration_is_written_so_that_it_reads_back(seconds: int) -> None:
    """In the largest unit that holds it exactly."""
    written = written_feed(
        Feed(id=FeedId("a"), url="https://a.example", owner="a", backfill=timedelta(seconds=seconds))
    )
    assert read_feed("a", written).backfill == timedelta(seconds=seconds)


@given(st.text())
def test_no_foreign_title_can_end_its_line(title: str) -> None:
    """A comment stays a comment, whatever a feed calls itself."""
    table = table_of(a_new(remark=title))
    assert tomllib.loads(table) == {"feeds": {"gazette": {"url": "https://gazette.example/rss"}}}


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_files_text_and_comments_stay(tmp_path: Path, end: str, line_end: str) -> None:
    """Tables are put behind what is there, with line ends like those before."""
    file = tmp_path / "feeds.toml"
    old = (OLD.removesuffix("\n") + end).replace("\n", line_end).encode()
    file.write_bytes(old)
    add_feeds(file, [a_new(remark="Gazette"), a_new("wire")])
    text = file.read_bytes()
    assert text.startswith(old)
    assert list(tomllib.loads(text.decode())["feeds"]) == ["harbor-times", "gazette", "wire"]
    assert (b"\r\n" in text) == (line_end == "\r\n")
    assert text.count(b"\n") == text.count(line_end.encode())


def test_a_file_without_feeds_gets_its_first(tmp_path: Path) -> None:
    """Nothing stands before it."""
    file = tmp_path / "feeds.toml"
    file.touch()
    add_feeds(file, [a_new()])
    assert file.read_text() == table_of(a_new())


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ('feeds = { a = { url = "https://a.example" } }\n', "write its feeds as tables of that form"),
        (OLD + '[feeds.gazette]\nurl = "https://other.example"\n', "write its feeds as tables of that form"),
        ('[feeds]\ngazette.url = "https://other.example"\n', "write its feeds as tables of that form"),
    ],
)
def test_a_file_that_no_table_can_follow_is_left_as_it_is(tmp_path: Path, old: str, said: str) -> None:
    """All tables are added, or none is, and the way out is said."""
    file = tmp_path / "feeds.toml"
    file.write_text(old)
    with pytest.raises(StorywatchError, match=said):
        add_feeds(file, [a_new("wire"), a_new()])
    assert file.read_text() == old


def test_the_same_id_twice_is_refused(tmp_path: Path) -> None:
    """Not even where they would say the same."""
    file = tmp_path / "feeds.toml"
    file.write_text(OLD)
    with pytest.raises(StorywatchError):
        add_feeds(file, [a_new(), a_new()])
    assert file.read_text() == OLD


def test_a_file_that_can_not_be_written_is_named_and_stays_as_it_is(tmp_path: Path) -> None:
    """With the reason, here a limit that root is subject to as well."""
    file = tmp_path / "feeds.toml"
    file.write_text(OLD)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(OLD), hard))
    try:
        with pytest.raises(StorywatchError, match=r"feeds\.toml: can't be written: File too large"):
            add_feeds(file, [a_new()])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert file.read_text() == OLD


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """It is not made: the configuration would be another one than the service's."""
    with pytest.raises(StorywatchError, match="No such file"):
        add_feeds(tmp_path / "feeds.toml", [a_new()])


def test_what_can_not_be_a_feed_is_told_by_key() -> None:
    """All of it at once, as in the file."""
    with pytest.raises(ConfigError) as caught:
        read_feed("A b", {"url": "ftp://x.example", "lang": "eng", "colour": "red"})
    keys = [fault.partition(":")[0] for fault in caught.value.faults]
    assert keys == ['feeds."A b"', "url", "lang", "colour"]
