"""A live blog's blocks, as its JSON-LD lists them: each can be a development of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from storywatch.core.model import Block
from storywatch.core.urls import web_address
from storywatch.parse.dates import parse_moment
from storywatch.parse.markup import one_line, plain_text, shortened

MAX_BLOCKS = 1_000
MAX_TEXT = 20_000  # characters of one block
MAX_HEADLINE = 500
MAX_ID = 500
OLDEST = datetime.min.replace(tzinfo=UTC)

Node = Mapping[str, Any]


def is_live(node: Node) -> bool:
    """Does a JSON-LD node describe a live blog? The word "live" on a page says nothing: a quarter of all have it."""
    kinds = node.get("@type")
    names = kinds if isinstance(kinds, list) else [kinds]
    return "LiveBlogPosting" in names or bool(_updates(node))


def parse_blocks(nodes: Iterable[Node], *, url: str, timezone: str | None = None) -> tuple[Block, ...]:
    """The blocks of the page's live blogs, the newest first where all are dated, else in the page's order."""
    blocks: dict[str, Block] = {}
    for node in nodes:
        for update in _updates(node):
            if isinstance(update, Mapping) and len(blocks) < MAX_BLOCKS:
                block = _block(update, url, timezone)
                if block.headline or block.text:
                    blocks.setdefault(block.id, block)
    if all(block.published_at for block in blocks.values()):
        return tuple(sorted(blocks.values(), key=lambda block: block.published_at or OLDEST, reverse=True))
    return tuple(blocks.values())


def lines_of(blocks: Iterable[Block]) -> list[str]:
    """The blocks as paragraphs, in their order: a headline and what it says."""
    lines: list[str] = []
    for block in blocks:
        if block.headline and not block.text.startswith(block.headline):
            lines.append(block.headline)
        lines += [line for line in block.text.split("\n") if line]
    return lines


def _updates(node: Node) -> list[Any]:
    updates = node.get("liveBlogUpdate")
    return updates if isinstance(updates, list) else [updates] if isinstance(updates, Mapping) else []


def _block(update: Node, url: str, timezone: str | None) -> Block:
    headline = shortened(one_line(plain_text(_text(update, "headline") or _text(update, "name"))), MAX_HEADLINE)
    body = _text(update, "articleBody") or _text(update, "text") or _text(update, "description")
    text = shortened(plain_text(body), MAX_TEXT)
    address = web_address(_text(update, "url"), url) if _text(update, "url") else None
    own = _text(update, "@id") or (address if address and address.partition("#")[0] != url else "") or address or ""
    claim = _text(update, "datePublished") or _text(update, "dateModified")
    return Block(
        id=own[:MAX_ID]
        if own and own != url
        else hashlib.sha256(f"{headline}\n{claim}\n{text}".encode()).hexdigest()[:20],
        url=address,
        headline=headline,
        text=text,
        published_at=parse_moment(claim, timezone_name=timezone) if claim else None,
    )


def _text(node: Node, key: str) -> str:
    value = node.get(key)
    return value if isinstance(value, str) else ""
