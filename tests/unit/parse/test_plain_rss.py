from __future__ import annotations

from itertools import product
from typing import Any

import feedparser
import pytest

from storywatch.parse.plain_rss import plain_rss

URL = "https://harbor-times.example/news/feed.xml"
NAMES = (
    "xmlns:content='http://purl.org/rss/1.0/modules/content/' xmlns:dc='http://purl.org/dc/elements/1.1/' "
    "xmlns:atom='http://www.w3.org/2005/Atom' xmlns:sy='http://purl.org/rss/1.0/modules/syndication/' "
    "xmlns:media='http://search.yahoo.com/mrss/' xmlns:slash='http://purl.org/rss/1.0/modules/slash/'"
)
TEXTS = (
    "Port opens", "Port &amp; quay", "&amp;amp; &amp;lt;b&amp;gt;", "<![CDATA[<p>Port &amp; quay</p>]]>", "&lt;b&gt;Port&lt;/b&gt;",
    "caf\u00e9", "\u00c3\u00a9t\u00e9", "\u0093quoted\u0094", "  Port\n opens ", "\u65e5\u672c", "", "a &#233; &#x96; b",
)  # fmt: skip
LINKS = (
    "https://harbor-times.example/1", "/1", "1?a=1&amp;b=2", "?p=7", "https://harbor-times.example/a?x=1&amp;y;=2", "//cdn.example/1",
    "https://harbor-times.example/\u00e9", "https://harbor-times.example/1?#", "mailto:desk@harbor.example", "http://[bad/",
)  # fmt: skip
GUIDS = (
    "<guid>https://harbor-times.example/1</guid>", "<guid isPermaLink='false'>urn:1</guid>", "<guid>7</guid>", "<guid/>", "",
    "<guid isPermaLink='true'>/x</guid>", "<guid isPermaLink='TRUE'>/x</guid>", "<guid isPermaLink='false'/>",
)  # fmt: skip
BODIES = (
    "<description>teaser</description>",
    "<content:encoded>whole</content:encoded>",
    "<description>teaser</description><content:encoded>whole</content:encoded>",
    "<content:encoded>whole</content:encoded><description>teaser</description>",
    "<description/><content:encoded>whole</content:encoded>",
    "",
)
CHANNELS = (
    "<title>Harbor</title><language>en-gb</language><ttl>30</ttl>",
    "<image><title>Logo</title><url>/l.png</url><link>/</link></image><title>Harbor</title><link>/</link>",
    "<title>Harbor</title><image><title>Logo</title></image><description>d</description>",
    "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>",
    "<atom:link rel='self' href='/feed.xml'/><atom:link href='https://hub.example/' rel='hub'/><atom:link href='/'/>",
    "<skipHours><hour>3</hour></skipHours><skipDays><day>Monday</day></skipDays><title>Harbor</title>",
    "<generator>g</generator><copyright>c</copyright><lastBuildDate>x</lastBuildDate><webMaster>w</webMaster>",
)
EXTRAS = (
    "<category>a</category><category><![CDATA[b]]></category><dc:creator>Desk</dc:creator><comments>/c</comments>",
    "<media:content url='/a.jpg'><media:credit>Desk</media:credit></media:content><media:thumbnail url='/b.jpg'/>",
    "<enclosure url='/a.mp3' type='audio/mpeg' length='1'/><slash:comments>3</slash:comments><author>a@b.example</author>",
)
BEYOND = (
    "<title>a</title><title>b</title>",
    "<title>a <b>bold</b></title>",
    "<title type='html'>a</title>",
    "<description xml:lang='de'>a</description>",
    "<link>/1</link><link>/2</link>",
    "<link/>",
    "<link rel='alternate' href='/1'/>",
    "<atom:link href='/1'/>",
    "<dc:date>2026-03-02</dc:date>",
    "<source url='/'>Other</source>",
    "<media:title>other</media:title>",
    "<media:content url='/a'><media:title>other</media:title></media:content>",
    "<media:group><media:title>other</media:title></media:group>",
    "<PubDate>x</PubDate>",
    "<category><title>x</title></category>",
    "<wholly:unknown xmlns:wholly='urn:x'>x</wholly:unknown>",
)


def document(items: str, channel: str = "<title>Harbor</title>") -> str:
    return f"<rss version='2.0' {NAMES}><channel>{channel}{items}</channel></rss>"


