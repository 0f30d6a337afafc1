"""What a page says about itself: JSON-LD first, then its meta elements, then what it shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from storywatch.core.urls import web_address
from storywatch.parse.dates import parse_local, parse_moment
from storywatch.parse.live import is_live, parse_blocks
from storywatch.parse.markup import one_line, plain_text

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

    from storywatch.core.model import Block

ARTICLE_TYPES = re.compile(r"Article|NewsArticle|Posting|Report|Review|LiveBlog")
DATE_METAS = (
    "article:published_time", "og:article:published_time", "article:published", "datepublished", "date",
    "pubdate", "publishdate", "publish-date", "publish_date", "parsely-pub-date", "sailthru.date", "dc.date",
    "dcterms.date", "dc.date.issued", "dcterms.created", "cxenseparse:recs:publishtime", "published_at",
)  # fmt: skip
AUTHOR_METAS = ("author", "article:author", "parsely-author", "sailthru.author", "dc.creator", "byl")
DATE_PLACES = (
    '[itemprop="datePublished"]', "article time[datetime]", "main time[datetime]", "time[pubdate]", "time[datetime]",
)  # fmt: skip
MEDIA_KINDS = ("video", "music")  # of og:type
MEDIA_TYPES = frozenset(
    {"VideoObject", "AudioObject", "PodcastEpisode", "ImageGallery", "MediaGallery", "VideoGallery"}
)
AMP_MARKS = frozenset({"amp", "⚡", "\u26a1\ufe0f", "amp4ads"})
DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
MAX_NODES = 2_000
MAX_DEPTH = 20
MAX_AUTHORS = 20
MAX_AUTHOR = 80

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """A page's claims about itself. `body` is JSON-LD's own copy of the text, `free` its word on payment."""

    title: str = ""
    published_at: datetime | None = None
    dated_to_the_day: bool = False
    authors: tuple[str, ...] = ()
    lang: str | None = None
    canonical_url: str | None = None
    outlet_name: str | None = None
    kind: str = ""
    body: str = ""
    free: bool = True
    is_article: bool = False
    description: str = ""
    amp_url: str | None = None
    is_amp: bool = False
    is_media: bool = False
    is_live: bool = False
    blocks: tuple[Block, ...] = ()


def parse_metadata(tree: LexborHTMLParser, *, url: str, timezone: str | None = None) -> Metadata:
    """Everything the page says about itself; call it before scripts are removed."""
    metas = _metas(tree)
    nodes = list(_json_ld(tree))
    node = next((node for node in nodes if _is_article(node)), {})
    film: Node = next(filter(_is_media, nodes), {})
    outlet = one_line(plain_text(metas.get("og:site_name", "") or _name(node.get("publisher"))))
    published_at, to_the_day = _published(tree, node, metas, timezone)
    about = metas.get("og:description") or metas.get("description") or _text(film.get("description"))
    return Metadata(
        title=_title(tree, node, metas, outlet) or one_line(plain_text(_text(film.get("headline")) or _name(film))),
        published_at=published_at,
        dated_to_the_day=to_the_day,
        authors=_authors(node, metas, outlet),
        lang=_language(tree, metas),
        canonical_url=_link(tree, "canonical", url),
        outlet_name=outlet or None,
        kind=metas.get("og:type", ""),
        body=_text(node.get("articleBody")),
        free=_is_free(node),
        is_article=bool(node),
        description=one_line(plain_text(about)),
        amp_url=_link(tree, "amphtml", url),
        is_amp=_is_amp(tree),
        is_media=metas.get("og:type", "").startswith(MEDIA_KINDS) or bool(film),
        is_live=is_live(node) or any(node.get("liveBlogUpdate") for node in nodes),
        blocks=parse_blocks(nodes, url=url, timezone=timezone),
    )


def _metas(tree: LexborHTMLParser) -> dict[str, str]:
    """Meta elements by lower-case name; the first of a name counts."""
    metas: dict[str, str] = {}
    for element in tree.css("meta[content]"):
        attributes = element.attributes
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
        value = (attributes.get("content") or "").strip()
        if name and value:
            metas.setdefault(name.strip().lower(), value)
    return metas


def _json_ld(tree: LexborHTMLParser) -> Iterator[Node]:
    for script in tree.css('script[type="application/ld+json"]'):
        source = re.sub(
            r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*;?\s*$", "", script.text()
        )
        try:
            yield from _walk(json.loads(source.strip().rstrip(";"), strict=False))
        except (ValueError, RecursionError):
            continue


def _walk(document: Any) -> Iterator[Node]:
    """The objects in a document, the outer ones first, as far as anybody would really nest them."""
    level = [document]
    seen = 0
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, Mapping):
                yield value
                inner += value.values()
            elif isinstance(value, list):
                inner += value
        seen += len(level)
        if seen > MAX_NODES:
            return
        level = [value for value in inner if isinstance(value, Mapping | list)]


def _is_article(node: Node) -> bool:
    kinds = node.get("@type")
    names = kinds if isinstance(kinds, list) else [kinds]
    return any(isinstance(name, str) and ARTICLE_TYPES.search(name) for name in names) and any(
        key in node for key in ("headline", "articleBody", "datePublished")
    )


def _published(
    tree: LexborHTMLParser, node: Node, metas: Mapping[str, str], timezone: str | None
) -> tuple[datetime | None, bool]:
    """The moment, or midnight UTC of the day where no zoned time is to be had. Zones are not invented."""
    claims = [_text(node.get("datePublished"))]
    claims += [metas[name] for name in DATE_METAS if name in metas]
    for place in DATE_PLACES:
        element = tree.css_first(place)
        if element is not None:
            claims.append(element.attributes.get("datetime") or element.attributes.get("content") or element.text())
    claims = [claim for claim in claims if claim]
    moments = (parse_moment(claim, timezone_name=timezone) for claim in claims)
    moment = next((moment for moment in moments if moment), None)
    if moment is not None:
        return moment, False
    day = next((day for day in map(day_of, claims) if day), None)
    return day, day is not None


def day_of(claim: str) -> datetime | None:
    """The day a date names, as midnight UTC."""
    local = parse_local(claim)
    found = DAY.match(claim.strip())
    try:
        if local is not None:
            return datetime(local.year, local.month, local.day, tzinfo=UTC)
        return datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC) if found else None
    except ValueError:
        return None


def _title(tree: LexborHTMLParser, node: Node, metas: Mapping[str, str], outlet: str) -> str:
    headings = [heading.text() for place in ("article h1", "main h1", "h1") for heading in tree.css(place)[:3]]
    element = tree.css_first("title")
    candidates = [_text(node.get("headline")), *headings, metas.get("og:title", ""), element.text() if element else ""]
    titles = (one_line(plain_text(candidate)) for candidate in candidates)
    return next((title for title in titles if title and title.casefold() != outlet.casefold()), "")


def _authors(node: Node, metas: Mapping[str, str], outlet: str) -> tuple[str, ...]:
    listed = node.get("author")
    names = [_name(author) for author in (listed if isinstance(listed, list) else [listed])]
    if not any(names):
        names = [metas[name] for name in AUTHOR_METAS if name in metas]
    clean = (one_line(plain_text(name)) for name in names[:MAX_AUTHORS])
    return tuple(dict.fromkeys(name for name in clean if _is_person(name, outlet)))


def _is_person(name: str, outlet: str) -> bool:
    if not name or len(name) > MAX_AUTHOR or name.isdigit() or name.casefold() == outlet.casefold():
        return False
    return not re.match(r"(?:https?:)?//|www\.", name)


def _language(tree: LexborHTMLParser, metas: Mapping[str, str]) -> str | None:
    root = tree.root
    claim = (root.attributes.get("lang") if root is not None else None) or metas.get("og:locale", "")
    primary = re.split(r"[-_]", claim.strip().lower())[0]
    return primary if re.fullmatch(r"[a-z]{2,3}", primary) else None


def _is_amp(tree: LexborHTMLParser) -> bool:
    root = tree.root
    return root is not None and bool(AMP_MARKS & root.attributes.keys())


def _is_media(node: Node) -> bool:
    kinds = node.get("@type")
    return any(
        isinstance(kind, str) and kind in MEDIA_TYPES for kind in (kinds if isinstance(kinds, list) else [kinds])
    )


def _link(tree: LexborHTMLParser, relation: str, url: str) -> str | None:
    element = tree.css_first(f'link[rel="{relation}"]')
    href = element.attributes.get("href") if element is not None else None
    return web_address(href, url) if href else None


def _is_free(node: Node) -> bool:
    if str(node.get("isAccessibleForFree", "true")).lower() == "false":
        return False
    parts = node.get("hasPart")
    return not any(
        isinstance(part, Mapping) and part.get("cssSelector")
        for part in (parts if isinstance(parts, list) else [parts])
    )


def _name(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("name")
    if isinstance(value, list):
        value = value[0] if value else ""
    return _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
