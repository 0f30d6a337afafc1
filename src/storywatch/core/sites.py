"""Which hosts are one site, and so one machine to be polite to: `feeds.harbor.example` and `www.harbor.example`.

There is no list of public suffixes in here: a rule of thumb serves, because both mistakes are cheap. Two sites taken
for one wait for each other for two seconds; one site taken for two is asked as often as two.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from storywatch.core.urls import host_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from storywatch.core.model import Feed

# Under a country's domain these are not names of sites: bbc.co.uk, abc.net.au, lanacion.com.ar, nhk.or.jp.
KINDS = frozenset({
    "ac", "asso", "co", "com", "edu", "gen", "go", "gob", "gouv", "gov", "govt", "gv", "id", "in", "info", "ltd", "mil",
    "ne", "net", "nom", "or", "org", "plc", "press", "sch", "web",
})  # fmt: skip
# What stands before these belongs to as many publishers.
PLATFORMS = frozenset({
    "blogspot.com", "ghost.io", "github.io", "gitlab.io", "medium.com", "netlify.app", "pages.dev", "substack.com",
    "tumblr.com", "typepad.com", "vercel.app", "wordpress.com",
})  # fmt: skip
COUNTRY = 2  # letters
NUMERIC = re.compile(r"[\d.]+|.*:.*|0x[\da-f]+", re.IGNORECASE)


def site_of(url: str) -> str:
    """`site:port`: the host with its port, without the names of machines before the name that somebody registered."""
    host, _, port = host_of(url).rpartition(":")
    if NUMERIC.fullmatch(host):
        return f"{host}:{port}"
    labels = host.split(".")
    size = 2
    if len(labels) > size and len(labels[-1]) == COUNTRY and labels[-2] in KINDS:
        size = 3
    if ".".join(labels[-size:]) in PLATFORMS:
        size += 1
    return f"{'.'.join(labels[-size:])}:{port}"


def feed_at(url: str, feeds: Iterable[Feed]) -> Feed | None:
    """The feed of an address's host, else of its site; of several the first that says how its pages are read."""
    near = [feed for feed in feeds if site_of(feed.url) == site_of(url)]
    near.sort(key=lambda feed: (host_of(feed.url) != host_of(url), feed.article is None))
    return near[0] if near else None
