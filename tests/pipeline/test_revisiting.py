"""An article's page looked at again: what is another version of it, and what is not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from at_work import ARREST, CHOIR, DEAL, TIMES, AtWork, page_of, the_watch
from builders import NOON, a_feed, an_article

from storywatch.core.model import EntryState, FeedId, Label, NotModified, WatchId
from storywatch.core.retention import YEAR_AND_MORE
from storywatch.core.revisits import AFRESH_EVERY, GONE_ONCE, NOBODY, SUSPECT, VisitOutcome, plan_revisit
from storywatch.errors import LeaseLost
from storywatch.store.engine import release_leases

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from at_work import News

    from storywatch.core.model import Judged
    from storywatch.core.revisits import VisitPlan
    from storywatch.store.engine import Database

GAZETTE = FeedId("gazette")
PAGES = Path(__file__).parents[1] / "data" / "pages"
NINE = replace(DEAL, paragraphs=tuple(text.replace("seven percent", "nine percent") for text in DEAL.paragraphs))
LONGER = replace(
    DEAL,
    paragraphs=(
        *DEAL.paragraphs,
        "The union's leader Mats Ekberg resigned on Saturday morning, an hour after the vote.",
    ),
)


def change(work: AtWork, news: News, *, extra: str = "", **answer: Any) -> None:
    """Its page reads like this from now on."""
    answer = {"content_type": "text/html; charset=utf-8", **answer}
    work.web.change(work.url(news), page_of(news).replace("</article>", f"{extra}</article>"), **answer)


async def look(work: AtWork, **after: float) -> list[tuple[VisitPlan, list[Judged]]]:
    """Time passes, and the pages that are due are looked at again."""
    work.later(**(after or {"minutes": 20}))
    return [await work.pipeline.revisit(visit) for visit in await work.pipeline.claim_revisits(10)]


def at_work(database: Database, play: Callable[[AtWork], Awaitable[None]], **changes: Any) -> None:
    async def run() -> None:
        async with AtWork(database, **changes) as work:
            await work.baseline()
            await work.break_news(DEAL)
            await play(work)

    asyncio.run(run())


def test_a_changed_figure_is_judged_as_another_version(database: Database) -> None:
    """It is seen now, it is of the same article, and the bytes of both versions are kept with what the server said."""

    async def play(work: AtWork) -> None:
        change(work, NINE, etag='"v2"', server="press/1", set_cookie="id=1")
        [(plan, [judged])] = await look(work)
        assert plan.outcome is VisitOutcome.EDITED
        assert plan.changes == ("number changed",)
        assert "nine percent" in judged.remembered.paragraphs[0]
        assert judged.remembered.seen_at == work.clock.now()
        first, second = work.rows("article")
        assert first.url_key == second.url_key
        assert first.uid != second.uid
        assert [row.raw_hash for row in work.rows("raw_page")] == [first.raw_hash, second.raw_hash]
        assert work.pipeline.revisits.load_raw(second.raw_hash).body == page_of(NINE).encode()
        assert work.rows("raw_page")[1].headers == {
            "content-type": "text/html; charset=utf-8",
            "etag": '"v2"',
            "server": "press/1",
        }
        [row] = work.rows("revisit")
        assert (row.article, row.raw_hash, row.note, row.visits) == (second.uid, second.raw_hash, "number changed", 1)
        assert [row.article for row in work.rows("entry")] == [second.uid]
        assert [(plan.outcome, told) for plan, told in await look(work)] == [(VisitOutcome.UNCHANGED, [])]

    at_work(database, play)


def test_what_an_edit_adds_is_told(database: Database) -> None:
    """A sentence that the outlet adds an hour later is judged by the very same way as an article of its own."""

    async def play(work: AtWork) -> None:
        change(work, LONGER)
        [(plan, [judged])] = await look(work)
        assert plan.changes == ("sentence added",)
        assert judged.verdict.verdict in {Label.DEVELOPMENT, Label.POSSIBLE, Label.REPEAT}
        assert len(work.rows("verdict")) == 2

    at_work(database, play)


def test_looks_alone_change_nothing_but_the_row(database: Database) -> None:
    """The time of an update, a related box: the visit is counted, and nothing is judged."""

    async def play(work: AtWork) -> None:
        change(
            work,
            DEAL,
            extra="<p>Updated 3 March 2026, 14:05</p><p>Read more: A choir at the lighthouse</p>",
            etag='"v2"',
        )
        [(plan, told)] = await look(work)
        assert (plan.outcome, told) == (VisitOutcome.NOISE, [])
        assert len(work.rows("article")) == len(work.rows("raw_page")) == 1
        [row] = work.rows("revisit")
        assert (row.visits, row.etag, row.note) == (1, '"v2"', None)

    at_work(database, play)


def test_a_page_is_asked_for_only_if_it_changed(database: Database) -> None:
    """The validators of the last answer go with the request, and "not modified" is the end of it."""

    async def play(work: AtWork) -> None:
        change(work, DEAL, extra="<p>Updated 14:05</p>", etag='"v1"', last_modified="Mon, 02 Mar 2026 12:00:00 GMT")
        await look(work)
        work.web.change(work.url(DEAL), status=304)
        [(plan, told)] = await look(work)
        assert (plan.outcome, told) == (VisitOutcome.UNCHANGED, [])
        asked = work.web.requests[-1].headers
        assert (asked["if-none-match"], asked["if-modified-since"]) == ('"v1"', "Mon, 02 Mar 2026 12:00:00 GMT")
        assert work.rows("revisit")[0].etag == '"v1"'

    at_work(database, play)


def test_a_server_that_says_not_modified_of_what_was_is_found_out(database: Database) -> None:
    """Its page is asked for as a whole now and then: some name the day of publication as the last change for ever."""

    async def play(work: AtWork) -> None:
        change(work, DEAL, etag='"never"')
        asked = []
        for _ in range(2 * AFRESH_EVERY):
            await look(work, hours=3, minutes=30)
            asked += [request for request in work.web.requests[-1:] if str(request.url) == work.url(DEAL)]
        whole = [number for number, request in enumerate(asked) if "if-none-match" not in request.headers]
        assert whole == [0, AFRESH_EVERY - 1, 2 * AFRESH_EVERY - 1], "the first answer brought the validators"

    at_work(database, play)


def test_visits_thin_out_and_end(database: Database) -> None:
    """Every quarter of an hour at first; after thirty days no more."""

    async def play(work: AtWork) -> None:
        waits = []
        for _ in range(400):
            [row] = work.rows("revisit")
            if row.next_at is None:
                break
            waits.append(row.next_at - work.clock.now())
            work.clock.advance(row.next_at - work.clock.now())
            await look(work, seconds=1)
        assert 80 < len(waits) < 120
        assert waits[1] < timedelta(minutes=17)
        assert waits[20] > timedelta(minutes=59)
        assert timedelta(days=30) < work.clock.now() - NOON < timedelta(days=34)

    at_work(database, play)


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_twice_was_withdrawn(database: Database, status: int) -> None:
    """Once may be a mishap; twice is told with the article, and its page is left alone."""

    async def play(work: AtWork) -> None:
        work.web.change(work.url(DEAL), status=status)
        [(plan, _)] = await look(work)
        assert (plan.outcome, plan.note) == (VisitOutcome.SUSPECT, f"{GONE_ONCE} ({status})")
        [(plan, told)] = await look(work)
        assert (plan.outcome, plan.next_at, told) == (VisitOutcome.WITHDRAWN, None, [])
        assert await look(work, days=2) == []
        [revisit] = work.views.explain(work.url(DEAL)).revisits
        assert revisit.note == f"withdrawn: the page is gone ({status})"

    at_work(database, play)


def test_a_page_that_came_back_is_no_longer_suspected(database: Database) -> None:
    """Gone, there, gone: that is not twice."""

    async def play(work: AtWork) -> None:
        for status in (404, 200, 404):
            change(work, DEAL, status=status)
            [(plan, _)] = await look(work)
        assert plan.outcome is VisitOutcome.SUSPECT

    at_work(database, play)


@pytest.mark.parametrize("page", ["botcheck.html", "consent.html"])
def test_a_wall_never_replaces_a_text(database: Database, page: str) -> None:
    """What came instead of the article is no version of it."""

    async def play(work: AtWork) -> None:
        work.web.change(work.url(DEAL), (PAGES / page).read_bytes(), content_type="text/html")
        [(plan, told)] = await look(work)
        assert (plan.outcome, told) == (VisitOutcome.REFUSED, [])
        assert len(work.rows("article")) == 1

    at_work(database, play)


def test_a_text_that_shrinks_waits_for_a_second_look(database: Database) -> None:
    """Half a text may be a fence or a fault; the second time it is believed."""

    async def play(work: AtWork) -> None:
        change(
            work,
            LONGER,
            extra="".join(f"<p>Ship {name} waits at anchor off Sandvik since Monday.</p>" for name in "ABCDEFGH"),
        )
        await look(work)
        change(work, LONGER, etag='"half"')
        [(plan, told)] = await look(work)
        assert (plan.outcome, plan.note, told) == (VisitOutcome.SUSPECT, SUSPECT, [])
        assert work.rows("revisit")[0].etag is None
        [(plan, told)] = await look(work)
        assert (plan.outcome, plan.changes, len(told)) == (VisitOutcome.EDITED, ("sentence removed",), 1)

    at_work(database, play)


def test_versions_that_take_turns_are_no_news(database: Database) -> None:
    """Two texts that a site shows in turn are judged once each."""

    async def play(work: AtWork) -> None:
        outcomes = []
        for news in (NINE, DEAL, NINE, DEAL):
            change(work, news)
            outcomes += [plan.outcome for plan, _ in await look(work)]
        assert outcomes == [VisitOutcome.EDITED, VisitOutcome.FLIP, VisitOutcome.UNCHANGED, VisitOutcome.FLIP]
        assert len(work.rows("verdict")) == 2

    at_work(database, play)


def test_a_page_that_robots_txt_closes_is_left_alone(database: Database) -> None:
    """The rules hold for later visits too."""

    async def play(work: AtWork) -> None:
        work.web.change(f"https://{TIMES}.example/robots.txt", "User-agent: *\nDisallow: /\n")
        work.later(days=1, hours=1)  # till robots.txt is read anew
        [(plan, _)] = await look(work)
        assert (plan.outcome, plan.next_at) == (VisitOutcome.FAILED, None)
        assert "robots.txt" in (plan.note or "")

    at_work(database, play)


def test_rules_that_could_not_be_had_end_no_visits(database: Database) -> None:
    """Nothing is asked while robots.txt fails; an hour later all goes on."""

    async def play(work: AtWork) -> None:
        rules = f"https://{TIMES}.example/robots.txt"
        work.later(days=1, hours=1)  # till robots.txt is read anew
        work.web.change(rules, status=503)
        [(plan, _)] = await look(work)
        assert (plan.outcome, plan.failures) == (VisitOutcome.FAILED, 0)
        assert plan.next_at == work.clock.now() + timedelta(hours=1)
        work.web.change(rules, status=404)
        change(work, NINE)
        [(plan, [_])] = await look(work, minutes=61)
        assert plan.outcome is VisitOutcome.EDITED

    at_work(database, play)


def test_a_server_in_trouble_is_asked_later_each_time(database: Database) -> None:
    """Its failures are counted and its wish is heard."""

    async def play(work: AtWork) -> None:
        work.web.break_off(work.url(DEAL), httpx.ConnectError("no route"))
        change(work, DEAL, status=503)
        [(first, _)] = await look(work)
        assert (first.outcome, first.failures) == (VisitOutcome.FAILED, 1)
        [(second, _)] = await look(work, hours=1)
        assert second.failures == 2
        assert second.next_at - work.clock.now() > timedelta(minutes=59)
        change(work, NINE)
        [(third, [judged])] = await look(work, hours=5)
        assert third.failures == 0
        assert "nine percent" in judged.remembered.paragraphs[0]

    at_work(database, play)


def test_an_article_about_nothing_is_not_looked_at_again(database: Database) -> None:
    """Only what is about a story is worth another visit, and its bytes are."""

    async def play(work: AtWork) -> None:
        await work.break_news(replace(CHOIR, title="Sandvik choir sings"))
        labels = {row.label for row in work.rows("verdict")}
        about = [row for row in work.rows("verdict") if row.label != "off-topic"]
        assert len(work.rows("revisit")) == len(work.rows("raw_page")) == len(about), labels

    at_work(database, play)


def test_no_request_is_made_for_a_story_that_nobody_follows(database: Database) -> None:
    """Where no watch follows the feed any more, the page waits for one."""

    async def play(work: AtWork) -> None:
        await work.reconfigure(watches=[the_watch(feeds=frozenset({GAZETTE}))])
        asked = len(work.web.requests)
        [(plan, told)] = await look(work)
        assert (plan.note, told, len(work.web.requests)) == (NOBODY, [], asked)
        assert plan.next_at == work.clock.now() + timedelta(days=1)

    at_work(database, play)


def test_an_edit_is_judged_for_everybody_to_whom_the_article_came(database: Database) -> None:
    """Two watches follow one feed each, and both feeds list the article: the last to list it is not the only one."""
    feeds = two_feeds()["feeds"]
    watches = [
        the_watch(feeds=frozenset({TIMES})),
        the_watch(id=WatchId("harbour-board"), feeds=frozenset({GAZETTE})),
        the_watch(id=WatchId("elsewhere"), feeds=frozenset({FeedId("elsewhere")})),
    ]

    async def play(work: AtWork) -> None:
        address = work.url(DEAL)
        work.url = lambda _, feed=TIMES: address  # type: ignore[method-assign]
        [first] = await work.break_news(DEAL, feed=GAZETTE, page=False)
        assert first.watch == "harbour-board"
        work.web.change(address, page_of(NINE), content_type="text/html; charset=utf-8")
        [(_, told)] = await look(work)
        assert {judged.watch for judged in told} == {"harbour-strike", "harbour-board"}

    at_work(database, play, feeds=feeds, watches=watches)


def test_what_the_feed_changes_meanwhile_wins(database: Database) -> None:
    """A visit that comes to its end after the feed brought a newer version is dropped."""

    async def play(work: AtWork) -> None:
        work.later(minutes=20)
        [visit] = await work.pipeline.claim_revisits(10)
        await work.break_news(replace(NINE, summary="The union's members voted, and voted again."))
        change(work, LONGER)
        with pytest.raises(LeaseLost):
            await work.pipeline.revisit(visit)
        assert len(work.rows("article")) == 2

    at_work(database, play)


def test_a_visit_that_was_cut_off_is_made_again(database: Database) -> None:
    """A process that dies between claim and record loses nothing."""

    async def play(work: AtWork) -> None:
        change(work, NINE)
        work.later(minutes=20)
        assert len(await work.pipeline.claim_revisits(10)) == 1
        assert await work.pipeline.claim_revisits(10) == []
        release_leases(work.database)
        work.start()
        [(_, [judged])] = await look(work, seconds=1)
        assert "nine percent" in judged.remembered.paragraphs[0]

    at_work(database, play)


def test_without_the_bytes_of_before_the_stored_text_serves(database: Database) -> None:
    """Evidence is dropped when it is old; a later visit goes on without it."""

    async def play(work: AtWork) -> None:
        assert await work.pipeline.tidy() == 0
        assert work.pipeline.revisits.drop_raw_pages(before=work.clock.now() + YEAR_AND_MORE, most_bytes=1) == 1
        change(work, NINE)
        [(plan, [_])] = await look(work)
        assert plan.changes == ("number changed",)

    at_work(database, play)


def test_a_stumble_puts_a_visit_off(database: Database) -> None:
    """What we can't work out does not come back at once."""

    async def play(work: AtWork) -> None:
        work.later(minutes=20)
        [visit] = await work.pipeline.claim_revisits(10)
        await work.pipeline.put_off_visit(visit, "storywatch stumbled over it (KeyError)")
        [row] = work.rows("revisit")
        assert (row.failures, row.note) == (1, "storywatch stumbled over it (KeyError)")
        assert row.next_at > work.clock.now()

    at_work(database, play)


