from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from storywatch.parse.depth import is_nested_deeper
from storywatch.parse.markup import hostility

NAMES = [
    "a",
    "b",
    "font",
    "i",
    "p",
    "div",
    "span",
    "ul",
    "li",
    "dt",
    "dd",
    "table",
    "tr",
    "td",
    "option",
    "optgroup",
    "rt",
    "h1",
    "button",
    "path",
    "form",
]
TAGS = [f"<{name}>" for name in NAMES] + [f"</{name}>" for name in NAMES]


def depth_of(html: str) -> int:
    """How deep the last element lies, as the parser has it."""
    depth, element = 0, LexborHTMLParser(html).css("*")[-1]
    while element.parent is not None:
        depth, element = depth + 1, element.parent
    return depth


@pytest.mark.parametrize(
    "pattern",
    [
        "<div>", "<div></x>", "<b><i>", "<li><dd>", "<ul><li>", "<a><b>", "<font></span><span>", "<span><div></span>",
        "<td><div>", "<path>", "<path/>", "<rt>", "<optgroup>", "<path></form><form>", "<h1><span>", "<dd><h1>",
        "<table><tr><td>", "<b><div></b>", "<li><ul><span><li>",
    ],
)  # fmt: skip
def test_what_a_parser_nests_deeply_is_hostile(pattern: str) -> None:
    """However it is written; each of these gets a level deeper with every repetition."""
    assert depth_of(pattern * 200) >= 200
    assert hostility(pattern * 12_000) == "tags nested more than 1,000 deep"


@pytest.mark.parametrize(
    "pattern",
    [
        "<p>x", "<p><b>x", "<p><span>x", "<li>x", "<li><a href=y>x", "<dt>x<dd>x", "<h1>x<h2>x", "<div><b>x</div>",
        "<b><div>x</b></div>", "<a>x", "<option>x", "<br>", "<svg><path d=x /></svg>", "<td>x", "<form>x</form>",
        "<p><b><i>x</b></i>", "<div><span>x</div>", "<ul><li>x</ul>",
    ],
)  # fmt: skip
def test_what_a_parser_closes_by_itself_is_flat(pattern: str) -> None:
    """Thousands of tags left open are everyday life."""
    assert depth_of(pattern * 200) < 20
    assert hostility(pattern * 3_000) is None


def test_rows_and_cells_left_open_are_flat() -> None:
    """Inside a table."""
    assert hostility("<table>" + "<tr><td><font size=2>x<th>y" * 3_000 + "</table>") is None


def test_formatting_that_a_parser_would_repeat_in_each_paragraph_is_hostile() -> None:
    """Each paragraph would hold all the different ones before it."""
    for attribute in ("c", "c" * 90):
        assert hostility("".join(f"<p><b class={attribute}{number}>x" for number in range(2_000))) is not None


def test_what_would_take_too_long_to_tell_is_hostile() -> None:
    """A closing tag that looks far up in vain, again and again."""
    assert is_nested_deeper("<li><table>" + "<span>" * 900 + "<li></li>" * 10_000, 1_000)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(TAGS), min_size=1, max_size=3))
def test_no_pattern_is_much_deeper_than_it_is_taken_for(tags: list[str]) -> None:
    """What passes for flat when repeated is flat for the parser."""
    html = "<i>" + "".join(tags) * 150
    assert is_nested_deeper(html, 50) or depth_of(html) < 130
