"""Alembic's door: runs the scripts on the connection, and in the transaction, that the caller holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from alembic import context

from storywatch.store.tables import CleanText, metadata

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our own type into a new script as the plain one behind it: scripts must outlive our classes."""
    return "sa.Text()" if kind == "type" and isinstance(item, CleanText) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
