"""Every kind of feed that feedparser's own collection has, composed by ourselves, in each spelling of each field.

The kinds are those of its folders wellformed/{rss,rdf,atom,atom10,cdf,namespace,...}, encoding, entities and illformed.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from storywatch.core.model import Listing
from storywatch.errors import Unreadable
from storywatch.parse.document import parse_document

if TYPE_CHECKING:
    from storywatch.core.model import ListedEntry

URL = "https://harbor-times.example/news/feed.xml"
SITE = "https://harbor-times.example"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
RSS_DATE, ISO_DATE = "Mon, 02 Mar 2026 12:00:00 GMT", "2026-03-02T12:00:00Z"
SPACES = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "atom": "http://www.w3.org/2005/Atom",
    "media": "http://search.yahoo.com/mrss/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "fh": "http://purl.org/syndication/history/1.0",
}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How one version of one format writes a feed of one item."""

    head: str
    tail: str
    item: str = "<item>{}</item>"
    item_first: bool = True

    def document(self, fields: str, channel: str = "") -> bytes:
        return (self.head.format(channel=channel) + self.item.format(fields) + self.tail).encode()


def rss(version: str, doctype: str = "") -> Shape:
    spaces = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in SPACES.items())
    return Shape(
        head=f'<?xml version="1.0"?>{doctype}<rss version="{version}" {spaces}><channel><title>Harbor Times</title><language>en-gb</language>{{channel}}',
        tail="</channel></rss>",
    )


def rdf(space: str) -> Shape:
    return Shape(
        head=f'<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="{space}" xmlns:dc="{SPACES["dc"]}">'
        "<channel><title>Harbor Times</title><dc:language>en-gb</dc:language>{channel}</channel>",
        tail="</rdf:RDF>",
    )


def atom(space: str, prefix: str = "") -> Shape:
    name, p = (f"xmlns:{prefix}", f"{prefix}:") if prefix else ("xmlns", "")
    return Shape(
        head=f'<?xml version="1.0"?><{p}feed {name}="{space}" xml:lang="en-gb"><{p}title>Harbor Times</{p}title>{{channel}}',
        tail=f"</{p}feed>",
        item=f"<{p}entry>{{}}</{p}entry>",
    )


