from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from storywatch.core.model import SitemapIndex
from storywatch.errors import Unreadable
from storywatch.parse.document import parse_document

if TYPE_CHECKING:
    from storywatch.core.model import Listing

FEEDS = Path(__file__).parents[2] / "data" / "feeds"
URL = "https://harbor-times.example/news/feed.xml"


def rss(*items: str, channel: str = "") -> bytes:
    listed = "".join(f"<item>{item}</item>" for item in items)
    head = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">'
    return f"{head}<channel><title>Harbor Times</title>{channel}{listed}</channel></rss>".encode()


def parse_feed(body: bytes, **how: str | None) -> Listing:
    listing = parse_document(body, url=URL, **how)  # type: ignore[arg-type]
    assert not isinstance(listing, SitemapIndex)
    return listing


def parsed(*items: str, channel: str = "", timezone: str | None = None) -> Listing:
    return parse_feed(rss(*items, channel=channel), timezone=timezone)


@pytest.mark.parametrize("name", ["rss2.xml", "atom.xml", "rdf.xml"])
def test_every_kind_of_feed_lists_the_same(name: str) -> None:
    """RSS 2.0, Atom and RDF come out alike: text plain, addresses absolute, dates in UTC."""
    listing = parse_feed((FEEDS / name).read_bytes())
    assert (listing.title, listing.lang, listing.complete, listing.dropped) == ("Harbor & Times", "en", True, 0)
    first, second = listing.entries
    assert (first.title, first.url) == (
        "Harbour reopens “at last”",
        "https://harbor-times.example/news/1?id=7&from=list",
    )
    assert first.summary == "Dockers return to work.\nShips sail."
    assert first.published_at is not None
    assert first.published_at.isoformat() == "2026-03-02T10:30:00+00:00"
    assert (second.title, second.url) == ("두 번째 소식", "https://harbor-times.example/2")
    assert second.published_at is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "an empty answer"),
        (b" \n\t ", "an empty answer"),
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "an HTML page"),
        (b'{"error": "no"}', "a JSON document"),
        (b"nothing to see", "not a feed"),
        (b"\x00\x01\x02", "an empty answer"),
        (b"<rss><!DOCTYPE x [" + b"<!ENTITY a 'b'>" * 21 + b"]></rss>", "21 entities"),
        (b"<rss><channel>" + b"<x>" * 10_001, "nested more than 10,000 deep"),
    ],
)
def test_what_is_no_feed_is_said_in_words(body: bytes, reason: str) -> None:
    """An error page in place of a feed is a failure, not a feed without entries."""
    with pytest.raises(Unreadable, match=reason):
        parse_feed(body)


def test_an_empty_feed_is_a_feed() -> None:
    """Nothing was published yet: no failure."""
    assert parsed().entries == ()


def test_blanks_and_marks_before_the_declaration_harm_nothing() -> None:
    """The declared charset is followed all the same."""
    xml = '<?xml version="1.0" encoding="windows-1251"?><rss version="2.0"><channel><item><title>Двое пленных</title></item></channel></rss>'
    for prefix in (b"", b"\r\n \t", b"\n\n\n"):
        [entry] = parse_feed(prefix + xml.encode("cp1251")).entries
        assert entry.title == "Двое пленных"
    [entry] = parse_feed(b"\xef\xbb\xbf \n" + xml.encode()).entries
    assert entry.title == "Двое пленных"


def test_utf8_declared_as_latin1_is_utf8() -> None:
    """The bytes decide."""
    body = rss("<title>두 명</title>").replace(b"utf-8", b"iso-8859-1")
    assert parse_feed(body, content_type="text/xml; charset=iso-8859-1").entries[0].title == "두 명"


def test_an_undeclared_charset_is_guessed() -> None:
    """cp1251 without a word about it is not mojibake."""
    text = "Двое пленных переданы, сообщили в министерстве. Решение примут позднее. " * 5
    body = f"<rss version='2.0'><channel><item><title>Двое пленных</title><description>{text}</description></item></channel></rss>"
    assert parse_feed(body.encode("cp1251")).entries[0].title == "Двое пленных"


def test_control_characters_do_not_end_the_document() -> None:
    """XML forbids them, publishers send them."""
    assert [entry.title for entry in parsed("<title>A\x00B\x0b</title>", "<title>C</title>").entries] == ["AB", "C"]


def test_no_entity_is_fetched_or_blown_up() -> None:
    """External entities stay unread, and a few internal ones do not multiply."""
    doctype = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>'
    body = rss("<title>A&x;&b;B</title>").replace(b"<rss", doctype.encode() + b"<rss")
    [entry] = parse_feed(body).entries
    assert "root:" not in entry.title
    assert len(entry.title) < 40


