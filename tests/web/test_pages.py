from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from builders import NOON, a_feed, a_judged, a_watch, an_article
from newsdesk import NOW, STRIKE, a_broken_story, fill
from sqlalchemy import insert, update

from storywatch.core.alerting import ChannelRules
from storywatch.core.model import ChannelId, FeedId, Label, Nearest, NewSentence, Reason, Translation, WatchId
from storywatch.ports import Desk
from storywatch.store.tables import channel_state, trouble
from storywatch.store.troubles import Troubles

if TYPE_CHECKING:
    from newsdesk import Newsdesk

PAGES = ["/", "/stories/harbour-strike", "/stories/ferry-line", "/ledger", "/sources", "/deliveries"]
OUTSIDE = re.compile(r"https?://[a-z0-9-]+\.example/")


class Collected(HTMLParser):
    """The tags of a page with their attributes, and whether each is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_before_the_first_poll_the_page_says_that_nothing_is_news_yet(newsdesk: Newsdesk) -> None:
    """A desk that has just begun reads in words why there is nothing to read."""
    page = newsdesk.ask("/").text

    assert "0 of 1 feeds polled" in page
    assert "nothing is news yet" in page
    assert "Alerts on</span>: desk" in page
    assert "Nothing new yet" in newsdesk.ask("/stories/harbour-strike").text
    assert "Nothing judged yet" in newsdesk.ask("/ledger").text
    assert "Nothing to deliver yet" in newsdesk.ask("/deliveries").text
    assert "its first poll is a baseline" in newsdesk.ask("/sources").text


def test_a_story_whose_feeds_can_not_be_read_points_to_the_sources(newsdesk: Newsdesk) -> None:
    """A machine without a network does not look like a quiet story."""
    newsdesk.poll(error="harbor-times.example: no connection", failures=1)

    assert "0 of 1 feeds polled. 1 could not be read; Sources says why." in newsdesk.ask("/").text


def test_after_the_baseline_the_page_says_that_nothing_new_has_come(newsdesk: Newsdesk) -> None:
    """Silence after the first polls is told apart from a service that has not begun."""
    newsdesk.poll()

    assert "1 feed is followed" in newsdesk.ask("/").text


def test_a_watch_without_feeds_and_channels_says_so(newsdesk: Newsdesk) -> None:
    """A watch that can see or tell nothing is not shown as a quiet one."""
    newsdesk.watches[:] = [a_watch(feeds=frozenset())]

    page = newsdesk.ask("/").text

    assert "No feed is followed for this story" in page
    assert "Page only" in page


def test_a_disabled_channel_is_not_shown_as_working(newsdesk: Newsdesk) -> None:
    """Who relies on alerts sees that they can't be sent, and why, with the story and with the deliveries."""
    reason = "the environment variable SMTP_PASSWORD is not set"
    given = {"disabled": lambda: {ChannelId("desk"): reason}}

    for path in ("/", "/deliveries"):
        assert f"desk is disabled</span>: {reason}" in newsdesk.ask(path, given=given).text
    assert "Alerts on" not in newsdesk.ask("/", given=given).text


def test_an_empty_watchlist_says_what_to_do(newsdesk: Newsdesk) -> None:
    """Without a story the page tells how to add one."""
    newsdesk.watches.clear()

    assert "No stories yet" in newsdesk.ask("/").text


def test_a_story_shows_what_is_new_before_everything_else(newsdesk: Newsdesk) -> None:
    """The list of stories and the timeline show old value, new value and the sentence."""
    fill(newsdesk)

    for path in ("/", "/stories/harbour-strike"):
        page = newsdesk.ask(path).text
        assert "<del>closed</del>" in page
        assert "<ins>reopened</ins>" in page
        assert "The harbour reopened on Monday at noon." in page
        assert "Harbour reopens &lt;after&gt; the strike &amp; ships sail" in page


