"""Which article it is that stands behind an entry: one article, whatever addresses lead to it.

A page's own canonical address is believed where it is on the site that the page came from. What it says
about another site's article is a hint that this is a copy, and never makes two articles one. An address
that looks like another one's page for AMP, for telephones or for printing counts as the same only if its
page says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from storywatch.core.model import Address, AddressKind
from storywatch.core.sites import site_of
from storywatch.core.urls import url_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from storywatch.core.model import ArticleId, Entry, Page, PageState, WatchId

VARIANT_HOSTS = ("amp.", "m.", "mobile.", "print.")
VARIANT_SEGMENTS = frozenset({"amp", "amp.html", "print", "mobile", "index.amp.html"})
VARIANT_QUERIES = frozenset({("outputtype", "amp"), ("view", "amp"), ("output", "amp"), ("print", "1"), ("m", "1")})
AMP_CACHES = (".cdn.ampproject.org", ".ampproject.net")
GOOGLE_AMP = re.compile(r"^/amp/(s/)?(?=[^/]+\.)")
FEWEST_DIGITS = 3  # of a number by which an article is known
YEAR = re.compile(r"(?:19|20)\d\d")
EXTENSION = re.compile(r"\.[a-z]\w{1,4}\Z", re.IGNORECASE)
CACHE_PATH = re.compile(r"^/[cvia]/(s/)?(?=[^/]+\.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownArticle:
    """The newest judged version of the article that an address leads to."""

    id: ArticleId
    title: str
    summary: str
    state: PageState
    watches: frozenset[WatchId]  # that it was judged for

    def answers(self, entry: Entry, watches: Iterable[WatchId]) -> bool:
        """Is nothing to be learned from asking for the page of this entry?

        The feed says what it said when the article was judged, the page was read then, and it was for all of these
        watches.
        """
        if self.state.is_unread or (entry.title, entry.summary) != (self.title, self.summary):
            return False
        return self.watches.issuperset(watches)


def addresses_of(entry: Entry, page: Page | None) -> tuple[Address, ...]:
    """All addresses of the article behind an entry, each once, the one that names it best first.

    Of a page that came instead of the article only the entry's own address counts, and where redirects led counts only
    if it is as exact: a wall that was not recognised is where all articles of a site lead.
    """
    listed = _address(entry.url, AddressKind.LISTED, key=entry.url_key)
    if page is None or page.state.is_unread:
        return (listed,) if entry.url_key else ()
    final = _address(page.url, AddressKind.FINAL)
    is_there = final.url_key == listed.url_key or _names_an_article(page.url, entry.url)
    found = [final, listed] if is_there and final.url_key != listed.url_key else [listed]
    claimed = page.canonical_url
    if claimed and _is_own(claimed, page.url):
        if _names_an_article(claimed, page.url if is_there else entry.url):
            found.insert(0, _address(claimed, AddressKind.CANONICAL))
    elif claimed:
        found.append(_address(claimed, AddressKind.SYNDICATED))
    if page.amp_url and _is_own(page.amp_url, source_of(claimed or page.url)):
        found.append(_address(page.amp_url, AddressKind.AMP))
    once: dict[str, Address] = {}
    for address in found:
        if address.url_key:
            once.setdefault(address.url_key, address)
    return tuple(once.values())


def key_of(addresses: Iterable[Address], known: Mapping[str, str]) -> str:
    """The key of the article with these addresses: the one under which it is known, else that of the best address.

    `known` says for an address's key which article it leads to. Empty: there is no address.
    """
    own = [address.url_key for address in addresses if address.kind is not AddressKind.SYNDICATED]
    return next((known[key] for key in own if key in known), own[0] if own else "")


def source_of(url: str) -> str:
    """The publisher's address that an AMP cache's address stands for; any other address is its own."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return url
    pattern = None
    if host.endswith(AMP_CACHES):
        pattern = CACHE_PATH
    elif host in {"www.google.com", "google.com"} or host.startswith("www.google."):
        pattern = GOOGLE_AMP
    found = pattern.match(parts.path) if pattern else None
    if found is None:
        return url
    query = f"?{parts.query}" if parts.query else ""
    return f"{'https' if found[1] else 'http'}://{parts.path[found.end() :]}{query}"


def is_variant(url: str) -> bool:
    """Does an address look like a page for AMP, for telephones or for printing?"""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return False
    if source_of(url) != url or host.startswith(VARIANT_HOSTS):
        return True
    segments = [segment.lower() for segment in parts.path.split("/") if segment]
    if segments and (segments[-1] in VARIANT_SEGMENTS or segments[0] in {"amp", "mobile", "print"}):
        return True
    query = [(name.lower(), value.lower()) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
    return any(name == "amp" or (name, value) in VARIANT_QUERIES for name, value in query)


def _address(url: str, kind: AddressKind, *, key: str | None = None) -> Address:
    own = kind in {AddressKind.LISTED, AddressKind.FINAL}
    return Address(
        url=url, url_key=url_key(url) if key is None else key, kind=AddressKind.AMP if own and is_variant(url) else kind
    )


def _is_own(claimed: str, url: str) -> bool:
    """Are they of one site? The port makes no difference."""
    one, other = (site_of(source_of(address)).rpartition(":")[0] for address in (claimed, url))
    return bool(one) and one == other


def _names_an_article(claimed: str, url: str) -> bool:
    """Is the claim as exact as the page's address? Some sites claim their front page, a section, a month or a script."""
    own, page = urlsplit(url_key(claimed)), urlsplit(url_key(source_of(url)))
    path, page_path = own.path.rstrip("/"), page.path.rstrip("/")
    if not path:
        return bool(own.query)
    if path == page_path:
        lost = _pairs(page) - _pairs(own)
        keeps_number = _has_number(_pairs(own)) and not _has_number(lost)
        return not lost or keeps_number or is_variant(url) or _tells(path)
    if page_path.startswith(f"{path}/"):
        return page_path.removeprefix(f"{path}/").lower() in VARIANT_SEGMENTS or _tells(path)
    is_exact = _tells(path) or any(_tells(value) for _, value in _pairs(own))
    return is_exact or not _tells(page_path) or path.rpartition("/")[2] == page_path.rpartition("/")[2]


def _pairs(parts: SplitResult) -> set[tuple[str, str]]:
    return set(parse_qsl(parts.query, keep_blank_values=True))


def _has_number(pairs: Iterable[tuple[str, str]]) -> bool:
    return any(map(str.isdigit, "".join(value for _, value in pairs)))


def _tells(path: str) -> bool:
    """Does its last part tell one article from all others: by a number that is no year, month or day, or by a title?"""
    last = EXTENSION.sub("", unquote(path).rpartition("/")[2])
    if last.isdigit():
        return len(last) >= FEWEST_DIGITS and YEAR.fullmatch(last) is None
    return sum(map(str.isdigit, last)) >= FEWEST_DIGITS or last.count("-") > 1 or last.count("_") > 1
