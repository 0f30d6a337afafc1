"""What is said later of a development that was told: reminders, corroborations, corrections, each at its time and once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from at_work import DEAL, ENCODER, TIMES, AtWork, RecordingChannel, page_of, the_watch
from builders import a_feed
from desks import DESK

from storywatch.announcing import Announcer
from storywatch.core.alerting import ChannelRules, QuietHours
from storywatch.core.followups import FOLLOWED, MOST_REMINDERS, SECOND_THOUGHTS
from storywatch.core.model import (
    AlertKind,
    ChannelId,
    DeliveryState,
    DevelopmentId,
    FeedbackKind,
    FeedId,
    Recipient,
    SilenceKind,
    Tidings,
    WatchId,
)
from storywatch.core.revisits import VisitOutcome
from storywatch.errors import StorywatchError, Unsent
from storywatch.ports import Desk
from storywatch.store.acknowledgements import Acknowledgements
from storywatch.store.feedback import Feedback
from storywatch.store.followups import Corrections, Corroborations, Reminders
from storywatch.store.silences import Silences
from storywatch.teaching import Teacher

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from at_work import News
    from sqlalchemy import Connection

    from storywatch.core.followups import Followup
    from storywatch.core.model import DeliveryClaim, DeliveryId, Message
    from storywatch.store.engine import Database

GAZETTE, HERALD, RADIO = map(FeedId, ("gazette", "herald", "radio"))
ANA, BEN = (f"{name}@desk.test" for name in ("ana", "ben"))
STRIKE = WatchId("harbour-strike")
TWO_HOURS = timedelta(hours=2)
OTHER_WORDS = (
    ("Members of the union in Sandvik voted yes to seven percent late on Friday, so work begins again on Saturday.",),
    (
        "Seven percent more: with that the walkout at Sandvik's quays is over, a spokeswoman of the union said at night.",
    ),
    ("After the ballot on Friday the cranes of Sandvik will move again; the dockers get seven percent.",),
)
NOTE = "Correction: an earlier version of this article said that the rise was nine percent. It is seven percent."
RETRACTED = "This article has been retracted, since the vote that it reports did not take place."


@dataclass
class Mailbox(RecordingChannel):
    """Keeps every message that was sent, as it was told."""

    messages: dict[bytes, Message] = field(default_factory=dict)
    got: list[tuple[datetime, Tidings]] = field(default_factory=list)

    def render(self, tidings: Message) -> bytes:  # type: ignore[override]  # every kind
        words = f"{tidings.delivery}".encode()
        self.messages[words] = tidings
        return words

    async def send(self, claim: DeliveryClaim, *, now: datetime) -> None:
        await super().send(claim, now=now)
        self.got.append((now, self.messages[claim.message]))  # type: ignore[arg-type]  # one development each

    def told(self, kind: AlertKind, address: str = ANA) -> list[tuple[datetime, dict[str, Any]]]:
        return [
            (at, one.alert.detail)
            for at, one in self.got
            if one.alert.kind is kind and one.recipient.address == address
        ]

    def kinds(self, address: str = ANA) -> list[str]:
        return [one.alert.kind for _, one in self.got if one.recipient.address == address]


@dataclass
class Newsroom:
    """A world with four outlets and two mailboxes, in which follow-ups are looked for as a service does."""

    work: AtWork
    mailbox: Mailbox
    rules: ChannelRules = field(default_factory=lambda: ChannelRules(recipients=(ANA, BEN)))

    def start(self) -> None:
        """A process that knows nothing but what is in the database."""
        work = self.work
        work.start()
        work.pipeline.rules = dict.fromkeys(work.channels, self.rules)
        desk = Desk(work.watches, work.pipeline.rules)
        sources = [each(work.database, desk) for each in (Corrections, Corroborations, Reminders)]
        self.announcer = Announcer(clock=work.clock, writer=work.pipeline.writer, waker=work.waker, sources=sources)

    @property
    def now(self) -> datetime:
        return self.work.clock.now()

    async def tick(self) -> int:
        new = await self.announcer.announce()
        await self.work.deliver()
        return new

    async def until(self, moment: datetime, *, step: timedelta = timedelta(minutes=15)) -> None:
        while self.now < moment:
            self.work.clock.advance(min(step, moment - self.now))
            await self.tick()

    async def pass_by(self, **by: float) -> None:
        await self.until(self.now + timedelta(**by))

    async def breaks(self, news: News = DEAL, **how: Any) -> DevelopmentId:
        """It is found, judged and told."""
        [judged] = await self.work.break_news(news, **how)
        await self.tick()
        assert judged.development
        return judged.development.id

    async def joins(self, outlet: FeedId, words: tuple[str, ...], news: News = DEAL) -> str | None:
        """Another outlet reports the same; the development that its article was judged to repeat."""
        [judged] = await self.work.break_news(replace(news, paragraphs=words), feed=outlet)
        await self.tick()
        return judged.remembered.development

    async def look(self, **after: float) -> list[VisitOutcome]:
        """The pages that are due are looked at again."""
        self.work.later(**(after or {"minutes": 20}))
        visits = await self.work.pipeline.claim_revisits(10)
        outcomes = [(await self.work.pipeline.revisit(visit))[0].outcome for visit in visits]
        await self.tick()
        return outcomes

    def change(self, news: News, *, extra: str = "", outlet: FeedId = TIMES, **answer: Any) -> None:
        """Its page reads like this from now on."""
        html = page_of(news).replace("</article>", f"{extra}</article>")
        self.work.web.change(
            self.work.url(news, outlet), html, **{"content_type": "text/html; charset=utf-8", **answer}
        )

    def acknowledge(self, development: DevelopmentId, by: str = "Olena") -> None:
        Acknowledgements(self.work.database).acknowledge(development, by=by, now=self.now)

    def say(self, kind: FeedbackKind, news: News = DEAL, **more: Any) -> None:
        feedback = Feedback(self.work.database, self.work.waker)
        teacher = Teacher(feedback=feedback, encoder=ENCODER, rules=self.work.pipeline.rules)
        teacher.say(self.work.watches[0], self.work.url(news), kind, now=self.now, **more)

    def alerts(self, kind: AlertKind) -> list[Any]:
        return [row for row in self.work.rows("alert") if row.kind == kind]


def play(
    database: Database, scene: Callable[[Newsroom], Awaitable[None]], *, rules: ChannelRules | None = None, **watch: Any
) -> None:
    outlets = (TIMES, GAZETTE, HERALD, RADIO)
    feeds = [
        a_feed(id=outlet, url=f"https://{outlet}.example/feed.xml", owner=str(outlet), every=timedelta(minutes=10))
        for outlet in outlets
    ]

    async def run() -> None:
        mailbox = Mailbox()
        watches = [the_watch(feeds=frozenset(outlets), **watch)]
        async with AtWork(database, watches=watches, feeds=feeds, channels={DESK: mailbox}) as work:
            newsroom = Newsroom(work, mailbox, *([rules] if rules else []))
            newsroom.start()
            await work.baseline()
            await scene(newsroom)

    asyncio.run(run())


# --------------------------------------------------------------------------- reminders


def test_it_is_told_again_until_somebody_takes_notice(database: Database) -> None:
    """Every two hours after it was told last, to all; the first who acknowledges it ends that for everybody."""

    async def scene(room: Newsroom) -> None:
        development = await room.breaks()
        told_at = room.now
        await room.until(told_at + timedelta(hours=5))
        for address in (ANA, BEN):
            assert room.mailbox.told(AlertKind.REMINDER, address) == [
                (told_at + TWO_HOURS, {"number": 1}),
                (told_at + 2 * TWO_HOURS, {"number": 2}),
            ]
        room.acknowledge(development)
        await room.pass_by(days=3)
        assert room.mailbox.kinds() == ["development.reported", "development.reminder", "development.reminder"]

    play(database, scene, remind=TWO_HOURS)


def test_nobody_is_reminded_for_ever_or_unasked(database: Database) -> None:
    """Ten times at the most; without the key never."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        await room.pass_by(days=4)
        numbers = [detail["number"] for _, detail in room.mailbox.told(AlertKind.REMINDER)]
        remind = room.work.watches[0].remind
        assert numbers == (list(range(1, MOST_REMINDERS + 1)) if remind else [])

    play(database, scene, remind=timedelta(hours=3))


