"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1): feedparser 6 finds no entries in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from storywatch.core.model import Listing
from storywatch.errors import Unreadable
from storywatch.parse.listed import MAX_ENTRIES, bare_language, each_once, first_address, listed_entry, string
from storywatch.parse.markup import one_line, plain_text, shortened

if TYPE_CHECKING:
    from storywatch.core.model import ListedEntry

VERSION = "jsonfeed.org/version/"
MAX_TITLE = 500
NUMBERS = 40  # characters of an id that is a number

Json = dict[str, Any]  # nothing in it can be relied on


def parse_json_feed(text: str, *, url: str, timezone: str | None, body_hash: str) -> Listing:
    """What the JSON Feed at `url` lists. Raises `Unreadable`, in words, for other JSON and for what is damaged."""
    feed = _document(text)
    items = [item for item in _list(feed.get("items")) if isinstance(item, dict)]
    return Listing(
        url=url,
        moved_to=None,
        title=shortened(one_line(string(feed.get("title"))), MAX_TITLE) or None,
        lang=bare_language(feed.get("language")),
        entries=each_once(_entry(item, url, timezone) for item in items[:MAX_ENTRIES]),
        body_hash=body_hash,
        dropped=max(0, len(items) - MAX_ENTRIES),
        hub=_hub(feed, url),
        topic=first_address([feed.get("feed_url")], url),
        earlier=first_address([feed.get("next_url")], url),  # the standard: the next so many items, the older ones
    )


def _document(text: str) -> Json:
    try:
        document = json.loads(text, strict=False)  # publishers send bare line ends within texts
    except RecursionError as error:
        message = "a JSON document nested too deep: refused"
        raise Unreadable(message) from error
    except ValueError as error:
        message = "a damaged or cut off JSON document, not a feed"
        raise Unreadable(message) from error
    if isinstance(document, dict) and VERSION in string(document.get("version")):
        return document
    message = "a JSON document, not a feed"
    raise Unreadable(message)


def _entry(item: Json, base: str, timezone: str | None) -> ListedEntry:
    guid = _id(item.get("id"))
    return listed_entry(
        base=base,
        guid=guid,
        # `external_url` is what a link blog's item is about, another page: the item's own comes first.
        link=first_address(
            [item.get("url"), guid if guid.startswith(("http://", "https://")) else None, item.get("external_url")],
            base,
        ),
        title=string(item.get("title")),
        summary=_summary(item),
        date=string(item.get("date_published")) or string(item.get("date_modified")),
        timezone=timezone,
    )


def _id(value: object) -> str:
    """The standard wants a text, and says that a number is to be taken for one."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)[:NUMBERS]
    return string(value).strip()


def _summary(item: Json) -> str:
    """The longest of summary, text and HTML. The first two are plain text by the standard: `<` is no tag in them."""
    texts = [string(item.get("summary")), string(item.get("content_text"))]
    return max(*texts, plain_text(string(item.get("content_html"))), key=len)


def _hub(feed: Json, base: str) -> str | None:
    hubs = [hub for hub in _list(feed.get("hubs")) if isinstance(hub, dict)]
    kinds = ((string(hub.get("type")).lower(), hub.get("url")) for hub in hubs)
    return first_address((address for kind, address in kinds if kind in {"websub", "pubsubhubbub"}), base)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