def test_the_timeline_runs_from_the_newest_and_each_development_can_be_linked(newsdesk: Newsdesk) -> None:
    """The link in an alert leads to its development."""
    fill(newsdesk)
    page = newsdesk.ask("/stories/harbour-strike").text

    ids = [tag["id"] for tag in Collected(page).all("article")]
    heads = re.findall(r"<h3[^>]*><a[^>]*>([^<]*)", page)

    assert len(ids) == 5
    assert all(id_ and re.fullmatch(r"dev_[0-9a-f]{24}", id_) for id_ in ids)
    assert heads[-1] == "Dockers walk out in all three harbours"
    assert heads[1].startswith("اتحاد")


def test_the_timeline_tells_who_reported_and_what_became_of_each_delivery(newsdesk: Newsdesk) -> None:
    """Outlets in their order, and sent, refused, waiting and held all in words."""
    fill(newsdesk)
    page = newsdesk.ask("/stories/harbour-strike").text

    outlets = re.findall(
        r"Harbor Times|Rheinblick|Kanal Wschód|Volga Inform|Meridian Wire|Nuevo Puerto",
        page[page.find("Dockers walk out") :],
    )
    assert list(dict.fromkeys(outlets)) == [
        "Harbor Times",
        "Rheinblick",
        "Kanal Wschód",
        "Volga Inform",
        "Meridian Wire",
        "Nuevo Puerto",
    ]
    assert "Reported by 4 owners" in page
    assert "+1 h 20" in page
    assert "dead letter: 550 5.1.1 no such user" in page
    assert "503 Service Unavailable, next try in 5 h 55 min" in page
    assert "language not asked for: ko" in page


def test_a_translation_stands_under_its_original_and_is_marked(newsdesk: Newsdesk) -> None:
    """With the model's name and the language that it is in, as text."""
    translation = Translation(lang="en", text="The harbour <is> open.", by="a-model")
    new = NewSentence(sentence="항구가 열렸다.", lang="ko", translation=translation)
    newsdesk.judge(*a_broken_story("항구 재개", "ko", new, at=NOON))
    page = newsdesk.ask("/stories/harbour-strike").text
    assert "machine translation by a-model:" in page
    assert '<span lang="en" dir="auto">The harbour &lt;is&gt; open.</span>' in page
    assert page.index("항구가 열렸다.") < page.index("The harbour &lt;is&gt; open.")


def test_foreign_text_carries_its_language_and_direction(newsdesk: Newsdesk) -> None:
    """A screen reader can read Korean as Korean, and Arabic runs from the right."""
    fill(newsdesk)
    quotes = Collected(newsdesk.ask("/stories/harbour-strike").text).all("blockquote")

    assert {"lang": "ko", "dir": "auto"} in quotes
    assert {"lang": "ar", "dir": "rtl"} in quotes


@pytest.mark.parametrize("path", PAGES)
def test_every_link_of_a_page_leads_somewhere(newsdesk: Newsdesk, path: str) -> None:
    """No dead link, no link to another host but to the sources, and those without a trace of us."""
    fill(newsdesk)
    page = Collected(newsdesk.ask(path).text)

    for link in page.all("a"):
        href = str(link["href"])
        if OUTSIDE.match(href):
            assert link["rel"] == "noreferrer noopener"
            continue
        assert href.startswith(("/", "#"))
        target, _, fragment = href.partition("#")
        answer = newsdesk.ask(target or path)
        assert answer.status_code == 200, href
        assert not fragment or f'id="{fragment}"' in answer.text, href


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_light_and_asks_nobody_else(newsdesk: Newsdesk, path: str) -> None:
    """With its styles a page is under 60 kB, and holds no script, no inline style and nothing from elsewhere."""
    fill(newsdesk)
    answer = newsdesk.ask(path)
    page = Collected(answer.text)
    files = [str(link["href"]) for link in page.all("link")]
    weight = len(answer.content) + sum(len(newsdesk.ask(file).content) for file in files)

    assert weight < 60_000
    assert not page.all("script")
    assert not page.all("style")
    assert not page.all("img")
    for _, attributes in page.tags:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
    assert all(file.startswith("/static/") for file in files)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_keeps_its_landmarks(newsdesk: Newsdesk, path: str) -> None:
    """One heading of the first rank, a title, a language, a way past the navigation."""
    fill(newsdesk)
    page = Collected(newsdesk.ask(path).text)

    assert len(page.all("h1")) == 1
    assert len(page.all("main")) == 1
    assert page.all("html") == [{"lang": "en", "dir": "ltr"}]
    assert {"class": "skip", "href": "#main"} in page.all("a")


