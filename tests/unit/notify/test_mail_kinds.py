"""Mails of every kind: what stands first, what can be done from it, and which thread and list it belongs to."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOON, a_development, a_report, tidings
from mailbag import (
    DESK,
    FERRY,
    HARBOUR,
    a_digest,
    a_doubt,
    a_gist,
    every_kind,
    failing_feed,
    follow_up,
    in_hebrew,
    reopened,
    trouble,
)
from test_mail import CHANNEL, a_channel, part, read, tokenless

from storywatch.core.model import AlertKind, NewSentence, Recipient, Sign
from storywatch.notify.links import LinkAction, read_link
from storywatch.notify.render import MOST_DOUBTS, MOST_GISTS, MOST_SIGNS, MOST_TOLD
from storywatch.notify.text import cells

if TYPE_CHECKING:
    from storywatch.core.model import Message
    from storywatch.notify.links import Link

DATA = Path(__file__).parents[2] / "data" / "notify" / "mails"
KINDS = every_kind()
HTTPS = a_channel(base_url="https://desk.example.org")
OF_STORY = ["reported", "corroborated", "corrected", "retracted", "reminder", "digest-snooze", "digest-interval"]
OF_CHANNEL = ["digest-daily", "digest-quiet", "digest-nothing-new", "trouble", "recovered"]


def body(message: Message, kind: str = "plain") -> str:
    return part(CHANNEL.render(message), kind)


def words(message: Message) -> str:
    """What a reader of the HTML part sees, from the top on one line."""
    html = re.sub(r"<(head|style)\b.*?</\1>", "", body(message, "html"), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def links(message: Message, kind: str) -> set[tuple[LinkAction, str, str | None]]:
    """What the signed links of a mail do, to which story and development."""
    found = set()
    for token in re.findall(r"/links/([\w.-]+)", body(message, kind)):
        link: Link | None = read_link(token, (bytes(32),))
        assert link is not None
        assert link.recipient == DESK
        found.add((link.action, link.watch, link.development))
    return found


def test_every_kind_is_there() -> None:
    """No kind of alert is left out of these tests."""
    assert {message.alert.kind for message in KINDS.values()} == set(AlertKind)
    assert sorted(KINDS) == sorted([*OF_STORY, *OF_CHANNEL])


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_mail_of_each_kind_looks_as_designed(name: str) -> None:
    """The text part, word for word."""
    expected = (DATA / f"{name}.txt").read_text(encoding="utf-8")
    assert tokenless(part(HTTPS.render(KINDS[name]), "plain")) == expected


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("reported", "closed → 다시 열렸으며"),
        ("corroborated", "Now reported by 4 independent owners"),
        ("corrected", "Corrected by Harbor Times"),
        ("retracted", "Retracted by 항구일보"),
        ("reminder", "Reminder 2: not acknowledged since 2 March, 14:00 Kyiv"),
        ("digest-daily", "2 new developments and 1 follow-up in 2 stories, 2 told before, 2 in doubt"),
        ("digest-quiet", "2 new developments in 2 stories"),
        ("digest-snooze", "2 new developments"),
        ("digest-interval", "3 new developments"),
        ("digest-nothing-new", "1 told before, 1 in doubt"),
        ("trouble", "Trouble: feed harbor-times and polls"),
        ("recovered", "Recovered: feed harbor-times"),
    ],
)
def test_what_is_new_comes_first(name: str, first: str) -> None:
    """A list of mails shows the first words of each: they say what is new, in both parts."""
    assert body(KINDS[name]).startswith(first + "\n")
    assert words(KINDS[name]).startswith(first)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_the_text_part_fits_a_terminal(name: str) -> None:
    """76 columns, but for addresses, which may not be broken."""
    assert [row for row in body(KINDS[name]).splitlines() if cells(row) > 76 and "http" not in row] == []


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_is_the_same_bytes_each_time(name: str) -> None:
    """Nothing is drawn, nothing is asked of the clock, and no server on the way has to re-encode it."""
    raw = CHANNEL.render(KINDS[name])
    assert raw == a_channel().render(every_kind()[name])
    assert raw.isascii()
    assert b"8bit" not in raw
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert read(raw)["Auto-Submitted"] == "auto-generated"
    assert read(raw)["Message-ID"] == f"<{KINDS[name].delivery}@example.org>"


@pytest.mark.parametrize("name", OF_STORY)
def test_what_is_about_one_story_is_one_list(name: str) -> None:
    """Story, thread and list are the same for all kinds, and the list can be left at one click."""
    mail = read(HTTPS.render(KINDS[name]))
    assert mail["Subject"] == "Harbour strike"
    assert mail["References"] == mail["In-Reply-To"] == "<story.harbour-strike@example.org>"
    assert mail["List-Id"] == "<harbour-strike.storywatch.example.org>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.fullmatch(r"<https://desk\.example\.org/links/([\w.-]+)>", mail["List-Unsubscribe"])
    assert found is not None
    link = read_link(found[1], (bytes(32),))
    assert link is not None
    assert (link.action, link.watch, link.recipient) == (LinkAction.UNSUBSCRIBE, HARBOUR, DESK)
    assert link.ends_at == KINDS[name].alert.created_at + timedelta(days=90)


@pytest.mark.parametrize(
    ("name", "subject", "root"),
    [
        ("digest-daily", "Digest for desk", "<digest.desk@example.org>"),
        ("digest-quiet", "Digest for desk", "<digest.desk@example.org>"),
        ("trouble", "Trouble with storywatch", "<service@example.org>"),
        ("recovered", "storywatch has recovered", "<service@example.org>"),
    ],
)
def test_what_is_about_several_stories_or_none_has_its_own_thread(name: str, subject: str, root: str) -> None:
    """It is on the channel's list, which is left by whoever configures the channel."""
    mail = read(HTTPS.render(KINDS[name]))
    assert (mail["Subject"], mail["References"], mail["In-Reply-To"]) == (subject, root, root)
    assert mail["List-Id"] == "<desk.channel.storywatch.example.org>"
    assert mail["List-Unsubscribe"] is None
    assert mail["List-Unsubscribe-Post"] is None


