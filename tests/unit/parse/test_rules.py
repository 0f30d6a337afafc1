from __future__ import annotations

from datetime import UTC, datetime

import pytest

from storywatch.core.model import ArticleRules, Page, PageState
from storywatch.parse.page import parse_candidates, parse_page

URL = "https://harbor-times.example/2026/03/02/harbour-reopens"
LINE = "Paragraph {} tells at some length what happened in the harbour on that day, and why."
TICKER = "".join(f"<div class=entry>{LINE.format(n)}<span class=share>Share this</span></div>" for n in range(6))
OTHER = "".join(
    f"<p>Another story, sentence {n}, is told beside it and is a good deal longer than that.</p>" for n in range(20)
)
PAGE = f"""<!doctype html><html lang="en"><head><title>Harbor Times</title>
<meta property="article:published_time" content="2026-01-01T00:00:00Z"></head><body>
<div class=kicker>Harbour</div><h1>All stories</h1><h2 class=head>Harbour
 reopens</h2><span class=when data-x=1>2 March 2026, 10:30</span><time datetime="2026-03-02T10:30:00+01:00">today</time>
<section class=ticker>{TICKER}<div class=ad>Buy a boat</div></section><article>{OTHER}</article></body></html>"""


def read(rules: ArticleRules, page: str = PAGE, timezone: str | None = None) -> Page:
    return parse_page(page.encode(), url=URL, rules=rules, timezone=timezone)


def test_an_outlets_own_rules_win() -> None:
    """Body, what is no part of it, title and date, each as the selector finds it."""
    page = read(ArticleRules(body=".ticker", drop=".share, .ad", title="h2.head", date="time"))
    assert page.paragraphs == tuple(LINE.format(n) for n in range(6))
    assert (page.title, page.published_at) == ("Harbour reopens", datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    assert (page.state, page.read_by, page.notes) == (PageState.READ, "rules", ())


def test_without_rules_the_other_story_would_be_read() -> None:
    """Or the rules would prove nothing."""
    page = parse_page(PAGE.encode(), url=URL)
    assert page.paragraphs[0].startswith("Another story")
    assert page.title == "All stories"


def test_each_rule_works_by_itself() -> None:
    """What is not given is found without."""
    page = read(ArticleRules(title=".head"))
    assert (page.title, page.read_by) == ("Harbour reopens", "both")
    assert page.published_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert page.notes == ()


def test_an_element_inside_another_that_is_found_is_told_once() -> None:
    """A selector may match both; so may that of what is dropped."""
    page = read(ArticleRules(body=".ticker, .entry", drop=".ticker .ad, .ad, .share"))
    assert page.paragraphs == tuple(LINE.format(n) for n in range(6))


@pytest.mark.parametrize(
    ("rules", "note"),
    [
        (ArticleRules(body=".nothing"), "rule body: yielded 0 letters, fewer than 250: read without it"),
        (ArticleRules(body=".ad"), "rule body: yielded 10 letters, fewer than 250: read without it"),
        (ArticleRules(title=".nothing"), "rule title: yielded nothing, the title was found without it"),
        (ArticleRules(date=".kicker"), "rule date: yielded no date that can be read, it was looked for without it"),
        (ArticleRules(body="p["), "rule body: 'p[' is no selector that can be read"),
        (ArticleRules(body=".ticker", drop="::x"), "rule drop: '::x' is no selector that can be read"),
    ],
)
def test_a_rule_that_yields_nothing_falls_back_and_says_so(rules: ArticleRules, note: str) -> None:
    """A redesign must not silence an outlet, and must be seen."""
    page = read(rules)
    assert note in page.notes
    assert page.paragraphs
    assert page.title == "All stories"
    assert page.published_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_rules_date_may_be_a_text() -> None:
    """With the feed's zone it is a moment, without it the day; an attribute counts before the text."""
    page = PAGE.replace("2 March 2026, 10:30", "2026-03-02 10:30")
    rules = ArticleRules(date=".when")
    assert read(rules, page, "Europe/Berlin").published_at == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    bare = read(rules, page)
    assert (bare.published_at, bare.dated_to_the_day) == (datetime(2026, 3, 2, tzinfo=UTC), True)
    by_meta = read(ArticleRules(title="meta[property]", date="meta[property]"))
    assert (by_meta.title, by_meta.published_at) == ("2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC))


def test_what_a_rule_finds_is_no_wall() -> None:
    """The user knows the outlet: a title like a bot check's, or a short text about cookies, changes nothing."""
    page = read(ArticleRules(body=".ticker"), PAGE.replace("<title>Harbor Times", "<title>Access denied"))
    assert (page.state, page.read_by) == (PageState.READ, "rules")


def test_each_reader_can_be_seen_by_itself() -> None:
    """With what it found, and how far it agrees with what was taken."""
    rules = ArticleRules(body=".ticker", drop=".share, .ad")
    found = {one.name: one for one in parse_candidates(PAGE.encode(), url=URL, rules=rules)}
    assert list(found) == ["rules", "fast", "thorough", "plain", "json-ld", "script"]
    assert (found["rules"].agreement, found["json-ld"].text) == (1.0, "")
    assert found["plain"].agreement < 0.5
    assert [one.agreement for one in parse_candidates(b"<p>x</p>", url=URL)] == [0.0] * 5
    live = '<script type="application/ld+json">{"@type":"LiveBlogPosting","liveBlogUpdate":{"headline":"Open at last, again"}}</script>'
    assert parse_candidates(live.encode(), url=URL)[-1].text == "Open at last, again"
