"""Every address under which an article is known, as rows, and the article that an address leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from storywatch.core.ids import digest
from storywatch.core.model import AddressKind
from storywatch.store.tables import article_address

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from storywatch.core.model import Article
    from storywatch.store.engine import Database
    from storywatch.store.tables import Found


def url_uid(key: str) -> str:
    """Names the canonical form of an address."""
    return digest("url", key)


def record_addresses(database: Database, connection: Connection, article: Article, *, now: datetime) -> None:
    """Keep those of the article's addresses that are not known yet."""
    rows = [
        {
            "url": address.url,
            "url_uid": url_uid(address.url_key),
            "article_key": article.url_key,
            "kind": address.kind,
            "seen_at": now,
        }
        for address in article.addresses
    ]
    if rows:
        connection.execute(database.insert(article_address).on_conflict_do_nothing(), rows)


def load_article_keys(connection: Connection, keys: Collection[str]) -> dict[str, str]:
    """For the keys of addresses that lead to an article: the article's. The first one that was known holds."""
    by_uid = {url_uid(key): key for key in keys}
    rows = connection.execute(
        select(article_address.c.url_uid, article_address.c.article_key)
        .where(article_address.c.url_uid.in_(by_uid), article_address.c.kind != AddressKind.SYNDICATED)
        .order_by(article_address.c.id.desc())
    )
    return {by_uid[row.url_uid]: row.article_key for row in rows}


def addresses_of(connection: Connection, article_keys: Collection[str], *, limit: int) -> Sequence[Found]:
    """The addresses of these articles, in the order in which they became known."""
    return connection.execute(
        select(article_address)
        .where(article_address.c.article_key.in_(article_keys))
        .order_by(article_address.c.id)
        .limit(limit)
    ).all()
