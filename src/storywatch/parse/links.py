"""A page with a list of articles: the links that a CSS selector finds, as entries."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from storywatch.core.model import Listing
from storywatch.core.urls import url_key, web_address
from storywatch.errors import Unreadable
from storywatch.parse.listed import MAX_ENTRIES, bare_language, each_once, listed_entry, string
from storywatch.parse.markup import hostility, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from selectolax.lexbor import LexborNode

MAX_MATCHES = 5_000  # elements that a selector may find; far more than a page of articles has
MAX_TIMES = 2_000
CLIMB = 8  # elements from a link, or from a time, up to the item that both stand in
MAX_TITLE = 500

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
HIDDEN = re.compile(r"\A\s*(?:#|javascript:|mailto:|tel:|data:)", re.IGNORECASE)
MANY = ""  # in the place of an address: several


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link of the page: where it leads, what it says, and how much that is worth as a title."""

    node: LexborNode
    url: str
    key: str
    title: str
    rank: tuple[int, int]


def parse_links(
    text: str, *, url: str, select: str | None, timezone: str | None = None, body_hash: str | None = None
) -> Listing:
    """The articles that the page at `url` links to, each once, in its order. `Unreadable` where `select` finds none."""
    if not select:
        message = "a page with a list of links needs select, the CSS selector of its links to articles"
        raise Unreadable(message)
    tree = page_tree(text)
    links = list(matched_links(tree, select, url=url))
    if not links:
        message = f"the selector {select!r} finds no link on the page: was it rebuilt?"
        raise Unreadable(message)
    best = one_each(links)
    dates = _dates(tree, links)
    title = tree.css_first("title")
    root = tree.css_first("html")
    entries = [
        listed_entry(base=url, link=link.url, title=link.title, date=dates.get(link.key, ""), timezone=timezone)
        for link in best[:MAX_ENTRIES]
    ]
    return Listing(
        url=url,
        moved_to=None,
        title=one_line(title.text()) if title else None,
        lang=bare_language(root.attributes.get("lang")) if root else None,
        entries=each_once(entries),
        body_hash=body_hash or hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(),
        dropped=len(best[MAX_ENTRIES:]),
    )


def page_tree(text: str) -> LexborHTMLParser:
    """The page, if it may be parsed at all."""
    reason = hostility(text)
    if reason is not None:
        message = f"a hostile page: {reason}"
        raise Unreadable(message)
    return LexborHTMLParser(text)


def matched_links(tree: LexborHTMLParser, select: str, *, url: str) -> Iterator[Link]:
    """A link for each element that the selector finds: itself, the first one in it, or the one around it.

    Links to nowhere, to the page itself and without a word are none.
    """
    try:
        nodes = tree.css(select)
    except SelectolaxError as error:
        message = f"{select!r} is no CSS selector that can be understood"
        raise Unreadable(message) from error
    base, own = base_of(tree, url), url_key(url)
    for node in islice(nodes, MAX_MATCHES):
        link = _link(node)
        found = understood(link, base=base) if link is not None else None
        if found is not None and found.key != own and found.title:
            yield found


def base_of(tree: LexborHTMLParser, url: str) -> str:
    """What the page's relative addresses are relative to."""
    node = tree.css_first("base[href]")
    return web_address((node.attributes.get("href") or "") if node else "", url) or url


def _link(node: LexborNode) -> LexborNode | None:
    if node.tag == "a":
        return node
    inner: list[LexborNode] = node.css("a[href]")
    if inner:
        return next((link for link in inner if link.text().strip()), inner[0])
    return next((one for one in ancestors(node) if one.tag == "a"), None)


def understood(node: LexborNode, *, base: str) -> Link | None:
    """The link as we would list it; None where it leads to no article."""
    href = string(node.attributes.get("href"))
    address = None if not href.strip() or HIDDEN.match(href) else web_address(href, base)
    if address is None:
        return None
    text = one_line(string(node.text(deep=True, separator=" ")))[: MAX_TITLE + 1]
    title = text or _label(node)
    heading = node.css_first("h1, h2, h3, h4, h5, h6")
    if heading is not None and (said := one_line(string(heading.text(deep=True, separator=" ")))):
        title = said[: MAX_TITLE + 1]  # a card that is a link as a whole: its heading, not its teaser
    in_heading = heading is not None or any(one.tag in HEADINGS for one in islice(ancestors(node), 3))
    address = address.partition("#")[0]
    return Link(node=node, url=address, key=url_key(address), title=title, rank=(in_heading + bool(text), len(title)))


def _label(node: LexborNode) -> str:
    """What a link without words says to those who can't see its picture."""
    picture = node.css_first("img[alt]")
    said = [node.attributes.get("aria-label"), node.attributes.get("title")]
    said += [picture.attributes.get("alt")] if picture else []
    return next((words for text in said if (words := one_line(string(text)))), "")


def one_each(links: Iterable[Link]) -> list[Link]:
    """One for each address, where it first stands: of picture, headline and "read more" the headline."""
    best: dict[str, Link] = {}
    for link in links:
        known = best.get(link.key)
        if known is None or link.rank > known.rank:
            best[link.key] = link
    return list(best.values())


def ancestors(node: LexborNode) -> Iterator[LexborNode]:
    """The elements around it, the nearest first."""
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def _dates(tree: LexborHTMLParser, links: Iterable[Link]) -> dict[str, str]:
    """The date in each link's own item, by its key: a `<time datetime>` in what holds this link and no other."""
    held: dict[int, str] = {}
    for link in links:
        for around in (link.node, *islice(ancestors(link.node), CLIMB)):
            held[around.mem_id] = link.key if held.get(around.mem_id, link.key) == link.key else MANY
    dates: dict[str, str] = {}
    for time in islice(tree.css("time[datetime]"), MAX_TIMES):
        holder = next((held[one.mem_id] for one in islice(ancestors(time), CLIMB) if one.mem_id in held), MANY)
        if holder != MANY:
            dates.setdefault(holder, string(time.attributes.get("datetime")))
    return dates
