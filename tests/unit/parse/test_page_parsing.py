from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storywatch.core.model import Page, PageState
from storywatch.errors import Unreadable
from storywatch.parse.page import parse_page

PAGES = Path(__file__).parents[2] / "data" / "pages"
URL = "https://harbor-times.example/2026/03/02/harbour"
FIRST = "The harbour reopened on Monday after nine days of strike"
LAST = "The mayor thanked both sides"


def read(name: str, url: str = URL) -> Page:
    return parse_page((PAGES / name).read_bytes(), url=url)


def article(body: str, head: str = "") -> bytes:
    return (
        f"<!doctype html><html><head>{head}</head><body><main><article>{body}</article></main></body></html>".encode()
    )


def test_an_article_is_read_without_what_stands_around_it() -> None:
    """Its paragraphs, in order, and nothing of navigation, byline, boxes and footer."""
    page = read("article.html")
    assert page.state is PageState.READ
    assert len(page.paragraphs) == 7
    assert page.paragraphs[0].startswith(FIRST)
    assert page.paragraphs[-1].startswith(LAST)


def test_what_the_page_says_about_itself_is_read() -> None:
    """Title without kicker, the moment in UTC, people and not the outlet as authors, an absolute canonical address."""
    page = read("article.html")
    assert page.title == "Harbour reopens after the strike"
    assert (page.published_at, page.dated_to_the_day) == (datetime(2026, 3, 2, 10, 30, tzinfo=UTC), False)
    assert page.authors == ("Ada Quill",)
    assert (page.lang, page.outlet_name) == ("en", "Harbor Times")
    assert page.canonical_url == "https://harbor-times.example/2026/harbour-reopens"
    assert page.url == URL
    assert page.raw_hash is not None
    assert page.ms > 0


def test_a_page_without_structure_is_read_too() -> None:
    """No JSON-LD and no article element: the paragraphs, the heading, and the day that is claimed."""
    page = read("plain.html")
    assert (page.state, page.title, page.authors) == (
        PageState.READ,
        "Harbour reopens after the strike",
        ("Ada Quill",),
    )
    assert len(page.paragraphs) == 7
    assert (page.published_at, page.dated_to_the_day) == (datetime(2026, 3, 2, tzinfo=UTC), True)


def test_a_legacy_charset_is_read() -> None:
    """EUC-KR by its own claim."""
    page = read("euc-kr.html")
    assert page.title == "항구 다시 열려"
    assert [paragraph[:7] for paragraph in page.paragraphs] == ["지난 9일 동", "컨테이너선 마", "부두 노동자들"]


@pytest.mark.parametrize("name", ["paywall.html", "ellipsis.html"])
def test_a_paywalls_teaser_is_partial(name: str) -> None:
    """Short, and said to be paid for or cut off."""
    page = read(name)
    assert page.state is PageState.PARTIAL
    assert page.paragraphs[0].startswith(FIRST)


def test_boxes_within_boxes_are_left_out_once() -> None:
    """A list in a form in an aside: all of it goes with the outermost."""
    box = '<aside class="widget"><form><nav><div class="related"><ul class="related"><li>Box text</li></ul></div></nav></form></aside>'
    html = (PAGES / "plain.html").read_text().replace("<h1>", f"{box}<p>Photo: Quill</p><h1>")
    assert not any("Box text" in paragraph for paragraph in parse_page(html.encode(), url=URL).paragraphs)


def test_a_very_short_text_is_partial() -> None:
    """It is kept all the same."""
    page = parse_page(
        article("<h1>Quake</h1><p>A quake of magnitude 5.1 shook the coast at noon, the institute said.</p>"), url=URL
    )
    assert (page.state, page.paragraphs) == (
        PageState.PARTIAL,
        ("A quake of magnitude 5.1 shook the coast at noon, the institute said.",),
    )


@pytest.mark.parametrize(("name", "state"), [("botcheck.html", PageState.BLOCKED), ("consent.html", PageState.CONSENT)])
def test_what_came_in_place_of_the_article_is_told_by_its_state(name: str, state: PageState) -> None:
    """Its text is never taken for the article's."""
    page = read(name)
    assert (page.state, page.paragraphs) == (state, ())


