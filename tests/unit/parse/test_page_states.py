from __future__ import annotations

import json
from typing import Any

import pytest

from storywatch.core.model import Page, PageState
from storywatch.errors import Unreadable
from storywatch.parse.page import parse_page

URL = "https://harbor-times.example/2026/03/02/harbour-reopens"
LINE = "Paragraph {} tells at some length what happened in the harbour on that day, and why. "
TEXT = "".join(f"<p>{LINE.format(n)}</p>" for n in range(9))
SHORT = f"<p>{LINE.format(1)}</p><p>{LINE.format(2)}</p>"
TITLE = "Harbour reopens after nine days of strike"


def html(body: str, head: str = "", root: str = "") -> bytes:
    return f"<!doctype html><html {root}><head>{head}</head><body><main>{body}</main></body></html>".encode()


def ld(kind: str = "NewsArticle", **node: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": kind, "headline": TITLE, **node})}</script>'


def read(body: str, head: str = "", *, url: str = URL, **more: Any) -> Page:
    return parse_page(html(body, head), url=url, **more)


# --------------------------------------------------------------------------- bot checks


@pytest.mark.parametrize(
    "head",
    [
        "<title>Just a moment...</title>",
        "<title>Attention Required! | Cloudflare</title>",
        "<title>Pardon Our Interruption</title>",
        "<title>x</title><script>window._cf_chl_opt={}</script>",
        "<title>x</title><script src='https://ct.captcha-delivery.com/c.js'></script>",
        "<title>x</title><script>var px='px-captcha'</script>",
        "<title>x</title><script src='/_Incapsula_Resource?a=1'></script>",
    ],
)
def test_a_bot_check_is_known_by_its_title_or_its_script(head: str) -> None:
    """Nothing of it is taken for the article, and it says by what it was known."""
    page = read("<h1>Checking your browser</h1><p>Enable JavaScript and cookies to continue, please.</p>", head)
    assert (page.state, page.paragraphs, page.read_by) == (PageState.BLOCKED, (), "")
    assert page.notes[0].startswith("a bot check: ")


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (TEXT * 3, "<title>Access denied: how the port keeps its gates</title>"),
        (TEXT, "<title>Security check at the airport takes hours</title>" + ld()),
        (SHORT, "<title>One more step towards peace</title>" + ld()),
        (TEXT * 3, "<title>How bot checks work</title><script>_cf_chl_opt</script>"),
        (
            TEXT,
            "<title>x</title><script src='/cdn-cgi/challenge-platform/x.js'></script><div class=cf-turnstile></div>",
        ),
    ],
)
def test_an_article_with_such_a_title_or_script_is_read(body: str, head: str) -> None:
    """A long text or an article's own markup is worth more; some scripts stand on ordinary pages."""
    assert read(body, head).state in {PageState.READ, PageState.PARTIAL}
    assert read(body, head).paragraphs


# --------------------------------------------------------------------------- consent walls


@pytest.mark.parametrize(
    "url", ["https://harbor-times.example/consent-age-debate", "https://harbor-times.example/consents/1"]
)
def test_an_article_about_consent_is_read(url: str) -> None:
    """Its address only begins like that of a wall."""
    assert read(TEXT, ld(), url=url).state is PageState.READ


# --------------------------------------------------------------------------- not there any more


@pytest.mark.parametrize(
    ("came", "heading", "expected"),
    [
        ("https://harbor-times.example/", "All the news of the day", TITLE),
        ("https://harbor-times.example/", "All the news of the day", ""),
        ("https://harbor-times.example/2026/", "Archive of the year", TITLE),
        ("https://harbor-times.example/2026/", "Archive of the year", ""),
        ("https://harbor-times.example/archive", "Older news", TITLE),
    ],
)
def test_the_front_page_or_a_section_in_its_place_is_gone(came: str, heading: str, expected: str) -> None:
    """The address leads further up, and nothing there is called like the article."""
    page = read(f"<h1>{heading}</h1>{TEXT}", url=came, asked=URL, expected=expected)
    assert (page.state, page.paragraphs) == (PageState.GONE, ())
    assert page.notes[0].startswith("not there any more: the address leads to /")


