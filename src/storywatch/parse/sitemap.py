"""Sitemaps to entries (sitemaps.org, Google's news extension): XML, an index of others, or a plain list of addresses.

Read by expat with a document type refused, so that no entity can be declared, and within bounds of depth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from xml.parsers import expat

from storywatch.core.model import Listing, SitemapIndex
from storywatch.errors import Unreadable
from storywatch.parse.dates import parse_moment
from storywatch.parse.listed import (
    MAX_ENTRIES,
    bare_language,
    each_once,
    first_address,
    listed_entry,
    newest_first,
)
from storywatch.parse.markup import LONG_TAGS, one_line, plain_text, shortened

if TYPE_CHECKING:
    from storywatch.core.model import ListedEntry

MAX_URLS = 50_000  # as many as the standard allows; what follows is counted
MAX_CHILDREN = 200
MAX_DEPTH = 100
MAX_VALUE = 5_000  # characters of one value
MAX_WORDS = 200  # characters of a title that is made of an address

DECLARATION = re.compile(r"\A<\?xml[^>]*\?>")
BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
ADDRESS = re.compile(r"https?://\S+\Z", re.IGNORECASE)
EXTENSION = re.compile(r"\.(?:[a-z]?html?|php\d?|aspx?|jsp|cfm)\Z", re.IGNORECASE)
NUMBERS_AROUND = re.compile(r"\A(?:\w?\d+[-_. ]+)+|(?:(?<![-_. ])[-_. ]+[^\W\d_]{0,3}\d{4,})+\Z")
SEPARATORS = re.compile(r"[-_+.\s]+")
# Paths of elements, by their local names: publishers choose their prefixes.
VALUES = {
    ("urlset", "url", "loc"): "loc",
    ("urlset", "url", "lastmod"): "changed",
    ("urlset", "url", "news", "publication_date"): "published",
    ("urlset", "url", "news", "title"): "title",
    ("urlset", "url", "news", "publication", "name"): "outlet",
    ("urlset", "url", "news", "publication", "language"): "language",
    ("urlset", "url", "news", "language"): "language",
    ("sitemapindex", "sitemap", "loc"): "loc",
    ("sitemapindex", "sitemap", "lastmod"): "changed",
}
ITEMS = {("urlset", "url"), ("sitemapindex", "sitemap")}

Item = dict[str, str]  # value by name, as far as it was given


def parse_sitemap(
    text: str, *, url: str, timezone: str | None, body_hash: str, now: datetime | None = None
) -> Listing | SitemapIndex:
    """What the sitemap at `url` lists, the newest 500 of it; or the sitemaps that it names. `Unreadable` in words."""
    if text[0] != "<":
        lines = _addresses(text)
        read = _Read(root="urlset", items=[{"loc": line} for line in lines[:MAX_URLS]], beyond=len(lines[MAX_URLS:]))
    else:
        read = _read(text)
    if read.root == "sitemapindex":
        return _index(read, url, timezone=timezone, now=now)
    dated = [(item, _moment(item.get("published") or item.get("changed"), timezone)) for item in read.items]
    dated.sort(key=lambda pair: newest_first(pair[1], now=now))  # stable: without dates, the document's order
    entries = [_entry(item, url, timezone) for item, _ in dated[:MAX_ENTRIES]]
    listed = each_once(entry for entry in entries if entry is not None)
    return Listing(
        url=url,
        moved_to=None,
        title=one_line(_only(read.items, "outlet")) or None,
        lang=bare_language(_only(read.items, "language")),
        entries=listed,
        body_hash=body_hash,
        complete=read.complete,
        dropped=len(dated[MAX_ENTRIES:]) + read.beyond,
    )


@dataclass(slots=True)
class _Read:
    """What stands in the XML, in its order."""

    root: str = ""
    items: list[Item] = field(default_factory=list)
    beyond: int = 0  # items past the bound
    complete: bool = True


def _read(text: str) -> _Read:
    document = DECLARATION.sub("", text)
    for found in LONG_TAGS.finditer(document):
        message = f"a sitemap with a tag of {len(found[0]):,} characters: refused"
        raise Unreadable(message)
    read = _Reader().read(document)
    if not read.complete:  # most often an address with a bare "&"
        mended = _Reader().read(BARE_AMPERSAND.sub("&amp;", document))
        read = max(read, mended, key=lambda one: (one.complete, len(one.items)))
    if read.root not in {"urlset", "sitemapindex"}:
        message = "not a sitemap"
        raise Unreadable(message)
    if not read.complete and not read.items:
        message = "a damaged sitemap: nothing in it could be read"
        raise Unreadable(message)
    return read


class _Reader:
    """Collects values by their path."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._text: list[str] = []
        self._room = 0
        self._item: Item = {}
        self._result = _Read()

    def read(self, document: str) -> _Read:
        """All of it, or what came before the first fault."""
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            parser.Parse(document.encode("utf-8", "replace"), True)
        except expat.ExpatError:
            self._result.complete = False
        return self._result

    def _doctype(self, *_: object) -> None:
        message = "a sitemap that declares a document type: refused"
        raise Unreadable(message)

    def _start(self, name: str, _: dict[str, str]) -> None:
        name = name.rpartition(":")[2].lower()
        self._path.append(name)
        if len(self._path) == 1:
            self._result.root = name
        if len(self._path) > MAX_DEPTH:
            message = f"a sitemap nested more than {MAX_DEPTH} deep: refused"
            raise Unreadable(message)
        self._text, self._room = [], MAX_VALUE

    def _characters(self, text: str) -> None:
        self._text.append(text[: self._room])
        self._room -= len(self._text[-1])

    def _end(self, _: str) -> None:
        path = tuple(self._path)
        self._path.pop()
        value = VALUES.get(path)
        if value is not None:
            self._item.setdefault(value, "".join(self._text).strip())
        elif path in ITEMS:
            self._keep()
        self._text = []

    def _keep(self) -> None:
        if len(self._result.items) < MAX_URLS:
            self._result.items.append(self._item)
        else:
            self._result.beyond += 1
        self._item = {}