@pytest.mark.parametrize(
    "url", ["https://consent.harbor-times.example/collect?x=1", "https://harbor-times.example/consent/wall"]
)
def test_a_consent_page_is_known_by_its_address(url: str) -> None:
    """Where the redirect led says enough."""
    assert read("article.html", url).state is PageState.CONSENT


def test_a_consent_tool_on_a_short_article_is_no_wall() -> None:
    """Half of all pages carry one; the text itself must speak of consent."""
    text = "A quake of magnitude 5.1 shook the coast at noon, the institute said. Nobody was hurt and trains run again."
    page = parse_page(article(f"<p>{text}</p>", '<script src="/onetrust.js"></script>'), url=URL)
    assert page.state is PageState.PARTIAL


def test_text_that_only_a_script_holds_is_taken_from_there() -> None:
    """JSON-LD's copy, where nothing else is found."""
    page = read("script-only.html")
    assert page.state is PageState.READ
    assert len(page.paragraphs) == 7


def test_the_stories_that_follow_on_an_endless_page_are_left_out() -> None:
    """JSON-LD's copy says how long the article is."""
    page = read("endless.html")
    assert len(page.paragraphs) == 7
    assert page.paragraphs[-1].startswith(LAST)


def test_a_text_without_paragraph_elements_is_found() -> None:
    """Old pages set their text with line breaks in a cell; very old ones without any element around it."""
    lines = "<br><br>".join(f"Line {n} tells at some length what happened in the harbour that day." for n in range(8))
    for body in (f"<html><body><article>{lines}</article></body></html>", f"<html><body>{lines}</body></html>"):
        page = parse_page(body.encode(), url=URL)
        assert "Line 0 tells" in page.paragraphs[0]
        assert "Line 7 tells" in page.paragraphs[-1]


def test_json_lds_copy_is_only_a_check() -> None:
    """A teaser, or a copy of about the same length, does not replace what was found; a short one serves where nothing was."""
    html = (PAGES / "article.html").read_text()
    for copy in (
        "A teaser of the article. " * 30 + "…",
        "The same story in other words, but about as long. " * 18,
        "Teaser.",
    ):
        changed = html.replace('"headline"', f'"articleBody": "{copy}", "headline"')
        assert parse_page(changed.encode(), url=URL).paragraphs[0].startswith(FIRST)
    teaser = "The harbour reopened on Monday. " * 10
    script = f'<script type="application/ld+json">{{"@type": "NewsArticle", "articleBody": "{teaser}"}}</script>'
    assert parse_page(article("<div id=app></div>", script), url=URL).paragraphs[0].startswith("The harbour reopened")


def test_a_page_without_an_article_is_unreadable() -> None:
    """The feed's own text serves then."""
    with pytest.raises(Unreadable, match="no article text"):
        read("section.html")
    for body in (b"", b"<frameset><frame src=x></frameset>"):
        with pytest.raises(Unreadable, match="no article text"):
            parse_page(body, url=URL)


@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 100_000,
        b"<div></x>" * 100_000,
        b"<ul><li>" * 2_000,
        b"".join(b"<p><b class=c%d>x" % number for number in range(3_000)),
        b"<p " + b"a=1 " * 100_000 + b">",
        b"<p>x</p>" * 700_000,
    ],
    ids=["nested", "closing nothing", "lists", "reopened", "attributes", "long"],
)
def test_a_hostile_page_is_refused_before_it_is_parsed(body: bytes) -> None:
    """And the reason is told."""
    with pytest.raises(Unreadable, match="a hostile page"):
        parse_page(body, url=URL)