@pytest.mark.parametrize(
    ("came", "body", "expected"),
    [
        ("https://harbor-times.example/harbour-reopens-4711", f"<h1>{TITLE}</h1>{TEXT}", TITLE),  # a shorter address
        ("https://harbor-times.example/4711", f"<h1>Something else</h1>{TEXT}", ""),  # not above, title unknown
        ("https://harbor-times.example/4711", f"{ld()}<h1>Something else</h1>{TEXT}", TITLE),  # an article's markup
        (URL + "/", f"<h1>Something else</h1>{TEXT}", TITLE),
        (URL + "/print/1", f"<h1>Something else</h1>{TEXT}", TITLE),
        ("https://other.example/a/b/c/d", f"<h1>Something else</h1>{TEXT}", TITLE),
    ],
)
def test_an_article_that_moved_is_read(came: str, body: str, expected: str) -> None:
    """It is called as the feed says, or calls itself an article, or its address is no shorter."""
    assert read(body, url=came, asked=URL, expected=expected).state is PageState.READ


@pytest.mark.parametrize(
    "said",
    [
        "404", "Error 404", "404 Not Found", "Page not found", "Seite nicht gefunden", "Page introuvable",
        "Página no encontrada", "Nie znaleziono strony", "Страница не найдена", "Сторінку не знайдено",
        "ページが見つかりません", "页面不存在", "페이지를 찾을 수 없습니다",
    ],
)  # fmt: skip
def test_not_found_with_a_status_of_200_is_gone(said: str) -> None:
    """In ten languages, in heading or title."""
    for body, head in ((f"<h1>{said}</h1>{SHORT}", ""), (SHORT, f"<title>{said} | Harbor Times</title>")):
        page = read(body, head)
        assert (page.state, page.paragraphs) == (PageState.GONE, ())


def test_an_article_that_is_called_so_is_read() -> None:
    """404 dead, or a long text about pages that are not found."""
    assert read(f"<h1>404 people came to the harbour</h1>{TEXT}").state is PageState.READ
    assert read(f"<h1>Page not found: a history of the web</h1>{TEXT * 3}").state is PageState.READ


# --------------------------------------------------------------------------- paywalls, films


def test_the_claim_that_it_is_paid_for_makes_no_stub() -> None:
    """One in nine whole articles carries it; a short text with it, or one that breaks off, is one."""
    paid = ld(isAccessibleForFree=False)
    assert read(TEXT * 2, paid).state is PageState.READ
    assert read(SHORT * 2, paid).state is PageState.PARTIAL
    assert read(SHORT * 2, ld(hasPart={"@type": "WebPageElement", "cssSelector": ".paid"})).state is PageState.PARTIAL
    assert read(SHORT * 2 + "<p>And then the ships came in one after the other and …</p>").state is PageState.PARTIAL
    assert read("".join(f"<p>{LINE.format(n)}</p>" for n in range(5))).state is PageState.READ


@pytest.mark.parametrize(
    "head",
    [ld("VideoObject"), ld("ImageGallery"), '<meta property="og:type" content="video.other">', ld("PodcastEpisode")],
)
def test_a_film_with_hardly_a_text_is_media(head: str) -> None:
    """Its lines are kept; beside a whole article a film says nothing."""
    page = read(f"<h1>{TITLE}</h1><p>{LINE.format(1)}</p>", head)
    assert (page.state, page.paragraphs) == (PageState.MEDIA, (LINE.format(1).strip(),))
    assert read(TEXT, head).state is PageState.READ


def test_a_film_without_any_text_has_its_description() -> None:
    """Which is what the page says of it to others."""
    about = "Ships leave the harbour for the first time in nine days."
    head = ld("VideoObject") + f'<meta property="og:description" content="{about}">'
    page = read("<video src=x></video>", head)
    assert (page.state, page.paragraphs, page.title) == (PageState.MEDIA, (about,), TITLE)
    assert read("<video src=x></video>", ld("VideoObject")).paragraphs == ()