def test_a_page_without_a_text_is_a_failure_and_no_version(database: Database) -> None:
    """The text that was known stays."""

    async def play(work: AtWork) -> None:
        work.web.change(work.url(DEAL), "<html><body><p>.</p></body></html>", content_type="text/html")
        [(plan, told)] = await look(work)
        assert (plan.outcome, told) == (VisitOutcome.FAILED, [])
        assert "no article text" in (plan.note or "")

    at_work(database, play)


def test_a_version_that_was_judged_meanwhile_is_not_judged_again(database: Database) -> None:
    """The visit ends as if it had found nothing."""

    async def play(work: AtWork) -> None:
        change(work, NINE)
        [(_, [judged])] = await look(work)
        change(work, LONGER)
        work.later(minutes=20)
        [visit] = await work.pipeline.claim_revisits(10)
        plan = plan_revisit(visit, NotModified(), now=work.clock.now())
        article = an_article(id=judged.remembered.article)
        assert await work.pipeline.judge(visit.entry, article, visited=(visit, plan)) == []
        assert work.rows("revisit")[0].visits == 2
        assert len(work.rows("verdict")) == 2

    at_work(database, play)


def test_evidence_goes_after_four_hundred_days(database: Database) -> None:
    """Not a day before."""

    async def play(work: AtWork) -> None:
        work.later(days=399)
        assert await work.pipeline.tidy() == 0
        work.later(days=2)
        assert await work.pipeline.tidy() == 1

    at_work(database, play)


