from __future__ import annotations

import tomllib
from typing import Any

import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from storywatch.config.places import places_of

DOCUMENT = '''\
# a comment with [brackets] and "quotes"
title = "a # in a text"
"odd key" = 'C:\\new'
a.b . "c.d" = [ 1, # one
  [2, 3],
  { x = "]", y = { z = 1 } },
]
text = """
[not.a.table]
key = 1 ""quoted"" \\""""
raw = \'\'\'
it's''\'\'\'

[ tables . one ]
when = 1979-05-27 07:32:00 # a blank inside

[[list]]
name = "first"
[list.sub]
deep = true
[[list]]
  name = "second"
[[list.inner]]
n = 1
[[list.inner]]
n = 2
'''


def spots(text: str) -> dict[tuple[Any, ...], tuple[tuple[int, int], tuple[int, int]]]:
    return {path: (place.key, place.value) for path, place in places_of(text).items()}


def test_every_shape_of_toml_has_its_place() -> None:
    """Dotted keys, arrays over lines, inline tables, long texts and arrays of tables are all found."""
    places = spots(DOCUMENT)
    assert places["title",] == ((2, 1), (2, 9))
    assert places["odd key",] == ((3, 1), (3, 13))
    assert places["a", "b", "c.d"] == ((4, 1), (4, 15))
    assert places["a", "b"][0] == (4, 1)
    assert places["a", "b", "c.d", 0][1] == (4, 17)
    assert places["a", "b", "c.d", 1, 1][1] == (5, 7)
    assert places["a", "b", "c.d", 2, "x"] == ((6, 5), (6, 9))
    assert places["a", "b", "c.d", 2, "y", "z"] == ((6, 20), (6, 24))
    assert places["text",] == ((8, 1), (8, 8))
    assert places["raw",] == ((11, 1), (11, 7))
    assert places["tables",] == places["tables", "one"] == ((14, 1), (14, 1))
    assert places["tables", "one", "when"] == ((15, 1), (15, 8))
    assert places["list", 0, "sub", "deep"] == ((20, 1), (20, 8))
    assert places["list", 1, "name"] == ((22, 3), (22, 10))
    assert places["list", 1, "inner", 1, "n"] == ((26, 1), (26, 5))


def paths(value: Any, at: tuple[Any, ...] = ()) -> set[tuple[Any, ...]]:
    inner = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    return {(*at, key) for key, _ in inner} | {path for key, one in inner for path in paths(one, (*at, key))}


def test_the_walk_agrees_with_the_parser() -> None:
    """There is a place for every key and element that the parser sees, and for no other."""
    assert set(places_of(DOCUMENT)) == paths(tomllib.loads(DOCUMENT))


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=4)
LEAVES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])), st.integers(-9, 9), st.booleans(), st.dates()
)
TREES = st.dictionaries(
    KEYS,
    st.recursive(LEAVES, lambda one: st.lists(one, max_size=3) | st.dictionaries(KEYS, one, max_size=3), max_leaves=8),
    max_size=4,
)


@given(TREES)
def test_any_document_is_walked_like_it_is_parsed(tree: dict[str, Any]) -> None:
    """Whatever is written, the walk neither stumbles nor loses count."""
    text = tomlkit.dumps(tree)
    assert set(places_of(text)) == paths(tomllib.loads(text))
