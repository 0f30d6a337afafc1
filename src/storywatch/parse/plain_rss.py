"""The plain kind of RSS 2.0, which most feeds are, read in a fifth of the time that feedparser takes for it.

It gives the very values that feedparser would give, of those that we look at, or nothing at all: wherever a document has
anything in it whose meaning takes more than a table to know, feedparser reads it. A test compares the two.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any
from xml.etree import ElementTree as ET

from feedparser.urls import _urljoin as joined  # what feedparser makes of relative addresses, to the letter

Values = dict[str, Any]

CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
ATOM_LINK = "{http://www.w3.org/2005/Atom}link"
SYNDICATION = "{http://purl.org/rss/1.0/modules/syndication/}"
MEDIA = "{http://search.yahoo.com/mrss/}"
# What a channel or an item may hold besides: it says nothing that we look at, whatever it says.
OF_NO_MATTER = frozenset({
    "author", "category", "comments", "copyright", "docs", "enclosure", "generator", "lastBuildDate", "managingEditor",
    "webMaster", "{http://purl.org/dc/elements/1.1/}creator", "{http://purl.org/rss/1.0/modules/slash/}comments",
    "{http://wellformedweb.org/CommentAPI/}commentRss",
})  # fmt: skip
FLAT_MEDIA = frozenset({f"{MEDIA}content", f"{MEDIA}thumbnail", f"{MEDIA}credit"})
CHANNEL_TEXTS = {
    "title": "title", "language": "language", "ttl": "ttl", "description": "subtitle", "link": "link", "pubDate": "published",
    f"{SYNDICATION}updatePeriod": "sy_updateperiod", f"{SYNDICATION}updateFrequency": "sy_updatefrequency",
}  # fmt: skip
ITEM_TEXTS = {
    "title": "title", "link": "link", "description": "summary", "guid": "id", "pubDate": "published", CONTENT: "content",
}  # fmt: skip
SKIPS = frozenset({"skipHours", "skipDays"})  # read from the text, elsewhere
BEYOND = re.compile(r"<!DOCTYPE|xml:base|<\?xml-", re.IGNORECASE)
AMPERSAND = re.compile(r"&([A-Za-z0-9_]+);")
WINDOWS = {n: bytes([n]).decode("cp1252") for n in range(0x80, 0xA0) if n not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}}


class _NotPlain(Exception):
    """There is something in it that feedparser must read."""


def plain_rss(text: str, document: bytes, url: str) -> Values | None:
    """`entries` and `feed` as feedparser has them; None where the document is not of the plain kind."""
    if "<rss" not in text[:2_000] or BEYOND.search(text):
        return None
    try:
        root = ET.fromstring(document)  # noqa: S314  no DOCTYPE, so no entity; in a process that may fall over
        [channel] = root
        if (root.tag, channel.tag) != ("rss", "channel") or channel.attrib:
            return None
        return _channel(channel, url)
    except (ET.ParseError, ValueError, _NotPlain):
        return None


def _channel(channel: ET.Element, url: str) -> Values:
    feed: Values = {}
    links: list[dict[str, str]] = []
    entries: list[Values] = []
    for element in channel:
        if element.tag == "item":
            entries.append(_item(element, url))
        elif element.tag == ATOM_LINK:
            links.append(_atom_link(element, url))
        elif element.tag in CHANNEL_TEXTS:
            _put(feed, CHANNEL_TEXTS[element.tag], _text(element))
        elif element.tag not in SKIPS and element.tag != "image":
            _pass_over(element)
    return {"entries": entries, "feed": {**feed, "links": links}, "version": "rss20"}


def _item(item: ET.Element, url: str) -> Values:
    values: Values = {}
    is_link = False
    for element in item:
        name = ITEM_TEXTS.get(element.tag)
        if name is None:
            _pass_over(element)
            continue
        if name == "id":
            is_link = element.attrib.pop("isPermaLink", "true") == "true"
        _put(values, name, _text(element))
    if item.attrib:
        raise _NotPlain
    if "link" in values:
        if not values["link"]:
            raise _NotPlain
        address = joined(url, values["link"]).replace("&amp;", "&")
        values["link"] = AMPERSAND.sub(r"&\g<1>", address)
    if "id" in values and is_link:
        values["id"] = joined(url, values["id"]) if values["id"] else ""
        values.setdefault("link", values["id"])
    if "content" in values:
        values.setdefault("summary", values["content"])
        values["content"] = [{"value": values["content"]}]
    return values


def _atom_link(element: ET.Element, url: str) -> dict[str, str]:
    if len(element) or not element.get("href"):
        raise _NotPlain
    return {"rel": element.get("rel", "alternate"), "href": joined(url, element.attrib["href"])}


def _pass_over(element: ET.Element) -> None:
    """Nothing that we look at, and nothing in it that could be taken for such."""
    if element.tag in FLAT_MEDIA:
        for inner in element:
            _pass_over(inner)
    elif element.tag not in OF_NO_MATTER or len(element):
        raise _NotPlain


def _put(values: Values, name: str, text: str) -> None:
    if name in values:  # which of the two holds is feedparser's affair
        raise _NotPlain
    values[name] = text


def _text(element: ET.Element) -> str:
    """As feedparser tidies it: what was taken for latin-1 or windows-1252 on the way is what it was meant to be."""
    if len(element) or element.attrib:
        raise _NotPlain
    text = (element.text or "").strip()
    if text.isascii():
        return text
    with suppress(UnicodeEncodeError, UnicodeDecodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(WINDOWS)
