"""What pages in ten languages say about themselves: written by us, each in another of the ways that outlets have."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from storywatch.core.model import PageState
from storywatch.encode import detect_language
from storywatch.parse.page import parse_page

PAGES = Path(__file__).parents[2] / "data" / "pages" / "languages"
EXPECTED: dict[str, dict[str, Any]] = json.loads((PAGES / "expected.json").read_text("utf-8"))


def test_there_is_a_page_for_each_of_ten_languages() -> None:
    """English to Korean."""
    assert sorted(EXPECTED) == ["de", "en", "es", "fr", "ja", "ko", "pl", "ru", "uk", "zh"]


@pytest.mark.parametrize("lang", EXPECTED)
def test_moment_title_authors_language_address_and_outlet_are_read(lang: str) -> None:
    """The moment with its zone, people and not the outlet, the title without it; the server lies about the charset."""
    expected = EXPECTED[lang]
    page = parse_page(
        (PAGES / f"{lang}.html").read_bytes(),
        url=expected["url"],
        timezone=expected.get("timezone"),
        content_type="text/html; charset=utf-8",
    )
    assert page.state in {PageState.READ, PageState.PARTIAL}
    assert (page.published_at, page.dated_to_the_day) == (datetime.fromisoformat(expected["published_at"]), False)
    assert page.title == expected["title"]
    assert list(page.authors) == expected["authors"]
    assert (page.lang, detect_language("\n".join(page.paragraphs))) == (lang, lang)
    assert page.canonical_url == expected["canonical_url"]
    assert page.syndicated_from is None
    assert page.outlet_name == expected["outlet"]
    assert page.paragraphs[0].startswith(expected["first"])
    assert page.paragraphs[-1].endswith(expected["last"])
    assert len(page.paragraphs) == 4
