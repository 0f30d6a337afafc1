"""feeds add, discover, import and export, as typed beside a small web."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest
from small_web import Page, SmallWeb, small_web
from terminals import shown, without_style

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Done, Storywatch
    from newsroom import ConfigDir

HEADLINES = (
    "Dockers walk out over pay in Sandvik",
    "Talks on ferry fares begin at the town hall",
    "Storm closes the northern pier until Friday",
    "Council votes to widen the harbour road",
    "Fishing quota is cut by a fifth, crews protest",
    "Museum reopens after two years of repairs",
)


@pytest.fixture
def web() -> Iterator[SmallWeb]:
    with small_web() as web:
        yield web


class Desk:
    """The configuration directory, written once, so that what commands add to it stays."""

    def __init__(self, storywatch: Storywatch, files: ConfigDir) -> None:
        self._storywatch = storywatch
        self.config = files.write()
        self.folder = files.folder

    @property
    def text(self) -> str:
        return (self.config / "feeds.toml").read_text(encoding="utf-8")

    @property
    def feeds(self) -> dict[str, dict[str, str]]:
        return {name: table for name, table in tomllib.loads(self.text)["feeds"].items() if name != "harbor-times"}

    def __call__(self, *words: str, stdin: bytes | None = None) -> Done:
        return self._storywatch.typed("feeds", *words, "--config", str(self.config), stdin=stdin)

    def shown(self, *words: str, typed: str = "") -> tuple[int, str]:
        status, text = shown("feeds", *words, "--config", str(self.config), cwd=self.folder, typed=typed)
        return status, without_style(text)


@pytest.fixture
def desk(storywatch: Storywatch, desk_files: ConfigDir) -> Desk:
    desk_files.feeds = {"harbor-times": "https://harbor-times.example/feed.xml"}
    return Desk(storywatch, desk_files)


def a_page(*feeds: str) -> Page:
    named = "".join(f'<link rel="alternate" type="application/rss+xml" href="{feed}">' for feed in feeds)
    links = "".join(
        f'<h3><a href="/news/{number}-story">{title}</a></h3>' for number, title in enumerate(HEADLINES, 1000)
    )
    return Page(body=f'<html lang="en"><head><title>Sandvik Post</title>{named}</head><body>{links}</body></html>')


# --------------------------------------------------------------------------- add


def test_without_yes_nobody_but_a_terminal_writes(desk: Desk, web: SmallWeb) -> None:
    """In a pipe the table alone is on standard output, ready to be kept; what was found is told beside it."""
    before = desk.text
    url = web.feed("/feed", "Sandvik Post", *HEADLINES[:2])
    done = desk("add", url)
    assert done.status == 0
    assert done.out == f'[feeds.127-0-0-1]  # Sandvik Post\nurl = "{url}"\nlang = "en"\n'
    assert done.err.splitlines() == [
        f'feed at {url}: "Sandvik Post", in en, 2 entries',
        f"  2026-03-02 12:00  {HEADLINES[1]}",
        f"  2026-03-01 12:00  {HEADLINES[0]}",
        "",
        f"Nothing was written: --yes puts this at the end of {desk.config / 'feeds.toml'}.",
    ]
    assert desk.text == before
    assert web.asked == ["/feed"]


def test_yes_puts_one_table_at_the_end_of_the_file(desk: Desk, web: SmallWeb) -> None:
    """What stood there stays; the configuration is sound, and it is said how a service takes it up."""
    before = desk.text
    url = web.feed("/feed", "Sandvik Post", *HEADLINES[:2])
    words = ("--id", "post", "--owner", "Post Group", "--lang", "de", "--every", "5m", "--backfill", "3d", "--yes")
    done = desk("add", url, *words)
    assert done.status == 0
    assert desk.text.startswith(before)
    assert desk.feeds == {
        "post": {"url": url, "owner": "Post Group", "lang": "de", "every": "5m", "backfill": "3d"},
    }
    assert f"post stands in {desk.config / 'feeds.toml'} now." in done.out
    assert "systemctl reload storywatch" in done.out
    assert desk("check", "--feed", "post").lines == ["ok\tfeed post\t2 entries, the newest of 2026-03-02 12:00"]


def test_an_address_that_is_there_is_refused_by_name(desk: Desk, web: SmallWeb) -> None:
    """Also when it is spelt otherwise, and when a page leads to it; nothing is asked for the first."""
    done = desk("add", "http://HARBOR-times.example/feed.xml?utm_source=rss", "--yes")
    assert done.status == 1
    assert done.err.endswith(f"is there already: it is feeds.harbor-times in {desk.config / 'feeds.toml'}\n")
    url = web.feed("/feed", "Sandvik Post", *HEADLINES[:2])
    web.pages["/"] = a_page("/feed")
    assert desk("add", url, "--yes", "--id", "post").status == 0
    done = desk("add", web.base, "--yes")
    assert (done.status, "it is feeds.post" in done.err) == (1, True)
    assert list(desk.feeds) == ["post"]


def test_a_home_page_gives_its_first_feed_and_names_the_others(desk: Desk, web: SmallWeb) -> None:
    """A second feed of the site gets an id that is told apart and the first one's owner."""
    web.pages["/"] = a_page("/rss/news.xml", "/rss/sport.xml")
    web.feed("/rss/news.xml", "Sandvik Post", *HEADLINES[:2])
    sport = web.feed("/rss/sport.xml", "Sandvik Sport", HEADLINES[2])
    done = desk("add", web.base, "--yes", "--owner", "post-group")
    assert f"also there: {sport} (Sandvik Sport)" in done.lines
    assert desk("add", sport, "--yes").status == 0
    assert desk.feeds == {
        "127-0-0-1": {"url": f"{web.base}/rss/news.xml", "owner": "post-group", "lang": "en"},
        "127-0-0-1-sport": {"url": sport, "owner": "post-group", "lang": "en"},
    }