def test_without_new_keys_a_development_is_one_message(database: Database) -> None:
    """Whoever updates gets what they got before: others who report it, and days that pass, say nothing."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        for outlet, words in zip((GAZETTE, HERALD, RADIO), OTHER_WORDS, strict=True):
            assert await room.joins(outlet, words) is not None
        await room.pass_by(days=3)
        assert room.mailbox.kinds() == ["development.reported"]
        assert len(room.work.rows("alert")) == 1

    play(database, scene)


def test_a_reminder_that_waits_is_dropped_when_somebody_takes_notice(database: Database) -> None:
    """It was made in quiet hours: in the morning it is not sent, and says why."""

    async def scene(room: Newsroom) -> None:
        development = await room.breaks()
        await room.pass_by(hours=3)
        waiting = [row for row in room.work.rows("delivery") if row.state == DeliveryState.WAITING]
        assert [(row.address, row.hold) for row in waiting] == [(ANA, "quiet"), (BEN, "quiet")]
        room.acknowledge(development)
        rows = room.work.rows("delivery")[2:]
        assert {(row.state, row.reason) for row in rows} == {
            ("muted", f"acknowledged by Olena on {room.now:%Y-%m-%d %H:%M} UTC")
        }
        await room.pass_by(hours=20)
        assert room.mailbox.kinds() == ["development.reported"]

    quiet = QuietHours(start=time(13), end=time(22), timezone="UTC")
    play(database, scene, rules=ChannelRules(recipients=(ANA, BEN), quiet_hours=quiet), remind=TWO_HOURS)


def test_reminders_do_not_pile_up_on_a_channel_that_is_down(database: Database) -> None:
    """One waits for it; the next is made only after that was sent."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        room.mailbox.answers = [Unsent("503") for _ in range(200)]
        await room.pass_by(hours=9)
        waiting = [row for row in room.work.rows("delivery") if row.state == DeliveryState.WAITING]
        assert [row.address for row in waiting] == [ANA, BEN]
        assert len(room.alerts(AlertKind.REMINDER)) == 1
        room.mailbox.answers = []
        await room.pass_by(hours=6)
        [(sent_at, first), (again_at, second), *_] = room.mailbox.told(AlertKind.REMINDER)
        assert (first["number"], second["number"]) == (1, 2)
        assert again_at - sent_at >= TWO_HOURS

    play(database, scene, remind=TWO_HOURS)


