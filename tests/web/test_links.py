"""The links in messages: following one shows a page and changes nothing, its button does the one thing it says."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import a_watch, an_article
from newsdesk import BASE_URL, NOW, STRIKE
from structlog.testing import capture_logs

from storywatch.core.ids import digest
from storywatch.core.model import ChannelId, DevelopmentId, Recipient, SilenceKind
from storywatch.notify.links import ENDS_AFTER, LinkAction, Linker
from storywatch.store.acknowledgements import Acknowledgements
from storywatch.store.silences import Silences
from storywatch.store.views import Views

if TYPE_CHECKING:
    import httpx
    from newsdesk import Newsdesk

    from storywatch.core.model import Silence

KEYS = (b"k" * 32,)
DESK = Recipient(channel=ChannelId("desk"), address="desk@desk.test")
DEVELOPMENT = DevelopmentId(digest("dev", STRIKE, an_article().id))
OURS = {"origin": BASE_URL}
ACTIONS = list(LinkAction)
ONE_CLICK = {"content-type": "application/x-www-form-urlencoded"}


def a_link(action: LinkAction, *, recipient: Recipient = DESK, key: bytes = KEYS[0], **changes: Any) -> str:
    """Its path on the page."""
    linker = Linker(base_url=BASE_URL, keys=(key,))
    about: dict[str, Any] = {"at": NOW, "development": DEVELOPMENT, **changes}
    return linker.signed(action, STRIKE, recipient, **about).removeprefix(BASE_URL)


def ask(newsdesk: Newsdesk, path: str, *, given: dict[str, Any] | None = None, **asked: Any) -> httpx.Response:
    return newsdesk.ask(path, given={"keys": KEYS, **(given or {})}, **asked)


def post(newsdesk: Newsdesk, path: str, **fields: str) -> httpx.Response:
    return ask(newsdesk, path, method="POST", data=fields, headers=OURS)


def dump(newsdesk: Newsdesk) -> list[str]:
    """All that is in the database."""
    path = newsdesk.database.path
    assert path is not None
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def muted(newsdesk: Newsdesk, recipient: Recipient | None = DESK) -> Silence | None:
    return Silences(newsdesk.database).find(STRIKE, recipient, now=newsdesk.clock.now())


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_following_a_link_changes_nothing(newsdesk: Newsdesk, action: LinkAction, method: str) -> None:
    """Scanners of mail follow every link, often twice: the whole database is afterwards as it was before."""
    newsdesk.judge(an_article())
    before = dump(newsdesk)
    for _ in range(2):
        answer = ask(newsdesk, a_link(action), method=method)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    assert len(before) > 50
    assert dump(newsdesk) == before


@pytest.mark.parametrize("action", ACTIONS)
def test_following_a_link_again_after_its_button_changes_nothing_either(newsdesk: Newsdesk, action: LinkAction) -> None:
    """Nor does it take back or prolong what was done."""
    newsdesk.judge(an_article())
    assert post(newsdesk, a_link(action), name="Olena", **{"for": "day"}).status_code == 200
    before = dump(newsdesk)
    newsdesk.clock.advance(timedelta(hours=3))
    for method in ("GET", "HEAD", "GET", "HEAD"):
        assert ask(newsdesk, a_link(action), method=method).status_code == 200
    assert dump(newsdesk) == before


def test_the_page_says_what_it_is_about_and_has_one_button(newsdesk: Newsdesk) -> None:
    """What happens, to which story, for whom; and nothing else can be pressed."""
    newsdesk.judge(an_article())
    pages = {action: ask(newsdesk, a_link(action)) for action in ACTIONS}
    for action, page in pages.items():
        assert page.text.count("<button") == 1, action
        assert "Harbour strike" in page.text
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "private, no-store"
    assert "Harbour reopens after the strike" in pages[LinkAction.ACKNOWLEDGE].text
    for action in (LinkAction.MUTE, LinkAction.UNSUBSCRIBE):
        assert "desk@desk.test (channel desk)" in pages[action].text
    for choice in ("for 1 day", "for 1 week", "until the next major development", "for good"):
        assert choice in pages[LinkAction.MUTE].text


def test_a_link_works_without_the_token_of_the_page(newsdesk: Newsdesk) -> None:
    """The signature is the right; all other pages stay closed."""
    newsdesk.judge(an_article())
    locked = {"token": "correct horse battery staple"}
    assert ask(newsdesk, a_link(LinkAction.MUTE), given=locked).status_code == 200
    assert ask(newsdesk, "/deliveries", given=locked, headers={"accept": "*/*"}).status_code == 401
    elsewhere = ask(newsdesk, a_link(LinkAction.MUTE), headers={"host": "elsewhere.example"})
    assert elsewhere.status_code == 421


def test_a_forged_or_broken_link_is_told_in_words(newsdesk: Newsdesk) -> None:
    """Of another key, of another story, cut off by a mail program: nothing is done, and it is said what to do."""
    whole = a_link(LinkAction.MUTE)
    for path in (a_link(LinkAction.MUTE, key=b"o" * 32), whole[:-3], "/links/", "/links/x.y", whole + "/x"):
        for method in ("GET", "POST"):
            answer = ask(newsdesk, path, method=method, headers=OURS)
            assert answer.status_code == 404
            assert "none of ours" in answer.text
    assert muted(newsdesk) is None


def test_a_link_ends_after_ninety_days(newsdesk: Newsdesk) -> None:
    """Who finds an old mail is told so, and nothing is done."""
    link = a_link(LinkAction.UNSUBSCRIBE, at=NOW - ENDS_AFTER)
    for asked in ({"method": "GET"}, {"method": "POST", "content": b"List-Unsubscribe=One-Click"}):
        answer = ask(newsdesk, link, **asked)
        assert answer.status_code == 410
        assert "90 days" in answer.text
    newsdesk.clock.advance(-timedelta(seconds=1))
    assert ask(newsdesk, link).status_code == 200
    assert muted(newsdesk) is None


def test_a_form_of_another_site_is_refused(newsdesk: Newsdesk) -> None:
    """A page that knows a link can't press its button for a reader."""
    newsdesk.judge(an_article())
    for action in ACTIONS:
        for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
            answer = ask(newsdesk, a_link(action), method="POST", data={"name": "x", "for": "good"}, headers=headers)
            assert answer.status_code == 403
    assert muted(newsdesk) is None
    assert Acknowledgements(newsdesk.database).find(DEVELOPMENT).acknowledged is None


