"""Lists of feeds from other programs, honest and hostile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storywatch.errors import Unreadable
from storywatch.parse.opml import DEEPEST, LARGEST, MOST, Outline, opml_of, parse_opml

HEAD = '<?xml version="1.0"?><opml version="2.0"><head><title>Mine</title></head><body>'
TAIL = "</body></opml>"


def opml(rows: str) -> bytes:
    return f"{HEAD}{rows}{TAIL}".encode()


def test_nested_folders_are_the_path_of_a_feed() -> None:
    """Names are read in whatever case programs write them; an outline without an address is a folder."""
    body = opml(
        '<outline text="Ports"><outline text="North">'
        '<outline type="rss" text="Times" title="Harbor Times" xmlUrl=" https://a.example/rss " '
        'htmlUrl="https://a.example" language="en-us"/></outline>'
        '<outline text="B" xmlurl="https://b.example/rss"/></outline>'
        '<outline text="empty"/><outline text="C" xmlUrl="https://c.example/rss"/>'
    )
    assert parse_opml(body) == [
        Outline(
            url="https://a.example/rss",
            title="Harbor Times",
            site="https://a.example",
            language="en-us",
            path=("Ports", "North"),
        ),
        Outline(url="https://b.example/rss", title="B", path=("Ports",)),
        Outline(url="https://c.example/rss", title="C"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_the_encoding_is_the_one_that_the_file_declares(encoding: str) -> None:
    """Old exports are not all UTF-8."""
    said = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{said}"?><opml><body><outline text="Hafenbl\u00e4tter" xmlUrl="https://a.example"/></body></opml>'
    [outline] = parse_opml(text.encode(encoding))
    assert outline.title == "Hafenbl\u00e4tter"


def test_addresses_with_bare_ampersands_are_read() -> None:
    """Many programs write them; sound ones mean what they always did."""
    [first, second] = parse_opml(
        opml('<outline xmlUrl="https://a.example/?a=1&b=2"/><outline xmlUrl="https://b.example/?a=1&amp;b=2"/>')
    )
    assert (first.url, second.url) == ("https://a.example/?a=1&b=2", "https://b.example/?a=1&b=2")


BOMB = '<!DOCTYPE o [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no element found"),
        (b"<html><body>Log in</body></html>", "not OPML: it begins with <html>"),
        (opml("<outline"), "not OPML, or damaged: line 1, column"),
        (f"{BOMB}<opml>&b;</opml>".encode(), "DOCTYPE"),
        (b'<!DOCTYPE opml SYSTEM "file:///etc/passwd"><opml/>', "DOCTYPE"),
        (opml("<outline>" * DEEPEST), f"nested more than {DEEPEST} deep"),
        (opml("<x>" * 100_000), f"nested more than {DEEPEST} deep"),
        (opml('<outline xmlUrl="https://a.example"/>' * (MOST + 1)), "split the file"),
        (b" " * (LARGEST + 1), "larger than 5 MiB"),
        (b'<?xml version="1.0" encoding="klingon"?><opml/>', "save the file as UTF-8"),
        (b'<?xml version="1.0" encoding="utf-7"?><opml/>', "UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0", "line 1"),
    ],
)
def test_what_is_no_list_of_feeds_is_refused_in_words(body: bytes, said: str) -> None:
    """And costs next to nothing: nothing is expanded, nothing is fetched, nothing goes deep."""
    with pytest.raises(Unreadable, match=said):
        parse_opml(body)


words = st.text(st.characters(codec="utf-8").filter(str.isprintable)).map(str.strip)
named = words.filter(bool)


@given(st.lists(st.builds(Outline, url=named, title=words, site=words, language=words)))
def test_what_is_written_is_read_back(outlines: list[Outline]) -> None:
    """Whatever signs are in it."""
    assert parse_opml(opml_of(outlines, title='A & "B" <C>').encode()) == outlines


def test_what_only_we_know_goes_along() -> None:
    """In a namespace that other programs pass over."""
    outline = Outline(url="https://a.example", own={"id": "a", "article.body": "div > p"})
    text = opml_of([outline], title="Mine")
    assert 'storywatch:article.body="div &gt; p"' in text
    assert parse_opml(text.encode()) == [outline]


@given(st.binary(max_size=300))
def test_no_bytes_make_it_crash(body: bytes) -> None:
    """Feeds, or an error in words."""
    for shape in (body, HEAD.encode() + body):
        try:
            parse_opml(shape)
        except Unreadable as error:
            assert str(error)  # noqa: PT017  either is right
