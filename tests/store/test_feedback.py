from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from builders import NOON, a_judged, a_vector, an_article
from desks import DESK, Desk
from sqlalchemy import create_engine, func, select

from storywatch.core.alerting import ChannelRules, plan_alert
from storywatch.core.corrections import development_id, plan_correction, told_anew
from storywatch.core.model import (
    Alert,
    AlertId,
    AlertKind,
    Article,
    AttemptOutcome,
    DeliveryId,
    DeliveryState,
    EntryState,
    FeedbackKind,
    FeedId,
    Hold,
    Label,
    Place,
    PlannedDelivery,
    Recipient,
    Sentence,
    StoryMemory,
    Watch,
    WatchId,
)
from storywatch.errors import StorywatchError
from storywatch.store import tables
from storywatch.store.alerts import record_alert
from storywatch.store.engine import open_database
from storywatch.store.feedback import TAKEN_BACK, WITHDRAWN, Feedback
from storywatch.store.ledger import Ledger
from storywatch.store.messages import NOTHING_LEFT
from storywatch.store.migrate import alembic_config
from storywatch.store.redelivering import Redelivery, Wanted
from storywatch.store.vectors import Vectors
from storywatch.store.versions import HEAD, version_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from storywatch.core.model import Correction

HARBOUR, OTHER = WatchId("harbour-strike"), WatchId("other")
FIRST, SECOND, THIRD = (
    an_article(url=f"https://harbor-times.example/{n}", title=f"Harbour news {n}", seen_at=NOON + timedelta(hours=n))
    for n in range(3)
)
LATER = NOON + timedelta(days=1)


def dev(article: Article) -> Any:
    return development_id(HARBOUR, article.id)


@pytest.fixture
def feedback(desk: Desk) -> Feedback:
    """A desk that judged two developments, and a repeat of the second."""
    desk.judge(FIRST, a_judged(FIRST))
    desk.judge(SECOND, a_judged(SECOND))
    desk.judge(THIRD, a_judged(THIRD, label=Label.REPEAT, repeats=dev(SECOND)))
    return Feedback(desk.database, desk.waker)


def say(feedback: Feedback, article: Article, kind: FeedbackKind, **more: Any) -> Correction:
    case = feedback.find_case(HARBOUR, article.id)
    said = plan_correction(case, kind, now=more.pop("now", LATER), **more)
    told = told_anew(case) if kind is FeedbackKind.NEW else None
    feedback.record_feedback(case, said, encoder="enc", told=told)
    return said


def undo(feedback: Feedback, article: Article) -> Correction:
    return feedback.undo_feedback(feedback.find_case(HARBOUR, article.id), now=LATER)


def memory_of(desk: Desk) -> StoryMemory:
    return desk.judgements.load_story(HARBOUR, encoder="enc")


def plain(memory: StoryMemory) -> list[Any]:
    records = [(one.article, one.verdict, one.development, len(one.sentences)) for one in memory.remembered]
    return [records, [(past.article, past.answer, past.score, past.features) for past in memory.precedents]]


def count(desk: Desk, table: Any) -> int:
    with desk.database.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def state_of(desk: Desk, headline: str) -> tuple[str, str | None]:
    [one] = [one for one in desk.views.deliveries() if one.headline == headline]
    return one.state, one.reason


# --------------------------------------------------------------------- naming


def test_an_article_is_found_by_id_prefix_and_address(feedback: Feedback) -> None:
    """Whatever a person has at hand names it."""
    for reference in (FIRST.id, FIRST.id[:14], FIRST.id[4:12], FIRST.url):
        case = feedback.find_case(HARBOUR, reference)
        assert (case.article, case.verdict, case.score) == (FIRST, Label.DEVELOPMENT, 0.9312)