# --------------------------------------------------------------------------- one article, many addresses


def two_feeds() -> dict[str, Any]:
    feeds = [
        a_feed(every=timedelta(minutes=10)),
        a_feed(id=GAZETTE, url="https://gazette.example/rss", every=timedelta(minutes=10)),
    ]
    return {"feeds": feeds, "watches": [the_watch(feeds=frozenset({TIMES, GAZETTE}))]}


async def list_elsewhere(work: AtWork, url: str, news: News = DEAL, *, canonical: str | None = None) -> list[Judged]:
    """The other feed lists the article at this address, where its page names its canonical one."""
    link = f'<link rel="canonical" href="{canonical}"></head>' if canonical else "</head>"
    work.web.change(url, page_of(news).replace("</head>", link), content_type="text/html; charset=utf-8")
    work.url = lambda _, feed=TIMES: url  # type: ignore[method-assign]
    work.later(minutes=30)
    return await work.break_news(news, feed=GAZETTE, page=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://m.harbor-times.example/deal",
        "https://harbor-times.example/deal?outputType=amp",
        "https://harbor-times.example/deal/amp",
        "https://harbor--times-example.cdn.ampproject.org/c/s/harbor-times.example/deal/amp",
        "https://harbor-times.example/s/1?id=77",
    ],
)
def test_an_article_at_another_address_of_its_site_is_the_same(database: Database, url: str) -> None:
    """Its page says which one it is: no second verdict, and it is found under both addresses."""

    async def play(work: AtWork) -> None:
        own = work.url(DEAL)
        # Another summary: the page is asked for, and found to be the same.
        assert await list_elsewhere(work, url, replace(DEAL, summary="They voted."), canonical=own) == []
        assert len(work.rows("verdict")) == 1
        second = work.rows("entry")[1]
        assert (second.state, second.article) == (EntryState.KNOWN, work.rows("article")[0].uid)
        explained = work.views.explain(url)
        assert [one.url for one in explained.articles] == [own]
        assert {address.url for address in explained.addresses} == {own, url}
        assert {entry.feed for entry in explained.entries} == {TIMES, GAZETTE}

    at_work(database, play, **two_feeds())