def both(text: str) -> tuple[Any, Any]:
    """What the two readers have of what we look at."""
    data = text.encode()
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": URL}
    theirs = feedparser.parse(data, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    ours = plain_rss(text, data, URL)
    assert ours is not None
    assert bool(ours["version"]) is bool(theirs["version"])
    return _looked_at(ours), _looked_at(theirs)


def _looked_at(parsed: Any) -> Any:
    feed, names = parsed["feed"], ("title", "language", "ttl", "sy_updateperiod", "sy_updatefrequency")
    links = [
        (link["rel"], link["href"]) for link in feed.get("links", []) if link["rel"] in {"self", "hub", "prev-archive"}
    ]
    return [dict.get(feed, name) for name in names], links, [_entry(item) for item in parsed["entries"]]


def _entry(item: Any) -> Any:
    texts = {name: dict.get(item, name) or "" for name in ("title", "link", "id", "summary", "published", "updated")}
    alternates = {link.get("href") for link in item.get("links") or [] if link.get("rel") == "alternate"} - {
        texts["link"],
        None,
    }
    assert not alternates
    return texts, [content["value"] for content in item.get("content") or []]


@pytest.mark.parametrize("text", TEXTS)
def test_texts_are_what_feedparser_makes_of_them(text: str) -> None:
    """Entities, CDATA, double escapes, and what went through the wrong character set on its way."""
    item = f"<item><title>{text}</title><description>{text}</description><pubDate>{text}</pubDate></item>"
    whole = f"<item><content:encoded>{text}</content:encoded></item>"
    ours, theirs = both(document(item + whole, f"<title>{text}</title>"))
    assert ours == theirs


@pytest.mark.parametrize(("link", "guid"), list(product([*LINKS, None], GUIDS)))
def test_addresses_and_keys_are_what_feedparser_makes_of_them(link: str | None, guid: str) -> None:
    """The key of an entry hangs on them: another one would be another entry."""
    address = "" if link is None else f"<link>{link}</link>"
    ours, theirs = both(document(f"<item>{address}{guid}</item><item>{guid}{address}</item>"))
    assert ours == theirs


@pytest.mark.parametrize(("body", "extra"), list(product(BODIES, EXTRAS)))
def test_the_longer_text_is_found_in_either_place(body: str, extra: str) -> None:
    """Whatever else the item holds."""
    ours, theirs = both(document(f"<item>{extra}{body}</item><item>{body}{extra}</item>"))
    assert ours == theirs


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_a_channel_says_of_itself(channel: str) -> None:
    """Before its items and after them."""
    item = "<item><title>a</title></item>"
    for text in (document(item, channel), document(item + channel, "")):
        ours, theirs = both(text)
        assert ours == theirs


@pytest.mark.parametrize("part", BEYOND)
def test_what_takes_more_than_a_table_is_left_to_feedparser(part: str) -> None:
    """In an item."""
    text = document(f"<item>{part}</item>")
    assert plain_rss(text, text.encode(), URL) is None


@pytest.mark.parametrize(
    "text",
    [
        "<feed xmlns='http://www.w3.org/2005/Atom'/>",
        "<rss version='2.0'><channel><item></channel></rss>",
        "<rss version='2.0'/>",
        "<rss version='2.0'><channel/><channel/></rss>",
        "<rss version='2.0'><other/></rss>",
        "<rss version='2.0' xmlns='http://backend.userland.com/rss2'><channel/></rss>",
        "<!DOCTYPE rss><rss version='2.0'><channel/></rss>",
        "<rss version='2.0' xml:base='/x'><channel/></rss>",
        "<rss version='2.0'><channel lang='x'/></rss>",
        "<rss version='2.0'><channel><item about='x'/></channel></rss>",
        "<rss version='2.0'><channel><textInput><title>x</title></textInput></channel></rss>",
        "<rss version='2.0' xmlns:a='http://www.w3.org/2005/Atom'><channel><a:link rel='self'/></channel></rss>",
        "<RSS version='2.0'><channel/></RSS>",
    ],
)
def test_other_documents_are_left_to_feedparser(text: str) -> None:
    """Other kinds, broken ones, and such as are read by rules of their own."""
    assert plain_rss(text, text.encode(), URL) is None