def test_a_page_without_a_feed_is_followed_by_its_links(desk: Desk, web: SmallWeb) -> None:
    """The guessed selector and what it finds are shown; one's own is taken in its place."""
    web.pages["/press"] = a_page()
    done = desk("add", f"{web.base}/press", "--yes")
    assert "The selector h3 a finds these links; if they are not the articles, give --select CSS:" in done.lines
    assert [f"    {web.base}/news/{number}-story" in done.lines for number in (1000, 1004, 1005)] == [True, True, False]
    assert len(web.asked) == 5
    [table] = desk.feeds.values()
    assert table == {"url": f"{web.base}/press", "kind": "page", "select": "h3 a", "lang": "en"}
    web.pages["/desk"] = a_page()
    done = desk("add", f"{web.base}/desk", "--select", "body a", "--id", "council", "--yes")
    assert desk.feeds["council"]["select"] == "body a"
    assert desk("check").lines[1:] == [
        "ok\tfeed 127-0-0-1\t6 entries, without dates",
        "ok\tfeed council\t6 entries, without dates",
    ]


def test_a_news_search_is_added_with_a_note(desk: Desk, web: SmallWeb) -> None:
    """Its links lead to the publisher only through the search's own site, and are not followed."""
    items = "<item><title>A</title><link>https://news.google.com/rss/articles/CBMiX</link></item>"
    web.pages["/search"] = Page(body=f'<rss version="2.0"><channel><title>Strike</title>{items}</channel></rss>')
    done = desk("add", f"{web.base}/search", "--yes")
    assert "note: a news search: what it lists is told by title and summary, its links are not followed." in done.lines
    assert (
        "# Strike (a news search: what it lists is told by title and summary, its links are not followed)" in desk.text
    )