def test_what_can_not_be_found_is_told_with_the_way_out(desk: Desk, feedback: Feedback) -> None:
    """Unknown, too short, judged elsewhere, listed only, more than one: each has its own words."""
    elsewhere = an_article(url="https://elsewhere.example/1")
    desk.judge(elsewhere, a_judged(elsewhere, watch=OTHER))
    edited = replace(FIRST, id=an_article(url=FIRST.url, title="Edited").id, title="Edited")
    desk.judge(edited, a_judged(edited))
    entry = desk.entry("passed", NOON + timedelta(days=2))
    desk.polls.settle_entry(entry, EntryState.PASSED_OVER, note="about none")
    for reference, words in [
        ("https://nowhere.example/", "no article 'https://nowhere.example/': name its address, or its id"),
        ("art_12", "no article 'art_12'"),
        (elsewhere.id, f"{elsewhere.id!r} was not judged in 'harbour-strike', only in: other"),
        (entry.url, r"listed but never judged: passed-over \(about none\).*add its text to the watch's seeds"),
        (FIRST.url, f"is more than one article: {edited.id}, {FIRST.id}; name one of them"),
    ]:
        with pytest.raises(StorywatchError, match=words):
            feedback.find_case(HARBOUR, reference)


def test_a_development_is_found_if_it_stands(desk: Desk, feedback: Feedback) -> None:
    """By its id or a prefix; another watch's, a withdrawn one and none are refused."""
    assert feedback.find_development(HARBOUR, dev(FIRST)[:16]) == dev(FIRST)
    assert feedback.find_development(HARBOUR, dev(FIRST)[4:16]) == dev(FIRST)
    elsewhere = an_article(url="https://elsewhere.example/1")
    desk.judge(elsewhere, a_judged(elsewhere, watch=OTHER))
    say(feedback, SECOND, FeedbackKind.SAME_AS, development=dev(FIRST))
    say(feedback, FIRST, FeedbackKind.WRONG)
    for watch, reference, words in [
        (HARBOUR, "dev_ffffff", "no development 'dev_ffffff' in 'harbour-strike'; `storywatch timeline"),
        (HARBOUR, development_id(OTHER, elsewhere.id), "a development of the watch 'other', not of 'harbour-strike'"),
        (HARBOUR, dev(FIRST), f"{dev(FIRST)} was withdrawn$"),
    ]:
        with pytest.raises(StorywatchError, match=words):
            feedback.find_development(watch, reference)
    undo(feedback, FIRST)
    with pytest.raises(StorywatchError, match=f"was withdrawn; it is the same as {dev(FIRST)}"):
        feedback.find_development(HARBOUR, dev(SECOND))


@pytest.mark.parametrize(
    ("article", "kind", "more"),
    [
        (SECOND, FeedbackKind.WRONG, {}),
        (SECOND, FeedbackKind.SAME_AS, {"development": dev(FIRST)}),
        (THIRD, FeedbackKind.NEW, {}),
    ],
)
def test_two_that_say_the_same_at_once_are_heard_once(
    feedback: Feedback, article: Article, kind: FeedbackKind, more: Any
) -> None:
    """Both looked the article up before either spoke: the second is told what holds, and one undo takes it back."""
    case = feedback.find_case(HARBOUR, article.id)
    told = told_anew(case) if kind is FeedbackKind.NEW else None
    first, second = (plan_correction(case, kind, now=LATER, by=by, **more) for by in ("Ana", "Bo"))
    feedback.record_feedback(case, first, encoder="enc", told=told)
    with pytest.raises(StorywatchError, match=rf"is corrected so already, and it holds: .*\(Ana\).*{article.id} undo$"):
        feedback.record_feedback(case, second, encoder="enc", told=told)
    assert [(line.by, line.holds) for line in feedback.list_feedback(HARBOUR)] == [("Ana", True)]
    assert undo(feedback, article) == first
    assert feedback.find_case(HARBOUR, article.id).answer is None


def test_what_makes_no_sense_after_what_another_said_is_refused(feedback: Feedback) -> None:
    """Looked up as a development; put out of the story by somebody else since."""
    case = feedback.find_case(HARBOUR, SECOND.id)
    late = plan_correction(case, FeedbackKind.WRONG, now=LATER)
    say(feedback, SECOND, FeedbackKind.WRONG, off_topic=True)
    with pytest.raises(StorywatchError, match="counts as off-topic already; where it was news, say `new`"):
        feedback.record_feedback(case, late, encoder="enc")
    assert [line.off_topic for line in feedback.list_feedback(HARBOUR)] == [True]


