"""Labelled streams: a folder with story.toml, items.jsonl and developments.jsonl is one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from storywatch.config.document import load_document
from storywatch.core.model import Terms, Watch, WatchId
from storywatch.errors import ConfigError, StorywatchError
from storywatch.replay import Item, parse_item

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from storywatch.core.model import Article


FILES = ("story.toml", "items.jsonl", "developments.jsonl")
ITEM = {"relevant": bool, "role": str, "developments": list}  # what a label needs besides the article
DEVELOPMENT = {"id": str, "severity": str}
STORY = {"name": str, "about": str}
IN_WORDS = {bool: "true or false", str: "a text", list: "a list"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One item with what it is labelled as."""

    item: Item
    relevant: bool
    role: str
    developments: frozenset[str]
    news: frozenset[str]  # exact sentences that tell what is new, where the stream names them

    @property
    def article(self) -> Article:
        """The article itself."""
        return self.item.article


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One labelled stream with the watch that a user would have written before it."""

    name: str
    watch: Watch
    items: tuple[Labelled, ...]
    seeded: frozenset[str]  # developments that the seed already tells: no news
    major: frozenset[str]
    developments: tuple[str, ...]

    def fresh(self) -> list[bool]:
        """For each item: is it the first to report some development?"""
        told, found = set(self.seeded), []
        for labelled in self.items:
            found.append(bool(labelled.developments - told))
            told |= labelled.developments
        return found


def load_streams(folders: Sequence[Path]) -> list[Stream]:
    """The streams in these folders: a folder itself, or every stream folder in it, in order of their names.

    Raises `StorywatchError` where a folder holds none, and where two have one name: what is left out would be
    learnt from all the same.
    """
    streams = [load_stream(path) for folder in folders for path in _streams_in(folder)]
    if twice := sorted({one.name for one in streams if [other.name for other in streams].count(one.name) > 1}):
        message = f"named twice: {', '.join(twice)}; give each stream once, or rename its folder"
        raise StorywatchError(message)
    return streams


def _streams_in(folder: Path) -> list[Path]:
    if _is_stream(folder):
        return [folder]
    expected = f"expected a folder with {', '.join(FILES)}, or one that holds such folders"
    try:
        found = [path for path in sorted(folder.iterdir()) if _is_stream(path)]
    except OSError as error:
        message = f"{folder}: {error.strerror}; {expected}"
        raise StorywatchError(message) from error
    if not found:
        message = f"{folder}: no labelled streams; {expected}"
        raise StorywatchError(message)
    return found


def _is_stream(path: Path) -> bool:
    return all((path / name).is_file() for name in FILES)


def load_stream(folder: Path) -> Stream:
    """One stream from its folder. Raises `StorywatchError` with the file and the line that can't be read."""
    developments = [row for _, row in _rows(folder / "developments.jsonl", DEVELOPMENT)]
    return Stream(
        name=folder.name,
        watch=load_watch(folder),
        items=tuple(_labelled(row, where) for where, row in _rows(folder / "items.jsonl", ITEM)),
        seeded=frozenset(row["id"] for row in developments if row.get("in_seed")),
        major=frozenset(row["id"] for row in developments if row["severity"] == "major"),
        developments=tuple(row["id"] for row in developments),
    )


def load_watch(folder: Path) -> Watch:
    """The watch of a stream: name, description, seeds and words, as in its story.toml.

    Raises `StorywatchError` with the file, the line and what was expected there.
    """
    path = folder / "story.toml"
    document = load_document(path)
    if document.faults:
        raise ConfigError(tuple(map(str, document.faults)))
    story = document.data
    _check(story, STORY, str(path))
    terms = story.get("terms") or []
    words = terms if isinstance(terms, list) else [word for group in terms.values() for word in group]
    seeds = story.get("seed") or []
    seeds = [seeds] if isinstance(seeds, (str, dict)) else seeds
    return Watch(
        id=WatchId(folder.name),
        name=story["name"],
        about=story["about"].strip(),
        seeds=tuple(seed if isinstance(seed, str) else "\n".join(map(str, seed.values())) for seed in seeds),
        terms=Terms(any=tuple(words), none=tuple(story.get("exclude") or [])),
    )


def _labelled(row: dict[str, Any], where: str) -> Labelled:
    return Labelled(
        item=parse_item(row, where),
        relevant=row["relevant"],
        role="relisted" if row.get("kind") == "relisted" else row["role"],
        developments=frozenset(row["developments"]),
        news=frozenset(row.get("news") or []),
    )


def _rows(path: Path, needed: Mapping[str, type]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each line's object, and the line's place for errors."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = "not UTF-8; save it as UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        message = f"{path}: {why}"
        raise StorywatchError(message) from error
    for number, line in enumerate(text.split("\n"), start=1):  # a text may hold the other ends of lines
        if line.strip():
            where = f"{path}:{number}"
            row = _object(line, where)
            _check(row, needed, where)
            yield where, row


def _object(line: str, where: str) -> dict[str, Any]:
    expected = "each line is one JSON object"
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        message = f"{where}:{error.pos + 1}: not JSON: {error.msg}; {expected}"
        raise StorywatchError(message) from error
    except (ValueError, RecursionError) as error:  # a number of too many digits, brackets too deep
        message = f"{where}: not JSON that can be read: {error}; {expected}"
        raise StorywatchError(message) from error
    if not isinstance(row, dict):
        message = f"{where}: not an object; {expected}"
        raise StorywatchError(message)
    return row


def _check(row: Mapping[str, Any], needed: Mapping[str, type], where: str) -> None:
    for key, kind in needed.items():
        if not isinstance(row.get(key), kind):
            message = f"{where}: {key!r} is missing or not {IN_WORDS[kind]}"
            raise StorywatchError(message)
