"""fetch: what the reader makes of one page, and of many recorded ones."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len
from small_web import Page, SmallWeb, small_web
from terminals import shown, without_style

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Done, Storywatch
    from newsroom import ConfigDir

PAGES = Path(__file__).parents[1] / "data" / "pages"
ARTICLE = PAGES / "article.html"
URL = "https://harbor-times.example/2026/03/02/harbour"
LINE = "Paragraph {} tells at some length what happened in the harbour on that day, and why."
TICKER = "".join(f"<div class=entry>{LINE.format(n)}</div>" for n in range(6))
OTHER = "".join(
    f"<p>Another story, sentence {n}, is told beside it and is a good deal longer than that.</p>" for n in range(20)
)
PLAIN = f"<html lang=en><head><title>Harbour news</title></head><body><section>{TICKER}</section><article>{OTHER}</article></body></html>"


@pytest.fixture
def web() -> Iterator[SmallWeb]:
    with small_web() as site:
        yield site


def test_a_saved_page_is_shown_as_the_reader_sees_it(storywatch: Storywatch) -> None:
    """State, title, moment, people, language, addresses, who found the text, time, and the text; in 80 columns."""
    done = storywatch("fetch", str(ARTICLE), "--url", URL)
    assert (done.status, done.err) == (0, "")
    facts = {line[:11].strip(): line[11:] for line in done.lines[:10]}
    assert (facts["state"], facts["title"]) == ("read", "Harbour reopens after the strike")
    assert (facts["published"], facts["authors"]) == ("2026-03-02 10:30 UTC", "Ada Quill")
    assert (facts["language"], facts["outlet"]) == ("en (the page says en)", "Harbor Times")
    assert (facts["address"], facts["canonical"]) == (URL, "https://harbor-times.example/2026/harbour-reopens")
    assert facts["text by"] == "both, 902 characters"
    assert facts["time"].endswith(" ms to read")
    assert "\n\nForty container ships were waiting" in done.out
    assert max(map(cell_len, done.lines)) <= 80


def test_wide_signs_keep_to_80_columns(storywatch: Storywatch) -> None:
    """A Japanese line is as wide as a Latin one of twice its signs."""
    done = storywatch("fetch", str(PAGES / "languages" / "ja.html"))
    assert not any(line.startswith("address") for line in done.lines)  # nobody said where it came from
    assert any(cell_len(line) > 70 for line in done.lines)
    assert max(map(cell_len, done.lines)) <= 80


def test_a_program_gets_everything(storywatch: Storywatch) -> None:
    """With what each reader found by itself."""
    read = storywatch("fetch", str(ARTICLE), "--url", URL, "--json", "--candidates").json
    assert (read["state"], read["url"], read["published_at"]) == ("read", URL, "2026-03-02T10:30:00Z")
    assert read["text"].count("\n") == 6
    assert [one["name"] for one in read["candidates"]] == ["fast", "thorough", "plain", "json-ld", "script"]
    plain = read["candidates"][2]
    assert plain["characters"] == len(plain["text"])
    assert plain["agreement"] > 0.95
    assert (read["amp_url"], read["syndicated_from"], read["correction"], read["notes"]) == (None, None, None, [])


def test_candidates_are_shown_with_length_and_agreement(storywatch: Storywatch) -> None:
    """So that one sees who was right."""
    lines = storywatch("fetch", str(ARTICLE), "--candidates").lines
    assert any(line.startswith("plain      908 characters, agreement ") for line in lines)
    assert "json-ld    nothing" in lines


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("botcheck.html", "blocked: a bot check: "),
        ("consent.html", "consent: a consent wall: "),
        ("paywall.html", "partial: "),
    ],
)
def test_a_state_is_told_with_its_reason(storywatch: Storywatch, name: str, state: str) -> None:
    """What came instead of an article is an answer, and no failure."""
    done = storywatch("fetch", str(PAGES / name))
    assert done.status == 0
    assert done.lines[0].startswith(f"state      {state}")


@pytest.mark.parametrize("name", ["rss2.xml", "atom.xml", "rdf.xml"])
def test_a_feed_is_no_article(storywatch: Storywatch, name: str) -> None:
    """Whoever takes one for the other hears which command is meant; a page is told no such thing."""
    feed = Path(__file__).parents[1] / "data/feeds" / name
    told = " ".join(storywatch("fetch", str(feed)).out.split())
    assert "note a feed or a sitemap and no article: `storywatch feeds discover URL` shows what it lists" in told
    assert "feeds discover" not in storywatch("fetch", str(ARTICLE)).out


def test_a_live_blog_is_told_with_its_blocks(storywatch: Storywatch, tmp_path: Path) -> None:
    """How many, and when the newest came."""
    update = {"@id": "#1", "headline": "A ship leaves", "datePublished": "2026-03-02T11:00:00Z", "articleBody": LINE}
    node = {"@type": "LiveBlogPosting", "headline": "Live", "liveBlogUpdate": [update]}
    page = tmp_path / "live.html"
    page.write_text(f'<script type="application/ld+json">{json.dumps(node)}</script><p>Live</p>')
    done = storywatch("fetch", str(page))
    assert "blocks     1, the newest 2026-03-02 11:00" in done.lines
    assert storywatch("fetch", str(page), "--json").json["blocks"][0]["id"] == "#1"


def test_a_page_that_cannot_be_read_says_why(storywatch: Storywatch, tmp_path: Path) -> None:
    """With status 1: a hostile page, one without text, one larger than a page may be, a damaged one."""
    for name, body, reason in (
        ("deep.html", b"<div>" * 100_000, "a hostile page: tags nested more than 1,000 deep"),
        ("empty.html", b"<html></html>", "no article text was found on the page"),
    ):
        (tmp_path / name).write_bytes(body)
        done = storywatch("fetch", str(tmp_path / name), "--candidates")
        assert (done.status, done.lines[0]) == (1, f"state      unreadable: {reason}")
    (tmp_path / "large.html").write_bytes(b"x" * 6_000_000)
    (tmp_path / "damaged.html.gz").write_bytes(b"\x1f\x8b" + b"x" * 100)
    for name, reason in (
        ("large.html", "larger than we read"),
        ("damaged.html.gz", "damaged"),
        ("no.html", "No such file"),
    ):
        done = storywatch("fetch", str(tmp_path / name))
        assert done.status == 1
        assert reason in done.err


def test_a_page_comes_from_standard_input(storywatch: Storywatch) -> None:
    """Packed or not."""
    for body in (ARTICLE.read_bytes(), gzip.compress(ARTICLE.read_bytes())):
        assert storywatch("fetch", "-", "--json", stdin=body).json["title"] == "Harbour reopens after the strike"


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("x.html", "--pages", "p.jsonl", "--out", "o.jsonl"),
        ("--pages", "p.jsonl"),
        ("x.html", "--out", "o.jsonl"),
        ("--pages", "p.jsonl", "--out", "o.jsonl", "--candidates"),
        ("x.html", "--url", "ftp://x"),
    ],
)
def test_wrong_usage_is_told(storywatch: Storywatch, words: tuple[str, ...]) -> None:
    """With status 2 and where help is."""
    done = storywatch("fetch", *words)
    assert done.status == 2
    assert "see storywatch fetch --help" in done.err


# --------------------------------------------------------------------------- from the web


def configured(desk_files: ConfigDir, web: SmallWeb, rules: str) -> str:
    """The configuration's folder, with one feed at the site."""
    desk_files.feeds = {"harbor-times": f"{web.base}/feed"}
    folder = desk_files.write()
    (folder / "feeds.toml").write_text(f'[feeds.harbor-times]\nurl = "{web.base}/feed"\n{rules}\n')
    return str(folder)