@pytest.mark.parametrize("kind", list(SilenceKind))
def test_a_silenced_story_reminds_nobody(database: Database, kind: SilenceKind) -> None:
    """Nor does it leave rows behind for each time that passed; who is not silenced is reminded."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        silences = Silences(room.work.database)
        ana = Recipient(channel=DESK, address=ANA)
        silences.begin(STRIKE, kind, recipient=ana, until=room.now + timedelta(hours=7), now=room.now)
        await room.pass_by(hours=6)
        assert room.mailbox.told(AlertKind.REMINDER, ANA) == []
        assert len(room.mailbox.told(AlertKind.REMINDER, BEN)) == 3
        assert len(room.work.rows("delivery")) == 5
        await room.pass_by(hours=3)
        assert [detail["number"] for _, detail in room.mailbox.told(AlertKind.REMINDER, ANA)] == [4]

    play(database, scene, remind=TWO_HOURS)


def test_a_key_that_is_new_reminds_of_nothing_old(database: Database) -> None:
    """Who sets `remind` today does not hear anew of all that was told in the last weeks."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        await room.pass_by(days=3)
        room.work.watches = [replace(room.work.watches[0], remind=TWO_HOURS)]
        room.start()
        await room.pass_by(days=1)
        assert room.mailbox.told(AlertKind.REMINDER) == []

    play(database, scene)


