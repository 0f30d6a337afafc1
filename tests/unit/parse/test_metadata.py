from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from storywatch.parse.metadata import Metadata, parse_metadata

URL = "https://harbor-times.example/a/b"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def meta(head: str = "", body: str = "", timezone: str | None = None) -> Metadata:
    html = f"<html><head>{head}</head><body>{body}</body></html>"
    return parse_metadata(LexborHTMLParser(html), url=URL, timezone=timezone)


def ld(**node: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **node})}</script>'


@pytest.mark.parametrize(
    "head",
    [
        ld(datePublished="2026-03-02T12:00:00Z"),
        '<meta property="article:published_time" content="2026-03-02T14:00:00+02:00">',
        '<meta name="PubDate" content="Mon, 02 Mar 2026 12:00:00 GMT">',
        '<meta itemprop="datePublished" content="2026-03-02T12:00:00Z">',
        ld(datePublished="soon") + '<meta name="date" content="2026-03-02T12:00:00Z">',
    ],
)
def test_a_page_says_in_many_ways_when_it_was_published(head: str) -> None:
    """JSON-LD first; what can't be read is passed over."""
    found = meta(head)
    assert (found.published_at, found.dated_to_the_day) == (NOON, False)


@pytest.mark.parametrize(
    "body",
    [
        '<article><time datetime="2026-03-02T12:00:00Z">noon</time></article>',
        '<span itemprop="datePublished" content="2026-03-02T12:00:00Z"></span>',
        '<span itemprop="datePublished">2026-03-02 12:00 GMT</span>',
    ],
)
def test_a_date_that_is_shown_counts_last(body: str) -> None:
    """A meta element is believed before it."""
    assert meta("", body).published_at == NOON
    assert meta('<meta name="date" content="2026-03-01T12:00:00Z">', body).published_at == datetime(
        2026, 3, 1, 12, tzinfo=UTC
    )


def test_local_time_names_a_day_unless_the_zone_is_known() -> None:
    """No zone is invented, but the day is not lost."""
    head = ld(datePublished="2026-03-02T23:30:00")
    assert (meta(head).published_at, meta(head).dated_to_the_day) == (datetime(2026, 3, 2, tzinfo=UTC), True)
    seoul = meta(head, timezone="Asia/Seoul")
    assert (seoul.published_at, seoul.dated_to_the_day) == (datetime(2026, 3, 2, 14, 30, tzinfo=UTC), False)
    assert meta('<meta name="date" content="20260302">').published_at == datetime(2026, 3, 2, tzinfo=UTC)
    assert meta('<meta name="date" content="2026-13-45">').published_at is None
    assert meta().published_at is None


def test_the_title_is_the_headline_then_the_heading() -> None:
    """og:title carries kickers, the title element the outlet's name; a logo's heading is no title."""
    head = (
        '<meta property="og:title" content="OG"><title>T</title><meta property="og:site_name" content="Harbor Times">'
    )
    assert meta(ld(headline="<i>LD</i> &amp; more") + head, "<h1>H</h1>").title == "LD & more"
    assert meta(head, "<h1>Harbor Times</h1><article><h1>H</h1></article>").title == "H"
    assert meta(head, "<h1>Harbor Times</h1>").title == "OG"
    assert meta("<title>T</title>").title == "T"
    assert meta().title == ""


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ({"name": "Ada Quill"}, ("Ada Quill",)),
        ([{"name": "Ada Quill"}, "Bo Ray", {"name": ["Cy Lee"]}, {"name": []}], ("Ada Quill", "Bo Ray", "Cy Lee")),
        ([{"name": "Ada Quill"}, {"name": "Ada Quill"}], ("Ada Quill",)),
        (["https://x.example/ada", "105092", "Harbor Times", "x" * 100], ()),
        ({"name": {"deep": 1}}, ()),
        (7, ()),
    ],
)
def test_authors_are_people(author: Any, names: tuple[str, ...]) -> None:
    """Addresses, numbers and the outlet itself are not."""
    assert (
        meta(ld(headline="H", author=author) + '<meta property="og:site_name" content="Harbor Times">').authors == names
    )