def test_what_was_typed_is_checked_before_anybody_is_asked(desk: Desk, web: SmallWeb) -> None:
    """Every fault at once, with the option that it is in."""
    words = ("--id", "harbor-times", "--lang", "English", "--every", "0s", "--backfill", "3 days", "--select", "a >> b")
    done = desk("add", f"{web.base}/feed", *words)
    assert done.status == 2
    assert [line.split(":")[1].strip() for line in done.err.splitlines()] == [
        "--id",
        "--select",
        "--backfill",
        "--every",
        "--lang",
    ]
    assert "https://harbor-times.example/feed.xml" in done.err
    assert 'did you mean "foo-bar"?' in desk("add", f"{web.base}/feed", "--id", "Foo Bar").err
    assert desk("add", "mailto://x").status == 1
    assert web.asked == []


def test_where_there_is_nothing_to_follow_it_is_said(desk: Desk, web: SmallWeb) -> None:
    """With the reason that each offer gave, and nothing is written."""
    before = desk.text
    web.pages["/"] = Page(body='<html><link rel="alternate" type="application/rss+xml" href="/x.xml"></html>')
    done = desk("add", web.base, "--yes")
    assert done.status == 1
    assert "nothing to follow was found at" in done.err
    assert f"{web.base}/x.xml: 127.0.0.1" in done.err
    assert desk("add", f"{web.base}/nothing", "--yes").err.endswith(": 404: there is no feed at this address\n")
    assert desk.text == before


def test_foreign_titles_steer_neither_the_terminal_nor_the_file(desk: Desk, web: SmallWeb) -> None:
    """A title is one line of signs, wherever it is shown."""
    web.pages["/"] = a_page("/feed", "/b")
    web.feed("/b", "Other&#10;\u202e\x1b[31m", "B")
    web.feed("/feed", 'X&#10;[feeds.evil]&#10;url = "https://evil.example" \x1b[2J', "&#13;Fake\x1b[31m")
    done = desk("add", web.base, "--yes")
    assert "also there" in done.out
    assert not [sign for sign in done.out if not sign.isprintable() and sign != "\n"]
    done = desk("discover", web.base)
    assert not [sign for sign in done.out if not sign.isprintable() and sign not in "\n\t"]
    assert list(desk.feeds) == ["127-0-0-1"]


def test_programs_get_what_was_found_and_whether_it_was_written(desk: Desk, web: SmallWeb) -> None:
    """`--json` asks nothing and, without --yes, writes nothing."""
    url = web.feed("/feed", "Sandvik Post", *HEADLINES)
    told = desk("add", url, "--json").json
    assert (told["written"], told["id"], told["requests"], len(told["samples"])) == (False, "127-0-0-1", 1, 5)
    assert told["found"]["kind"] == "feed"
    assert tomllib.loads(told["table"]) == {"feeds": {"127-0-0-1": {"url": url, "lang": "en"}}}
    assert desk("add", url, "--json", "--yes").json["written"] is True
    assert list(desk.feeds) == ["127-0-0-1"]


def test_on_a_terminal_it_asks_which_and_whether(desk: Desk, web: SmallWeb) -> None:
    """What is chosen is shown with its newest entries and its table before it is written."""
    web.pages["/"] = a_page("/rss/news.xml", "/rss/sport.xml")
    web.feed("/rss/news.xml", "Sandvik Post", *HEADLINES[:2])
    web.feed("/rss/sport.xml", "Sandvik Sport", HEADLINES[2])
    status, text = desk.shown("add", web.base, typed="7\n2\nn\n")
    assert (status, desk.feeds) == (0, {})
    assert "Nothing was written." in text
    assert "none was chosen" in desk.shown("add", web.base, typed="\x04")[1]
    assert "Nothing was written." in desk.shown("add", web.base, typed="1\n\x04")[1]
    assert desk.feeds == {}
    status, text = desk.shown("add", web.base, typed="2\n\n")
    assert (status, list(desk.feeds)) == (0, ["127-0-0-1"])
    assert f"  2026-03-01 12:00  {HEADLINES[2]}" in text.splitlines()
    assert f'  1  feed at {web.base}/rss/news.xml: "Sandvik Post", in en, 2 entries' in text.splitlines()


# --------------------------------------------------------------------------- discover