def test_one_click_is_offered_inside_a_network_too() -> None:
    """Mail services demand https of it (RFC 8058) and pass over what is not; a desk's own programs need not."""
    mail = read(CHANNEL.render(tidings()))
    assert mail["List-Unsubscribe"].startswith("<http://127.0.0.1:8480/links/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_link_too_long_for_a_header_stands_in_the_text_alone() -> None:
    """No line of a mail is longer than mail may have, and the reader still gets out."""
    raw = a_channel(base_url="https://desk.example.org/" + "a" * 1000).render(tidings())
    assert read(raw)["List-Unsubscribe"] is None
    assert "Stop mails about this story: https://" in part(raw, "plain")


@pytest.mark.parametrize("kind", ["plain", "html"])
@pytest.mark.parametrize("name", ["reported", "corroborated", "corrected", "reminder"])
def test_an_alert_can_be_acknowledged_muted_and_left(name: str, kind: str) -> None:
    """Each by its own signed link, in both parts; acknowledging names the development."""
    assert links(KINDS[name], kind) == {
        (LinkAction.ACKNOWLEDGE, HARBOUR, a_development().id),
        (LinkAction.MUTE, HARBOUR, None),
        (LinkAction.UNSUBSCRIBE, HARBOUR, None),
    }


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_a_digest_acts_on_each_story(kind: str) -> None:
    """Several stories: each development is acknowledged and each story muted by itself; one story: it can be left too."""
    told = {gist.development.id for gist in (a_gist(1), a_gist(2))}
    several = a_digest(a_gist(1), a_gist(2), in_hebrew())
    assert links(several, kind) == {
        *((LinkAction.ACKNOWLEDGE, HARBOUR, uid) for uid in told),
        (LinkAction.ACKNOWLEDGE, FERRY, in_hebrew().development.id),
        (LinkAction.MUTE, HARBOUR, None),
        (LinkAction.MUTE, FERRY, None),
    }
    assert links(a_digest(a_gist(1), a_gist(2), watch=HARBOUR), kind) == {
        *((LinkAction.ACKNOWLEDGE, HARBOUR, uid) for uid in told),
        (LinkAction.MUTE, HARBOUR, None),
        (LinkAction.UNSUBSCRIBE, HARBOUR, None),
    }


def test_a_correction_says_what_the_source_says_now() -> None:
    """Its sentence and its address before what was told; a retraction strikes the headline out."""
    text, html = body(KINDS["corrected"]), body(KINDS["corrected"], "html")
    now = "> An earlier version said that all piers had opened; two of five have."
    assert text.index(now) < text.index("Read the correction: https://harbor-times.example/1") < text.index("> 정부는")
    assert "<del>항구 파업 끝에 재개</del>" not in html
    assert "<del>항구 파업 끝에 재개</del>" in body(KINDS["retracted"], "html")
    assert "Read the retraction" in body(KINDS["retracted"], "html")


def test_a_correction_of_few_words_is_a_mail_all_the_same() -> None:
    """Without sentence and address it says that something was corrected, or taken back."""
    bare = body(follow_up(AlertKind.CORRECTED, words=None, url=None, sentence=None, retracted=False))
    assert bare.startswith("Corrected\n\nWhat was told:\n")
    assert body(follow_up(AlertKind.CORRECTED, retracted=True)).startswith("Retracted\n")
    unsafe = follow_up(AlertKind.CORRECTED, words="corrected", url="javascript:alert(1)")
    assert "Read the correction" not in body(unsafe, "html")


def test_only_what_is_new_is_marked() -> None:
    """The marker means "new": in a follow-up that is what it says, not the value that was told before."""
    new = re.compile(r"<ins[^>]*>([^<]*)</ins>")
    assert new.findall(body(KINDS["reported"], "html")) == ["다시 열렸으며", "52"]
    assert new.findall(body(KINDS["corroborated"], "html")) == ["Now reported by 4 independent owners"]
    assert new.findall(body(KINDS["reminder"], "html")) == []
    assert "<strong" in body(KINDS["reminder"], "html")


def test_values_that_conflict_stand_side_by_side() -> None:
    """Each with who says it; none is struck out."""
    assert "40, says Port Authority; 52, says 항구일보\n" in body(reopened())
    assert "40 says Port Authority 52 says 항구일보" in words(reopened())
    alone = NewSentence(sentence="52 ships wait.", lang="en", old="40", new="52", conflict=True)
    assert "40 → 52\n" in body(tidings(development=a_development(new=(alone,))))


def test_a_digest_says_why_it_comes_and_of_which_time() -> None:
    """In the channel's own words, or ours; in the reader's time."""
    detail: dict[str, Any] = {"since": "2026-03-01T21:00:00+00:00", "until": "2026-03-02T05:00:00+00:00"}
    quiet = a_digest(a_gist(1), detail={"because": "quiet", **detail})
    assert "Held in quiet hours, 1 March, 23:00 to 2 March, 07:00 Kyiv\n" in body(quiet)
    named = a_digest(a_gist(1), detail={"because": "digest", "words": "weekly digest of 2 March", **detail})
    assert "Weekly digest of 2 March, 1 March, 23:00 to 2 March, 07:00 Kyiv\n" in body(named)
    assert "Held while the story was snoozed\n" in body(a_digest(a_gist(1), detail={"because": "snooze"}))
    assert "What was not told at once\n" in body(a_digest(a_gist(1), detail={"because": "something else"}))


def test_a_digest_tells_what_was_told_and_what_is_in_doubt() -> None:
    """A short list of the one; score and reasons of the other."""
    text = body(KINDS["digest-daily"])
    told, _, doubts = text.partition("== Told before, one by one")[2].partition("== In doubt")
    assert "- Pier 4 of the harbour is open again (Harbor Times, 2 March, 18:00 Kyiv)" in told
    assert "Паромна лінія:\n  - Pier 5 of" in told
    assert "Score 0.42: “hints at” is said of something that has not happened; Only" in doubts
    assert "https://harbor-times.example/d1" in doubts
    unlinked = a_doubt(report=a_report(url="javascript:alert(1)"), why=())
    assert "Score 0.42\n" in body(a_digest(doubts=(unlinked,)))
    assert "javascript" not in body(a_digest(doubts=(unlinked,)), "html")
    follow = a_gist(4, kind=AlertKind.CORRECTED, words="corrected by Harbor Times")
    assert ". Corrected by Harbor Times" in " ".join(body(a_digest(told=(follow,))).split())
    assert "Corrected by Harbor Times" in words(a_digest(told=(follow,)))


def test_a_digest_of_one_story_does_not_name_it_again() -> None:
    """The subject does."""
    told, doubts = (a_gist(3),), (a_doubt(),)
    for kind in ("plain", "html"):
        alone = part(CHANNEL.render(a_digest(a_gist(1), watch=HARBOUR, told=told, doubts=doubts)), kind)
        assert "Harbour strike" not in re.sub("<title>.*</title>", "", alone)
        assert part(CHANNEL.render(a_digest(a_gist(1), told=told, doubts=doubts)), kind).count("Harbour strike") >= 3


def test_what_a_digest_has_no_room_for_is_counted() -> None:
    """The page has it all."""
    digest = a_digest(
        *(a_gist(i) for i in range(MOST_GISTS + 2)),
        told=tuple(a_gist(i) for i in range(MOST_TOLD + 3)),
        doubts=tuple(a_doubt(i) for i in range(MOST_DOUBTS + 4)),
    )
    for text in (body(digest), words(digest)):
        assert f"{MOST_GISTS + 2} new developments, {MOST_TOLD + 3} told before, {MOST_DOUBTS + 4} in doubt" in text
        assert [int(left) for left in re.findall(r"and (\d) more", text)] == [2, 3, 4]


def test_a_development_without_sentences_names_its_outlet() -> None:
    """What the quote would have said stands beside the headline."""
    gist = a_gist(1, development=a_development(new=()), reports=(a_report(url=""),))
    assert "Major, Harbor Times (English), 2 March, 14:00 Kyiv, 1 owner so far\nTimeline: " in body(a_digest(gist))
    assert "Major, Harbor Times (English), 2 March, 14:00 Kyiv, 1 owner so far timeline" in words(a_digest(gist))
    assert body(tidings(development=a_development(new=()))).startswith("Harbour strike, major\n")


def test_trouble_says_what_since_when_and_until_when() -> None:
    """Each sign by itself; what ended has both ends."""
    assert "Feed harbor-times\n  12 failures in a row: 503 from" in body(KINDS["trouble"])
    assert "Since 2 March, 14:00 Kyiv\n" in body(KINDS["trouble"])
    assert "From 2 March, 14:00 to 2 March, 17:00 Kyiv\n" in body(KINDS["recovered"])
    assert "told again" in body(KINDS["trouble"])
    assert "told again" not in body(KINDS["recovered"])


def test_many_signs_are_counted() -> None:
    """A title of three, a list of twenty, and how many more there are."""
    signs = tuple(failing_feed(subject=f"feed:f{i}") for i in range(MOST_SIGNS + 5))
    for text in (body(trouble(*signs)), words(trouble(*signs))):
        assert text.startswith("Trouble: feed f0, feed f1, feed f2 and 22 more")
        assert "and 5 more, on the page" in text


def test_hostile_words_of_trouble_and_corrections_are_harmless() -> None:
    """What a server answered stands in them."""
    hostile = "<script>alert(1)</script>\r\nBcc: x@example.org\u2028{{ 7 * 7 }}\u202e"
    sign = Sign(subject="feed:" + hostile, words=hostile, since=NOON)
    corrected = follow_up(AlertKind.CORRECTED, words=hostile, sentence=hostile, url="https://x.example/")
    digest = a_digest(
        a_gist(1, watch_name=hostile, words=hostile), doubts=(a_doubt(watch_name=hostile, why=(hostile,)),)
    )
    for message in (trouble(sign), corrected, replace(digest, told=digest.gists)):
        mail = read(CHANNEL.render(message))
        assert mail["Bcc"] is None
        html = body(message, "html")
        assert "<script" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt; Bcc: x@example.org {{ 7 * 7 }}" in html
        assert "\u202e" not in html + body(message)


def test_each_recipient_has_links_of_its_own() -> None:
    """Who follows one is known by it, and nobody else's list is left."""
    other = replace(tidings(), recipient=Recipient(channel=DESK.channel, address="editor@example.org"))
    assert read(CHANNEL.render(other))["List-Unsubscribe"] != read(CHANNEL.render(tidings()))["List-Unsubscribe"]