def test_hostile_feed_text_stays_text(newsdesk: Newsdesk) -> None:
    """Markup in a headline is shown, and an address that is no web address is not linked."""
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'"
    article, judged = a_broken_story(
        evil,
        'en" onmouseover="alert(3)',
        NewSentence(sentence=evil, lang="en", old=evil, new=evil),
        at=NOON,
        url="javascript:alert(4)",
        outlet_name=evil,
    )
    newsdesk.judge(article, judged)

    for path in ("/", "/stories/harbour-strike", "/ledger", f"/why/harbour-strike/{article.id}", "/deliveries"):
        page = Collected(newsdesk.ask(path).text)
        assert not page.all("script")
        assert not page.all("img")
        assert not [link for link in page.all("a") if str(link["href"]).startswith("javascript")]
        assert not [1 for _, attributes in page.tags if any(name.startswith("on") for name in attributes)]


def test_why_shows_the_evidence_with_its_figures(newsdesk: Newsdesk) -> None:
    """By the article or by the development that it broke: verdict, score, each reason and its pull."""
    article = an_article()
    judged = a_judged(article)
    against = Reason(name="known", figure=0.91, pull=-9.0, words="Said before, on 1 March.")
    newsdesk.judge(
        article, replace(judged, verdict=replace(judged.verdict, reasons=(*judged.verdict.reasons, against)))
    )
    assert judged.development

    for reference in (article.id, judged.development.id):
        page = newsdesk.ask(f"/why/harbour-strike/{reference}").text
        assert "Why this is a development" in page
        assert "0.93" in page
        assert "Close to what the watch describes." in page
        assert "Said before, on 1 March." in page
        assert "\N{MINUS SIGN}9.00" in page
        assert "Dockers walk out." in page


def test_why_shows_what_would_have_turned_the_verdict_apart_from_the_evidence(newsdesk: Newsdesk) -> None:
    """A sentence in words, and the nearest known one with who said it, when, how alike and how surely the same."""
    judged = a_judged()
    turn = Reason(name="turn", figure=0.31, pull=0.0, words="were that as usual, it would have 0.31: it would not")
    nearest = Nearest(
        development=None,
        article=None,
        sentence="Dockers <walk> out.",
        score=0.4,
        alike=0.8123,
        outlet="rheinblick",
        day="2026-03-01",
    )
    verdict = replace(judged.verdict, reasons=(*judged.verdict.reasons, turn), nearest=nearest)
    newsdesk.judge(an_article(), replace(judged, verdict=verdict))

    page = newsdesk.ask(f"/why/harbour-strike/{an_article().id}").text

    assert '<p class="lede">were that as usual, it would have 0.31: it would not</p>' in page
    assert page.count(turn.words) == 1
    assert "0.81 alike, the same report with a chance of 40%" in page
    assert "rheinblick, 2026-03-01" in page
    assert "Dockers &lt;walk&gt; out." in page


def test_values_that_are_not_agreed_stand_side_by_side(newsdesk: Newsdesk) -> None:
    """Nothing is struck out: each with who says it."""
    new = NewSentence(sentence="150 ships wait.", lang="en", old="120", new="150", old_by="harbor-group", conflict=True)
    newsdesk.judge(*a_broken_story("Ships wait", "en", new, at=NOON))
    page = newsdesk.ask("/stories/harbour-strike").text
    assert '<span class="meta">harbor-group says</span> 120' in page
    assert '<span class="meta">this report says</span> 150' in page
    assert "<del>" not in page