# --------------------------------------------------------------------- what follows


@pytest.mark.parametrize(
    ("article", "kind", "more"),
    [
        (SECOND, FeedbackKind.WRONG, {}),
        (SECOND, FeedbackKind.WRONG, {"off_topic": True}),
        (SECOND, FeedbackKind.SAME_AS, {"development": dev(FIRST)}),
        (THIRD, FeedbackKind.NEW, {}),
    ],
)
def test_undoing_leaves_nothing(
    desk: Desk, feedback: Feedback, article: Article, kind: FeedbackKind, more: Any
) -> None:
    """Memory, timeline, counts and deliveries are as if it had never been said; only the list of what was said knows."""

    def everything() -> list[Any]:
        return [plain(memory_of(desk)), desk.views.timeline(HARBOUR), desk.views.stories(), desk.views.deliveries()]

    before, revision = everything(), memory_of(desk).revision
    said = say(feedback, article, kind, **more)
    assert everything() != before
    assert memory_of(desk).revision > revision
    told = memory_of(desk).revision
    assert undo(feedback, article) == said
    assert everything() == before
    assert memory_of(desk).revision > told
    assert desk.judgements.load_revisions() == {HARBOUR: memory_of(desk).revision}
    [line] = feedback.list_feedback(HARBOUR)
    assert (line.article, line.feedback, line.holds, line.undone_at) == (article.id, kind, False, LATER)
    with pytest.raises(StorywatchError, match="nothing was said of"):
        undo(feedback, article)


def test_what_was_said_before_holds_again_after_an_undo(feedback: Feedback) -> None:
    """Each undo takes back one thing, the last one."""
    first = say(feedback, SECOND, FeedbackKind.WRONG)
    second = say(feedback, SECOND, FeedbackKind.NEW, by="Ana")
    assert feedback.find_case(HARBOUR, SECOND.id).answer == second
    assert [line.holds for line in feedback.list_feedback(HARBOUR)] == [True, False]
    assert undo(feedback, SECOND) == second
    assert feedback.find_case(HARBOUR, SECOND.id).answer == first


def test_a_withdrawn_development_is_shown_as_such_and_not_sent(desk: Desk, feedback: Feedback) -> None:
    """Its delivery that nobody tried is stopped, the ledger says why, and the story counts one less."""
    assert desk.views.stories()[0].developments == 2
    say(feedback, SECOND, FeedbackKind.WRONG, by="Ana")
    assert state_of(desk, SECOND.title) == (DeliveryState.DEAD, WITHDRAWN)
    assert state_of(desk, FIRST.title) == (DeliveryState.WAITING, None)
    words = "the desk said on 2026-03-03 12:00 (Ana): wrong"
    assert [one.withdrawn for one in desk.views.timeline(HARBOUR)] == [words, None]
    assert [line.feedback for line in Ledger(desk.database).lines()] == [None, words, None]
    assert desk.views.explain(SECOND.id).articles[0].verdicts[0].feedback == words
    [story] = desk.views.stories()
    assert (story.developments, story.about, story.last_headline) == (1, 3, FIRST.title)


def fold(desk: Desk) -> str:
    """What waits is folded into one message, which is not made yet: the channel is in a pause."""
    with desk.database.write() as connection:
        connection.execute(tables.delivery.update().values(hold=Hold.QUIET))
        pause = {"channel": DESK, "failures": 0, "not_before": LATER}
        connection.execute(tables.channel_state.insert().values(pause))
    assert desk.claims(NOON + timedelta(hours=1)) == []
    assert [one.state for one in desk.views.deliveries()] == ["waiting", "folded", "folded"]
    return desk.views.deliveries()[0].id


def told(desk: Desk) -> list[str]:
    """What goes after the pause, in words; it is sent."""
    said = []
    while claims := desk.claims(LATER):
        for claim in claims:
            said.append(claim.message.decode().partition(claim.id)[2].strip())
            desk.outbox.finish_delivery(claim, AttemptOutcome(state=DeliveryState.SENT, at=LATER))
    return said


