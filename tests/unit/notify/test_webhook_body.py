from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest
from builders import NOON, a_development, a_report, linker_to, tidings
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from messages import a_digest, a_doubt, a_gist, a_sign, an_alert, trouble

from storywatch.core.model import AlertKind, ChannelId, Message, NewSentence, Severity, Tidings, Translation
from storywatch.notify.body import BODY_LIMIT, alert_body, body_of
from storywatch.notify.body import test_body as body_of_test
from storywatch.notify.links import ENDS_AFTER, LinkAction, read_link

BASE = "http://127.0.0.1:8480"
HOSTILE = st.text(st.characters(codec=None), max_size=40)


KINDS = [*AlertKind, "test"]
FOLLOW_UPS = {
    AlertKind.CORROBORATED: {"owners": 4, "words": "now reported by 4 independent owners"},
    AlertKind.CORRECTED: {
        "words": "Harbor Times took it back",
        "url": "https://harbor-times.example/correction",
        "sentence": "The harbour stays closed.",
        "retracted": True,
    },
    AlertKind.REMINDER: {"number": 2},
}


def schema(kind: str) -> Draft202012Validator:
    text = files("storywatch.notify").joinpath(f"schemas/{kind}.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text), format_checker=Draft202012Validator.FORMAT_CHECKER)


def read(body: bytes) -> Any:
    """The body as a receiver sees it, checked as a receiver would."""
    assert len(body) < BODY_LIMIT
    value = json.loads(body)
    schema(value["type"]).validate(value)
    return value


def signed_for(action: LinkAction) -> str:
    told = tidings()
    development = told.development.id if action is LinkAction.ACKNOWLEDGE else None
    return linker_to(BASE).signed(action, told.development.watch, told.recipient, at=NOON, development=development)


def body(message: Message) -> Any:
    """The body of any message, as a receiver sees it; the same message gives the same bytes."""
    made = body_of(message, linker=linker_to(BASE))
    assert made == body_of(message, linker=linker_to(BASE))
    return read(made)


def test_the_body_says_everything() -> None:
    """Keys, their order and their values are an interface."""
    value = read(alert_body(tidings(), linker=linker_to(BASE)))
    assert value == {
        "type": "development.reported",
        "timestamp": "2026-03-02T12:00:30Z",
        "data": {
            "watch": "harbour-strike",
            "story": "Harbour strike",
            "development": {
                "id": "dev_0123456789abcdef01234567",
                "headline": "Harbour reopens after the strike",
                "severity": "major",
                "first_seen_at": "2026-03-02T12:00:00Z",
                "new": [
                    {
                        "sentence": "The harbour reopened on Monday.",
                        "lang": "en",
                        "old": "closed",
                        "new": "reopened",
                        "translation": None,
                    }
                ],
            },
            "articles": [
                {
                    "url": "https://harbor-times.example/1",
                    "title": "Harbour reopens after the strike",
                    "outlet": "Harbor Times",
                    "owner": "harbor-times",
                    "lang": "en",
                    "published_at": "2026-03-02T12:00:00Z",
                    "seen_at": "2026-03-02T12:00:00Z",
                }
            ],
            "why": ["Unlike every known sentence."],
            "links": {
                "timeline": "http://127.0.0.1:8480/stories/harbour-strike#dev_0123456789abcdef01234567",
                "acknowledge": signed_for(LinkAction.ACKNOWLEDGE),
                "mute": signed_for(LinkAction.MUTE),
            },
            "left_out": {"articles": 0, "why": 0, "sentences": 0},
        },
    }
    assert list(value) == ["type", "timestamp", "data"]
    assert list(value["data"]) == ["watch", "story", "development", "articles", "why", "links", "left_out"]
    assert list(value["data"]["development"]) == ["id", "headline", "severity", "first_seen_at", "new"]


def test_foreign_scripts_stand_as_they_are() -> None:
    """A receiver that logs the body can read it."""
    body = alert_body(tidings(watch_name="북한군 포로"), linker=linker_to(BASE))
    assert "북한군 포로".encode() in body


def test_what_is_unknown_is_null() -> None:
    """No date and no changed value are null, never missing and never empty."""
    new = (NewSentence(sentence="Ships sail.", lang="en"),)
    told = tidings(development=a_development(new=new, severity=Severity.MINOR), reports=(a_report(published_at=None),))
    data = read(alert_body(told, linker=linker_to(BASE)))["data"]
    assert data["articles"][0]["published_at"] is None
    assert data["development"]["new"] == [
        {"sentence": "Ships sail.", "lang": "en", "old": None, "new": None, "translation": None}
    ]


def test_a_translation_stands_beside_its_sentence() -> None:
    """A receiver gets both, and whose work the translation is."""
    translation = Translation(lang="en", text="The harbour is open.\u202e", by="a-model")
    new = (NewSentence(sentence="항구가 열렸다.", lang="ko", translation=translation),)
    [told] = read(alert_body(tidings(development=a_development(new=new)), linker=linker_to(BASE)))["data"][
        "development"
    ]["new"]
    assert told["sentence"] == "항구가 열렸다."
    assert told["translation"] == {"lang": "en", "text": "The harbour is open.", "by": "a-model"}


def test_times_are_utc_in_whole_seconds() -> None:
    """Even a year that no publisher can mean is written as a date."""
    report = a_report(published_at=datetime(1, 1, 1, tzinfo=UTC), seen_at=NOON + timedelta(microseconds=5))
    article = read(alert_body(tidings(reports=(report,)), linker=linker_to(BASE)))["data"]["articles"][0]
    assert (article["published_at"], article["seen_at"]) == ("0001-01-01T00:00:00Z", "2026-03-02T12:00:00Z")


def big_tidings(**changes: Any) -> Tidings:
    new = tuple(NewSentence(sentence=f"{i} {'言' * 300}", lang="ja") for i in range(5))
    values = {
        "development": a_development(new=new),
        "reports": tuple(a_report(title=f"{i} {'題' * 200}") for i in range(100)),
        "why": tuple(f"{i} {'why' * 100}" for i in range(10)),
        **changes,
    }
    return tidings(**values)


def test_too_many_articles_are_left_out_from_the_end() -> None:
    """The report that broke it, the reasons and the sentences stay."""
    data = read(alert_body(big_tidings(), linker=linker_to(BASE)))["data"]
    assert [title["title"][:2].strip() for title in data["articles"]] == [str(i) for i in range(len(data["articles"]))]
    assert 1 < len(data["articles"]) < 100
    assert (len(data["why"]), len(data["development"]["new"])) == (10, 5)


def test_reasons_go_after_articles_and_sentences_after_reasons() -> None:
    """What the reader can do without goes first."""
    reasons = tuple("理由" * 700 for _ in range(8))
    data = read(alert_body(big_tidings(why=reasons), linker=linker_to(BASE)))["data"]
    assert (len(data["articles"]), len(data["development"]["new"])) == (1, 5)
    assert 1 < len(data["why"]) < 8
    new = tuple(NewSentence(sentence="言" * 1500, lang="ja") for _ in range(9))
    data = read(alert_body(big_tidings(why=reasons, development=a_development(new=new)), linker=linker_to(BASE)))[
        "data"
    ]
    assert (len(data["articles"]), len(data["why"])) == (1, 1)
    assert 1 < len(data["development"]["new"]) < 9


def test_one_endless_text_is_cut() -> None:
    """A headline of a megabyte still makes a message, and the end shows that it was cut."""
    endless = "\\" * 1_000_000
    new = (NewSentence(sentence=endless, lang=endless, old=endless, new=endless),)
    report = a_report(url="https://x.example/" + "й" * 9000, title=endless, outlet=endless, owner=endless, lang=endless)
    told = tidings(
        development=a_development(headline=endless, new=new), reports=(report,), why=(endless,), watch_name=endless
    )
    data = read(alert_body(told, linker=linker_to(BASE)))["data"]
    assert data["development"]["headline"].endswith("…")


@given(HOSTILE, HOSTILE, st.lists(HOSTILE, max_size=5))
def test_any_text_makes_a_valid_body(title: str, lang: str, why: list[str]) -> None:
    """Hostile text is a value like any other, and the same tidings give the same bytes."""
    new = (NewSentence(sentence=title, lang=lang, old=title, new=title),)
    told = tidings(
        development=a_development(headline=title, new=new),
        reports=(a_report(title=title, url=title, outlet=title, lang=lang),),
        why=tuple(why),
    )
    body = alert_body(told, linker=linker_to(BASE))
    read(body)
    assert body == alert_body(told, linker=linker_to(BASE))


@pytest.mark.parametrize("action", [LinkAction.ACKNOWLEDGE, LinkAction.MUTE])
def test_links_say_what_they_do_and_end(action: LinkAction) -> None:
    """A link is signed for its story and recipient; it works for 90 days after the alert."""
    link = body(tidings())["data"]["links"][action]
    said = read_link(link.rpartition("/")[2], [bytes(32)])
    assert said is not None
    assert (said.action, said.watch, said.recipient) == (action, "harbour-strike", tidings().recipient)
    assert said.ends_at == NOON + ENDS_AFTER


@pytest.mark.parametrize("kind", FOLLOW_UPS)
def test_a_follow_up_is_the_report_and_what_is_told_of_it(kind: AlertKind) -> None:
    """The same keys as the first report, and what is new of it."""
    value = body(tidings(alert=an_alert(kind, **FOLLOW_UPS[kind])))
    assert value["type"] == kind
    assert {**FOLLOW_UPS[kind], "words": value["data"]["follow_up"]["words"]} == value["data"].pop("follow_up")
    assert value["data"] == body(tidings())["data"]


def test_what_a_correction_does_not_know_is_null() -> None:
    """No address and no sentence are null; words are always there."""
    said = body(tidings(alert=an_alert(AlertKind.CORRECTED)))["data"]["follow_up"]
    assert said == {"words": "corrected", "url": None, "sentence": None, "retracted": False}


def test_a_digest_tells_what_was_not_told_what_was_and_what_may_be() -> None:
    """Three lists, why they come together, and of which time."""
    digest = a_digest(
        a_gist(),
        a_gist(kind=AlertKind.CORROBORATED, words="now reported by 4 independent owners"),
        told=(a_gist(),),
        doubts=(a_doubt(),),
        because="quiet",
        words="quiet hours until 06:30",
        since="2026-03-01T22:00:00+00:00",
        until="2026-03-02T06:30:00+02:00",
    )
    data = body(digest)["data"]
    assert (data["because"], data["words"], data["watch"]) == ("quiet", "quiet hours until 06:30", None)
    assert (data["since"], data["until"]) == ("2026-03-01T22:00:00Z", "2026-03-02T04:30:00Z")
    first, second = data["developments"]
    assert (first["kind"], first["words"]) == ("development.reported", None)
    assert (second["kind"], second["words"]) == ("development.corroborated", "now reported by 4 independent owners")
    assert first["development"] == body(tidings())["data"]["development"]
    assert first["links"] == body(tidings())["data"]["links"]
    assert [told["development"]["headline"] for told in data["told"]] == ["Harbour reopens after the strike"]
    assert [doubt["score"] for doubt in data["possible"]] == [0.41]
    assert data["left_out"] == {"developments": 0, "told": 0, "possible": 0}


def test_a_digest_of_a_hundred_keeps_developments_longest() -> None:
    """Doubts go first, then what was told, then who else reports; counts say how many are missing."""
    digest = a_digest(
        *(a_gist(reports=(a_report(),) * 5) for _ in range(100)),
        told=tuple(a_gist() for _ in range(50)),
        doubts=tuple(a_doubt() for _ in range(30)),
    )
    data = body(digest)["data"]
    assert (data["told"], data["possible"]) == ([], [])
    assert {len(each["articles"]) for each in data["developments"]} == {1}
    assert 10 < len(data["developments"]) < 40
    assert data["left_out"] == {"developments": 100 - len(data["developments"]), "told": 50, "possible": 30}


@pytest.mark.parametrize("kind", [AlertKind.TROUBLE, AlertKind.RECOVERED])
def test_trouble_names_what_is_wrong_since_when(kind: AlertKind) -> None:
    """One entry for each trouble, with its end where it has ended; of hundreds the first ones."""
    ended_at = NOON if kind is AlertKind.RECOVERED else None
    value = body(trouble(a_sign(ended_at=ended_at), kind=kind))
    assert value["type"] == kind
    assert value["data"]["signs"] == [
        {
            "subject": "feed:harbor-times",
            "words": "503 for two hours",
            "since": "2026-03-02T10:00:00Z",
            "ended_at": ended_at and "2026-03-02T12:00:00Z",
        }
    ]
    data = body(trouble(*(a_sign(words="x" * 900) for _ in range(300)), kind=kind))["data"]
    assert 5 < len(data["signs"]) < 100
    assert data["left_out"]["signs"] == 300 - len(data["signs"])


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(list(AlertKind)), HOSTILE, st.sampled_from([1, 30, 400]), st.sampled_from([1, 45]))
def test_any_text_of_any_length_makes_a_valid_body_of_every_kind(
    kind: AlertKind, text: str, times: int, count: int
) -> None:
    """Below 20 kB, valid by its schema, the same bytes each time, however much there is and whatever it says."""
    body(hostile(kind, text * times, count))