def test_authors_come_from_meta_elements_where_json_ld_names_none() -> None:
    """A byline that the outlet meant for machines."""
    assert meta('<meta name="author" content="Ada Quill">').authors == ("Ada Quill",)


def test_json_ld_is_found_however_it_is_wrapped() -> None:
    """In a graph, in a list, under mainEntity, in comments, beside broken scripts."""
    node = {"@type": ["Thing", "ReportageNewsArticle"], "headline": "H"}
    for document in ([node], {"@graph": [{"@type": "WebSite"}, node]}, {"@type": "WebPage", "mainEntity": node}):
        assert meta(f'<script type="application/ld+json">{json.dumps(document)}</script>').title == "H"
    wrapped = f'<script type="application/ld+json">\n//<![CDATA[\n{json.dumps(node)};\n//]]>\n</script>'
    assert meta('<script type="application/ld+json">{broken</script>' + wrapped).title == "H"
    assert not meta('<script type="application/ld+json">"just words"</script>').is_article
    newline = '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "H\n1"}</script>'
    assert meta(newline).title == "H 1"


def test_other_objects_are_no_article() -> None:
    """A breadcrumb or a video has a name and a date too; an article without anything to say is none."""
    video = '<script type="application/ld+json">{"@type": "VideoObject", "headline": "V", "datePublished": "2026-03-02"}</script>'
    assert not meta(video).is_article
    assert not meta(ld(name="x")).is_article
    assert meta(ld(headline="H")).is_article


def test_hostile_json_ends_somewhere() -> None:
    """Deep nesting and endless lists neither raise nor take long."""
    deep = '<script type="application/ld+json">' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "</script>"
    assert not meta(deep).is_article
    buried: Any = {"@type": "NewsArticle", "headline": "H"}
    for _ in range(40):
        buried = {"a": buried}
    assert not meta(f'<script type="application/ld+json">{json.dumps(buried)}</script>').is_article
    wide = [{"a": {"b": 1}}] * 3_000 + [{"@type": "NewsArticle", "headline": "H"}]
    assert meta(f'<script type="application/ld+json">{json.dumps(wide)}</script>').is_article


@pytest.mark.parametrize(
    ("node", "free"),
    [
        ({}, True),
        ({"isAccessibleForFree": True}, True),
        ({"isAccessibleForFree": "True"}, True),
        ({"isAccessibleForFree": False}, False),
        ({"isAccessibleForFree": "False"}, False),
        ({"hasPart": {"cssSelector": ".paid"}}, False),
        ({"hasPart": [{"name": "x"}, {"cssSelector": ".paid"}]}, False),
        ({"hasPart": "x"}, True),
    ],
)
def test_a_page_says_whether_it_is_free(node: dict[str, Any], free: bool) -> None:  # noqa: FBT001  the expectation
    """By a flag, or by naming the part that is not."""
    assert meta(ld(headline="H", **node)).free is free


@pytest.mark.parametrize(
    ("html", "lang"),
    [
        ('<html lang="ko-KR">', "ko"),
        ('<html><head><meta property="og:locale" content="pl_PL">', "pl"),
        ('<html lang="x">', None),
        ("<html>", None),
    ],
)
def test_a_page_names_its_language(html: str, lang: str | None) -> None:
    """The bare code, from the document or its locale."""
    assert parse_metadata(LexborHTMLParser(html), url=URL).lang == lang


def test_a_canonical_address_is_absolute_or_none() -> None:
    """A relative one is relative to where the page came from."""
    assert meta('<link rel="canonical" href="../c">').canonical_url == "https://harbor-times.example/c"
    assert meta('<link rel="canonical" href="javascript:1">').canonical_url is None
    assert meta('<link rel="canonical">').canonical_url is None
    assert meta().canonical_url is None


def test_the_outlet_is_named_by_the_page_or_its_publisher() -> None:
    """Else by nobody."""
    assert meta('<meta property="og:site_name" content="Harbor Times">').outlet_name == "Harbor Times"
    assert meta(ld(headline="H", publisher={"name": "Harbor Group"})).outlet_name == "Harbor Group"
    assert meta().outlet_name is None