@pytest.mark.parametrize(
    ("choice", "until", "major"),
    [
        ("day", NOW + timedelta(days=1), False),
        ("week", NOW + timedelta(days=7), False),
        ("major", None, True),
        ("good", None, False),
    ],
)
def test_a_story_is_muted_for_the_recipient_alone(
    newsdesk: Newsdesk, choice: str, until: object, *, major: bool
) -> None:
    """As long as was chosen; who else gets the mails still gets them; the button then takes it back."""
    done = post(newsdesk, a_link(LinkAction.MUTE), **{"for": choice})
    assert "Done." in done.text
    found = muted(newsdesk)
    assert found is not None
    assert (found.kind, found.until, found.until_major, found.by) == (
        SilenceKind.MUTE, until, major, "desk@desk.test",
    )  # fmt: skip
    assert muted(newsdesk, None) is None
    newsdesk.clock.advance(timedelta(minutes=5))
    again = post(newsdesk, a_link(LinkAction.MUTE), **{"for": choice})
    assert "done before" in again.text
    assert 'by <b dir="auto">desk@desk.test</b>' in again.text
    assert muted(newsdesk) == found
    assert "Tell it again" in again.text
    undone = post(newsdesk, a_link(LinkAction.MUTE), undo="1")
    assert "Done:" in undone.text
    assert muted(newsdesk) is None
    assert "nothing was changed" in post(newsdesk, a_link(LinkAction.MUTE), undo="1").text


