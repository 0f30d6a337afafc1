from __future__ import annotations

import json
from typing import Any

import pytest

from storywatch.core.model import Listing
from storywatch.errors import Unreadable
from storywatch.parse.document import parse_document

URL = "https://harbor-times.example/feed.json"


def listed(*items: Any, timezone: str | None = None, **feed: Any) -> Listing:
    document = {"version": "https://jsonfeed.org/version/1.1", "title": "Harbor Times", "items": list(items), **feed}
    listing = parse_document(json.dumps(document).encode(), url=URL, content_type="application/json", timezone=timezone)
    assert isinstance(listing, Listing)
    return listing


@pytest.mark.parametrize(
    "version", ["https://jsonfeed.org/version/1", "https://jsonfeed.org/version/1.1", "http://jsonfeed.org/version/1"]
)
def test_a_json_feed_lists_what_an_rss_feed_would(version: str) -> None:
    """Text plain, addresses absolute, dates in UTC."""
    listing = listed(
        {
            "id": "tag:1", "url": "/1?id=7", "title": "Harbour \u201creopens\u201d & more < all", "date_published": "2026-03-02T12:30:00+02:00",
            "summary": "Short.", "content_html": "<p>Dockers return to work.</p><script>x()</script><p>Ships sail.</p>", "authors": [{"name": "X"}],
        },
        {"id": "https://harbor-times.example/2", "content_text": "a <b> c &amp; d", "date_modified": "2026-03-02T12:30:00Z"},
        version=version, language="en-GB", feed_url="https://harbor-times.example/f.json", next_url="/feed.json?page=2",
        hubs=[{"type": "rssCloud", "url": "https://cloud.example/"}, {"type": "WebSub", "url": "https://hub.example/"}],
    )  # fmt: skip
    assert (listing.title, listing.lang, listing.complete) == ("Harbor Times", "en", True)
    assert (listing.hub, listing.topic) == ("https://hub.example/", "https://harbor-times.example/f.json")
    assert listing.earlier == "https://harbor-times.example/feed.json?page=2"
    first, second = listing.entries
    assert (first.key, first.url) == ("tag:1", "https://harbor-times.example/1?id=7")
    assert (first.title, first.summary) == ("Harbour “reopens” & more < all", "Dockers return to work.\nShips sail.")
    assert first.published_at is not None
    assert first.published_at.isoformat() == "2026-03-02T10:30:00+00:00"
    assert (second.url, second.title, second.summary) == ("https://harbor-times.example/2", "", "a <b> c &amp; d")
    assert second.published_at is not None


def test_what_is_missing_or_of_another_kind_harms_nothing() -> None:
    """Nothing in a document can be relied on."""
    listing = listed(
        "no item", None, 7,
        {"id": 17, "url": ["x"], "title": {"a": 1}, "summary": None, "date_published": 20260302},
        {"id": True, "external_url": "https://elsewhere.example/3"},
        {"url": "javascript:alert(1)", "title": "A"},
        title=7, language=None, hubs="x", feed_url=3, next_url=[],
    )  # fmt: skip
    assert (listing.title, listing.lang, listing.hub, listing.topic, listing.earlier) == (None, None, None, None, None)
    number, external, none = listing.entries
    assert (number.key, number.title, number.summary) == ("17", "", "")
    assert external.url == "https://elsewhere.example/3"
    assert none.url.startswith(f"{URL}#entry_")


def test_halves_of_characters_and_controls_do_not_reach_the_database() -> None:
    """JSON can write what no database takes."""
    body = rb'{"version":"https://jsonfeed.org/version/1","title":"\ud800T","items":[{"id":"\u0000a\udfff","title":"A\u0000\ud83d","content_html":"<p>\ud83d\ude00 \ud800</p>"}]}'
    listing = parse_document(body, url=URL)
    assert isinstance(listing, Listing)
    [entry] = listing.entries
    for text in (listing.title or "", entry.key, entry.title, entry.summary, entry.url):
        text.encode()
        assert "\0" not in text
    assert "\U0001f600" in entry.summary


def test_only_the_first_500_items_are_kept() -> None:
    """And the rest are counted."""
    listing = listed(*({"id": str(number)} for number in range(510)))
    assert (len(listing.entries), listing.dropped) == (500, 10)


def test_line_ends_within_texts_are_taken() -> None:
    """Against the standard, and common."""
    body = b'{"version":"https://jsonfeed.org/version/1","items":[{"id":"1","title":"A\nB"}]}'
    listing = parse_document(body, url=URL)
    assert isinstance(listing, Listing)
    assert listing.entries[0].title == "A B"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"error": "no"}', "a JSON document, not a feed"),
        (b'[{"version": "https://jsonfeed.org/version/1"}]', "a JSON document, not a feed"),
        (b'{"version": 1, "items": []}', "a JSON document, not a feed"),
        (b'{"version":"https://jsonfeed.org/version/1","items":[{"id":"1"', "damaged or cut off"),
        (b'{"version":"https://jsonfeed.org/version/1","items":[' + b"9" * 10_000 + b"]}", "damaged or cut off"),
        (b"[" * 100_000, "nested too deep"),
    ],
)
def test_other_json_is_no_feed(body: bytes, reason: str) -> None:
    """An error message in JSON is a failure, not a feed without entries."""
    with pytest.raises(Unreadable, match=reason):
        parse_document(body, url=URL)