def test_what_the_desk_withdrew_reminds_nobody(database: Database) -> None:
    """It is no development any more."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        room.say(FeedbackKind.WRONG)
        await room.pass_by(hours=9)
        assert room.mailbox.told(AlertKind.REMINDER) == []

    play(database, scene, remind=TWO_HOURS)


# --------------------------------------------------------------------------- corroboration


def test_it_is_said_when_others_report_it_too(database: Database) -> None:
    """At two owners and at four, once each, however long anybody looks; and not again by another process."""

    async def scene(room: Newsroom) -> None:
        development = await room.breaks()
        for outlet, words in zip((GAZETTE, HERALD, RADIO), OTHER_WORDS, strict=True):
            assert await room.joins(outlet, words) == development
        await room.pass_by(hours=3)
        room.start()
        await room.pass_by(hours=3)
        for address in (ANA, BEN):
            told = [detail for _, detail in room.mailbox.told(AlertKind.CORROBORATED, address)]
            assert [(one["owners"], one["words"]) for one in told] == [
                (2, "now reported by 2 independent owners"),
                (4, "now reported by 4 independent owners"),
            ]

    play(database, scene, corroborate=(2, 4))


class Stumbling(Corroborations):
    """The database is locked when it first has something to write."""

    stumbled = False

    def _record(self, connection: Connection, one: Followup) -> list[DeliveryId]:
        if not self.stumbled:
            self.stumbled = True
            message = "the database is locked"
            raise StorywatchError(message)
        return super()._record(connection, one)


def test_a_follow_up_that_could_not_be_written_is_looked_at_again(database: Database) -> None:
    """It does not rest for two weeks as if it had been told."""

    async def scene(room: Newsroom) -> None:
        source = Stumbling(database, Desk(room.work.watches, room.work.pipeline.rules))
        room.announcer = replace(room.announcer, sources=[source])
        await room.breaks()
        await room.joins(GAZETTE, OTHER_WORDS[0])
        await room.pass_by(hours=1)
        assert source.stumbled
        assert [detail["owners"] for _, detail in room.mailbox.told(AlertKind.CORROBORATED)] == [2]

    play(database, scene, corroborate=(2,))


def test_a_channel_that_was_disabled_meanwhile_hears_of_it_when_it_is_back(database: Database) -> None:
    """A reload that changes nobody's watch may bring back whom there is to tell."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        rules, desk = room.work.pipeline.rules, Desk(room.work.watches, {})
        room.announcer = replace(room.announcer, sources=[Corroborations(database, desk)])
        await room.joins(GAZETTE, OTHER_WORDS[0])
        await room.pass_by(hours=1)
        assert room.mailbox.told(AlertKind.CORROBORATED) == []
        desk.rules = rules
        await room.pass_by(hours=1)
        assert [detail["owners"] for _, detail in room.mailbox.told(AlertKind.CORROBORATED)] == [2]

    play(database, scene, corroborate=(2,))


