from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storywatch.notify.languages import language_name
from storywatch.notify.text import cells, clean, clean_cut, cut, language_tag, line, web_url, wrap

ANY_TEXT = st.text(st.characters(codec=None))  # lone surrogates included


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("one\r\nBcc: x@example.org", "one Bcc: x@example.org"),
        ("one\u2028two\u2029three\x85four\x0bfive", "one two three four five"),
        ("\x00\x1b[31mred", "[31mred"),
        ("price \u202e001\u202c \u2066x\u2069", "price 001 x"),
        ("half \ud83d", "half \ufffd"),
        ("  spaces   between  ", "spaces between"),
        ("10\u00a0000 полонених", "10\u00a0000 полонених"),
        ("عاجل\u200f خبر", "عاجل\u200f خبر"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("n\u0303\u0301o" + "\u0301" * 60 + "w", "n\u0303\u0301o" + "\u0301" * 6 + "w"),
        ("בְּרֵאשִׁ֖ית", "בְּרֵאשִׁ֖ית"),
    ],
)
def test_a_hostile_headline_becomes_one_harmless_line(hostile: str, harmless: str) -> None:
    """Line ends, controls and direction overrides go; letters, joiners and no-break spaces stay."""
    assert line(hostile, 100) == harmless


@given(ANY_TEXT, st.integers(2, 50))
def test_any_text_becomes_one_line_that_can_be_sent(text: str, limit: int) -> None:
    """Whatever comes in, it can be encoded, is one line, and is no longer than asked for."""
    out = line(text, limit)
    out.encode()
    assert len(out.splitlines()) <= 1
    assert len(out) <= limit
    assert clean(out) == out


@given(
    st.lists(st.sampled_from(["a", "б", " ", "\n", "\u202e", "\u0301", "\ud83d", "👨\u200d"]), max_size=400).map(
        "".join
    ),
    st.integers(1, 60),
)
def test_an_endless_text_is_cut_as_if_all_of_it_had_been_cleaned(text: str, limit: int) -> None:
    """Looking through its beginning gives the same."""
    assert clean_cut(text, limit) == cut(clean(text), limit)
    assert line(text, limit) == cut(re.sub(" +", " ", clean(text)).strip(), limit)


def test_what_is_cut_ends_with_an_ellipsis() -> None:
    """The reader sees that something is missing; what fits is not touched."""
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdef", 5) == "abcd…"
    assert cut("abc def", 5) == "abc…"
    assert len(line("x" * 10_000, 300)) == 300


def test_a_letter_keeps_its_accent() -> None:
    """The cut never stands between a letter and what belongs to it."""
    assert cut("abce\u0301fgh", 5) == "abc…"
    assert cut("ab👨\u200d👩cdef", 5) == "ab…"
    assert cut("\u0301" * 10, 5) == "…"


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://harbor-times.example/1?a=b&c=d#e", True),
        ("HTTP://harbor-times.example/новини", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://harbor-times.example/a b", False),
        ('https://harbor-times.example/"onclick="', False),
        ("https://harbor-times.example/\u202egnp", False),
        ("https://harbor-times.example/\x00", False),
        ("/relative", False),
        ("https://harbor-times.example/" + "a" * 4000, False),
        ("", False),
    ],
)
def test_only_web_addresses_are_linked(url: str, *, linked: bool) -> None:
    """An address that runs, breaks out or hides its end is not offered to be clicked."""
    assert web_url(url) == (url if linked else None)


@pytest.mark.parametrize(
    ("lang", "tag"), [("ko", "ko"), ("pt-BR", "pt-BR"), ("", "und"), ("e\r\nn", "und"), ("english", "und")]
)
def test_a_language_is_a_tag_or_undetermined(lang: str, tag: str) -> None:
    """A feed's idea of a language may not break a header."""
    assert language_tag(lang) == tag


def test_languages_have_names() -> None:
    """A region does not matter, and an unknown language is called by its code."""
    assert [language_name(lang) for lang in ("ko", "pt-BR", "UK", "tlh", "und")] == [
        "Korean",
        "Portuguese",
        "Ukrainian",
        "tlh",
        "unknown language",
    ]


def test_text_is_wrapped_at_words_with_its_prefix() -> None:
    """Each line begins with its prefix and fits."""
    text = wrap("one two three four", width=12, prefix="> ")
    assert text == "> one two\n> three four"
    assert wrap("one two three four", width=12, prefix=" 1. ", rest="    ") == " 1. one two\n    three\n    four"
    assert wrap("", width=12) == ""


def test_wide_letters_count_twice_and_break_anywhere() -> None:
    """Chinese has no spaces to break at; Korean words stay whole."""
    assert [cells(row) for row in wrap("中文句子很长" * 10, width=20).splitlines()] == [20] * 6
    assert wrap("경애하는 김정은동지께서는", width=20) == "경애하는\n김정은동지께서는"


def test_an_address_is_never_broken() -> None:
    """A link in a text mail must work, however long it is."""
    url = "https://harbor-times.example/" + "a" * 200
    assert wrap(f"see {url} there", width=40) == f"see\n{url}\nthere"


@given(st.text(st.characters(codec="utf-8")), st.integers(10, 80))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    """Only spaces go when a text is wrapped."""
    text = line(text, 500)
    wrapped = wrap(text, width=width)
    assert "".join(wrapped.split()) == "".join(text.split())
    if "http" not in text:
        assert all(cells(row) <= max(width, 30) for row in wrapped.split("\n"))
