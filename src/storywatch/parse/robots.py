"""What a site's robots.txt says about one address."""

from __future__ import annotations

from itertools import islice

from protego import Protego

from storywatch.core.urls import web_address
from storywatch.parse.charset import decode

MAX_BYTES = 512_000  # as far as anybody has to read (RFC 9309)
MAX_SITEMAPS = 20


def parse_permission(body: bytes, *, url: str, agent: str) -> bool:
    """May `agent` fetch `url`? Runs in a worker: a pattern of many stars takes its time."""
    return bool(Protego.parse(decode(body[:MAX_BYTES])).can_fetch(url, agent))


def parse_crawl_delay(body: bytes, *, agent: str) -> float | None:
    """The seconds that the site wants between two requests of `agent`; None where it does not say."""
    delay = Protego.parse(decode(body[:MAX_BYTES])).crawl_delay(agent)
    return float(delay) if delay is not None else None


def sitemaps_of(body: bytes) -> tuple[str, ...]:
    """The sitemaps that it names, as absolute addresses, each once, in its order, and at most so many."""
    named = (address for line in Protego.parse(decode(body[:MAX_BYTES])).sitemaps if (address := web_address(line)))
    return tuple(islice(dict.fromkeys(named), MAX_SITEMAPS))