def test_discover_tells_what_can_be_followed(desk: Desk, web: SmallWeb) -> None:
    """One line each, what is there already named; nothing is written."""
    before = desk.text
    web.pages["/"] = a_page("/news.xml", "/gone.xml")
    url = web.feed("/news.xml", "Sandvik Post", *HEADLINES[:2])
    done = desk("discover", f"{web.base}/")
    assert done.status == 0
    assert done.lines == [
        f"feed\t{url}\tSandvik Post\t2\t2026-03-02 12:00\tthe page names it as its feed",
        f"feed\t{web.base}/gone.xml\t-\t0\t-\t127.0.0.1:{web.port}: 404: there is no feed at this address",
        f'page\t{web.base}/\tSandvik Post\t6\t-\tselect = "h3 a"',
    ]
    assert desk.text == before
    desk("add", url, "--yes")
    told = desk("discover", web.base, "--json").json
    assert told["requests"] == 3
    assert [(one["kind"], one["there"], one["entries"]) for one in told["found"]] == [
        ("feed", "127-0-0-1", 2),
        ("feed", None, 0),
        ("page", None, 6),
    ]


def test_discover_on_a_terminal_keeps_addresses_whole(desk: Desk, web: SmallWeb) -> None:
    """An address stands on a line of its own, to be copied."""
    web.pages["/"] = a_page("/a-rather-long-path/to/a/feed/that/nobody/would/like/to/type/by/hand/news.xml")
    url = web.feed("/a-rather-long-path/to/a/feed/that/nobody/would/like/to/type/by/hand/news.xml", "Post", "A")
    status, text = desk.shown("discover", web.base)
    assert status == 0
    assert f"feed     {url}\n" in text


def test_a_site_with_nothing_to_follow_ends_with_1(desk: Desk, web: SmallWeb) -> None:
    """For a script that looks through many."""
    web.pages["/"] = Page(body="<html><body>Nothing</body></html>")
    done = desk("discover", web.base)
    assert (done.status, done.out) == (1, "")
    text = desk.shown("discover", web.base)[1]
    assert "Nothing to follow was found" in text
    assert "Try the page of a section" in text


# --------------------------------------------------------------------------- import and export

OPML = """\
<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Mine</title></head><body>
<outline text="Ports"><outline text="North">
  <outline type="rss" text="Ferry &amp; Port" xmlUrl="https://ferry.example/rss?a=1&b=2" language="en-us"/>
  <outline type="rss" text="Ferry again" xmlUrl="http://ferry.example/rss?b=2&amp;a=1"/>
</outline></outline>
<outline text="Times" xmlUrl="https://harbor-times.example/feed.xml"/>
<outline text="Times Sport" xmlUrl="feed://www.harbor-times.example/sport/rss.xml" language="Klingon"/>
<outline text="Gopher" xmlUrl="gopher://hole.example/"/>
</body></opml>
"""


def test_an_import_adds_what_is_new_and_tells_what_was_there(desk: Desk, tmp_path: Path) -> None:
    """Ids are of the sites, owners of feeds that are there, folders and titles a comment; the rest is told."""
    file = tmp_path / "feeds.opml"
    file.write_text(OPML, encoding="utf-8")
    before = desk.text
    dry = desk("import", str(file), "--dry-run")
    assert desk.text == before
    done = desk("import", str(file))
    assert (done.status, done.out) == (1, dry.out)
    assert [line.split("\t")[:2] for line in done.lines] == [
        ["new", "ferry"],
        ["there", "ferry"],
        ["there", "harbor-times"],
        ["new", "harbor-times-sport"],
        ["left out", "-"],
    ]
    assert 'expected an address such as "https://example.org/feed.xml"' in done.lines[-1]
    assert done.err.startswith("2 new, 2 there already, 1 left out. The new ones stand at the end of ")
    assert desk.text.startswith(before)
    assert "[feeds.ferry]  # Ferry & Port (Ports / North)\n" in desk.text
    assert desk.feeds == {
        "ferry": {"url": "https://ferry.example/rss?a=1&b=2", "lang": "en"},
        "harbor-times-sport": {"url": "http://www.harbor-times.example/sport/rss.xml", "owner": "harbor-times"},
    }
    again = desk("import", str(file), "--json").json
    assert (again["written"], [row["new"] for row in again["feeds"]]) == (False, [False] * 5)