def test_without_the_pages_word_two_addresses_are_two_articles(database: Database) -> None:
    """A look of the address alone proves nothing; the copy is known as a copy."""

    async def play(work: AtWork) -> None:
        [judged] = await list_elsewhere(work, "https://m.harbor-times.example/deal")
        assert judged.match.copy_of == work.rows("article")[0].uid

    at_work(database, play, **two_feeds())


def test_another_outlets_canonical_is_a_hint_and_no_identity(database: Database) -> None:
    """A syndicated copy is an article of its own, with the address of the original beside its own."""

    async def play(work: AtWork) -> None:
        own, url = work.url(DEAL), "https://gazette.example/deal"
        [judged] = await list_elsewhere(work, url, canonical=own)
        assert judged.match.copy_of is not None
        kinds = {address.url: address.kind for address in work.views.explain(url).addresses}
        assert kinds == {url: "listed", own: "syndicated"}
        assert [one.url for one in work.views.explain(own).articles] == [own]

    at_work(database, play, **two_feeds())


def test_what_is_known_by_its_address_is_not_asked_for(database: Database) -> None:
    """The same address, title and lines from another feed cost no request."""

    async def play(work: AtWork) -> None:
        address = work.url(DEAL)
        work.url = lambda _, feed=TIMES: f"{address}?utm_source=rss"  # type: ignore[method-assign]
        work.later(minutes=30)
        asked = [url for url in work.web.asked() if "/deal" in url]
        assert await work.break_news(DEAL, feed=GAZETTE, page=False) == []
        assert [url for url in work.web.asked() if "/deal" in url] == asked
        assert work.rows("entry")[1].state == EntryState.KNOWN

    at_work(database, play, **two_feeds())


def test_a_known_address_is_asked_again_where_the_feed_says_something_else(database: Database) -> None:
    """Another title or other lines may mean another text."""

    async def play(work: AtWork) -> None:
        work.web.change(work.url(DEAL), page_of(replace(ARREST, path=DEAL.path)), content_type="text/html")
        [judged] = await work.break_news(replace(DEAL, summary=ARREST.summary), page=False)
        assert judged.remembered.paragraphs == ARREST.paragraphs

    at_work(database, play)