def _index(read: _Read, url: str, *, timezone: str | None, now: datetime | None) -> SitemapIndex:
    """The child sitemaps, the newest first, and of those without a date the last named ones: lists grow at the end."""
    children: dict[str, datetime | None] = {}
    for item in reversed(read.items):
        address = first_address([item.get("loc")], url)
        if address and address != url:
            children[address] = children.get(address) or _moment(item.get("changed"), timezone)
    ordered = sorted(children.items(), key=lambda child: newest_first(child[1], now=now))
    return SitemapIndex(children=tuple(ordered[:MAX_CHILDREN]), dropped=len(ordered[MAX_CHILDREN:]) + read.beyond)


def _entry(item: Item, base: str, timezone: str | None) -> ListedEntry | None:
    link = first_address([item.get("loc")], base)
    if link is None:
        return None
    return listed_entry(
        base=base,
        link=link,
        title=plain_text(item.get("title", "")) or words_of(link),
        date=item.get("published") or item.get("changed") or "",
        timezone=timezone,
    )


def words_of(url: str) -> str:
    """What an address says in words: of ".../2026/03/02/harbour-reopens-at-last-1234567.html" "harbour reopens at last".

    Empty where it says nothing but numbers.
    """
    segments = [EXTENSION.sub("", unquote(segment)) for segment in urlsplit(url).path.split("/")]
    spoken = [one_line(SEPARATORS.sub(" ", NUMBERS_AROUND.sub("", segment))) for segment in segments]
    most = max(reversed(spoken), key=_letters)
    return shortened(most, MAX_WORDS) if _letters(most) else ""


def _letters(words: str) -> int:
    return sum(map(str.isalpha, words))


def _addresses(text: str) -> list[str]:
    """The lines of a sitemap that is a plain list."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not all(ADDRESS.match(line) for line in lines):
        message = "not a sitemap: neither XML nor an address a line"
        raise Unreadable(message)
    return lines


def _only(items: list[Item], name: str) -> str:
    """The value that all of them give that give one; empty where they differ."""
    values = {value for item in items if (value := item.get(name))}
    return values.pop() if len(values) == 1 else ""


def _moment(date: str | None, timezone: str | None) -> datetime | None:
    """For the order: a bare day counts as its midnight."""
    moment = parse_moment(date or "", timezone_name=timezone or "UTC")
    if moment is None and (day := DAY.match(date or "")):
        try:
            return datetime(int(day[1]), int(day[2]), int(day[3]), tzinfo=UTC)
        except ValueError:
            return None
    return moment