def test_what_is_withdrawn_is_not_told_by_a_message_that_was_to_carry_it(desk: Desk, feedback: Feedback) -> None:
    """The message tells the rest; taken back before or after, it is told after all."""
    fold(desk)
    say(feedback, SECOND, FeedbackKind.WRONG)
    assert state_of(desk, SECOND.title) == (DeliveryState.DEAD, WITHDRAWN)
    assert told(desk) == [f"1 together: {FIRST.title}"]
    undo(feedback, SECOND)
    assert told(desk) == [f"{SECOND.title}, 2 reports"]


def test_a_message_that_is_made_tells_what_it_was_made_of(desk: Desk, feedback: Feedback) -> None:
    """It may have been sent: its rows stay in it."""
    carrier = fold(desk)
    [claim] = desk.claims(LATER)
    say(feedback, SECOND, FeedbackKind.WRONG)
    assert state_of(desk, SECOND.title)[0] == DeliveryState.FOLDED
    assert claim.id == carrier


def test_a_message_of_which_nothing_is_left_is_not_sent(desk: Desk, feedback: Feedback) -> None:
    """Its row says why; whoever asks for all dead letters means neither it nor what was withdrawn."""
    carrier = fold(desk)
    say(feedback, FIRST, FeedbackKind.WRONG)
    say(feedback, SECOND, FeedbackKind.WRONG)
    assert told(desk) == []
    assert [(one.state, one.reason) for one in desk.views.deliveries()] == [
        (DeliveryState.DEAD, NOTHING_LEFT),
        (DeliveryState.DEAD, WITHDRAWN),
        (DeliveryState.DEAD, WITHDRAWN),
    ]
    redelivery = Redelivery(desk.database)
    assert redelivery.redeliver(Wanted(), now=LATER).deliveries == ()
    assert len(redelivery.redeliver(Wanted(named=[carrier]), now=LATER).deliveries) == 1


def test_a_correction_of_the_desk_waits_as_long_as_it_holds(desk: Desk, feedback: Feedback) -> None:
    """What more the desk says against a development does not stop it; what it says for it does, and back."""
    say(feedback, SECOND, FeedbackKind.WRONG)
    alert = Alert(
        id=AlertId("alr_correction"),
        watch=HARBOUR,
        development=dev(SECOND),
        kind=AlertKind.CORRECTED,
        created_at=LATER,
        detail={"level": "desk", "words": "the desk says: it tells nothing new"},
    )
    to = Recipient(channel=DESK, address="desk@example.org")
    planned = PlannedDelivery(id=DeliveryId("dlv_correction"), recipient=to, not_before=LATER)
    with desk.database.write() as connection:
        key = connection.execute(
            select(tables.development.c.id).where(tables.development.c.uid == dev(SECOND))
        ).scalar()
        record_alert(desk.database, connection, alert, [planned], development_id=key)

    def fate() -> tuple[str, str | None]:
        found = desk.views.delivery("dlv_correction").delivery
        return found.state, found.reason

    say(feedback, SECOND, FeedbackKind.WRONG, off_topic=True)
    assert fate() == (DeliveryState.WAITING, None)
    say(feedback, SECOND, FeedbackKind.NEW)
    assert fate() == (DeliveryState.DEAD, TAKEN_BACK)
    say(feedback, SECOND, FeedbackKind.WRONG)
    assert fate() == (DeliveryState.WAITING, None)


def test_the_last_development_is_the_one_seen_last(desk: Desk, feedback: Feedback) -> None:
    """One that the desk makes late, of an older article, is as old as its article; a withdrawn one is none."""

    def last() -> tuple[str | None, datetime | None]:
        [story] = desk.views.stories()
        return story.last_headline, story.last_at

    before = last()
    assert before[0] == SECOND.title
    say(feedback, THIRD, FeedbackKind.NEW)  # judged at noon, before the second
    assert last() == before
    say(feedback, SECOND, FeedbackKind.WRONG)
    say(feedback, FIRST, FeedbackKind.WRONG)
    assert last() == (THIRD.title, NOON)
    undo(feedback, THIRD)
    assert last() == (None, None)