def test_a_short_text_in_chinese_japanese_or_korean_says_more() -> None:
    """150 of their signs are a whole short report."""
    assert read("<p>" + "港は九日間のストライキの後、月曜日に再開した。" * 7 + "</p>").state is PageState.READ


# --------------------------------------------------------------------------- live blogs


def update(number: int, **more: Any) -> dict[str, Any]:
    return {
        "@type": "BlogPosting",
        "@id": f"#block-{number}",
        "headline": f"Ship {number} leaves",
        "datePublished": f"2026-03-02T{10 + number}:00:00Z",
        "articleBody": f"<p>Ship {number} left the harbour at {10 + number} o'clock with all its cargo.</p><p>It was cheered.</p>",
        **more,
    }


def live(*updates: Any, kind: str = "LiveBlogPosting", body: str = "<p>Follow it live.</p>") -> Page:
    return read(f"<h1>{TITLE}</h1>{body}", ld(kind, liveBlogUpdate=list(updates)))


def test_a_live_blog_is_its_blocks() -> None:
    """Each with id, headline, moment and text; the newest first, as the matcher reads the beginning of a text."""
    page = live(update(1), update(3, url="/live#b3"), update(2))
    assert page.state is PageState.LIVE
    assert [block.id for block in page.blocks] == ["#block-3", "#block-2", "#block-1"]
    newest = page.blocks[0]
    assert (newest.headline, newest.url) == ("Ship 3 leaves", "https://harbor-times.example/live#b3")
    assert newest.published_at is not None
    assert newest.published_at.hour == 13
    assert newest.text == "Ship 3 left the harbour at 13 o'clock with all its cargo.\nIt was cheered."
    assert page.paragraphs[:3] == ("Ship 3 leaves", *newest.text.split("\n"))
    assert page.paragraphs[-3] == "Ship 1 leaves"
    assert page.read_by == "live"


def test_blocks_have_stable_ids() -> None:
    """Their own, else their address, else what follows from what they say; one id is one block."""
    by_address = {**update(1), "url": "https://harbor-times.example/live/1"}
    del by_address["@id"]
    bare = update(2)
    del bare["@id"]
    page = live(by_address, bare, update(3), update(3), {"headline": ""}, "x")
    assert [block.id for block in page.blocks][::2] == ["#block-3", "https://harbor-times.example/live/1"]
    assert page.blocks[1].id == live(bare).blocks[0].id
    assert len(page.blocks) == 3


def test_blocks_without_a_moment_stand_as_the_page_lists_them() -> None:
    """A sort by half of the moments would be a lie."""
    page = live(update(1), update(3, datePublished=""), update(2))
    assert [block.headline for block in page.blocks] == ["Ship 1 leaves", "Ship 3 leaves", "Ship 2 leaves"]


def test_a_live_blog_whose_blocks_are_headlines_has_the_pages_text() -> None:
    """The state and the blocks stay."""
    page = live(update(1, articleBody=""), body=TEXT)
    assert (page.state, page.read_by, len(page.blocks)) == (PageState.LIVE, "both", 1)
    assert len(page.paragraphs) == 9


def test_a_live_blog_is_known_by_its_markup_only() -> None:
    """By its updates under any type, or its type; not by the word, nor by another one that the page links to."""
    assert live(update(1), kind="NewsArticle").state is PageState.LIVE
    assert read(TEXT, ld("LiveBlogPosting")).state is PageState.LIVE
    assert read(f"<h1>Live: all news</h1>{TEXT}").state is PageState.READ
    other = ld() + ld("LiveBlogPosting", url="https://harbor-times.example/other")
    assert read(TEXT, other).state is PageState.READ


def test_a_very_long_live_blog_keeps_the_newest() -> None:
    """What is cut off is the oldest."""
    many = [
        update(
            1,
            **{
                "@id": f"#{n}",
                "headline": f"Block {n:04}",
                "datePublished": f"2026-03-02T10:{n // 60:02}:{n % 60:02}Z",
            },
        )
        for n in range(900)
    ]
    page = live(*many)
    assert len(page.blocks) == 900
    assert page.paragraphs[0] == "Block 0899"
    assert len(page.paragraphs) == 1_000