@pytest.mark.parametrize(
    "sloppy",
    ["<p><b>{}", "<p><span>{}", "<div><font color=red>{}</div>", "<tr><td><font size=2><b>{}", "<li><a href=x>{}"],
)
def test_a_sloppy_page_with_thousands_of_open_tags_is_read(sloppy: str) -> None:
    """A parser closes them itself: the page is flat."""
    body = "".join(sloppy.format(f"Line {n} tells at some length what happened in the harbour.") for n in range(2_500))
    assert (
        "in the harbour" in parse_page(article(f"<table>{body}" if "<tr>" in sloppy else body), url=URL).paragraphs[0]
    )


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<a href=/x>y</a>" * 250_000, False),
        ("<p>" + "&amp;&notin;&lt;" * 250_000, True),
        ("<p>" + "&bogus" * 700_000, True),
        ("<!--" * 1_000_000, False),
        ('<script type="application/ld+json">' + "[" * 100_000 + "</script><p>" + "The harbour reopened. " * 30, True),
        ("<script>'" + "y" * 4_900_000 + "'</script><p>" + "The harbour reopened. " * 30, True),
        ('<script>"' + '\\"' * 2_400_000 + "</script><p>" + "The harbour.", False),
    ],
    ids=["links", "entities", "no entities", "comments", "nested JSON", "script", "quotes"],
)
def test_a_page_that_is_merely_huge_ends_in_a_state_or_in_words(body: str, *, found: bool) -> None:
    """Within the reader's limits, and nothing of links and comments is taken for a text."""
    if found:
        assert parse_page(article(body), url=URL).paragraphs
    else:
        with pytest.raises(Unreadable, match="no article text"):
            parse_page(article(body), url=URL)


def test_text_nested_too_deeply_for_one_reader_is_found_by_the_other() -> None:
    """libxml2 gives up at 256 levels or so; the page is harmless."""
    paragraphs = "".join(
        f"<p>Paragraph {n} tells at some length what happened in the harbour that day.</p>" for n in range(8)
    )
    page = parse_page(article("<div>" * 600 + paragraphs + "</div>" * 600), url=URL)
    assert len(page.paragraphs) == 8


def test_a_megabyte_of_script_hides_nothing() -> None:
    """Scripts are taken out first."""
    html = (PAGES / "plain.html").read_text().replace("<h1>", f"<script>var x = '{'y' * 1_000_000}';</script><h1>")
    assert len(parse_page(html.encode(), url=URL).paragraphs) == 7


def test_a_day_that_the_page_only_shows_is_found() -> None:
    """Where no meta element names it."""
    text = "".join(
        f"<p>Paragraph {n} tells at some length what happened in the harbour that day.</p>" for n in range(8)
    )
    page = parse_page(article(f'<h1>Harbour</h1><span class="date">Published: 2 March 2026</span>{text}'), url=URL)
    assert (page.published_at, page.dated_to_the_day) == (datetime(2026, 3, 2, tzinfo=UTC), True)


@pytest.mark.parametrize(
    "body",
    [
        "".join(f"<p>Line {n} tells of the harbour on that day.</p>" for n in range(5_000)),
        "".join(f"<p>Line {n} {'tells of the harbour on that day ' * 100}</p>" for n in range(200)),
        f"<p>{'The harbour reopened on Monday. ' * 10_000}</p>",
    ],
    ids=["many", "large", "one"],
)
def test_a_text_longer_than_any_article_is_cut(body: str) -> None:
    """What follows is judged sentence by sentence, and must end some day."""
    page = parse_page(article(body), url=URL)
    assert page.state is PageState.READ
    assert 30_000 < sum(map(len, page.paragraphs)) <= 100_001
    assert len(page.paragraphs) <= 1_000


def test_the_same_bytes_give_the_same_page() -> None:
    """Apart from the time it took."""
    one, other = read("article.html"), read("article.html")
    assert (one.paragraphs, one.raw_hash, one.title) == (other.paragraphs, other.raw_hash, other.title)


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet='<>/ "=pdivah1scrt{}[]:,@ \n', max_size=200))
def test_no_page_raises_anything_but_unreadable(html: str) -> None:
    """Whatever is served as HTML."""
    try:
        page = parse_page(article(html), url=URL)
    except Unreadable:
        return
    assert page.paragraphs or page.state not in {PageState.READ, PageState.PARTIAL}
