"""Names for new feeds: an id that nobody has yet, made of the address, and an owner that others may share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from storywatch.core.sites import NUMERIC, site_of
from storywatch.core.urls import NEWS_SEARCH_HOSTS, NEWS_SEARCH_PATHS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from storywatch.core.model import Feed

LONGEST = 40  # signs of an id that we make
GENERIC = frozenset({
    "all", "articles", "atom", "default", "feed", "feeds", "full", "home", "index", "latest", "main", "news", "rss",
    "rss2", "rss20", "sitemap", "sitemaps", "static", "www", "xml",
})  # fmt: skip
CARRIERS = frozenset({"feeds.feedburner.com", "feeds2.feedburner.com"})  # the outlet is in the path
NOT_PLAIN = re.compile(r"[^a-z0-9]+")
SUFFIX = re.compile(r"\.[a-z0-9]{1,5}\Z")


def free_id(url: str, taken: Collection[str]) -> str:
    """An id for the feed at `url`: the site's name; if it is taken with a word of the address; else with a number."""
    name, words = _name(url), _words(url)
    wishes = [name, *(plain(f"{name}-{word}") for word in words)]
    free = next((wish for wish in wishes if wish not in taken), None)
    if free is not None:
        return free
    stem, number = (wishes[1] if len(wishes) > 1 else name), 2
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def shared_owner(url: str, feeds: Iterable[Feed]) -> str | None:
    """The owner of a known feed of the same site: two feeds of one outlet do not confirm each other."""
    return owners_by_site(feeds).get(outlet_site(url))


def owners_by_site(feeds: Iterable[Feed]) -> dict[str, str]:
    """The owner of the first feed of each site that is one outlet's."""
    owners: dict[str, str] = {}
    for feed in feeds:
        owners.setdefault(outlet_site(feed.url), feed.owner)
    owners.pop("", None)
    return owners


def outlet_site(url: str) -> str:
    """The site of an outlet; empty where it carries those of many."""
    return "" if _host(url) in CARRIERS or is_news_search(url) else _site(url)


def is_news_search(url: str) -> bool:
    """Is that address a search for news, whose links are never followed?"""
    host = _host(url)
    return host in NEWS_SEARCH_HOSTS or (host in NEWS_SEARCH_PATHS and _parts(url).path.lower().startswith("/news/"))


def plain(text: str) -> str:
    """As an id may be: small letters, digits and hyphens."""
    return NOT_PLAIN.sub("-", text.lower())[:LONGEST].strip("-")


def _name(url: str) -> str:
    if is_news_search(url):
        return plain(f"search-{_query(url)}")
    if _host(url) in CARRIERS:
        return plain(unquote(_parts(url).path)) or "feed"
    site = site_of(url).rpartition(":")[0]
    own = site if NUMERIC.fullmatch(site) else site.split(".")[0]
    return plain(_in_ascii(own)) or "feed"


def _site(url: str) -> str:
    """The site, by http or https; a number may stand for as many sites as it has ports."""
    site, _, port = site_of(url).rpartition(":")
    return f"{site}:{port}" if NUMERIC.fullmatch(site) else site


def _words(url: str) -> list[str]:
    """What tells this address from others of the site, the most telling first."""
    if is_news_search(url) or _host(url) in CARRIERS:
        return []
    path = [SUFFIX.sub("", part.lower()) for part in unquote(_parts(url).path).split("/")]
    machines = _host(url).removesuffix(site_of(url).rpartition(":")[0]).split(".")
    words = (plain(word) for word in (*reversed(path), *machines))
    return [word for word in words if word and word not in GENERIC and not word.isdigit()]


def _in_ascii(name: str) -> str:
    """A name in letters that are not of the Latin script, as the network writes it."""
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return ""


def _query(url: str) -> str:
    said = parse_qs(_parts(url).query).get("q", [""])[0]
    return re.sub(r"\b[a-z]+:\S+", " ", said)


def _host(url: str) -> str:
    return (_parts(url).hostname or "").lower()


def _parts(url: str) -> SplitResult:
    """The parts of an address; of what is none, nothing."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")