def test_a_page_on_the_web_is_asked_for_as_the_service_asks(
    storywatch: Storywatch, desk_files: ConfigDir, web: SmallWeb
) -> None:
    """robots.txt first, redirects followed; the rules of the feed at its site are used and named."""
    web.pages["/1"] = Page(status=301, headers={"location": "/2026/1"})
    web.pages["/2026/1"] = Page(body=PLAIN)
    folder = configured(desk_files, web, 'article = { body = "section" }')
    done = storywatch.typed("fetch", f"{web.base}/1", "--config", folder)
    assert (done.status, done.err) == (0, "")
    assert f"address    {web.base}/2026/1" in done.lines
    assert "text by    rules of feed harbor-times, 498 characters" in done.lines
    assert LINE.format(0) in done.out.replace("\n", " ")
    assert any(" ms to fetch, " in line for line in done.lines)
    assert web.asked == ["/robots.txt", "/1", "/2026/1"]


def test_what_a_rule_does_not_yield_is_told(storywatch: Storywatch, desk_files: ConfigDir, web: SmallWeb) -> None:
    """And the page is read without it; a feed can be named, and must be there."""
    web.pages["/1"] = Page(body=PLAIN)
    folder = configured(desk_files, web, 'article = { body = ".gone" }')
    done = storywatch.typed("fetch", f"{web.base}/1", "--feed", "harbor-times", "--config", folder)
    assert "rule body: yielded 0 letters, fewer than 250: read without it" in " ".join(done.out.split())
    assert "Another story, sentence 0" in done.out
    done = storywatch.typed("fetch", f"{web.base}/1", "--feed", "nobody", "--config", folder)
    assert (done.status, done.err) == (1, "storywatch: no feed 'nobody' in feeds.toml; there are: harbor-times\n")


