"""What can be followed at an address: one look, of five requests at most, as polite as a poll.

The first answer is used for all that it can tell. A page's own links to feeds are asked before any guess is tried.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from storywatch.core.model import Discovered, FeedKind, FoundFeed, Listing
from storywatch.core.urls import url_key, web_address
from storywatch.errors import FetchFailed, Forbidden, Unreadable
from storywatch.fetch.client import MIB, OK, in_host
from storywatch.fetch.feeds import ACCEPT, WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storywatch.core.model import ListedEntry, SitemapIndex
    from storywatch.fetch.client import Answer, Web
    from storywatch.fetch.workers import Readers

MOST_REQUESTS = 5  # of one look, redirects and robots.txt included
DECODED_CAP = 10 * MIB
AGENT = "storywatch"
TRIED = ("/feed", "/rss.xml")
TRIED_LAST = "/atom.xml"
LINK = re.compile(r"<([^<>]{1,2000})>([^<]{0,500})")
FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
LONGEST_HEADER = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something that can be followed. `fault` says why it can't after all; without one and `asked` it was read."""

    url: str
    kind: FeedKind
    how: str  # in words: what named it
    title: str | None = None
    lang: str | None = None
    entries: tuple[ListedEntry, ...] = ()  # as it lists them
    select: str | None = None  # of a page: the selector that finds its links
    asked: bool = False
    fault: str | None = None

    @property
    def good(self) -> bool:
        """It was asked, and there is something in it."""
        return self.asked and self.fault is None and bool(self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at an address gave, the best offer first. `requests` counts redirects too."""

    url: str
    offers: tuple[Offer, ...]
    requests: int


class Discoverer:
    """Looks at addresses that somebody might want to follow."""

    def __init__(self, web: Web, readers: Readers) -> None:
        self._web = web
        self._readers = readers

    async def look(self, url: str, *, select: str | None = None) -> Look:
        """What `url` offers. With `select` it is a page whose links that selector finds, and nothing else is tried.

        Raises `FetchFailed`, `Forbidden` or `Unreadable` where the address itself gives nothing.
        """
        asking = _Asking(self._web)
        answer = await asking.ask(url)
        if select is not None:
            page = await self._page(url, answer, select, title=None)
            offers: Sequence[Offer] = [await self._allowed(page, asking)]
        else:
            offers = await self._offers(url, answer, asking)
        return Look(url=answer.url, offers=tuple(offers), requests=asking.requests)

    async def _offers(self, url: str, answer: Answer, asking: _Asking) -> Sequence[Offer]:
        found: Discovered = await self._readers.read(
            "discover", body=answer.body, url=answer.url, content_type=answer.content_type
        )
        if found.kind is not None:
            itself = FoundFeed(
                url=answer.moved_to or url, title=found.title or "", kind=found.kind, how="the address itself"
            )
            return [await self._allowed(await self._read(itself, answer, asking), asking)]
        named = _each_once([*found.feeds, *_linked(answer)], but=answer.url)
        offers = [await self._ask(feed, asking) for feed in named]
        if not any(offer.good for offer in offers):
            offers += await self._tried(answer.url, asking, known={url_key(offer.url) for offer in offers})
        offers.sort(key=lambda offer: not offer.good)  # stable: the page's own order else
        if found.select:
            page = await self._page(answer.moved_to or url, answer, found.select, title=found.title)
            offers.append(await self._allowed(page, asking, known_only=True))
        return offers

    async def _allowed(self, offer: Offer, asking: _Asking, *, known_only: bool = False) -> Offer:
        """Polls ask robots.txt before sitemaps and pages: what it forbids is said before anybody relies on it."""
        if offer.kind is FeedKind.FEED or not offer.good:
            return offer
        rules = await asking.rules(offer.url, known_only=known_only)
        if not rules or await self._readers.read("permission", body=rules, url=offer.url, agent=AGENT):
            return offer
        return replace(offer, fault="robots.txt does not allow us there")

    async def _tried(self, page: str, asking: _Asking, *, known: set[str]) -> list[Offer]:
        """What many sites have without saying so; of the guesses only one that is right is an offer."""
        offers: list[Offer] = []
        for path in TRIED:
            offers += await self._guess(urljoin(page, path), "tried: many sites have it there", asking, known)
            if offers:
                return offers
        sitemaps = await self._sitemaps(page, asking)
        for address in sitemaps[:1]:
            offers += await self._guess(address, "robots.txt names it", asking, known, kind=FeedKind.SITEMAP)
        return offers or await self._guess(urljoin(page, TRIED_LAST), "tried: many sites have it there", asking, known)

    async def _guess(
        self, url: str, how: str, asking: _Asking, known: set[str], *, kind: FeedKind = FeedKind.FEED
    ) -> list[Offer]:
        if url_key(url) in known:
            return []
        offer = await self._ask(FoundFeed(url=url, title="", kind=kind, how=how), asking)
        return [offer] if offer.good else []

    async def _sitemaps(self, page: str, asking: _Asking) -> Sequence[str]:
        try:
            named: tuple[str, ...] = await self._readers.read("sitemaps", body=await asking.rules(page))
        except Unreadable:
            return ()
        return sorted(named, key=lambda address: "news" not in address.lower())

    async def _ask(self, feed: FoundFeed, asking: _Asking) -> Offer:
        if not asking.left:
            return _offer(feed)
        try:
            answer = await asking.ask(feed.url)
        except (FetchFailed, Unreadable) as error:
            return replace(_offer(feed), asked=True, fault=str(error))
        moved = replace(feed, url=answer.moved_to or feed.url)
        return await self._read(moved, answer, asking)

    async def _read(self, feed: FoundFeed, answer: Answer, asking: _Asking) -> Offer:
        offer = replace(_offer(feed), asked=True)
        try:
            listing = await self._listing(answer, feed.kind, asking)
        except (FetchFailed, Unreadable) as error:
            return replace(offer, fault=str(error))
        fault = None if listing.entries else "there is nothing in it"
        title = listing.title or offer.title
        return replace(offer, title=title, lang=listing.lang, entries=listing.entries, fault=fault)

    async def _listing(self, answer: Answer, kind: FeedKind, asking: _Asking) -> Listing:
        read = await self._parsed(answer, FeedKind.AUTO if kind is FeedKind.FEED else kind)
        if isinstance(read, Listing):
            return read
        if not read.children:
            message = "an index of sitemaps without any in it"
            raise Unreadable(message)
        newest = max(read.children, key=lambda child: child[1].timestamp() if child[1] else 0.0)
        inner = await self._parsed(await asking.ask(newest[0]), FeedKind.SITEMAP)
        if isinstance(inner, Listing):
            return inner
        message = "an index in an index of sitemaps is not followed"
        raise Unreadable(message)

    async def _parsed(self, answer: Answer, kind: FeedKind, *, select: str | None = None) -> Listing | SitemapIndex:
        read: Listing | SitemapIndex = await self._readers.read(
            "feed",
            body=answer.body,
            url=answer.url,
            content_type=answer.content_type,
            kind=kind,
            select=select,
        )
        return read

    async def _page(self, url: str, answer: Answer, select: str, *, title: str | None) -> Offer:
        offer = Offer(url=url, kind=FeedKind.PAGE, how="its links", title=title, select=select, asked=True)
        try:
            listing = await self._parsed(answer, FeedKind.PAGE, select=select)
            assert isinstance(listing, Listing), "a page is no index"
        except Unreadable as error:
            return replace(offer, fault=str(error))
        fault = None if listing.entries else f"{select!r} finds no link to an article in it"
        return replace(offer, title=title or listing.title, lang=listing.lang, entries=listing.entries, fault=fault)


class _Asking:
    """The requests of one look, counted."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._rules: dict[str, bytes] = {}
        self.requests = 0

    @property
    def left(self) -> int:
        return MOST_REQUESTS - self.requests

    async def ask(self, url: str) -> Answer:
        """The answer at an address; anything but 2xx is a `FetchFailed` in words."""
        answer = await self._web.fetch(url, headers={"Accept": ACCEPT}, decoded_cap=DECODED_CAP, permit=self._count)
        if answer.status not in OK:
            words = WORDS.get(answer.status, "not an answer that we can use")
            message = f"{in_host(url)}: {answer.status}: {words}"
            raise FetchFailed(message, status=answer.status)
        return answer

    async def rules(self, url: str, *, known_only: bool = False) -> bytes:
        """The robots.txt of a site, asked once; empty where there is none, or no request left for it."""
        place = urljoin(url, "/robots.txt")
        if place not in self._rules and not known_only:
            try:
                self._rules[place] = (await self.ask(place)).body
            except (FetchFailed, Unreadable):
                self._rules[place] = b""
        return self._rules.get(place, b"")

    async def _count(self, _address: str) -> None:
        if not self.left:
            message = f"not asked: a look takes {MOST_REQUESTS} requests at most"
            raise Forbidden(message)
        self.requests += 1


def _offer(feed: FoundFeed) -> Offer:
    return Offer(url=feed.url, kind=feed.kind, how=feed.how, title=feed.title or None)


def _each_once(feeds: Sequence[FoundFeed], *, but: str) -> list[FoundFeed]:
    by_key: dict[str, FoundFeed] = {}
    for feed in feeds:
        by_key.setdefault(url_key(feed.url), feed)
    by_key.pop(url_key(but), None)
    return list(by_key.values())


def _linked(answer: Answer) -> list[FoundFeed]:
    """Feeds that the server names in its Link header (RFC 8288)."""
    header = str(answer.headers.get("link") or "")[:LONGEST_HEADER]
    found = []
    for target, said in LINK.findall(header):
        words = said.lower()
        address = web_address(target, answer.url)
        if (
            address
            and re.search(r'rel\s*=\s*"?[^";]*\balternate\b', words)
            and any(kind in words for kind in FEED_TYPES)
        ):
            title = re.search(r'title\s*=\s*"([^"]*)"', said)
            found.append(
                FoundFeed(
                    url=address, title=title[1] if title else "", kind=FeedKind.FEED, how="a Link header names it"
                )
            )
    return found