def test_why_links_the_development_that_an_article_repeats(newsdesk: Newsdesk) -> None:
    """A repeat leads to what it repeats."""
    newsdesk.judge(an_article())
    told = a_judged().development
    assert told
    copy = an_article(url="https://copy.example/1", published_at=None)
    newsdesk.judge(copy, a_judged(copy, label=Label.REPEAT, repeats=told.id))

    page = newsdesk.ask(f"/why/harbour-strike/{copy.id}").text

    assert "Why this was not alerted" in page
    assert f'href="/stories/harbour-strike#{told.id}"' in page
    assert "by its own word" not in page


def test_why_says_that_nothing_spoke_for_an_article(newsdesk: Newsdesk) -> None:
    """A verdict without evidence has sentences in its place."""
    judged = a_judged(label=Label.OFF_TOPIC)
    newsdesk.judge(
        an_article(),
        replace(
            judged,
            match=replace(judged.match, reasons=()),
            verdict=replace(judged.verdict, reasons=(), nearest=None, score=0.0),
        ),
    )

    page = newsdesk.ask(f"/why/harbour-strike/{an_article().id}").text

    assert "Nothing in it spoke for or against." in page
    assert "This was not asked" in page


def test_the_ledger_shows_everything_judged_and_filters_by_story_and_verdict(newsdesk: Newsdesk) -> None:
    """What was kept back can be found by its verdict."""
    fill(newsdesk)

    everything = newsdesk.ask("/ledger").text
    possible = newsdesk.ask("/ledger?verdict=possible&watch=harbour-strike").text
    other_story = newsdesk.ask("/ledger?watch=ferry-line&verdict=").text

    assert "Something off-topic about the harbour" in everything
    assert "Something possible about the harbour" in possible
    assert "Something off-topic about the harbour" not in possible
    assert '<option value="possible" selected>' in possible
    assert "Another verdict or story may have some." in other_story


def test_sources_show_trouble_first_with_the_error(newsdesk: Newsdesk) -> None:
    """A feed that fails stands on top, with what it answered; one that is configured no more is gone."""
    fill(newsdesk)
    page = newsdesk.ask("/sources").text

    assert page.index("svobodny-kanal") < page.index("harbor-times")
    assert "403 Forbidden, 7 tries in a row" in page
    assert "14 s ago" in page
    assert "in 4 min" in page
    newsdesk.polls.sync_feeds([a_feed()], now=NOW)
    assert "svobodny-kanal" not in newsdesk.ask("/sources").text


def test_a_late_poll_and_a_single_failure_are_told_apart(newsdesk: Newsdesk) -> None:
    """One failure waits for the next try; an overdue poll is trouble."""
    newsdesk.poll(failures=1, error="timed out")
    assert "timed out</span>" in newsdesk.ask("/sources").text

    newsdesk.poll(at=NOON, next_poll_at=NOW - timedelta(minutes=20))
    page = newsdesk.ask("/sources").text
    assert "its poll is overdue" in page
    assert ">now<" in page


def test_the_head_of_each_page_says_what_is_wrong(newsdesk: Newsdesk) -> None:
    """Open troubles and dead letters are seen from everywhere, and so is an engine that stands still."""
    fill(newsdesk)
    assert "feeds failing" not in newsdesk.ask("/ledger").text
    with newsdesk.database.write() as connection:
        values = {"failures": 3, "failing_since": NOW - timedelta(minutes=5)}
        connection.execute(update(channel_state).where(channel_state.c.channel == "desk").values(values))
    rules = {ChannelId("desk"): ChannelRules(recipients=("desk@desk.example",))}
    troubles = Troubles(database=newsdesk.database, desk=Desk(newsdesk.watches, rules))
    troubles.announce(now=NOW)

    page = newsdesk.ask("/ledger").text
    assert "1 of 3 feeds failing" in page
    assert "1 channel failing" in page
    assert "1 dead letter" in page
    assert "Nothing is being done" not in page
    assert "Nothing is being done" in newsdesk.ask("/ledger", given={"ticked_at": lambda: None}).text
    still = {"ticked_at": lambda: NOW - timedelta(minutes=5)}
    assert "5 min ago" in newsdesk.ask("/ledger", given=still).text


