"""A feed's bytes to its entries: RSS, RDF, Atom and CDF by feedparser, and the traps around it.

Text comes out as plain text, addresses absolute, dates in UTC or not at all.
"""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import feedparser

from storywatch.core.model import Freshness, Listing
from storywatch.errors import Unreadable
from storywatch.parse.listed import (
    MAX_ENTRIES,
    bare_language,
    each_once,
    first_address,
    listed_entry,
    root_of,
    string,
)
from storywatch.parse.markup import one_line, plain_text
from storywatch.parse.means import ITEM, within_means
from storywatch.parse.plain_rss import plain_rss

if TYPE_CHECKING:
    from storywatch.core.model import ListedEntry

HEAD = 65_536
TAIL = 2_048
HOURS = 24

DECLARATION = re.compile(r"\A<\?xml[^>]*\?>")
END = re.compile(r"</(?:[\w.-]+:)?(rss|feed|rdf|channel)\s*>", re.IGNORECASE)
HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
OWN_TEXT = re.compile(r"<(?:description|summary|content:encoded|content)[\s>]")
REFERENCE = re.compile(rb"&#(?:[xX]([0-9a-fA-F]{1,4000})|([0-9]{1,4000}))")
BLANK = 0x20
SURROGATES = (0xD800, 0xDFFF)
CAPTION = "media:description"
PERIODS = {"hourly": 3_600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

MetaFeed = dict[str, Any]  # feedparser's values: nothing in them can be relied on


def parse_feed(text: str, *, url: str, timezone: str | None, body_hash: str) -> Listing:
    """What the feed at `url` lists. Raises `Unreadable`, in words, for what is not a feed.

    `timezone` is where dates without a zone were written; where it is None, such dates are none.
    """
    if root_of(text) == "html":
        raise Unreadable(what_it_is(text))
    readable, beyond = within_means(_without_captions(text))
    document = DECLARATION.sub("", readable).encode("utf-8", "replace")
    parsed = plain_rss(readable, document, url) or _parsed_by_feedparser(document, url)
    items = parsed.get("entries") or []
    if not items and not parsed.get("version"):
        raise Unreadable(what_it_is(text))
    feed: MetaFeed = parsed.get("feed") or {}
    return Listing(
        url=url,
        moved_to=None,
        title=one_line(plain_text(string(feed.get("title")))) or None,
        lang=bare_language(feed.get("language")),
        entries=each_once(_entry(item, url, timezone) for item in items[:MAX_ENTRIES]),
        body_hash=body_hash,
        freshness=Freshness(ttl=_time_to_live(feed), skip_hours=_skipped_hours(text), skip_days=_skipped_days(text)),
        complete=_is_complete(text),
        dropped=max(0, len(items) - MAX_ENTRIES) + beyond,
        hub=_linked(feed, url, "hub"),
        topic=_linked(feed, url, "self"),
        earlier=_linked(feed, url, "prev-archive", "previous-archive", "prev", "previous"),
    )


def _parsed_by_feedparser(document: bytes, url: str) -> MetaFeed:
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    how = {"response_headers": headers, "sanitize_html": False, "resolve_relative_uris": False}
    try:
        parsed: MetaFeed = feedparser.parse(document, **how)
    except (ValueError, OverflowError):  # a reference to what is no character: it makes one of each
        parsed = feedparser.parse(REFERENCE.sub(_of_a_character, document), **how)
    return parsed


def _of_a_character(reference: re.Match[bytes]) -> bytes:
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    fit = code in {9, 10, 13} or BLANK <= code < SURROGATES[0] or SURROGATES[1] < code <= sys.maxunicode
    return reference[0] if fit else "\ufffd".encode()


def _is_complete(text: str) -> bool:
    """Does it end as it began? In RDF the channel ends before the items."""
    ends = {found[1].lower() for found in END.finditer(text[-TAIL:])}
    return bool(ends - {"channel"} if root_of(text) == "rdf" else ends)


def _without_captions(text: str) -> str:
    """A picture's caption is no summary where there is one: feedparser takes both, and we the longer."""
    first = ITEM.search(text) if CAPTION in text else None
    if first is None or not OWN_TEXT.search(text, first.start()):
        return text
    return text.replace(f"<{CAPTION}", "<media:caption").replace(f"</{CAPTION}", "</media:caption")


def what_it_is(text: str) -> str:
    """In words, what came in place of a feed."""
    if root_of(text) == "html" or HTML.search(text[:HEAD]):
        return "an HTML page, not a feed"
    if text[0] in "{[":
        return "a JSON document, not a feed"
    return "not a feed"


def _entry(item: MetaFeed, base: str, timezone: str | None) -> ListedEntry:
    # dict's own get: feedparser's warns where one of the two stands for the other. We read the dates ourselves: it
    # takes local time for UTC, and finds days in spellings that it does not know.
    date = string(dict.get(item, "published")) or string(dict.get(item, "updated"))
    return listed_entry(
        base=base,
        guid=string(item.get("id")).strip(),
        link=_link(item, base),
        title=plain_text(string(item.get("title"))),
        summary=_summary(item),
        date=date,
        timezone=timezone,
    )


def _link(item: MetaFeed, base: str) -> str | None:
    candidates = [item.get("link")]
    candidates += [link.get("href") for link in item.get("links") or [] if link.get("rel") == "alternate"]
    candidates += [item.get("id")] if string(item.get("id")).startswith(("http://", "https://")) else []
    return first_address(candidates, base)


def _summary(item: MetaFeed) -> str:
    """The longer of summary and content: some feeds put a teaser in one and the whole text in the other."""
    values = [string(item.get("summary"))]
    values += [string(content.get("value")) for content in item.get("content") or []]
    longest = ""
    for value in sorted(dict.fromkeys(values), key=len, reverse=True):
        if len(value) > len(longest):  # else its text can't be longer either
            longest = max(longest, plain_text(value), key=len)
    return longest


def _linked(feed: MetaFeed, base: str, *relations: str) -> str | None:
    """The address that the feed itself names under one of these relations, the earlier ones first."""
    links = [link for link in feed.get("links") or [] if isinstance(link, dict)]
    named = ((string(link.get("rel")).lower().rpartition("/")[2], link.get("href")) for link in links)
    by_relation: dict[str, object] = {}
    for relation, address in named:
        by_relation.setdefault(relation, address)
    return first_address((by_relation.get(relation) for relation in relations), base)


def _time_to_live(feed: MetaFeed) -> timedelta | None:
    period = PERIODS.get(string(feed.get("sy_updateperiod")).strip().lower())
    if period is not None:
        frequency = string(feed.get("sy_updatefrequency")).strip()
        return timedelta(seconds=period / max(1, int(frequency) if re.fullmatch(r"\d{1,6}", frequency) else 1))
    minutes = string(feed.get("ttl")).strip()
    return timedelta(minutes=int(minutes)) if re.fullmatch(r"\d{1,6}", minutes) else None


def _skipped_hours(text: str) -> frozenset[int]:
    """Hours of the day in GMT, 0 to 23. feedparser keeps the last one only. All of them would mean never: then none."""
    named = re.findall(r"<hour>\s*(\d{1,2})\s*</hour>", _between(text, "<skipHours>", "</skipHours>"), re.IGNORECASE)
    hours = frozenset(int(hour) % HOURS for hour in named if int(hour) <= HOURS)
    return hours if len(hours) < HOURS else frozenset()


def _skipped_days(text: str) -> frozenset[int]:
    """Days of the week in GMT, Monday is 0; as above."""
    named = re.findall(r"<day>\s*([a-z]+)\s*</day>", _between(text, "<skipDays>", "</skipDays>"), re.IGNORECASE)
    days = frozenset(DAYS.index(day.lower()) for day in named if day.lower() in DAYS)
    return days if len(days) < len(DAYS) else frozenset()


def _between(text: str, start: str, end: str) -> str:
    """The little that stands between two tags; empty where it is not there, or not little."""
    _, found, rest = text.partition(start)
    inner, closed, _ = rest[:TAIL].partition(end) if found else ("", "", "")
    return inner if closed else ""
