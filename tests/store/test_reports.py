from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders import NOON, a_judged, an_article
from desks import Desk
from sqlalchemy import event

from storywatch.core.corrections import development_id, plan_correction
from storywatch.core.model import FeedbackKind, WatchId
from storywatch.store.engine import open_database
from storywatch.store.feedback import Feedback
from storywatch.store.migrate import migrate_database
from storywatch.store.reports import load_reports

if TYPE_CHECKING:
    from collections.abc import Iterator

HARBOUR = WatchId("harbour-strike")


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    migrate_database(sqlite_url)
    database = open_database(sqlite_url)
    made = Desk(database)
    made.begin()
    yield made
    database.dispose()


@pytest.mark.parametrize("spoken", [False, True])
def test_who_reports_a_development_is_read_by_its_key(desk: Desk, *, spoken: bool) -> None:
    """Not by all that was judged in its story, whether the desk has spoken or not: messages are made under the write lock."""
    article = desk.judge()
    if spoken:
        other = an_article(url="https://harbor-times.example/other", title="Other")
        desk.judge(other, a_judged(other))
        feedback = Feedback(desk.database, desk.waker)
        case = feedback.find_case(HARBOUR, other.id)
        said = plan_correction(
            case,
            FeedbackKind.SAME_AS,
            development=feedback.find_development(HARBOUR, development_id(HARBOUR, article.id)),
            now=NOON,
        )
        feedback.record_feedback(case, said, encoder="enc")
    plans: list[str] = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if " JOIN verdict " in statement:
            plans.extend(row[-1] for row in cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    event.listen(desk.database.readers, "before_cursor_execute", explain)
    uid = development_id(HARBOUR, article.id)
    with desk.database.read() as connection:
        reports = load_reports(connection, [uid])[uid]
    assert len(reports) == 1 + spoken
    assert any("verdict_development" in step for step in plans)
    assert not [step for step in plans if "verdict_flow" in step or "verdict_story" in step or "SCAN verdict" in step]
