"""What an address has to offer: is it a feed itself, which feeds does it name, and where does it list its articles.

The guess at a selector groups the links that could be headlines by the selectors that would find them, and takes the
one that finds many of them and little else. What it finds is shown before anybody relies on it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from storywatch.core.model import Discovered, FeedKind, FoundFeed, SitemapIndex
from storywatch.core.urls import url_key, web_address
from storywatch.errors import Unreadable
from storywatch.parse.document import parse_document
from storywatch.parse.links import HEADINGS, Link, ancestors, base_of, matched_links, one_each, page_tree, understood
from storywatch.parse.listed import document_text, root_of, string
from storywatch.parse.markup import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_FEEDS = 50
MAX_LINKS = 3_000  # of a page that are looked at
MAX_TITLE = 200
SAMPLES = 5

FEED_TYPES = frozenset({
    "application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "application/x-rss+xml",
    "application/x-cdf", "text/xml", "application/xml", "text/rss+xml",
})  # fmt: skip
FEED_PATH = re.compile(
    r"(?:\.(?:rss|rdf|atom)|/(?:rss|atom|feeds?|feed\.json|index\.xml|(?:[\w-]*[_-])?(?:rss|feed|atom)\d?(?:\.(?:xml|json|php|aspx))?))/?\Z"
    r"|/(?:rss|feeds?|atom)/.*\.(?:xml|json)\Z",
    re.IGNORECASE,
)
FEED_QUERY = re.compile(r"(?:\A|&)feed=(?:rss2?|atom|rdf)\b|(?:\A|&)format=(?:rss|atom)\b", re.IGNORECASE)
SITEMAP_PATH = re.compile(r"/[\w-]*sitemap[\w-]*\.(?:xml|txt)(?:\.gz)?\Z", re.IGNORECASE)
COMMENTS = re.compile(r"/comments?/", re.IGNORECASE)

HTML = re.compile(r"<!doctype\s+html", re.IGNORECASE)
ELEMENTS = re.compile(r"<(?:head|body|a|link|div)\b", re.IGNORECASE)

MIN_LINKS = 5
MIN_WIDTH = 18  # a headline has more; a name in a menu has less
MIN_SHARE = 0.75  # of what a selector finds that has to look like headlines
WIDE = 2.2  # what a character of Chinese, Japanese and Korean counts
FIRST_WIDE = "\u1100"  # hangul; kana and Han come after it
MAX_CANDIDATES = 60
CANDIDATE_CLIMB = 5
ASIDE = frozenset({"nav", "footer", "aside"})
CONTAINERS = frozenset({"article", "section", "main", "li", "td", "dt", "dd", "ul", "ol", "dl", "table", "div"})
# Names that a stylesheet's author gives and keeps; not "css-1x2y3z", not "col-md-4", not what only says how it looks now.
STABLE_NAME = re.compile(r"[A-Za-z][A-Za-z]+(?:(?:--?|__?)[A-Za-z]{2,})*\Z")
LOOKS = re.compile(
    r"(?:first|last|odd|even|active|current|selected|open|closed|visited|hidden|visible|row|col|column|clearfix|container|wrapper"
    r"|inner|outer|left|right|center|flex|grid|block|inline|relative|absolute|item|box|d-\w+|is-\w+|has-\w+|js-\w+|css-\w+|sc-\w+"
    r"|text-\w+|font-\w+|bg-\w+|hover\w*|ng-\w+|no-\w+|w-full|h-full|items-\w+|justify-\w+|overflow-\w+)\Z"
)
# What stands beside the list, by its names: the most read of a week is no list of what is new.
BESIDE = re.compile(
    r"[.#][\w-]*(?:aside|sidebar|related|popular|trending|most|rank|best|recommend|widget|menu|nav|foot|ticker)",
    re.IGNORECASE,
)
ARTICLE_ADDRESS = re.compile(
    r"\d{4,}|(?:[^/]*-){2,}|(?:[^/]*_){2,}|\.[a-z]?html?\Z|[?&](?:id|no|idx|aid|p)=", re.IGNORECASE
)


def discover(body: bytes, *, url: str, content_type: str | None = None) -> Discovered:
    """What the answer of `url` offers. Raises `Unreadable`, in words, for what is neither a source nor a page."""
    text = document_text(body, content_type)
    if root_of(text) == "html" or HTML.match(text):
        return _page(page_tree(text), url)
    try:
        return _source(body, url, content_type)
    except Unreadable:
        if text[0] != "<" or not ELEMENTS.search(text):
            raise
        return _page(page_tree(text), url)  # a page that begins somehow


def _source(body: bytes, url: str, content_type: str | None) -> Discovered:
    found = parse_document(body, url=url, content_type=content_type)
    if isinstance(found, SitemapIndex):
        return Discovered(kind=FeedKind.SITEMAP)
    try:
        parse_document(body, url=url, content_type=content_type, kind=FeedKind.FEED)
        kind = FeedKind.FEED
    except Unreadable:
        kind = FeedKind.SITEMAP
    samples = tuple((entry.title, entry.url) for entry in found.entries[:SAMPLES])
    return Discovered(kind=kind, title=found.title, samples=samples, hub=found.hub)


def _page(tree: LexborHTMLParser, url: str) -> Discovered:
    base = base_of(tree, url)
    feeds: dict[str, FoundFeed] = {}
    for feed in (*_named_feeds(tree, base), *_linked_feeds(tree, base)):
        if feed.url != url:
            feeds.setdefault(url_key(feed.url), feed)
    ordered = sorted(feeds.values(), key=lambda feed: (feed.kind is FeedKind.SITEMAP, bool(COMMENTS.search(feed.url))))
    title = tree.css_first("title")
    select, samples = guessed_list(tree, url=url)
    hub = next(
        (address for node, rel in _links_of_head(tree) if "hub" in rel and (address := _address(node, base))), None
    )
    return Discovered(
        kind=None,
        title=one_line(title.text())[:MAX_TITLE] or None if title else None,
        feeds=tuple(ordered[:MAX_FEEDS]),
        select=select,
        samples=samples,
        hub=hub,
    )


# --------------------------------------------------------------------------- feeds that a page names


def _links_of_head(tree: LexborHTMLParser) -> Iterator[tuple[LexborNode, list[str]]]:
    for node in islice(tree.css("link[rel][href]"), MAX_LINKS):
        yield node, string(node.attributes.get("rel")).lower().split()


def _named_feeds(tree: LexborHTMLParser, base: str) -> Iterator[FoundFeed]:
    for node, relations in _links_of_head(tree):
        address = _address(node, base)
        if address is None:
            continue
        title = one_line(string(node.attributes.get("title")))[:MAX_TITLE]
        if "sitemap" in relations:
            yield FoundFeed(url=address, title=title, kind=FeedKind.SITEMAP, how="the page names it as its sitemap")
        elif ("alternate" in relations and _is_feed_type(node, address)) or "feed" in relations:
            yield FoundFeed(url=address, title=title, kind=FeedKind.FEED, how="the page names it as its feed")


def _is_feed_type(node: LexborNode, address: str) -> bool:
    media = string(node.attributes.get("type")).partition(";")[0].strip().lower()
    if media == "application/json":  # JSON Feed 1.0; but content systems name their own interfaces like that too
        return "feed" in urlsplit(address).path.lower() and "oembed" not in address.lower()
    return media in FEED_TYPES


def _linked_feeds(tree: LexborHTMLParser, base: str) -> Iterator[FoundFeed]:
    for node in islice(tree.css("a[href]"), MAX_LINKS):
        address = _address(node, base)
        parts = urlsplit(address) if address else None
        if address is None or parts is None or not _same_site(address, base):
            continue
        title = one_line(string(node.text(deep=True)))[:MAX_TITLE]
        if SITEMAP_PATH.search(parts.path):
            yield FoundFeed(url=address, title=title, kind=FeedKind.SITEMAP, how="a link that looks like a sitemap")
        elif FEED_PATH.search(parts.path) or FEED_QUERY.search(parts.query):
            yield FoundFeed(url=address, title=title, kind=FeedKind.FEED, how="a link that looks like a feed")


def _address(node: LexborNode, base: str) -> str | None:
    href = string(node.attributes.get("href"))
    return web_address(href, base) if href.strip() else None


def _same_site(address: str, base: str) -> bool:
    """On the same host, or one is a part of the other: feeds.outlet.example of www.outlet.example."""
    one, other = (string(urlsplit(that).hostname).removeprefix("www.") for that in (address, base))
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


# --------------------------------------------------------------------------- the list of articles


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guess:
    select: str
    links: tuple[Link, ...]
    score: float


def guessed_list(tree: LexborHTMLParser, *, url: str) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    """A selector that finds the page's headlines, with the first five of them; None where no list can be made out."""
    base = base_of(tree, url)
    headlines = [link for link in _own_links(tree, url=url, base=base) if _is_headline(link)]
    wanted = {link.key for link in headlines}
    if len(wanted) < MIN_LINKS:
        return None, ()
    named: Counter[str] = Counter()
    for link in headlines:
        named.update(dict.fromkeys(_selectors(link.node), 1))
    likely = [select for select, count in named.most_common(MAX_CANDIDATES) if count >= MIN_LINKS]
    guesses = [guess for select in likely if (guess := _judged(tree, select, url=url, wanted=wanted))]
    if not guesses:
        return None, ()
    best = max(guesses, key=lambda guess: guess.score)
    return best.select, tuple((link.title, link.url) for link in best.links[:SAMPLES])