def test_a_mute_without_a_choice_does_nothing(newsdesk: Newsdesk) -> None:
    """Or with one that is not on the page."""
    for fields in ({}, {"for": "ever"}):
        answer = post(newsdesk, a_link(LinkAction.MUTE), **fields)
        assert answer.status_code == 400
        assert "Choose for how long" in answer.text
    assert muted(newsdesk) is None


def test_a_development_is_acknowledged_once_for_all(newsdesk: Newsdesk) -> None:
    """The first one counts; the name is typed once and kept by the browser; the second is told who it was."""
    newsdesk.judge(an_article())
    link = a_link(LinkAction.ACKNOWLEDGE)
    nameless = post(newsdesk, link, name="  ")
    assert nameless.status_code == 400
    assert "Type your name" in nameless.text
    first = post(newsdesk, link, name="Олена <b>K</b>")
    assert "Done:" in first.text
    assert "Олена &lt;b&gt;K&lt;/b&gt;" in first.text
    assert "<button" not in first.text
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "Path=/links/" in cookie
    second = ask(
        newsdesk, link, method="POST", data={"name": "Piotr"}, headers={**OURS, "cookie": cookie.partition(";")[0]}
    )
    assert "acknowledged before" in second.text
    assert "Олена" in second.text
    found = Acknowledgements(newsdesk.database).find(DEVELOPMENT).acknowledged
    assert found is not None
    assert (found.by, found.at) == ("Олена <b>K</b>", NOW)
    other = an_article(url="https://harbor-times.example/2", title="Ships sail")
    newsdesk.judge(other)
    offered = ask(
        newsdesk,
        a_link(LinkAction.ACKNOWLEDGE, development=DevelopmentId(digest("dev", STRIKE, other.id))),
        headers={"cookie": cookie.partition(";")[0]},
    )
    assert 'value="Олена &lt;b&gt;K&lt;/b&gt;"' in offered.text


def test_one_click_unsubscribes_without_a_page(newsdesk: Newsdesk) -> None:
    """What a mail program posts has no origin, and is answered with nothing; in both forms that RFC 8058 has."""
    part = (
        b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
        {"content-type": "multipart/form-data; boundary=b", "sec-fetch-site": "cross-site"},
    )
    for body, headers in ((b"List-Unsubscribe=One-Click", ONE_CLICK), part):
        answer = ask(newsdesk, a_link(LinkAction.UNSUBSCRIBE), method="POST", content=body, headers=headers)
        assert (answer.status_code, answer.content) == (200, b"")
        found = muted(newsdesk)
        assert found is not None
        assert (found.until, found.until_major, found.reason) == (None, False, "unsubscribed")
        assert "Tell it again" in ask(newsdesk, a_link(LinkAction.UNSUBSCRIBE)).text
        assert "Done:" in post(newsdesk, a_link(LinkAction.UNSUBSCRIBE), undo="1").text
    assert muted(newsdesk) is None


def test_one_click_is_for_unsubscribing_alone(newsdesk: Newsdesk) -> None:
    """The same body on another link, or another body from elsewhere, does nothing."""
    newsdesk.judge(an_article())
    foreign = {**ONE_CLICK, "origin": "https://mail.example"}
    for action, body in (
        (LinkAction.MUTE, b"List-Unsubscribe=One-Click"),
        (LinkAction.ACKNOWLEDGE, b"List-Unsubscribe=One-Click"),
        (LinkAction.UNSUBSCRIBE, b"List-Unsubscribe=One-Click&x=1"),
        (LinkAction.UNSUBSCRIBE, b""),
    ):
        assert ask(newsdesk, a_link(action), method="POST", content=body, headers=foreign).status_code == 403
    assert muted(newsdesk) is None