# --------------------------------------------------------------------------- where else it is


def test_amp_and_its_canonical_address_are_told() -> None:
    """The page links to its AMP copy, or is one."""
    page = read(TEXT, '<link rel="amphtml" href="/amp/harbour"><link rel="canonical" href="/harbour">')
    assert (page.amp_url, page.is_amp) == ("https://harbor-times.example/amp/harbour", False)
    for root in ("amp", "⚡"):
        copy = parse_page(html(TEXT, '<link rel="canonical" href="/harbour">', root), url=URL)
        assert (copy.is_amp, copy.canonical_url) == (True, "https://harbor-times.example/harbour")


@pytest.mark.parametrize(
    ("url", "canonical", "owner"),
    [
        ("https://harbor-times.example/1", "https://coast-post.example/1", "coast-post.example"),
        ("https://www.harbor-times.co.uk/1", "https://news.coast-post.co.uk/1", "coast-post.co.uk"),
        ("https://m.harbor-times.example/1", "https://www.harbor-times.example/1", None),
        ("https://amp.web.de/1", "https://www.web.de/1", None),
        ("https://harbor-times.example/1", "https://harbor-times.org/1", None),
        ("https://harbor-times.example/1", "", None),
        ("file:saved.html", "https://coast-post.example/1", None),
    ],
)
def test_a_canonical_address_at_another_outlet_is_a_copys(url: str, canonical: str, owner: str | None) -> None:
    """Another registered domain; not another machine of the same one, nor the same outlet in another country."""
    assert read(TEXT, f'<link rel="canonical" href="{canonical}">', url=url).syndicated_from == owner


# --------------------------------------------------------------------------- text only in a script


PROSE = "".join(
    f"<p>Der Hafen öffnete am Montag, Satz {n} sagt es noch einmal anders und etwas länger.</p>" for n in range(6)
)


@pytest.mark.parametrize(
    "script",
    [
        f"window.__DATA__ = {json.dumps({'title': 'x', 'body': PROSE})};",
        f"window.__DATA__ = {json.dumps({'body': PROSE}).replace('<', chr(92) + 'u003c')};",
        f"window.__DATA__ = JSON.parse({json.dumps(json.dumps({'body': PROSE}))});",
        json.dumps({"body": PROSE.replace("<", "&lt;").replace(">", "&gt;")}),
        json.dumps({"notice": "<p>Wir verwenden Cookies. </p>" * 60, "body": PROSE}),
        '"' + json.dumps({"body": PROSE}),  # a stray quote before it: the strings are taken for what is between them
    ],
    ids=["plain", "escaped", "nested", "entities", "notice", "quote"],
)
def test_text_that_only_a_script_holds_is_found(script: str) -> None:
    """Escaped HTML in a long string, that has to do with what the page is called."""
    head = f"<title>Der Hafen öffnete am Montag</title><script>{script}</script>"
    if script.startswith('"{'):
        with pytest.raises(Unreadable):
            read("<div id=app></div>", head)
        return
    page = read("<div id=app></div>", head)
    assert (page.state, page.read_by, len(page.paragraphs)) == (PageState.READ, "script", 6)


@pytest.mark.parametrize(
    "script",
    [
        json.dumps({"notice": "<p>Wir verwenden Cookies. </p>" * 60}),
        json.dumps({"body": "Der Hafen öffnete am Montag. " * 30}),
        '{"body": "<p>Der Hafen \\x öffnete am Montag. ' + "Der Hafen öffnete am Montag. " * 30,
        '{"body": "' + '\\"' * 5_000,
    ],
    ids=["unrelated", "no paragraphs", "broken", "endless"],
)
def test_not_every_string_is_an_article(script: str) -> None:
    """A notice that has nothing to do with the title, plain text, a broken string."""
    with pytest.raises(Unreadable, match="no article text"):
        read("<div id=app></div>", f"<title>Der Hafen öffnete am Montag</title><script>{script}</script>")