def test_a_development_that_the_desk_made_and_took_back_is_not_the_last(desk: Desk, feedback: Feedback) -> None:
    """Its row stays where it was alerted, but it stands no more."""
    watch = Watch(id=HARBOUR, name="Harbour strike", about=".", channels=(DESK,), feeds=frozenset({FeedId("a")}))
    case = feedback.find_case(HARBOUR, THIRD.id)
    told = replace(told_anew(case), first_seen_at=LATER)
    rules = {DESK: ChannelRules(recipients=("desk@example.org",))}
    alert, deliveries = plan_alert(told, case.article, watch, rules=rules, now=LATER)
    said = plan_correction(case, FeedbackKind.NEW, now=LATER)
    feedback.record_feedback(case, said, encoder="enc", told=told, alert=alert, deliveries=deliveries)
    assert desk.views.stories()[0].last_headline == THIRD.title
    undo(feedback, THIRD)
    assert count(desk, tables.development) == 3
    assert desk.views.stories()[0].last_headline == SECOND.title


def test_what_was_sent_stays_sent(desk: Desk, feedback: Feedback) -> None:
    """A message that is under way or gone can't be called back, and is not called a failure."""
    [claim] = desk.claims(NOON)
    say(feedback, FIRST, FeedbackKind.WRONG)
    assert state_of(desk, FIRST.title) == (DeliveryState.WAITING, None)
    assert claim.attempt == 1


def test_the_same_is_one_more_report_with_all_its_repeats(desk: Desk, feedback: Feedback) -> None:
    """The development gains the article and what repeated it; the withdrawn one shows what broke it."""
    say(feedback, SECOND, FeedbackKind.SAME_AS, development=dev(FIRST))
    reports = {one.id: [report.url for report in one.reports] for one in desk.views.timeline(HARBOUR)}
    assert reports == {dev(FIRST): [FIRST.url, SECOND.url, THIRD.url], dev(SECOND): [SECOND.url]}
    say(feedback, THIRD, FeedbackKind.NEW)
    reports = {one.id: [report.url for report in one.reports] for one in desk.views.timeline(HARBOUR)}
    assert reports[dev(FIRST)] == [FIRST.url, SECOND.url]
    assert reports[dev(THIRD)] == [THIRD.url]


def test_another_matter_is_not_remembered_and_what_was_left_out_may_be(desk: Desk, feedback: Feedback) -> None:
    """Off-topic articles come and go with what is said; the sentences of one that comes are kept then."""
    off = an_article(url="https://harbor-times.example/off", seen_at=NOON + timedelta(hours=9))
    desk.judge(off, a_judged(off, label=Label.OFF_TOPIC))
    say(feedback, FIRST, FeedbackKind.WRONG, off_topic=True)
    assert [one.article for one in memory_of(desk).remembered] == [SECOND.id, THIRD.id]
    case = feedback.find_case(HARBOUR, off.id)
    said = plan_correction(case, FeedbackKind.NEW, now=LATER)
    sentences = [Sentence(text="Ships sail.", place=Place.TITLE, vector=a_vector(1))]
    feedback.record_feedback(case, said, sentences=sentences, encoder="enc", told=told_anew(case))
    undo(feedback, off)
    feedback.record_feedback(case, said, sentences=sentences, encoder="enc", told=told_anew(case))
    [record] = [one for one in memory_of(desk).remembered if one.article == off.id]
    assert [sentence.text for sentence in record.sentences] == ["Ships sail."]
    assert desk.views.stories()[0].about == 3
    [stale] = Vectors(desk.database).stale(encoder="another")
    assert stale.articles == 4  # it is remembered, so another encoder takes it over
    undo(feedback, off)
    assert [one.article for one in memory_of(desk).remembered] == [SECOND.id, THIRD.id]