def test_of_several_levels_at_once_only_the_highest_is_told(database: Database) -> None:
    """Three outlets join between two looks: one message, not two."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        for outlet, words in zip((GAZETTE, HERALD), OTHER_WORDS[:2], strict=True):
            await room.work.break_news(replace(DEAL, paragraphs=words), feed=outlet)
        await room.tick()
        await room.pass_by(hours=1)
        await room.joins(RADIO, OTHER_WORDS[2])
        await room.pass_by(hours=1)
        assert [detail["owners"] for _, detail in room.mailbox.told(AlertKind.CORROBORATED)] == [3]

    play(database, scene, corroborate=(2, 3))


def test_who_carries_the_same_text_is_no_second_source(database: Database) -> None:
    """A wire report in three papers, and two papers of one house, are one source."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        for outlet in (GAZETTE, HERALD):
            await room.joins(outlet, DEAL.paragraphs)
        [_, copied, again] = room.work.rows("verdict")
        assert None not in {copied.copy_of, again.copy_of}
        await room.pass_by(hours=1)
        assert room.mailbox.told(AlertKind.CORROBORATED) == []
        with room.work.database.write() as connection:
            connection.exec_driver_sql("UPDATE feed SET owner = 'harbor-times' WHERE uid = 'radio'")
        await room.joins(RADIO, OTHER_WORDS[0])
        await room.pass_by(hours=1)
        assert room.mailbox.told(AlertKind.CORROBORATED) == []

    play(database, scene, corroborate=(2,))


def test_a_message_that_named_them_already_is_not_followed(database: Database) -> None:
    """Others joined while it waited for its siblings: it says so itself."""

    async def scene(room: Newsroom) -> None:
        await room.work.break_news(DEAL)
        await room.joins(GAZETTE, OTHER_WORDS[0])
        [first, _] = room.mailbox.got
        assert len(first[1].reports) == 2
        await room.pass_by(hours=1)
        assert room.mailbox.told(AlertKind.CORROBORATED) == []
        await room.joins(HERALD, OTHER_WORDS[1])
        await room.pass_by(hours=1)
        assert [detail["owners"] for _, detail in room.mailbox.told(AlertKind.CORROBORATED)] == [3]

    play(database, scene, corroborate=(2, 3), settle=timedelta(minutes=15))


def test_old_developments_are_not_followed(database: Database) -> None:
    """A report of two weeks later makes no follow-up."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        room.work.later(days=FOLLOWED / timedelta(days=1) + 1)
        assert await room.joins(GAZETTE, OTHER_WORDS[0]) is not None
        await room.pass_by(hours=1)
        assert room.mailbox.told(AlertKind.CORROBORATED) == []

    play(database, scene, corroborate=(2,))


def test_a_level_that_nobody_asked_for_then_is_no_news_later(database: Database) -> None:
    """Who sets `corroborate` today does not hear of all that was confirmed in the last weeks, only of what is from now on."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        await room.joins(GAZETTE, OTHER_WORDS[0])
        await room.pass_by(days=2)
        room.work.watches = [replace(room.work.watches[0], corroborate=(2, 3))]
        room.start()
        await room.pass_by(hours=2)
        assert room.mailbox.told(AlertKind.CORROBORATED) == []
        await room.joins(HERALD, OTHER_WORDS[1])
        await room.pass_by(hours=1)
        assert [detail["owners"] for _, detail in room.mailbox.told(AlertKind.CORROBORATED)] == [3]

    play(database, scene)


def test_a_report_that_the_desk_adds_counts(database: Database) -> None:
    """It was taken for a development of its own; the desk says that it is the same: then there are two sources."""

    async def scene(room: Newsroom) -> None:
        development = await room.breaks()
        other = replace(DEAL, title="Cranes move again at the quays of Sandvik", paragraphs=OTHER_WORDS[0])
        [judged] = await room.work.break_news(other, feed=GAZETTE)
        await room.tick()
        assert judged.development
        feedback = Feedback(room.work.database, room.work.waker)
        teacher = Teacher(feedback=feedback, encoder=ENCODER, rules=room.work.pipeline.rules)
        url = room.work.url(other, GAZETTE)
        teacher.say(room.work.watches[0], url, FeedbackKind.SAME_AS, development=development, now=room.now)
        await room.pass_by(hours=1)
        assert [detail["owners"] for _, detail in room.mailbox.told(AlertKind.CORROBORATED)] == [2]

    play(database, scene, corroborate=(2,))


# --------------------------------------------------------------------------- corrections