def hostile(kind: AlertKind, text: str, count: int) -> Message:
    new = tuple(NewSentence(sentence=text, lang=text, old=text, new=text) for _ in range(count))
    development = a_development(headline=text, new=new)
    reports = tuple(a_report(url=text, title=text, outlet=text, owner=text, lang=text) for _ in range(count))
    alert = an_alert(kind, words=text, owners=3, url=text, sentence=text, number=count)
    match kind:
        case AlertKind.DIGEST:
            gists = (a_gist(watch_name=text, development=development, reports=reports, words=text),) * count
            doubts = (a_doubt(watch_name=text, report=reports[0], why=(text,) * count),) * count
            return a_digest(*gists, told=gists, doubts=doubts, words=text)
        case AlertKind.TROUBLE | AlertKind.RECOVERED:
            return trouble(*(a_sign(subject=text, words=text) for _ in range(count)), kind=kind)
        case _:
            return tidings(alert=alert, development=development, reports=reports, why=(text,) * count, watch_name=text)


def test_the_test_body_follows_its_schema() -> None:
    """A test can be told from an alert by its type."""
    value = read(body_of_test(ChannelId("newsroom"), now=NOON))
    assert (value["type"], value["data"]["channel"]) == ("test", "newsroom")


@pytest.mark.parametrize("kind", KINDS)
def test_the_schemas_are_schemas(kind: str) -> None:
    """There is one for every type, and receivers can use it as it is."""
    Draft202012Validator.check_schema(dict(schema(kind).schema))
