from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from builders import NOON, an_entry

from storywatch.core.entries import article_of
from storywatch.core.ids import digest
from storywatch.core.model import Page, PageState

LONG = "The harbour reopened on Monday after nine days, the port authority said."


def a_page(**changes: Any) -> Page:
    values: dict[str, Any] = {
        "state": PageState.READ,
        "url": "https://harbor-times.example/1",
        "title": "Another title",
        "paragraphs": (LONG, "Forty ships are waiting."),
        "lang": "de",
        "raw_hash": "f" * 64,
        **changes,
    }
    return Page(**values)


def test_an_article_is_the_pages_text_under_the_feeds_title() -> None:
    """Text and hash come from the page; title, outlet and the address as fetched from the entry."""
    article = article_of(an_entry(), a_page(), detect_language=lambda _: "en")
    assert article.title == "Harbour reopens after the strike"
    assert article.paragraphs == (LONG, "Forty ships are waiting.")
    assert (article.url, article.outlet, article.raw_hash) == (
        "https://harbor-times.example/1",
        "harbor-times",
        "f" * 64,
    )
    assert article.id == digest("art", article.url_key, article.title, *article.paragraphs)
    assert article.state is PageState.READ


def test_another_text_at_the_same_address_is_another_version() -> None:
    """The id follows from address, title and text, and from nothing else."""
    first = article_of(an_entry(), a_page(), detect_language=lambda _: "en")
    edited = article_of(an_entry(), a_page(paragraphs=(LONG,)), detect_language=lambda _: "en")
    again = article_of(an_entry(id=9, tries=2), a_page(raw_hash="0" * 64), detect_language=lambda _: "en")
    assert edited.id != first.id == again.id


def test_the_feeds_text_serves_where_the_page_could_not_be_had() -> None:
    """No page, or a bot check in its place: the summary is the text."""
    entry = an_entry(summary="Dockers return to work.\n\nShips sail.")
    for page, state in (
        (None, PageState.FEED_ONLY),
        (a_page(state=PageState.BLOCKED, paragraphs=()), PageState.BLOCKED),
    ):
        article = article_of(entry, page, detect_language=lambda _: "en")
        assert article.paragraphs == ("Dockers return to work.", "Ships sail.")
        assert article.state is state


def test_a_paywall_that_shows_less_than_the_feed_gives_way_to_it() -> None:
    """The longer of the two texts is judged; a teaser longer than the summary stays."""
    stub = a_page(state=PageState.PARTIAL, paragraphs=("The harbour…",))
    assert article_of(an_entry(), stub, detect_language=lambda _: "en").paragraphs == ("Dockers return to work.",)
    assert article_of(an_entry(summary="Short"), stub, detect_language=lambda _: "en").paragraphs == ("The harbour…",)


def test_an_entry_without_a_title_takes_the_pages() -> None:
    """A title that the feed leaves out is on the page; without a page there is none."""
    assert article_of(an_entry(title=""), a_page(), detect_language=lambda _: "en").title == "Another title"
    assert article_of(an_entry(title=""), None, detect_language=lambda _: "en").title == ""


def test_the_language_is_read_from_the_text() -> None:
    """What feed and page say counts only where the text is too short to tell."""
    assert article_of(an_entry(lang="en"), a_page(), detect_language=lambda _: "ko").lang == "ko"
    short = {"title": "러", "summary": "포로"}
    assert article_of(an_entry(lang="ko", **short), None, detect_language=lambda _: "ja").lang == "ko"
    page = a_page(paragraphs=("포로",), lang="ko")
    assert article_of(an_entry(lang=None, **short), page, detect_language=lambda _: "ja").lang == "ko"
    assert article_of(an_entry(lang=None, **short), None, detect_language=lambda _: "ja").lang == "ja"


def test_the_publishers_own_moment_wins_over_the_feeds() -> None:
    """The page's moment; the feed's where the page has none or only the day; the day where that is all."""
    moment, day = datetime(2026, 3, 2, 11, 30, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    exact, to_the_day = a_page(published_at=moment), a_page(published_at=day, dated_to_the_day=True)
    assert article_of(an_entry(), exact, detect_language=lambda _: "en").published_at == moment
    assert article_of(an_entry(), a_page(), detect_language=lambda _: "en").published_at == NOON
    assert article_of(an_entry(), to_the_day, detect_language=lambda _: "en").published_at == NOON
    assert article_of(an_entry(published_at=None), to_the_day, detect_language=lambda _: "en").published_at == day