def test_who_was_told_hears_of_a_correction_once(database: Database) -> None:
    """The outlet puts a note below its report: those who got the alert hear it in the outlet's own words."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        room.change(DEAL, extra=f"<p>{NOTE}</p>")
        assert await room.look() == [VisitOutcome.EDITED]
        for address in (ANA, BEN):
            [(_, detail)] = room.mailbox.told(AlertKind.CORRECTED, address)
            assert detail["sentence"] == NOTE
            assert (detail["words"], detail["retracted"]) == ("Harbor Times has corrected its report", False)
            assert detail["url"] == room.work.url(DEAL)
        room.change(DEAL, extra=f"<p>{NOTE}</p><p>Correction: the harbour's name was misspelled in this article.</p>")
        await room.look()
        room.start()
        await room.pass_by(days=2)
        assert len(room.mailbox.told(AlertKind.CORRECTED)) == 1

    play(database, scene, minimum="major")


def test_a_correction_that_the_feed_brings_is_told_too(database: Database) -> None:
    """The outlet lists the article anew before its page was looked at again."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        again = replace(DEAL, summary="Corrected: the vote was on Friday.", paragraphs=(*DEAL.paragraphs, NOTE))
        [judged] = await room.work.break_news(again)
        assert judged.remembered.url_key == room.work.rows("article")[0].url_key
        await room.tick()
        assert [detail["sentence"] for _, detail in room.mailbox.told(AlertKind.CORRECTED)] == [
            "Correction: an earlier version of this article said that the rise was nine percent."
        ]

    play(database, scene, minimum="major")


def test_a_report_that_is_taken_back_is_said_so(database: Database) -> None:
    """After its correction too: that is another level. Nobody is reminded of it then."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        room.change(DEAL, extra=f"<p>{NOTE}</p>")
        await room.look()
        room.change(DEAL, extra=f"<p>{NOTE}</p><p>{RETRACTED}</p>")
        await room.look()
        told = [detail for _, detail in room.mailbox.told(AlertKind.CORRECTED)]
        assert [(one["retracted"], one["sentence"]) for one in told] == [(False, NOTE), (True, RETRACTED)]
        await room.pass_by(hours=6)
        assert room.mailbox.told(AlertKind.REMINDER) == []

    play(database, scene, minimum="major", remind=TWO_HOURS)


def test_a_page_that_is_gone_is_a_retraction_where_nobody_else_reports_it(database: Database) -> None:
    """While another outlet carries it, it stands; when that one is gone too, it does not."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        await room.joins(GAZETTE, OTHER_WORDS[0])
        room.change(DEAL, status=404)
        outcomes = [*await room.look(), *await room.look(), *await room.look()]
        assert VisitOutcome.WITHDRAWN in outcomes
        await room.pass_by(hours=1)
        assert room.mailbox.told(AlertKind.CORRECTED) == []
        room.change(DEAL, outlet=GAZETTE, status=410)
        for _ in range(4):
            await room.look(minutes=40)
        [(_, detail)] = room.mailbox.told(AlertKind.CORRECTED)
        assert detail["retracted"] is True
        assert detail["words"] == "Harbor Times has removed its report, and nobody else reports it"
        assert (detail["sentence"], detail["url"]) == (None, room.work.url(DEAL))
        await room.pass_by(days=1)
        assert len(room.mailbox.told(AlertKind.CORRECTED)) == 1

    play(database, scene)