def _own_links(tree: LexborHTMLParser, *, url: str, base: str) -> Iterator[Link]:
    """Links within the site to another page than this one and than its front page, outside of menus."""
    own = url_key(url)
    for node in islice(tree.css("a[href]"), MAX_LINKS):
        link = understood(node, base=base)
        if link is None or link.key == own or not _same_site(link.url, url):
            continue
        if urlsplit(link.url).path.strip("/") and not any(one.tag in ASIDE for one in ancestors(node)):
            yield link


def _is_headline(link: Link) -> bool:
    return sum(WIDE if char >= FIRST_WIDE else 1 for char in link.title) >= MIN_WIDTH


def _selectors(node: LexborNode) -> Iterator[str]:
    """Short selectors that find this link and, with luck, its likes: from what it is, and from what it stands in."""
    own = [f"a.{name}" for name in _names(node)]
    around = list(islice((one for one in ancestors(node) if one.tag not in {"body", "html"}), CANDIDATE_CLIMB))
    heading = next((one for one in around[:3] if one.tag in HEADINGS), None)
    inner = node.css_first("h1, h2, h3, h4, h5, h6")
    yield from own
    # Beside a headline in its item other links may stand, of the author or the section, but deeper or elsewhere.
    lasts = ["a", f"{around[0].tag} > a"] if around else ["a"]
    if heading is not None:
        lasts = [f"{part} a" for part in _parts(heading)]
        yield from lasts
    elif inner is not None:
        lasts = [f"a:has({inner.tag})"]
        yield from lasts
    for one in around:
        if one is heading or (one.tag or "") not in CONTAINERS:
            continue
        for part in _parts(one):
            yield from (f"{part} {last}" for last in lasts[:2])
            if one is around[0]:
                yield f"{part} > a"


