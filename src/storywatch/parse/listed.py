"""What every kind of source has in common: how an item becomes an entry, and how the document is got at."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

from storywatch.core.ids import digest
from storywatch.core.model import ListedEntry
from storywatch.core.urls import url_key, web_address
from storywatch.errors import Unreadable
from storywatch.parse.charset import decode
from storywatch.parse.dates import parse_moment
from storywatch.parse.markup import one_line, shortened, tidy

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

MAX_ENTRIES = 500
MAX_SUMMARY = 5_000
MAX_TITLE = 500
MAX_KEY = 500
MAX_ADDRESS = 8_000
MAX_UNPACKED = 20 * 1024 * 1024  # the standard allows a sitemap of 50 MB; a thousand articles take half of one
MAX_MEMBERS = 100  # a gzip file may be several, one behind the other
MAX_PROLOGUE = 50  # comments and instructions before the root element

GZIP_MARK = b"\x1f\x8b"
C0 = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
ROOT = re.compile(r"<((?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*)")
BINARY = re.compile(
    rb"\A(?:%PDF|\x89PNG|\xff\xd8\xff|GIF8|PK\x03\x04|\x7fELF|RIFF|OggS|ID3|\x00\x00\x00.ftyp)", re.DOTALL
)


def document_text(body: bytes, content_type: str | None = None) -> str:
    """The text of a document, unpacked, without what may not stand in one or before it; `Unreadable` in words."""
    plain = unpacked(body)
    if BINARY.match(plain):
        message = "a picture, a recording or another file, not a feed"
        raise Unreadable(message)
    text = C0.sub("", decode(plain, content_type)).lstrip("\ufeff \t\r\n")
    if not text:
        message = "an empty answer, not a feed"
        raise Unreadable(message)
    return text


def unpacked(body: bytes) -> bytes:
    """A gzip file's content (`sitemap.xml.gz` and the like), other bytes as they are; never more than the cap."""
    if not body.startswith(GZIP_MARK):
        return body
    plain = bytearray()
    for _ in range(MAX_MEMBERS):
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            plain += member.decompress(body, MAX_UNPACKED + 1 - len(plain))
        except zlib.error as error:
            message = f"a damaged gzip file ({error})"
            raise Unreadable(message) from error
        if len(plain) > MAX_UNPACKED:
            message = f"a gzip file of more than {MAX_UNPACKED >> 20} MiB when unpacked: refused"
            raise Unreadable(message)
        body = member.unused_data
        if not body.startswith(GZIP_MARK):
            break
    if plain.startswith(GZIP_MARK):
        message = "a gzip file within a gzip file: refused"
        raise Unreadable(message)
    return bytes(plain)


def root_of(text: str) -> str:
    """The root element's name in lower case and without its prefix; empty where there is none."""
    at = 0
    for _ in range(MAX_PROLOGUE):
        at = text.find("<", at)
        end = {"<?": "?>", "<!--": "-->", "<!": ">"}
        mark = next((mark for mark in ("<?", "<!--", "<!") if at >= 0 and text.startswith(mark, at)), None)
        if mark is None:
            break
        at = text.find(end[mark], at)
        if at < 0:
            return ""
        at += len(end[mark])
    found = ROOT.match(text, at) if at >= 0 else None
    return found[1].rpartition(":")[2].lower() if found else ""


def listed_entry(
    *,
    base: str,
    guid: str = "",
    link: str | None = None,
    title: str = "",
    summary: str = "",
    date: str = "",
    timezone: str | None = None,
) -> ListedEntry:
    """An item as we list it. Title and summary come as plain text, the date as it is written, `link` absolute."""
    title = shortened(one_line(title), MAX_TITLE)
    key = guid or (url_key(link) if link else digest("key", title, date))
    # An entry without an address keeps the feed's own, so that its text can be told with a source.
    address = link or f"{base.partition('#')[0]}#{digest('entry', bounded_key(key))}"
    return ListedEntry(
        key=bounded_key(key),
        url=address,
        url_key=url_key(address) if link else address,
        title=title,
        summary=shortened(tidy(summary), MAX_SUMMARY),
        published_at=parse_moment(date, timezone_name=timezone),
    )


def bounded_key(key: str) -> str:
    """A key that fits the database."""
    return key if len(key) <= MAX_KEY else digest("key", key)


def each_once(entries: Iterable[ListedEntry]) -> tuple[ListedEntry, ...]:
    """Each key once: a guid that stands for two addresses is completed by them."""
    kept: dict[str, ListedEntry] = {}
    for entry in entries:
        twin = kept.get(entry.key)
        if twin is not None and twin.url_key != entry.url_key:
            kept.setdefault(other := digest("key", entry.key, entry.url_key), replace(entry, key=other))
        kept.setdefault(entry.key, entry)
    return tuple(kept.values())


def first_address(candidates: Iterable[object], base: str) -> str | None:
    """The first of them that is an http or https address."""
    texts = map(string, candidates)
    fit = (text for text in texts if text.strip() and len(text) <= MAX_ADDRESS)
    return next((address for text in fit if (address := web_address(text, base))), None)


def string(value: object) -> str:
    """A text that can be kept, without halves of characters and controls; empty for what is no text."""
    return UNSTORABLE.sub("\ufffd", value) if isinstance(value, str) else ""


def bare_language(claim: object) -> str | None:
    """The bare code of such claims as "en-us", "zh-TW" and "ko_KR"."""
    primary = re.split(r"[-_]", string(claim).strip().lower())[0]
    return primary if re.fullmatch(r"[a-z]{2,3}", primary) else None


def newest_first(moment: datetime | None, *, now: datetime | None) -> tuple[bool, float]:
    """A sort key: the newest first, then what has no date; a date that is still to come is none."""
    believed = moment is not None and (now is None or moment <= now)
    return (not believed, -moment.timestamp() if moment is not None and believed else 0.0)