def test_a_correction_that_is_a_development_is_told_as_one(database: Database) -> None:
    """And not twice."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        room.change(replace(DEAL, title="No deal in Sandvik: the union counts the votes anew"), extra=f"<p>{NOTE}</p>")
        assert await room.look() == [VisitOutcome.EDITED]
        await room.pass_by(hours=2)
        assert [row.kind for row in room.work.rows("amendment")] == ["correction"]
        assert room.mailbox.kinds() == ["development.reported", "development.reported"]

    play(database, scene)


def test_who_was_not_told_hears_no_correction(database: Database) -> None:
    """The alert was muted for one of two: only the other has something to correct."""

    async def scene(room: Newsroom) -> None:
        ben = Recipient(channel=DESK, address=BEN)
        Silences(room.work.database).begin(STRIKE, SilenceKind.MUTE, recipient=ben, now=room.now)
        await room.breaks()
        Silences(room.work.database).end(STRIKE, recipient=ben, now=room.now)
        room.change(DEAL, extra=f"<p>{NOTE}</p>")
        await room.look()
        await room.pass_by(hours=1)
        assert room.mailbox.kinds(ANA) == ["development.reported", "development.corrected"]
        assert room.mailbox.kinds(BEN) == []

    play(database, scene, minimum="major")


def test_the_others_hear_that_the_desk_calls_it_wrong(database: Database) -> None:
    """After a while in which that can be undone, once; undone in time, nobody hears anything."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        room.say(FeedbackKind.WRONG, by="Olena", off_topic=True)
        room.work.clock.advance(SECOND_THOUGHTS / 2)
        await room.tick()
        assert room.mailbox.told(AlertKind.CORRECTED) == []
        await room.pass_by(hours=1)
        for address in (ANA, BEN):
            [(_, detail)] = room.mailbox.told(AlertKind.CORRECTED, address)
            assert detail["words"] == "the desk (Olena) says: it is not about this story"
            assert detail["retracted"] is False
        await room.pass_by(days=1)
        assert len(room.mailbox.told(AlertKind.CORRECTED)) == 1

    play(database, scene)


@pytest.mark.parametrize("why", ["undone", "alone"])
def test_a_slip_of_the_desk_is_nobodys_news(database: Database, why: str) -> None:
    """Nor does the only one who was told hear what they said themselves."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        room.say(FeedbackKind.WRONG)
        if why == "undone":
            room.work.clock.advance(SECOND_THOUGHTS / 2)
            feedback = Feedback(room.work.database, room.work.waker)
            feedback.undo_feedback(feedback.find_case(STRIKE, room.work.url(DEAL)), now=room.now)
        await room.pass_by(hours=3)
        assert room.mailbox.kinds() == ["development.reported"]

    play(database, scene, rules=ChannelRules(recipients=(ANA, BEN) if why == "undone" else (ANA,)))


def test_who_heard_of_it_in_a_digest_was_told(database: Database) -> None:
    """Its row was folded into a message that was sent: the correction comes in the next digest."""

    async def scene(room: Newsroom) -> None:
        [judged] = await room.work.break_news(DEAL)
        assert judged.development
        snooze = Silences(room.work.database).begin(
            STRIKE, SilenceKind.SNOOZE, until=room.now + timedelta(hours=2), now=room.now
        )
        assert snooze.until
        await room.work.break_news(
            replace(
                DEAL,
                path="/fire",
                title="Fire in a warehouse of Sandvik",
                paragraphs=("A warehouse of Sandvik burns.",),
            )
        )
        await room.pass_by(hours=3)
        rows = [row for row in room.work.rows("delivery") if row.folded_into]
        assert {row.address for row in rows} == {ANA, BEN}
        room.change(DEAL, extra=f"<p>{NOTE}</p>")
        await room.look()
        await room.pass_by(hours=2)
        assert len(room.mailbox.told(AlertKind.CORRECTED)) == 1

    play(database, scene)


def test_a_channel_that_is_gone_hears_nothing(database: Database) -> None:
    """Follow-ups go to those who were told and are still configured."""

    async def scene(room: Newsroom) -> None:
        await room.breaks()
        room.work.watches = [replace(room.work.watches[0], channels=())]
        room.start()
        room.say(FeedbackKind.WRONG)
        await room.pass_by(hours=5)
        room.work.watches = [replace(room.work.watches[0], channels=(ChannelId("other"),))]
        room.start()
        await room.pass_by(hours=5)
        assert len(room.work.rows("alert")) == 1

    play(database, scene, remind=TWO_HOURS, corroborate=(2,))
