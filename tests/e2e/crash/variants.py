"""storywatch as it is, and two that are made wrong on purpose: the harness has to see that they lose something."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from storywatch.core.model import AttemptOutcome, DeliveryState
from storywatch.store import tables
from storywatch.store.alerts import record_alert
from storywatch.store.judgements import Judgements
from storywatch.store.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from storywatch.app import App
    from storywatch.core.model import Article, DeliveryClaim, Entry, Judged
    from storywatch.ports import Waker
    from storywatch.store.engine import Database

GATES = {  # where a life of each variant may be made to wait for its end, in turn
    "none": ("recorded", "claimed", "sent"),
    "mark-first": ("claimed",),
    "enqueue-after": ("between",),
}


def spoil(app: App, variant: str, *, reach: Callable[[str], None]) -> None:
    """Put the variant's parts into the service. `reach` is told the gate that was come to."""
    if variant == "mark-first":
        app.pipeline.outbox = MarksFirst(app.database)
    elif variant == "enqueue-after":
        app.pipeline.judgements = EnqueuesAfter(app.database, app.waker, reach)


class MarksFirst(Outbox):
    """Notes a delivery as sent when it is claimed, as one would who fears to send twice."""

    def claim_deliveries(self, *channels: Any, **how: Any) -> list[DeliveryClaim]:
        claims = super().claim_deliveries(*channels, **how)
        for claim in claims:
            super().finish_delivery(claim, AttemptOutcome(state=DeliveryState.SENT, at=how["now"]))
        return claims

    def finish_delivery(self, claim: DeliveryClaim, outcome: AttemptOutcome) -> None:
        """It was noted before."""


class EnqueuesAfter(Judgements):
    """Commits the development and its alert, and then, in a second transaction, the deliveries."""

    _reach: Callable[[str], None]

    def __init__(self, database: Database, waker: Waker, reach: Callable[[str], None]) -> None:
        super().__init__(database, waker)
        object.__setattr__(self, "_reach", reach)  # the parts of storywatch are frozen

    def record_article(self, entry: Entry, article: Article, judged: Sequence[Judged], **how: Any) -> None:
        super().record_article(entry, article, [replace(one, deliveries=()) for one in judged], **how)
        self._reach("between")
        with self.database.write() as connection:
            for one in judged:
                assert one.alert is not None
                assert one.development is not None
                uid = tables.development.c.uid
                key = connection.execute(select(tables.development.c.id).where(uid == one.development.id)).scalar_one()
                new = record_alert(self.database, connection, one.alert, one.deliveries, development_id=key)
                self.waker.wake(connection.connection.driver_connection, new)