def test_a_truncated_document_is_taken_as_far_as_it_goes() -> None:
    """Its entries count, and the listing says that it is not complete."""
    body = rss(*(f"<title>{number}</title><link>/{number}</link>" for number in range(50)))
    listing = parse_feed(body[: len(body) // 2])
    assert 10 < len(listing.entries) < 50
    assert not listing.complete


def test_only_the_first_500_entries_are_kept() -> None:
    """And the rest are counted."""
    listing = parsed(*(f"<title>{number}</title><link>/{number}</link>" for number in range(510)))
    assert (len(listing.entries), listing.dropped) == (500, 10)


def test_an_entry_is_known_by_guid_else_link_else_title_and_date() -> None:
    """A guid is kept as it is, a link is freed of what says where the reader came from."""
    by_guid, by_link, by_title, other = parsed(
        "<guid isPermaLink='false'> tag:1 </guid><link>/1</link>",
        "<link>https://harbor-times.example/2?utm_source=rss</link>",
        "<title>Only a title</title><pubDate>Mon, 02 Mar 2026 12:00:00 GMT</pubDate>",
        "<title>Only a title</title><pubDate>Mon, 02 Mar 2026 13:00:00 GMT</pubDate>",
    ).entries
    assert (by_guid.key, by_link.key) == ("tag:1", "http://harbor-times.example/2")
    assert by_title.key.startswith("key_")
    assert by_title.key != other.key


def test_a_guid_that_stands_for_two_addresses_is_completed_by_them() -> None:
    """A feed that gives each item the same guid still lists each; a true repetition counts once."""
    same = "<guid isPermaLink='false'>1</guid>"
    entries = parsed(f"{same}<link>/a</link>", f"{same}<link>/b</link>", f"{same}<link>/a</link>").entries
    assert [entry.url for entry in entries] == ["https://harbor-times.example/a", "https://harbor-times.example/b"]
    assert len({entry.key for entry in entries}) == 2


def test_an_endless_guid_is_shortened() -> None:
    """A key fits the database, and still differs from others."""
    one, other = parsed(*(f"<guid isPermaLink='false'>{'x' * 3000}{end}</guid>" for end in "ab")).entries
    assert one.key != other.key
    assert len(one.key) < 100


def test_an_entry_without_a_usable_address_keeps_the_feeds_own() -> None:
    """Its text can still be told, with a source; each such entry has its own key."""
    script, none = parsed("<title>A</title><link>javascript:alert(1)</link>", "<title>B</title>").entries
    assert script.url.startswith(f"{URL}#entry_")
    assert script.url_key != none.url_key


def test_a_permalink_guid_is_an_address() -> None:
    """Feeds with guid and no link are common."""
    [entry] = parsed("<guid>https://harbor-times.example/7</guid>").entries
    assert entry.url == "https://harbor-times.example/7"


def test_the_longer_of_summary_and_content_is_the_summary() -> None:
    """Some feeds carry the whole article; it is cut at 5,000 characters."""
    body = rss(
        "<description>Teaser</description><content:encoded>&lt;p&gt;Whole text here.&lt;/p&gt;</content:encoded>"
    )
    body = body.replace(b"<rss", b'<rss xmlns:content="http://purl.org/rss/1.0/modules/content/"', 1)
    assert parse_feed(body).entries[0].summary == "Whole text here."
    [long] = parsed(f"<title>{'t ' * 900}</title><description>{'word ' * 3000}</description>").entries
    assert len(long.summary) <= 5_001
    assert len(long.title) <= 501


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Mon, 02 Mar 2026 12:00:00 KST", "2026-03-02T03:00:00+00:00"),
        ("Mon, 02 Mar 2026 12:00:00 MSK", "2026-03-02T09:00:00+00:00"),
        ("Mon, 02 Mar 2026 12:00:00 EET", "2026-03-02T10:00:00+00:00"),
        ("2026년 03월 02일 오후 01:31:15", None),
        ("2 березня 2026, 12:00", None),
        ("yesterday", None),
        ("2026-03-02", None),
        ("2026-03-02 12:00:00", None),
    ],
)
def test_dates_are_moments_or_nothing(date: str, moment: str | None) -> None:
    """No zone is invented and no month is guessed."""
    [entry] = parsed(f"<title>A</title><pubDate>{date}</pubDate>").entries
    assert (entry.published_at and entry.published_at.isoformat()) == moment


def test_the_operator_can_say_where_dates_without_a_zone_were_written() -> None:
    """Per feed."""
    [entry] = parsed("<pubDate>2026-03-02 12:00:00</pubDate>", timezone="Europe/Kyiv").entries
    assert entry.published_at is not None
    assert entry.published_at.isoformat() == "2026-03-02T10:00:00+00:00"


@pytest.mark.parametrize(
    ("channel", "ttl"),
    [
        ("<ttl>60</ttl>", timedelta(hours=1)),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", timedelta(minutes=30)),
        ("<sy:updatePeriod>daily</sy:updatePeriod>", timedelta(days=1)),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", timedelta(days=1)),
        ("<ttl>often</ttl>", None),
        ("", None),
    ],
)
def test_a_feed_says_how_often_it_changes(channel: str, ttl: timedelta | None) -> None:
    """ttl in minutes, or an update period."""
    assert parsed(channel=channel).freshness.ttl == ttl


@pytest.mark.parametrize(
    ("said", "lang"), [("ko-KR", "ko"), ("zh_TW", "zh"), ("EN", "en"), ("english please", None), ("", None)]
)
def test_a_feeds_language_is_its_bare_code(said: str, lang: str | None) -> None:
    """Anything else is no language."""
    assert parsed(channel=f"<language>{said}</language>").lang == lang


def test_the_same_bytes_have_the_same_hash() -> None:
    """The hash is of the body as it came."""
    assert parsed().body_hash == parsed().body_hash != parsed("<title>x</title>").body_hash