def test_unsubscribing_outlasts_a_mute_that_ends(newsdesk: Newsdesk) -> None:
    """Who muted a story for a day and then unsubscribes hears nothing after the day."""
    post(newsdesk, a_link(LinkAction.MUTE), **{"for": "day"})
    page = ask(newsdesk, a_link(LinkAction.UNSUBSCRIBE))
    assert ">Unsubscribe</button>" in page.text
    post(newsdesk, a_link(LinkAction.UNSUBSCRIBE), unsubscribe="1")
    found = muted(newsdesk)
    assert found is not None
    assert found.until is None
    assert "done before" in post(newsdesk, a_link(LinkAction.MUTE), **{"for": "week"}).text
    assert muted(newsdesk) == found


def test_a_mute_of_the_whole_story_is_shown_and_stays(newsdesk: Newsdesk) -> None:
    """A link can't end what was said for everybody."""
    silences = Silences(newsdesk.database)
    silences.begin(STRIKE, SilenceKind.SNOOZE, until=NOW + timedelta(days=2), by="Olena", reason="court day", now=NOW)
    page = ask(newsdesk, a_link(LinkAction.MUTE))
    assert "for everybody" in page.text
    assert "court day" in page.text
    assert "nothing was changed" in post(newsdesk, a_link(LinkAction.MUTE), undo="1").text
    assert muted(newsdesk, None) is not None


def test_a_large_body_is_refused(newsdesk: Newsdesk) -> None:
    """Before it is looked at."""
    answer = ask(newsdesk, a_link(LinkAction.UNSUBSCRIBE), method="POST", content=b"x" * 5000, headers=OURS)
    assert answer.status_code == 413
    many = ask(
        newsdesk,
        a_link(LinkAction.MUTE),
        method="POST",
        content="&".join(f"f{n}=1" for n in range(40)).encode(),
        headers={**OURS, **ONE_CLICK},
    )
    assert many.status_code == 400
    assert muted(newsdesk) is None


def test_what_is_not_there_any_more_is_said(newsdesk: Newsdesk) -> None:
    """A development that is not in this database; a story that nobody watches can still be muted."""
    answer = ask(newsdesk, a_link(LinkAction.ACKNOWLEDGE))
    assert answer.status_code == 404
    assert "not in the database" in answer.text
    newsdesk.watches = [replace(a_watch(), id="other")]
    assert "harbour-strike" in ask(newsdesk, a_link(LinkAction.MUTE)).text
    hook = Recipient(channel=ChannelId("newsroom"), address="newsroom")
    assert "the channel newsroom" in ask(newsdesk, a_link(LinkAction.MUTE, recipient=hook)).text


def test_no_link_is_in_the_logs(newsdesk: Newsdesk) -> None:
    """It is as good as a password: not where it works, nor where the database is broken."""
    newsdesk.judge(an_article())
    paths = [a_link(action) for action in ACTIONS]
    with capture_logs() as logs:
        for path in paths:
            ask(newsdesk, path)
            post(newsdesk, path, name="Olena", **{"for": "good"})
        with newsdesk.database.write() as connection:
            connection.exec_driver_sql("DROP TABLE silence")
            connection.exec_driver_sql("DROP TABLE acknowledgement")
        for path in paths:
            broken = ask(newsdesk, path)
            assert broken.status_code == 503
            assert "silence" not in broken.text
    assert {line["event"] for line in logs} == {"link_used", "link_not_answered"}
    assert not any(path.rpartition("/")[2] in str(logs) for path in paths)


def test_the_timeline_says_who_took_notice(newsdesk: Newsdesk) -> None:
    """The others see it on the story's page, and programs in JSON."""
    newsdesk.judge(an_article())
    post(newsdesk, a_link(LinkAction.ACKNOWLEDGE), name="Olena <i>")
    page = newsdesk.ask(f"/stories/{STRIKE}").text
    assert "Acknowledged" in page
    assert "Olena &lt;i&gt;" in page
    [development] = Views(newsdesk.database).timeline(STRIKE)
    assert development.acknowledged is not None
    assert development.acknowledged.by == "Olena <i>"