def test_what_robots_txt_forbids_is_not_fetched(storywatch: Storywatch, desk_files: ConfigDir, web: SmallWeb) -> None:
    """Not by hand either."""
    web.pages["/robots.txt"] = Page(body="User-agent: *\nDisallow: /", kind="text/plain")
    done = storywatch.typed("fetch", f"{web.base}/1", "--config", configured(desk_files, web, ""))
    assert done.status == 1
    assert "robots.txt does not allow /1" in done.err
    assert web.asked == ["/robots.txt"]


# --------------------------------------------------------------------------- many pages


def batch(
    storywatch: Storywatch, folder: Path, *lines: Any, words: tuple[str, ...] = ()
) -> tuple[Done, list[dict[str, Any]]]:
    """What the command said, and the rows that it wrote."""
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    (folder / "pages.jsonl").write_text(text, encoding="utf-8")
    out = folder / "read.jsonl"
    done = storywatch("fetch", "--pages", str(folder / "pages.jsonl"), "--out", str(out), *words)
    return done, [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def test_recorded_pages_are_read_in_their_order(storywatch: Storywatch, tmp_path: Path) -> None:
    """One line each with the fixed keys; packed files too, relative to the list."""
    (tmp_path / "ko.html.gz").write_bytes(gzip.compress((PAGES / "languages" / "ko.html").read_bytes()))
    done, rows = batch(
        storywatch,
        tmp_path,
        {"id": "b", "file": "ko.html.gz", "url": "https://hanbat-ilbo.example/1", "content_type": "text/html"},
        "",
        {"id": "a", "file": str(ARTICLE), "url": URL, "content_type": None, "more": 1},
        *({"id": f"n{number}", "file": str(PAGES / "plain.html"), "url": URL} for number in range(10)),
    )
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("12 pages: 12 read, ")
    assert [row["id"] for row in rows] == ["b", "a", *(f"n{number}" for number in range(10))]
    keys = ["id", "state", "title", "text", "published_at", "authors", "lang", "canonical_url", "outlet", "ms"]
    assert list(rows[0])[:10] == keys
    assert (rows[0]["lang"], rows[0]["outlet"], rows[0]["published_at"]) == ("ko", "한밭일보", "2026-10-03T10:30:00Z")
    assert (rows[1]["authors"], rows[1]["text"].count("\n")) == (["Ada Quill"], 6)
    assert rows[1]["ms"] > 0


def test_a_hostile_page_gets_a_state_and_the_run_goes_on(storywatch: Storywatch, tmp_path: Path) -> None:
    """Deep, packed to burst, damaged: each with its reason, and those after them are read."""
    (tmp_path / "deep.html").write_bytes(b"<div></x>" * 100_000)
    (tmp_path / "bomb.html.gz").write_bytes(gzip.compress(b" " * 50_000_000))
    (tmp_path / "damaged.gz").write_bytes(b"\x1f\x8bxxxxxxxxxxxxxxxxxxx")
    names = ("deep.html", "bomb.html.gz", "damaged.gz", str(ARTICLE))
    done, rows = batch(storywatch, tmp_path, *({"id": name, "file": name, "url": URL} for name in names))
    assert (done.status, done.err) == (0, "")
    assert [row["state"] for row in rows] == ["unreadable"] * 3 + ["read"]
    assert rows[0]["notes"] == ["a hostile page: tags nested more than 1,000 deep"]
    assert "larger than we read" in rows[1]["notes"][0]
    assert (rows[0]["text"], rows[0]["published_at"], rows[0]["authors"]) == ("", None, [])


def test_a_line_that_cannot_be_used_is_told_with_its_number(storywatch: Storywatch, tmp_path: Path) -> None:
    """The others are read; the status says that not all were."""
    done, rows = batch(
        storywatch,
        tmp_path,
        "[1]",
        '{"id": ',
        {"id": "c"},
        {"id": "d", "file": "nowhere.html"},
        {"id": "e", "file": str(ARTICLE), "url": 3},
        {"id": "f", "file": str(ARTICLE)},
    )
    assert done.status == 1
    listed = tmp_path / "pages.jsonl"
    assert done.err.splitlines() == [
        f"{listed}:1: an object is needed, with the keys id, file, url, content_type",
        f"{listed}:2: not JSON: Expecting value",
        f"{listed}:3: 'file' is missing or not a text",
        f"{listed}:5: 'url' is not a text",
        f"{listed}:4: nowhere.html: No such file or directory",
    ]
    assert [(row["id"], row["state"]) for row in rows] == [("d", "unreadable"), ("f", "read")]


def test_files_that_cannot_be_opened_are_told(storywatch: Storywatch, tmp_path: Path) -> None:
    """The list, or where the answers should go."""
    done = storywatch("fetch", "--pages", str(tmp_path / "no.jsonl"), "--out", str(tmp_path / "o.jsonl"))
    assert (done.status, done.err) == (1, f"storywatch: {tmp_path / 'no.jsonl'}: No such file or directory\n")
    (tmp_path / "pages.jsonl").write_text("")
    done = storywatch("fetch", "--pages", str(tmp_path / "pages.jsonl"), "--out", str(tmp_path))
    assert (done.status, done.err) == (1, f"storywatch: {tmp_path}: Is a directory\n")
    done, rows = batch(storywatch, tmp_path)
    assert (done.out, rows) == ("0 pages: nothing\n", [])


def test_many_pages_are_read_by_a_feeds_rules(
    storywatch: Storywatch, desk_files: ConfigDir, web: SmallWeb, tmp_path: Path
) -> None:
    """Where one is named."""
    (tmp_path / "plain.html").write_text(PLAIN)
    (tmp_path / "pages.jsonl").write_text(json.dumps({"id": "a", "file": "plain.html", "url": URL}))
    folder = configured(desk_files, web, 'article = { body = "section" }')
    out = tmp_path / "out.jsonl"
    storywatch.typed(
        "fetch",
        "--pages",
        str(tmp_path / "pages.jsonl"),
        "--out",
        str(out),
        "--feed",
        "harbor-times",
        "--config",
        folder,
    )
    assert json.loads(out.read_text("utf-8"))["read_by"] == "rules"


def test_a_terminal_sees_how_far_it_is(tmp_path: Path) -> None:
    """The pages read of those to do; no configuration is needed."""
    lines = (json.dumps({"id": str(n), "file": str(ARTICLE), "url": URL}) for n in range(30))
    (tmp_path / "pages.jsonl").write_text("\n".join(lines))
    status, screen = shown("fetch", "--pages", "pages.jsonl", "--out", "read.jsonl", cwd=tmp_path)
    assert status == 0
    assert "reading" in without_style(screen)
    assert "/30" in without_style(screen)
    assert "30 pages: 30 read" in without_style(screen)