def test_only_alerts_that_were_there_when_the_desk_last_spoke_are_precedents(desk: Desk, feedback: Feedback) -> None:
    """Silence about what came afterwards says nothing yet."""
    say(feedback, THIRD, FeedbackKind.NEW, now=NOON - timedelta(minutes=1))
    assert [past.article for past in memory_of(desk).precedents] == [THIRD.id]
    say(feedback, SECOND, FeedbackKind.WRONG, now=LATER)
    assert [(past.article, past.answer is None) for past in memory_of(desk).precedents] == [
        (FIRST.id, True),
        (SECOND.id, False),
        (THIRD.id, False),
    ]
    assert desk.judgements.load_story(HARBOUR, encoder="another").precedents == ()


def test_a_development_made_by_the_desk_may_be_alerted(desk: Desk, feedback: Feedback) -> None:
    """In the same transaction, to the same recipients; an undo stops what was not sent and keeps the alert's trace."""
    watch = Watch(id=HARBOUR, name="Harbour strike", about=".", channels=(DESK,), feeds=frozenset({FeedId("a")}))
    case = feedback.find_case(HARBOUR, THIRD.id)
    told = told_anew(case)
    rules = {DESK: ChannelRules(recipients=("desk@example.org",))}
    alert, deliveries = plan_alert(told, case.article, watch, rules=rules, now=LATER)
    said = plan_correction(case, FeedbackKind.NEW, now=LATER)
    feedback.record_feedback(case, said, encoder="enc", told=told, alert=alert, deliveries=deliveries)
    assert desk.waker.woken[-1] == deliveries[0].id
    assert alert.kind is AlertKind.REPORTED
    assert state_of(desk, THIRD.title) == (DeliveryState.WAITING, None)
    undo(feedback, THIRD)
    assert state_of(desk, THIRD.title) == (DeliveryState.DEAD, WITHDRAWN)
    assert count(desk, tables.development) == 3
    words = "the desk said on 2026-03-03 12:00: new; taken back on 2026-03-03 12:00"
    assert {one.id: one.withdrawn for one in desk.views.timeline(HARBOUR)} == {
        dev(FIRST): None,
        dev(SECOND): None,
        dev(THIRD): words,
    }
    with pytest.raises(StorywatchError, match=f"{dev(THIRD)} was withdrawn$"):
        feedback.find_development(HARBOUR, dev(THIRD))
    say(feedback, THIRD, FeedbackKind.NEW)
    assert {one.withdrawn for one in desk.views.timeline(HARBOUR)} == {None}
    assert feedback.find_development(HARBOUR, dev(THIRD)) == dev(THIRD)
    say(feedback, THIRD, FeedbackKind.WRONG)
    words = "the desk said on 2026-03-03 12:00: wrong"
    assert [one.withdrawn for one in desk.views.timeline(HARBOUR) if one.id == dev(THIRD)] == [words]


def test_a_database_of_the_first_version_gains_the_table(tmp_path: Path) -> None:
    """What was judged before stays, and can be spoken of."""
    url = f"sqlite:///{tmp_path}/storywatch.db"
    database = open_database(url)
    desk = Desk(database)
    desk.begin()
    desk.judge(FIRST, a_judged(FIRST))
    database.dispose()
    as_of_the_first_version(tmp_path / "storywatch.db")
    database = open_database(url)
    with database.read() as connection:
        assert version_of(connection) == HEAD
    feedback = Feedback(database, desk.waker)
    say(feedback, FIRST, FeedbackKind.WRONG)
    assert [line.holds for line in feedback.list_feedback(HARBOUR)] == [True]
    database.dispose()
    with closing(sqlite3.connect(tmp_path / f"storywatch.db.before-{HEAD}")) as copy:
        assert copy.execute("SELECT count(*) FROM sqlite_master WHERE name = 'feedback'").fetchone() == (0,)


def as_of_the_first_version(path: Path) -> None:
    """The same rows in the tables and columns of the first version."""
    now = path.rename(path.with_suffix(".now"))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0001")
    engine.dispose()
    with closing(sqlite3.connect(path)) as old, old:
        old.execute("ATTACH ? AS now", (str(now),))
        names = (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('alembic_version', 'sqlite_sequence')"
        )
        for (table,) in old.execute(names).fetchall():
            columns = ", ".join(row[1] for row in old.execute(f"PRAGMA main.table_info({table})"))
            old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM now.{table}")
