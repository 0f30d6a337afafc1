"""The key that signs the links in messages, kept in the database so that every process has the same."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from storywatch.store.tables import link_key

if TYPE_CHECKING:
    from datetime import datetime

    from storywatch.store.engine import Database

KEY_BYTES = 32


def load_keys(database: Database, *, now: datetime) -> tuple[bytes, ...]:
    """The keys, the oldest first; one is made where there is none yet."""
    keys = _keys(database)
    if not keys:
        with database.only_one("link key", wait=True):  # else two workers that start would each have their own
            keys = _keys(database)
            if not keys:
                keys = (secrets.token_bytes(KEY_BYTES),)
                with database.write() as connection:
                    connection.execute(insert(link_key).values(key=keys[0], created_at=now))
    return keys


def _keys(database: Database) -> tuple[bytes, ...]:
    with database.read() as connection:
        keys = connection.execute(select(link_key.c.key).order_by(link_key.c.id)).scalars()
        return tuple(bytes(key) for key in keys)