def test_a_feed_that_is_silent_beyond_its_habit_says_so(newsdesk: Newsdesk) -> None:
    """It was read as ever; the trouble's own words say what is wrong with it."""
    newsdesk.poll(at=NOW)
    assert "Silent" not in newsdesk.ask("/sources").text
    words = "it answers, and lists nothing new; before, it never paused for longer than 3 hours"
    values = {"subject": "silent-feed:harbor-times", "words": words, "since": NOON - timedelta(days=5), "times": 0}
    with newsdesk.database.write() as connection:
        connection.execute(insert(trouble).values(values))

    page = newsdesk.ask("/sources").text

    assert words in page
    assert "1 of 1 feeds silent" in page


def test_a_story_that_has_been_quiet_says_for_how_long(newsdesk: Newsdesk) -> None:
    """Weeks without a development are said, with the year of the last one where it was another."""
    article, judged = a_broken_story("Old news", "en", at=NOON - timedelta(days=100))
    newsdesk.judge(article, judged)

    page = newsdesk.ask("/").text

    assert "Quiet for 100 days" in page
    assert "22 Nov 2025" in page
    assert "2025" in newsdesk.ask("/stories/harbour-strike").text


def test_deliveries_stand_with_their_state(newsdesk: Newsdesk) -> None:
    """Dead letters with what was answered, what waits with its next try, what was sent with its time."""
    fill(newsdesk)
    page = newsdesk.ask("/deliveries").text

    assert "1 dead letter: Deliveries" in page
    assert "550 5.1.1 no such user" in page
    assert "in 5 h 55 min" in page
    assert "first try" in page


def test_a_delivery_that_was_not_tried_yet_says_why_it_waits(newsdesk: Newsdesk) -> None:
    """A planned delivery is no failed one."""
    newsdesk.judge(an_article())

    page = newsdesk.ask("/deliveries").text

    assert "Not tried yet" in page
    assert ">now<" in page


def test_a_reload_shows_at_once(newsdesk: Newsdesk) -> None:
    """The page asks for the watches in use now."""
    newsdesk.watches.append(a_watch(id=WatchId("new-one"), name="A new one", feeds=frozenset({FeedId("harbor-times")})))

    assert "A new one" in newsdesk.ask("/").text
    assert newsdesk.ask("/stories/new-one").status_code == 200


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/nowhere", "There is no page at this address."),
        ("/stories/nothing", "There is no story &#39;nothing&#39; in the watchlist."),
        ("/ledger?watch=nothing", "There is no story &#39;nothing&#39; in the watchlist."),
        ("/ledger?verdict=maybe", "There is no verdict &#39;maybe&#39;; there are development, possible,"),
        ("/why/harbour-strike/art_0", "No such article was judged for this story."),
    ],
)
def test_what_is_not_there_is_said(newsdesk: Newsdesk, path: str, words: str) -> None:
    """A wrong address gets a page with a sentence and a way on; a program gets the sentence."""
    answer = newsdesk.ask(path)
    plain = newsdesk.ask(path, headers={"accept": "*/*"})

    assert answer.status_code == plain.status_code == 404
    assert words in answer.text
    assert "All stories" in answer.text
    assert plain.headers["content-type"].startswith("text/plain")


def test_a_database_that_fails_is_said(newsdesk: Newsdesk) -> None:
    """The reader hears what the store says, with a status that probes understand."""
    with newsdesk.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE feed RENAME TO elsewhere")

    answer = newsdesk.ask("/sources")

    assert answer.status_code == 503
    assert "no such table" in answer.text


def test_behind_a_path_all_links_begin_with_it(newsdesk: Newsdesk) -> None:
    """A proxy may serve the page under a path of its own."""
    fill(newsdesk)
    page = Collected(newsdesk.ask("/", given={"base_url": "https://desk.example/watch"}).text)

    inner = [str(link["href"]) for link in [*page.all("a"), *page.all("link")] if not str(link["href"]).startswith("#")]
    assert all(href.startswith("/watch/") for href in inner)
    assert f"/watch/stories/{STRIKE}" in inner
