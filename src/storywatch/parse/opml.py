"""Lists of feeds as other programs keep them: OPML 2.0, read with expat and written by hand.

What only we know of a feed (its id, owner, selectors and so on) goes into attributes of a namespace of ours, which other
programs pass over, so that nothing is lost between two storywatches.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from storywatch.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LARGEST = 5 * 1024 * 1024  # bytes
DEEPEST = 50
MOST = 10_000  # feeds
NAMESPACE = "urn:storywatch:feeds"
PREFIX = "storywatch:"
STRAY_AMPERSAND = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
ROOT = "opml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of the list. `path` names the folders around it, from the outside in."""

    url: str
    title: str = ""
    site: str = ""  # its home page
    language: str = ""
    path: tuple[str, ...] = ()
    own: Mapping[str, str] = field(default_factory=dict)  # the attributes of our namespace


def parse_opml(body: bytes) -> list[Outline]:
    """The feeds of an OPML document, in its order. Raises `Unreadable`, in words, for anything else."""
    if len(body) > LARGEST:
        message = f"larger than {LARGEST // 1024 // 1024} MiB: no list of feeds is"
        raise Unreadable(message)
    try:
        return _Reader().read(body)
    except expat.ExpatError as error:
        mended = STRAY_AMPERSAND.sub(b"&amp;", body)
        if mended == body:
            raise _not_well_formed(error) from error
    try:  # addresses are full of ampersands, and many programs write them down as they are
        return _Reader().read(mended)
    except expat.ExpatError as error:
        raise _not_well_formed(error) from error


def _not_well_formed(error: expat.ExpatError) -> Unreadable:
    return Unreadable(
        f"not OPML, or damaged: line {error.lineno}, column {error.offset + 1}: {expat.ErrorString(error.code)}"
    )


class _Reader:
    """Takes what expat tells, and refuses what could make it tell more than the document holds."""

    def __init__(self) -> None:
        self._depth = 0
        self._folders: list[str | None] = []  # an open outline each; None: it is a feed
        self._found: list[Outline] = []
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._refuse

    def read(self, body: bytes) -> list[Outline]:
        try:
            self._parser.Parse(body, True)
        except (LookupError, ValueError) as error:  # an encoding that Python does not know, or can't feed to expat
            message = f"{error}: save the file as UTF-8"
            raise Unreadable(message) from error
        return self._found

    def _refuse(self, *_: object) -> None:
        message = "it has a DOCTYPE, which no list of feeds needs: take the line out"
        raise Unreadable(message)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1 and name.lower() != ROOT:
            message = f"not OPML: it begins with <{name[:40]}>"
            raise Unreadable(message)
        if self._depth > DEEPEST:
            message = f"nested more than {DEEPEST} deep"
            raise Unreadable(message)
        if name.lower() == "outline":
            self._outline({key.lower(): value.strip() for key, value in attributes.items()})

    def _outline(self, said: dict[str, str]) -> None:
        title = said.get("title") or said.get("text") or ""
        url = said.get("xmlurl", "")
        self._folders.append(None if url else title)
        if not url:
            return
        if len(self._found) == MOST:
            message = f"more than {MOST:,} feeds: split the file"
            raise Unreadable(message)
        self._found.append(
            Outline(
                url=url,
                title=title,
                site=said.get("htmlurl", ""),
                language=said.get("language", ""),
                path=tuple(folder for folder in self._folders if folder),
                own={key.removeprefix(PREFIX): value for key, value in said.items() if key.startswith(PREFIX)},
            )
        )

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name.lower() == "outline":
            self._folders.pop()


def opml_of(outlines: Iterable[Outline], *, title: str) -> str:
    """The document that `parse_opml` reads back."""
    rows = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<opml version="2.0" xmlns:storywatch="{NAMESPACE}">',
        f"  <head><title>{_text(title)}</title></head>",
        "  <body>",
        *(f"    <outline {_attributes(outline)}/>" for outline in outlines),
        "  </body>",
        "</opml>",
        "",
    ]
    return "\n".join(rows)


def _attributes(outline: Outline) -> str:
    said = {
        "type": "rss",
        "text": outline.title,
        "title": outline.title,
        "xmlUrl": outline.url,
        "htmlUrl": outline.site,
        "language": outline.language,
        **{f"{PREFIX}{key}": value for key, value in outline.own.items()},
    }
    return " ".join(f"{key}={quoteattr(_sound(value))}" for key, value in said.items() if value)


def _text(value: str) -> str:
    return _sound(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _sound(value: str) -> str:
    """Without the signs that XML can't hold."""
    return "".join(sign for sign in value if sign.isprintable())
