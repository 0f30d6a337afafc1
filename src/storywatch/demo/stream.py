"""The composed stream: what invented outlets publish about an invented story, in the order a reader would find it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

DEMO = files("storywatch.demo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One article as an outlet published it. Another item at the same address is the same page, edited."""

    id: str
    outlet: str
    owner: str
    lang: str
    path: str
    title: str
    summary: str
    paragraphs: tuple[str, ...]
    published_at: datetime
    seen_at: datetime


def load_stream() -> list[Item]:
    """All items, the oldest first; the first of each outlet is what its feed shows before the story moves."""
    return [_item(line) for line in read_text("stream.jsonl").splitlines()]


def read_text(name: str) -> str:
    """A text file of this package."""
    return DEMO.joinpath(name).read_text(encoding="utf-8")


def _item(line: str) -> Item:
    told = json.loads(line)
    outlet = told["outlet"]
    return Item(
        id=told["id"],
        outlet=outlet,
        owner=told["owner"],
        lang=told["lang"],
        path="/" + outlet + told["url"].removeprefix(f"https://{outlet}.example"),
        title=told["title"],
        summary=told["summary"],
        paragraphs=tuple(told["paragraphs"]),
        published_at=datetime.fromisoformat(told["published_at"]),
        seen_at=datetime.fromisoformat(told["seen_at"]),
    )