def _parts(node: LexborNode) -> list[str]:
    """An element as a part of a selector: by its tag where that says something, by its stable names, by its id."""
    tag = node.tag or ""
    parts = [tag] if tag in HEADINGS or tag in {"article", "main", "li", "td", "dt", "dd"} else []
    parts += [f"{tag if tag in HEADINGS else ''}.{name}" for name in _names(node)]
    name = string(node.attributes.get("id"))
    return parts + ([f"#{name}"] if STABLE_NAME.match(name) else [])


def _names(node: LexborNode) -> list[str]:
    names = string(node.attributes.get("class")).split()
    return [name for name in names[:6] if STABLE_NAME.match(name) and not LOOKS.match(name)][:3]


def _judged(tree: LexborHTMLParser, select: str, *, url: str, wanted: set[str]) -> _Guess | None:
    links = one_each(matched_links(tree, select, url=url))
    good = [link for link in links if link.key in wanted and _is_headline(link)]
    share = len(good) / len(links) if links else 0.0
    if len(good) < MIN_LINKS or share < MIN_SHARE:
        return None
    score = sum(1.0 if ARTICLE_ADDRESS.search(link.url) else 0.4 for link in good) * share**2
    score *= 1.25 if re.search(r"\bh[1-6]\b|:has\(h", select) else 1.0
    score *= 0.5 if BESIDE.search(select) else 1.0
    score *= 1.05 if select.startswith(("article", "main")) else 1.0
    return _Guess(select=select, links=tuple(links), score=score - len(select) / 100)
