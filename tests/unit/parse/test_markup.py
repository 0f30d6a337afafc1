from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storywatch.parse.markup import hostility, one_line, plain_text, shortened, tidy


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<div>" * 100_000, "nested"),
        ("<b><i>" * 1_000, "nested"),
        ("<p " + "a=1 " * 100_000 + ">", "attributes"),
        ("<p " + "a " * 100_000, "attributes"),
        ("<p " + "a='>' " * 100_000 + ">", None),
        ("x" * 5_000_001, "characters"),
    ],
)
def test_what_would_take_a_parser_minutes_is_known_before(html: str, reason: str | None) -> None:
    """Depth, attributes and length are counted without parsing."""
    found = hostility(html)
    assert (found is None) if reason is None else (found is not None and reason in found)


@pytest.mark.parametrize(
    "html",
    [
        "<li>item" * 5_000,
        "<p>one<br>two<img src=x>" * 5_000,
        "<div><p>text</div>" * 5_000,
        '<div data-state="' + "word " * 10_000 + '">x</div>',
        "<tr><td>1<td>2" * 5_000,
    ],
)
def test_sloppy_pages_are_not_hostile(html: str) -> None:
    """Unclosed paragraphs, long lists and large attributes are everyday life."""
    assert hostility(html) is None


def test_plain_text_is_what_a_reader_would_see() -> None:
    """Blocks on lines of their own, no scripts, entities resolved, plain text untouched."""
    html = (
        "<p>One &amp; <b>t</b>wo</p><script>x()</script><ul><li>Three</li><li>Four<br/>Five</li></ul><style>p{}</style>"
    )
    assert plain_text(html) == "One & two\nThree\nFour\nFive"
    assert plain_text("3 < 4 & 5 > 4") == "3 < 4 & 5 > 4"
    assert plain_text("no markup") == "no markup"
    assert plain_text("<div>" * 2_000 + "deep") == ""


def test_tidying_leaves_readable_text() -> None:
    """Control characters, soft hyphens and runs of blanks go; lines stay, or become one."""
    assert tidy("a\x00b\u00ad \t c\r\n\n  d\u200b ") == "ab c\nd"
    assert one_line("a\n b") == "a b"


def test_shortening_cuts_between_words() -> None:
    """Where there are words; a text without blanks is cut at the limit."""
    assert shortened("short", 10) == "short"
    assert shortened("one two three", 9) == "one two…"
    assert shortened("北" * 20, 10) == "北" * 10 + "…"


@given(st.text(alphabet="<>/abp &;\"'=!-[]", max_size=120))
def test_no_markup_raises(value: str) -> None:
    """Whatever a feed calls a title."""
    assert "\x00" not in plain_text(value)