def test_on_a_narrow_terminal_an_address_has_a_line_of_its_own(desk: Desk, tmp_path: Path) -> None:
    """It can be copied whole, however long it is."""
    address = f"https://council.example/{'notices/' * 12}rss.xml"
    file = tmp_path / "feeds.opml"
    outline = f'<outline text="Council of the northern islands, notices" xmlUrl="{address}"/>'
    file.write_text(f'<opml version="2.0"><body>{outline}</body></opml>', encoding="utf-8")
    status, text = desk.shown("import", str(file), "--dry-run")
    assert status == 0
    assert f"  {address}\n" in text


def test_what_was_exported_is_imported_as_it_was(desk: Desk, tmp_path: Path) -> None:
    """Selectors, rules, intervals, owners and ids too; in a pipe or by a file."""
    before = desk.text
    added = (
        '[feeds.council]\nurl = "https://council.example/news?a=1&b=2"\nkind = "page"\nselect = "h2 > a"\n'
        'owner = "The \\"Council\\""\nlang = "en"\nevery = "90m"\ntimezone = "Asia/Seoul"\nbackfill = "3d"\n'
        'article = { body = "div.text > p", drop = "aside", title = "h1", date = "time" }\n\n'
        '[feeds.council-2]\nurl = "https://council.example/rss"\n'
    )
    (desk.config / "feeds.toml").write_text(before + added, encoding="utf-8")
    wanted = desk.feeds
    file = tmp_path / "out.opml"
    done = desk("export", str(file))
    assert (done.status, done.lines) == (0, [f"3 feeds are in {file}."])
    assert desk("export").out == file.read_text(encoding="utf-8") == desk("export", "-").out
    (desk.config / "feeds.toml").write_text(before, encoding="utf-8")
    done = desk("import", "-", stdin=file.read_bytes())
    assert (done.status, desk.feeds) == (0, wanted)


def test_an_export_writes_over_nothing_unasked(desk: Desk, tmp_path: Path) -> None:
    """--force does; a place where nothing can be written is named."""
    file = tmp_path / "out.opml"
    file.write_text("mine")
    done = desk("export", str(file))
    assert (done.status, done.err) == (1, f"storywatch: {file} is there already: --force writes over it\n")
    assert file.read_text() == "mine"
    assert desk("export", str(file), "--force").status == 0
    assert "<opml" in file.read_text()
    assert "No such file or directory" in desk("export", str(tmp_path / "x/y.opml")).err


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<html></html>", "not OPML: it begins with <html>"),
        ('<!DOCTYPE opml [<!ENTITY a "aa">]><opml>&a;</opml>', "it has a DOCTYPE"),
        ("<opml><body><outline text='empty'/></body></opml>", "none of its outlines has an xmlUrl"),
    ],
)
def test_a_file_that_is_no_list_of_feeds_is_refused(desk: Desk, tmp_path: Path, body: str, said: str) -> None:
    """In words, with status 1, and nothing is written."""
    before = desk.text
    file = tmp_path / "bad.opml"
    file.write_text(body)
    done = desk("import", str(file))
    assert (done.status, said in done.err, desk.text) == (1, True, before)
    assert desk("import", str(tmp_path / "lost.opml")).err.endswith("lost.opml: No such file or directory\n")


def test_an_export_calls_feeds_by_their_own_titles(desk: Desk, web: SmallWeb, storywatch: Storywatch) -> None:
    """As far as the service has heard them."""
    url = web.feed("/feed", "Sandvik Post", HEADLINES[0])
    desk("add", url, "--yes", "--id", "post")
    assert 'text="post"' in desk("export").out
    assert storywatch.typed("once", "--config", str(desk.config)).status == 0
    assert 'text="Sandvik Post"' in desk("export").out
    assert json.loads(desk("list", "--feed", "post", "--json").out)[0]["title"] == "Sandvik Post"
