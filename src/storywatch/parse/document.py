"""What a source answered with, told by its bytes: feed, JSON Feed, sitemap, or a page with a list of links."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from storywatch.core.model import FeedKind
from storywatch.errors import Unreadable
from storywatch.parse.feed import parse_feed, what_it_is
from storywatch.parse.jsonfeed import parse_json_feed
from storywatch.parse.links import parse_links
from storywatch.parse.listed import document_text, root_of
from storywatch.parse.sitemap import parse_sitemap

if TYPE_CHECKING:
    from datetime import datetime

    from storywatch.core.model import Listing, SitemapIndex

SITEMAPS = frozenset({"urlset", "sitemapindex"})
ADDRESS = re.compile(r"https?://\S+\s*(?:\n|\Z)", re.IGNORECASE)


def parse_document(
    body: bytes,
    *,
    url: str,
    content_type: str | None = None,
    timezone: str | None = None,
    kind: FeedKind = FeedKind.AUTO,
    select: str | None = None,
    now: datetime | None = None,
) -> Listing | SitemapIndex:
    """What the source at `url` lists, or the sitemaps that it refers to. Raises `Unreadable`, in words, for all else.

    `timezone` is where dates without a zone were written; `select` finds a page's links; what is dated after `now` is
    not taken for the newest of a sitemap.
    """
    text = document_text(body, content_type)
    digest = hashlib.sha256(body).hexdigest()
    if kind is FeedKind.PAGE:
        return _page(text, url=url, select=select, timezone=timezone, body_hash=digest)
    if looks_like_json(text):
        return parse_json_feed(text, url=url, timezone=timezone, body_hash=digest)
    if root_of(text) in SITEMAPS or ADDRESS.match(text):
        if kind is FeedKind.FEED:
            message = 'a sitemap, not a feed: say kind = "sitemap"'
            raise Unreadable(message)
        return parse_sitemap(text, url=url, timezone=timezone, body_hash=digest, now=now)
    try:
        return parse_feed(text, url=url, timezone=timezone, body_hash=digest)
    except Unreadable as error:
        if kind is FeedKind.SITEMAP and str(error) == what_it_is(text):
            message = str(error).replace("not a feed", "not a sitemap")
            raise Unreadable(message) from error
        raise


def _page(text: str, *, url: str, select: str | None, timezone: str | None, body_hash: str) -> Listing:
    if looks_like_json(text) or is_xml(text):
        message = 'not a page with links, but data: say kind = "auto"'
        raise Unreadable(message)
    return parse_links(text, url=url, select=select, timezone=timezone, body_hash=body_hash)


def looks_like_json(text: str) -> bool:
    """No XML or HTML begins like that."""
    return text[0] in "{["


def is_xml(text: str) -> bool:
    """A feed or a sitemap by its root element."""
    return root_of(text) in {"rss", "feed", "rdf", *SITEMAPS}