NETSCAPE = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">'
ATOM_03, ATOM_10 = "http://purl.org/atom/ns#", SPACES["atom"]
TITLE_LINK = "<title>Dockers return</title><link>/1</link>"
KINDS: dict[str, bytes] = {
    "RSS 0.90": rdf("http://my.netscape.com/rdf/simple/0.9/").document(TITLE_LINK),
    "RSS 0.91 Netscape": rss("0.91", NETSCAPE).document(f"{TITLE_LINK}<description>Nine weeks.</description>"),
    "RSS 0.91 UserLand": rss("0.91").document(f"{TITLE_LINK}<description>Nine weeks.</description>"),
    "RSS 0.92": rss("0.92").document(f"{TITLE_LINK}<description>Nine weeks.</description><category>Port</category>"),
    "RSS 0.93": rss("0.93").document(f"{TITLE_LINK}<description>Nine weeks.</description><pubDate>{RSS_DATE}</pubDate>"),
    "RSS 0.94": rss("0.94").document(f"{TITLE_LINK}<description>Nine weeks.</description><pubDate>{RSS_DATE}</pubDate>"),
    "RSS 1.0": rdf("http://purl.org/rss/1.0/").document(f"{TITLE_LINK}<description>Nine weeks.</description><dc:date>{ISO_DATE}</dc:date>"),
    "RSS 2.0": rss("2.0").document(f"{TITLE_LINK}<description>Nine weeks.</description><pubDate>{RSS_DATE}</pubDate>"),
    "RSS without a version": rss("").document(f"{TITLE_LINK}<description>Nine weeks.</description><pubDate>{RSS_DATE}</pubDate>"),
    "Atom 0.3": atom(ATOM_03).document(f"<title>Dockers return</title><link rel='alternate' type='text/html' href='/1'/><summary>Nine weeks.</summary><issued>{ISO_DATE}</issued>"),
    "Atom 1.0": atom(ATOM_10).document(f"<title>Dockers return</title><link href='/1'/><summary>Nine weeks.</summary><published>{ISO_DATE}</published>"),
    "Atom 1.0 with a prefix": atom(ATOM_10, "a").document(f"<a:title>Dockers return</a:title><a:link href='/1'/><a:summary>Nine weeks.</a:summary><a:published>{ISO_DATE}</a:published>"),
    "CDF": b'<?xml version="1.0"?><CHANNEL HREF="/"><TITLE>Harbor Times</TITLE><ITEM HREF="/1" LASTMOD="2026-03-02T12:00Z"><TITLE>Dockers return</TITLE><ABSTRACT>Nine weeks.</ABSTRACT></ITEM></CHANNEL>',
    "JSON Feed 1.0": b'{"version":"https://jsonfeed.org/version/1","title":"Harbor Times","items":[{"id":"1","url":"/1","title":"Dockers return","content_text":"Nine weeks.","date_published":"2026-03-02T12:00:00Z"}]}',
    "JSON Feed 1.1": b'{"version":"https://jsonfeed.org/version/1.1","title":"Harbor Times","language":"en-GB","items":[{"id":"1","url":"/1","title":"Dockers return","content_html":"<p>Nine weeks.</p>","date_published":"2026-03-02T12:00:00Z"}]}',
}  # fmt: skip
UNDATED = {"RSS 0.90", "RSS 0.91 Netscape", "RSS 0.91 UserLand", "RSS 0.92"}
WITHOUT_LANGUAGE = {"CDF", "JSON Feed 1.0"}


def listed(body: bytes, content_type: str | None = None, url: str = URL) -> Listing:
    listing = parse_document(body, url=url, content_type=content_type)
    assert isinstance(listing, Listing)
    return listing


def only(body: bytes, content_type: str | None = None) -> ListedEntry:
    [entry] = listed(body, content_type).entries
    return entry


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content_type", [None, "text/html", "application/octet-stream", "text/xml; charset=us-ascii"])
def test_every_kind_comes_out_alike(kind: str, content_type: str | None) -> None:
    """Whatever the server calls it."""
    listing = listed(KINDS[kind], content_type)
    assert (listing.title, listing.complete) == ("Harbor Times", True)
    assert listing.lang == (None if kind in WITHOUT_LANGUAGE else "en")
    [entry] = listing.entries
    assert (entry.title, entry.url) == ("Dockers return", f"{SITE}/1")
    assert entry.summary == ("" if kind == "RSS 0.90" else "Nine weeks.")
    assert entry.published_at == (None if kind in UNDATED else NOON)


