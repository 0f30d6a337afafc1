from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest
from builders import NOON, a_development, a_report, linker_to, tidings
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from storywatch.core.model import ChannelId, NewSentence, Severity, Tidings, Translation
from storywatch.notify.body import BODY_LIMIT, alert_body
from storywatch.notify.body import test_body as body_of_test

BASE = "http://127.0.0.1:8480"
HOSTILE = st.text(st.characters(codec=None), max_size=40)


def schema(kind: str) -> Draft202012Validator:
    text = files("storywatch.notify").joinpath(f"schemas/{kind}.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text), format_checker=Draft202012Validator.FORMAT_CHECKER)


def read(body: bytes) -> Any:
    """The body as a receiver sees it, checked as a receiver would."""
    assert len(body) < BODY_LIMIT
    value = json.loads(body)
    schema(value["type"]).validate(value)
    return value


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
                "acknowledge": None,
                "mute": None,
            },
        },
    }
    assert list(value) == ["type", "timestamp", "data"]
    assert list(value["data"]) == ["watch", "story", "development", "articles", "why", "links"]
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


def test_the_test_body_follows_its_schema() -> None:
    """A test can be told from an alert by its type."""
    value = read(body_of_test(ChannelId("newsroom"), now=NOON))
    assert (value["type"], value["data"]["channel"]) == ("test", "newsroom")


@pytest.mark.parametrize("kind", ["development.reported", "test"])
def test_the_schemas_are_schemas(kind: str) -> None:
    """Receivers can use them as they are."""
    Draft202012Validator.check_schema(dict(schema(kind).schema))
