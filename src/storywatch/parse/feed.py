"""A feed's bytes to its entries: RSS, RDF and Atom by feedparser, and the traps around it.

Text comes out as plain text, addresses absolute, dates in UTC or not at all.
"""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any

import feedparser

from storywatch.core.ids import digest
from storywatch.core.model import Freshness, ListedEntry, Listing
from storywatch.core.urls import url_key, web_address
from storywatch.errors import Unreadable
from storywatch.parse.charset import decode
from storywatch.parse.dates import parse_moment
from storywatch.parse.markup import is_deeper, one_line, plain_text, shortened

MAX_ENTRIES = 500
MAX_ENTITIES = 20
MAX_DEPTH = 20_000  # half a second; sloppy HTML in 500 entries may well leave a thousand tags open
MAX_SUMMARY = 5_000
MAX_TITLE = 500
MAX_KEY = 500
HEAD = 65_536
TAIL = 2_048

C0 = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
DECLARATION = re.compile(r"\A<\?xml[^>]*\?>")
ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
END = re.compile(r"</(?:[\w.-]+:)?(?:rss|feed|rdf|channel)\s*>", re.IGNORECASE)
HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
PERIODS = {"hourly": 3_600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}

MetaFeed = dict[str, Any]  # feedparser's values: nothing in them can be relied on


def parse_feed(body: bytes, *, url: str, content_type: str | None = None, timezone: str | None = None) -> Listing:
    """What the feed at `url` lists. Raises `Unreadable`, in words, for what is not a feed.

    `timezone` is where dates without a zone were written; where it is None, such dates are none.
    """
    text = C0.sub("", decode(body, content_type)).lstrip("\ufeff \t\r\n")
    _refuse_hostile(text)
    document = DECLARATION.sub("", text).encode("utf-8", "replace")
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    parsed = feedparser.parse(document, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    items = parsed.get("entries") or []
    if not items and not parsed.get("version"):
        raise Unreadable(_what_it_is(text))
    feed: MetaFeed = parsed.get("feed") or {}
    return Listing(
        url=url,
        moved_to=None,
        title=one_line(plain_text(_string(feed.get("title")))) or None,
        lang=_language(feed),
        entries=_entries(items[:MAX_ENTRIES], url, timezone),
        body_hash=hashlib.sha256(body).hexdigest(),
        freshness=Freshness(ttl=_time_to_live(feed)),
        complete=END.search(text[-TAIL:]) is not None,
        dropped=max(0, len(items) - MAX_ENTRIES),
    )


def _refuse_hostile(text: str) -> None:
    """What would take feedparser many seconds; what slips through is ended by the worker's time limit."""
    entities = len(ENTITY.findall(text[:HEAD]))
    if entities > MAX_ENTITIES:
        message = f"the document declares {entities} entities: refused"
        raise Unreadable(message)
    if is_deeper(text, MAX_DEPTH):
        message = f"tags nested more than {MAX_DEPTH:,} deep: refused"
        raise Unreadable(message)


def _what_it_is(text: str) -> str:
    if not text.strip():
        return "an empty answer, not a feed"
    if HTML.search(text[:HEAD]):
        return "an HTML page, not a feed"
    if text[0] in "{[":
        return "a JSON document, not an RSS or Atom feed"
    return "not a feed"


def _entries(items: list[MetaFeed], url: str, timezone: str | None) -> tuple[ListedEntry, ...]:
    """Each key once: a guid that stands for two addresses is completed by them."""
    entries: dict[str, ListedEntry] = {}
    for item in items:
        entry = _entry(item, url, timezone)
        twin = entries.get(entry.key)
        if twin is not None and twin.url_key != entry.url_key:
            key = digest("key", entry.key, entry.url_key)
            entry = _entry(item, url, timezone, key=key)
        entries.setdefault(entry.key, entry)
    return tuple(entries.values())


def _entry(item: MetaFeed, base: str, timezone: str | None, *, key: str | None = None) -> ListedEntry:
    title = shortened(one_line(plain_text(_string(item.get("title")))), MAX_TITLE)
    # dict's own get: feedparser's warns where one of the two stands for the other. We read the dates ourselves: it
    # takes local time for UTC, and finds days in spellings that it does not know.
    date = _string(dict.get(item, "published")) or _string(dict.get(item, "updated"))
    guid = _string(item.get("id")).strip()
    link = _link(item, base)
    if key is None:
        key = guid or (url_key(link) if link else digest("key", title, date))
    if len(key) > MAX_KEY:
        key = digest("key", key)
    # An entry without an address keeps the feed's own, so that its text can be told with a source.
    address = link or f"{base.partition('#')[0]}#{digest('entry', key)}"
    return ListedEntry(
        key=key,
        url=address,
        url_key=url_key(address) if link else address,
        title=title,
        summary=_summary(item),
        published_at=parse_moment(date, timezone_name=timezone),
    )


def _link(item: MetaFeed, base: str) -> str | None:
    candidates = [item.get("link")]
    candidates += [link.get("href") for link in item.get("links") or [] if link.get("rel") == "alternate"]
    candidates += [item.get("id")] if _string(item.get("id")).startswith(("http://", "https://")) else []
    addresses = (web_address(_string(candidate), base) for candidate in candidates if _string(candidate).strip())
    return next((address for address in addresses if address), None)


def _summary(item: MetaFeed) -> str:
    """The longer of summary and content: some feeds put a teaser in one and the whole text in the other."""
    values = [_string(item.get("summary"))]
    values += [_string(content.get("value")) for content in item.get("content") or []]
    return shortened(max(map(plain_text, dict.fromkeys(values)), key=len), MAX_SUMMARY)


def _language(feed: MetaFeed) -> str | None:
    """The bare language of such claims as "en-us", "zh-TW" and "ko_KR"."""
    primary = re.split(r"[-_]", _string(feed.get("language")).strip().lower())[0]
    return primary if re.fullmatch(r"[a-z]{2,3}", primary) else None


def _time_to_live(feed: MetaFeed) -> timedelta | None:
    period = PERIODS.get(_string(feed.get("sy_updateperiod")).strip().lower())
    if period is not None:
        frequency = _string(feed.get("sy_updatefrequency")).strip()
        return timedelta(seconds=period / max(1, int(frequency) if re.fullmatch(r"\d{1,6}", frequency) else 1))
    minutes = _string(feed.get("ttl")).strip()
    return timedelta(minutes=int(minutes)) if re.fullmatch(r"\d{1,6}", minutes) else None


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