RSS2, RSS1, ATOM1, ATOM03 = rss("2.0"), rdf("http://purl.org/rss/1.0/"), atom(ATOM_10), atom(ATOM_03)
XHTML = "xmlns='http://www.w3.org/1999/xhtml'"
FIELDS: list[tuple[Shape, str, dict[str, object]]] = [
    # titles
    (RSS2, "<title>A &amp; B</title>", {"title": "A & B"}),
    (RSS2, "<title>A &amp;amp; B</title>", {"title": "A & B"}),
    (RSS2, "<title>A &#38; B &#x2014; C</title>", {"title": "A & B — C"}),
    (RSS2, "<title><![CDATA[A <b>bold</b> &amp; B]]></title>", {"title": "A bold & B"}),
    (RSS2, "<title>&lt;i&gt;A&lt;/i&gt;</title>", {"title": "A"}),
    (RSS2, "<title>\n  A\n  B\t</title>", {"title": "A B"}),
    (RSS2, "<dc:title>A</dc:title>", {"title": "A"}),
    (RSS2, "<title>A</title><media:title>Picture</media:title>", {"title": "A"}),
    (RSS2, "<title/>", {"title": ""}),
    (RSS2, "", {"title": "", "summary": "", "published_at": None}),
    (RSS1, "<dc:title>A</dc:title>", {"title": "A"}),
    (ATOM1, "<title type='text'>A &lt; B</title>", {"title": "A < B"}),
    (ATOM1, "<title type='html'>&lt;b&gt;A&lt;/b&gt; &amp;mdash; B</title>", {"title": "A — B"}),
    (ATOM1, f"<title type='xhtml'><div {XHTML}>A <b>B</b></div></title>", {"title": "A B"}),
    (ATOM03, "<title mode='escaped' type='text/html'>&lt;b&gt;A&lt;/b&gt;</title>", {"title": "A"}),
    (ATOM03, "<title mode='base64' type='text/html'>PGI+QTwvYj4=</title>", {"title": "A"}),
    # addresses
    (RSS2, "<link> /a </link>", {"url": f"{SITE}/a"}),
    (RSS2, "<link>a?x=1&amp;y=2</link>", {"url": f"{SITE}/news/a?x=1&y=2"}),
    (RSS2, "<link><![CDATA[https://harbor-times.example/a]]></link>", {"url": f"{SITE}/a"}),
    (RSS2, "<atom:link rel='alternate' href='/a'/>", {"url": f"{SITE}/a"}),
    (RSS2, "<link>/a</link><atom:link rel='self' href='/b'/>", {"url": f"{SITE}/a"}),
    (RSS2, "<enclosure url='/a.mp3' type='audio/mpeg' length='1'/><link>/a</link>", {"url": f"{SITE}/a"}),
    (RSS2, "<guid>https://harbor-times.example/g</guid>", {"url": f"{SITE}/g", "key": f"{SITE}/g"}),
    (RSS2, "<guid isPermaLink='true'>https://harbor-times.example/g</guid><link>/a</link>", {"key": f"{SITE}/g"}),
    (RSS2, "<guid isPermaLink='false'>g-1</guid><link>/a</link>", {"url": f"{SITE}/a", "key": "g-1"}),
    (RSS2, "<guid>g-1</guid><link>/a</link>", {"url": f"{SITE}/a", "key": f"{SITE}/news/g-1"}),
    (RSS2, "<link>/a</link><guid/>", {"key": "http://harbor-times.example/a"}),
    (RSS1, "<link>/a</link>", {"url": f"{SITE}/a"}),
    (ATOM1, "<id>tag:1</id><link href='/a'/>", {"url": f"{SITE}/a", "key": "tag:1"}),
    (ATOM1, "<link rel='enclosure' href='/m.mp3'/><link rel='alternate' href='/a'/>", {"url": f"{SITE}/a"}),
    (ATOM1, "<link rel='replies' href='/r'/><link href='/a'/>", {"url": f"{SITE}/a"}),
    (ATOM1, "<link xml:base='https://other.example/x/' href='a'/>", {"url": "https://other.example/x/a"}),
    (ATOM1, "<id>https://harbor-times.example/i</id>", {"url": f"{SITE}/i"}),
    # texts
    (RSS2, "<description>&lt;p&gt;A&lt;/p&gt;&lt;p&gt;B&lt;/p&gt;</description>", {"summary": "A\nB"}),
    (RSS2, "<description><![CDATA[<p>A &nbsp; B</p><script>x()</script>]]></description>", {"summary": "A B"}),
    (RSS2, "<description>A</description><content:encoded><![CDATA[<p>A and more</p>]]></content:encoded>", {"summary": "A and more"}),
    (RSS2, "<content:encoded>A and more</content:encoded><description>A</description>", {"summary": "A and more"}),
    (RSS2, f"<body {XHTML}><p>A</p></body>", {"summary": "A"}),
    (RSS2, "<dc:description>A</dc:description>", {"summary": "A"}),
    (RSS2, "<itunes:summary>A</itunes:summary>", {"summary": "A"}),
    (RSS2, "<description>A</description><media:description>Of the picture, which is longer</media:description>", {"summary": "A"}),
    (ATOM1, "<content type='html'>&lt;p&gt;A&lt;/p&gt;</content>", {"summary": "A"}),
    (ATOM1, f"<content type='xhtml'><div {XHTML}><p>A</p><p>B</p></div></content>", {"summary": "A\nB"}),
    (ATOM1, "<summary>S</summary><content>Longer</content>", {"summary": "Longer"}),
    (ATOM1, "<content type='text'>A &lt;b&gt; B</content>", {"summary": "A B"}),
    (ATOM1, "<content src='/elsewhere' type='video/mp4'/>", {"summary": ""}),
    (ATOM03, "<content mode='xml' type='application/xhtml+xml'><p xmlns='http://www.w3.org/1999/xhtml'>A</p></content>", {"summary": "A"}),
    # dates
    (RSS2, f"<dc:date>{ISO_DATE}</dc:date>", {"published_at": NOON}),
    (RSS2, f"<dcterms:issued>{ISO_DATE}</dcterms:issued>", {"published_at": NOON}),
    (RSS2, f"<atom:published>{ISO_DATE}</atom:published>", {"published_at": NOON}),
    (RSS2, f"<atom:updated>{ISO_DATE}</atom:updated>", {"published_at": NOON}),
    (RSS2, f"<dcterms:modified>2026-03-03T00:00:00Z</dcterms:modified><pubDate>{RSS_DATE}</pubDate>", {"published_at": NOON}),
    (RSS1, f"<dc:date>{ISO_DATE}</dc:date>", {"published_at": NOON}),
    (ATOM1, f"<updated>{ISO_DATE}</updated>", {"published_at": NOON}),
    (ATOM1, f"<updated>2026-03-03T00:00:00Z</updated><published>{ISO_DATE}</published>", {"published_at": NOON}),
    (ATOM03, f"<modified>{ISO_DATE}</modified>", {"published_at": NOON}),
    (ATOM03, f"<created>{ISO_DATE}</created>", {"published_at": None}),
    # what is about something else
    (RSS2, "<title>A</title><source url='https://x.example/'>Other</source><author>a@b.example (N)</author><dc:creator>N</dc:creator>", {"title": "A"}),
    (ATOM1, "<title>A</title><author><name>N</name><uri>/n</uri></author><source><title>Other</title><id>o</id></source>", {"title": "A"}),
    (RSS2, "<title>A</title><media:group><media:content url='/m.mp4'><media:title>M</media:title></media:content></media:group>", {"title": "A"}),
    (RSS2, "<x:y xmlns:x='https://x.example/ns'><x:title>No</x:title></x:y><title>A</title>", {"title": "A"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "fields", "wanted"), FIELDS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_each_spelling_of_each_field_is_understood(shape: Shape, fields: str, wanted: dict[str, object]) -> None:
    """One item with these fields."""
    entry = only(shape.document(fields))
    assert {name: getattr(entry, name) for name in wanted} == wanted


@pytest.mark.parametrize("name", sorted(set(SPACES) - {"itunes", "fh", "sy", "media", "dcterms"}))
def test_a_namespace_counts_and_not_its_prefix(name: str) -> None:
    """Publishers choose their own."""
    fields = {
        "content": ("<zz:encoded>Whole</zz:encoded>", "summary", "Whole"),
        "dc": (f"<zz:date>{ISO_DATE}</zz:date>", "published_at", NOON),
        "atom": ("<zz:link href='/a'/>", "url", f"{SITE}/a"),
    }
    markup, field, wanted = fields[name]
    body = f"<rss version='2.0' xmlns:zz='{SPACES[name]}'><channel><item>{markup}</item></channel></rss>".encode()
    assert getattr(only(body), field) == wanted


DATES: list[tuple[str, str | None]] = [
    ("Mon, 02 Mar 2026 12:00:00 GMT", "2026-03-02T12:00:00"),
    ("Mon, 02 Mar 2026 12:00:00 UT", "2026-03-02T12:00:00"),
    ("Mon, 02 Mar 2026 12:00:00 Z", "2026-03-02T12:00:00"),
    ("Mon, 2 Mar 2026 12:00:00 +0000", "2026-03-02T12:00:00"),
    ("02 Mar 2026 12:00:00 +0200", "2026-03-02T10:00:00"),
    ("Mon, 02 Mar 26 12:00:00 GMT", "2026-03-02T12:00:00"),
    ("Monday, 02 March 2026 12:00:00 EST", "2026-03-02T17:00:00"),
    ("Mon, 02 Mar 2026 12:00 PDT", "2026-03-02T19:00:00"),
    ("Mon, 02 Mar 2026 12:00:00 -0330", "2026-03-02T15:30:00"),
    ("2026-03-02T12:00Z", "2026-03-02T12:00:00"),
    ("2026-03-02T12:00:00.5Z", "2026-03-02T12:00:00.500000"),
    ("2026-03-02T12:00:00+05:30", "2026-03-02T06:30:00"),
    ("20260302T120000Z", "2026-03-02T12:00:00"),
    ("2026-03-02 12:00:00 +0100", "2026-03-02T11:00:00"),
    ("2026-061T12:00:00Z", None),
    ("2026-03", None),
    ("2026", None),
    ("Mon, 30 Feb 2026 12:00:00 GMT", None),
    ("Mon, 02 Mar 2026 25:00:00 GMT", None),
    ("Mon, 02 Mar 2026 12:00:00", None),
    ("0000-00-00T00:00:00Z", None),
    ("1772452800", None),
    ("лун, 02 бер 2026 12:00", None),
    ("2026年3月2日 12:00", None),
    ("now", None),
    ("", None),
]


@pytest.mark.parametrize(("date", "moment"), DATES)
@pytest.mark.parametrize("element", ["pubDate", "dc:date", "atom:updated"])
def test_dates_of_every_shape(element: str, date: str, moment: str | None) -> None:
    """RFC 822, 2822, 3339 and ISO 8601; what is wrong, vague or without a zone is no date."""
    found = only(RSS2.document(f"<{element}>{date}</{element}>")).published_at
    assert found == (datetime.fromisoformat(f"{moment}+00:00") if moment else None)


# --------------------------------------------------------------------------- what a feed says of itself


def test_a_feed_names_its_hub_itself_and_what_went_before() -> None:
    """In Atom, and in RSS by Atom's link; an entry's own links are its own matter."""
    links = "<{p}link rel='hub' href='https://hub.example/'/><{p}link rel='self' href='/feed'/><{p}link rel='{prev}' href='/feed?page=2'/>"
    own = "<{p}link rel='self' href='/no'/><{p}link rel='hub' href='/no'/><{p}link rel='prev-archive' href='/no'/>"
    for shape, p in ((ATOM1, ""), (RSS2, "atom:"), (atom(ATOM_10, "q"), "q:")):
        for relation in ("prev-archive", "prev", "previous", "http://www.iana.org/assignments/relation/prev-archive"):
            listing = listed(shape.document(own.format(p=p), links.format(p=p, prev=relation)))
            assert (listing.hub, listing.topic) == ("https://hub.example/", f"{SITE}/feed")
            assert listing.earlier == f"{SITE}/feed?page=2"
        bare = listed(shape.document(own.format(p=p)))
        assert (bare.hub, bare.topic, bare.earlier) == (None, None, None)


def test_an_archive_counts_before_a_mere_page() -> None:
    """RFC 5005 has both: archives do not change."""
    links = (
        "<link rel='previous' href='/p'/><link rel='prev-archive' href='/a'/><link rel='hub' href='ftp://h.example/'/>"
    )
    listing = listed(ATOM1.document("", links))
    assert (listing.earlier, listing.hub) == (f"{SITE}/a", None)


@pytest.mark.parametrize(
    ("channel", "hours", "days"),
    [
        ("<skipHours><hour>0</hour><hour> 23 </hour></skipHours>", {0, 23}, set()),
        ("<skipHours><hour>24</hour><hour>25</hour><hour>-1</hour><hour>x</hour></skipHours>", {0}, set()),
        ("<skipDays><day>Monday</day><day> sunday </day><day>Caturday</day></skipDays>", set(), {0, 6}),
        ("<skipHours>" + "".join(f"<hour>{n}</hour>" for n in range(24)) + "</skipHours>", set(), set()),
        ("<skipDays>" + "".join(f"<day>{d}day</day>" for d in ("Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun")) + "</skipDays>", set(), set()),
        ("<skipHours><hour>1</hour>", set(), set()),
        ("<skipHours/><skipDays></skipDays>", set(), set()),
        ("", set(), set()),
    ],
)  # fmt: skip
def test_hours_and_days_without_news(channel: str, hours: set[int], days: set[int]) -> None:
    """Of the day and the week in GMT; 24 is midnight, and a feed that never has news is taken for one that errs."""
    freshness = listed(RSS2.document("<title>A</title>", channel)).freshness
    assert (freshness.skip_hours, freshness.skip_days) == (hours, days)


def test_the_update_period_counts_with_any_prefix() -> None:
    """By its namespace."""
    body = f"<rss version='2.0' xmlns:s='{SPACES['sy']}'><channel><s:updatePeriod> Hourly </s:updatePeriod><s:updateBase>2000-01-01T12:00+00:00</s:updateBase></channel></rss>"
    assert listed(body.encode()).freshness.ttl == timedelta(hours=1)


# --------------------------------------------------------------------------- character sets and ill-formed documents


TEXTS = {
    "utf-8": "Докери 두 명 “—”", "utf-16": "Докери 두 명", "utf-16-le": "Докери 두 명", "windows-1251": "Докери повернулися",
    "koi8-r": "Докеры вернулись", "iso-8859-2": "Żuraw świeży łódź", "windows-1250": "Żuraw świeży łódź", "windows-1252": "Über “Häfen”",
    "iso-8859-15": "Für 5 € über Häfen", "euc-kr": "부두 노동자 복귀", "shift_jis": "港湾労働者が復帰", "euc-jp": "港湾労働者が復帰",
    "iso-2022-jp": "港湾労働者が復帰", "gb2312": "码头工人复工", "gb18030": "码头工人复工", "big5": "碼頭工人復工",
}  # fmt: skip


@pytest.mark.parametrize("charset", TEXTS)
@pytest.mark.parametrize("said", ["in the document", "by the server", "both"])
def test_every_charset_is_followed_wherever_it_is_said(charset: str, said: str) -> None:
    """In the declaration, in the header, or in both."""
    title = TEXTS[charset]
    declaration = f'<?xml version="1.0" encoding="{charset}"?>' if said != "by the server" else '<?xml version="1.0"?>'
    text = f"{declaration}<rss version='2.0'><channel><item><title>{title}</title><description>{title * 20}</description></item></channel></rss>"
    body = text.encode(charset)
    if charset == "utf-16-le":
        body = codecs.BOM_UTF16_LE + body
    assert only(body, f"text/xml; charset={charset}" if said != "in the document" else "text/xml").title == title


@pytest.mark.parametrize("claim", ["utf-8", "us-ascii", "iso-8859-1", "x-nonsense", ""])
def test_a_wrong_claim_does_not_win_against_the_bytes(claim: str) -> None:
    """cp1251 that says that it is something else; UTF-8 that says that it is something else."""
    title = "Докери повернулися на роботу"
    text = f'<?xml version="1.0" encoding="{claim}"?><rss version="2.0"><channel><item><title>{title}</title><description>{title * 20}</description></item></channel></rss>'
    for charset in ("cp1251", "utf-8"):
        assert only(text.encode(charset), f"text/xml; charset={claim}").title == title


ILL_FORMED: list[tuple[str, str, list[str]]] = [
    ("an undeclared entity", "<item><title>A&nbsp;&eacute;&hellip;B</title></item>", ["A é…B"]),
    ("an unknown entity", "<item><title>A &nosuch; B</title></item>", ["A &nosuch; B"]),
    ("a bare ampersand", "<item><title>A & B</title><link>/a?x=1&y=2</link></item>", ["A & B"]),
    ("a bare less-than", "<item><title>A < B</title></item><item><title>C</title></item>", ["A < B", "C"]),
    ("unclosed HTML", "<item><description><p>x<br></description><title>A</title></item>", ["A"]),
    ("an unclosed item", "<item><title>A</title><item><title>B</title></item>", ["A", "B"]),
    ("an unclosed title", "<item><title>A</item><item><title>B</title></item>", []),
    ("attributes without quotes", "<item><enclosure url=/a length=1/><title>A</title></item>", ["A"]),
    ("an undeclared prefix", "<item><foo:bar>x</foo:bar><title>A</title></item>", ["A"]),
    ("control characters", "<item><title>A\x01\x02\x1fB</title></item>", ["AB"]),
    ("NULs", "<item><title>A\x00B</title></item>", ["AB"]),
    ("references to what is no character", "<item><title>A&#0;&#xD800;&#x110000;B</title></item><item><title>C</title></item>", []),
    ("CDATA that does not end", "<item><title>A</title></item><item><title><![CDATA[B</title></item>", []),
    ("CDATA within CDATA", "<item><title><![CDATA[A<![CDATA[B]]>]]></title></item>", []),
    ("tags in capitals", "<ITEM><TITLE>A</TITLE></ITEM>", ["A"]),
    ("text between items", "stray <item><title>A</title></item> stray", ["A"]),
    ("a comment with dashes", "<!-- a -- b --><item><title>A</title></item>", ["A"]),
    ("an instruction within", "<?php echo 1 ?><item><title>A</title></item>", ["A"]),
    ("a doctype within", "<!DOCTYPE x><item><title>A</title></item>", []),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "items", "titles"), ILL_FORMED, ids=[fault for fault, *_ in ILL_FORMED])
def test_ill_formed_documents_are_read_as_far_as_they_go(fault: str, items: str, titles: list[str]) -> None:
    """Their items come through, and nothing that a database could not take."""
    body = f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>".encode()
    listing = listed(body)
    found = [entry.title for entry in listing.entries]
    assert found == titles or not titles
    for entry in listing.entries:
        for text in (entry.key, entry.url, entry.title, entry.summary):
            assert "\0" not in text
            text.encode()


@pytest.mark.parametrize(
    "before", ["\n\n", " \t", "\ufeff", "<!-- made by hand -->\n", "<?xml-stylesheet href='x.xsl'?>"]
)
def test_what_stands_before_the_root_harms_nothing(before: str) -> None:
    """Blanks, marks, comments, style sheets."""
    assert (
        only(f"{before}<rss version='2.0'><channel><item><title>A é</title></item></channel></rss>".encode()).title
        == "A é"
    )


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.startswith("JSON")])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_document_cut_anywhere_is_a_listing_or_refused_in_words(kind: str, share: float) -> None:
    """And never taken for complete."""
    body = KINDS[kind][: int(len(KINDS[kind]) * share)]
    try:
        assert not listed(body).complete
    except Unreadable as error:
        assert "not a feed" in str(error)  # noqa: PT017  either is right
