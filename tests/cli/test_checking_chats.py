"""check, doctor and test-channel on chats: what is asked, what is sent, and that no secret is shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from chat_services import ChatServer
from newsroom import beside
from webhook_receiver import receiving

from storywatch.app import rules_of, secrets_of
from storywatch.config import load_config
from storywatch.core.alerting import Rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Storywatch
    from newsroom import ConfigDir

SECRETS = {
    "slack": ("url_env", "/services/T0/B0/very-secret"),
    "discord": ("url_env", "/api/webhooks/1/very-secret"),
    "teams": ("url_env", "/workflows/1?sig=very-secret"),
    "telegram": ("token_env", "123456:very-secret"),
    "ntfy": ("token_env", "very-secret-token"),
    "apprise": ("urls_env", "json://127.0.0.1:{port}/very-secret"),
}
EVERY = pytest.mark.parametrize("kind", SECRETS)


@pytest.fixture
def server() -> Iterator[ChatServer]:
    server = ChatServer()
    with beside(receiving(server)):
        yield server


@pytest.fixture
def _chats(desk_files: ConfigDir, server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel of every kind, by its kind's name."""
    base = f"http://127.0.0.1:{server.port}"
    more = {
        "telegram": f'chat_id = "-1001234567890"\napi = "{base}"\n',
        "ntfy": f'url = "{base}"\ntopic = "desk-alerts"\n',
    }
    for kind, (key, secret) in SECRETS.items():
        value = secret.format(port=server.port)
        monkeypatch.setenv(f"THE_{kind.upper()}", base + value if key == "url_env" else value)
        desk_files.channels += (
            f'[channels.{kind}]\ntype = "{kind}"\n{key} = "THE_{kind.upper()}"\n{more.get(kind, "")}\n'
        )


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # that Apprise imports
@EVERY
@pytest.mark.usefixtures("_chats")
def test_a_test_message_arrives_in_every_chat(storywatch: Storywatch, server: ChatServer, kind: str) -> None:
    """One call each, that the service takes, with the delivery's id told."""
    if kind == "apprise":
        pytest.importorskip("apprise")
        server.answers = ["200 OK\n\n"]
    done = storywatch("test-channel", kind)
    assert done.status == 0, done.out + done.err
    assert done.lines[0].startswith(f"ok\tto {kind}\taccepted, id dlv_")
    [call] = server.calls
    assert f"test of channel {kind}" in call.body.decode().replace("\\", "")
    assert "very-secret" not in done.out + done.err


@pytest.mark.usefixtures("_chats")
def test_doctor_names_every_chat_and_shows_no_secret(storywatch: Storywatch, server: ChatServer) -> None:
    """Each is named with its host; nothing is posted. What the configuration knows, logs can blot out."""
    done = storywatch("doctor", "--json")
    told = {row["what"]: row["told"] for row in done.json}
    assert told["channel slack"] == "Slack at 127.0.0.1; `storywatch test-channel slack` sends one message"
    assert told["channel telegram"].startswith("Telegram at 127.0.0.1; ")
    assert told["channel apprise"].startswith("Apprise with 1 address; ")
    assert {f"channel {kind}" for kind in SECRETS} <= told.keys()
    assert server.calls == []
    assert "very-secret" not in done.out + done.err


@EVERY
@pytest.mark.usefixtures("_chats")
def test_a_chat_without_its_secret_is_disabled(
    storywatch: Storywatch, server: ChatServer, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said which variable is missing; the rest of the service would run on."""
    monkeypatch.delenv(f"THE_{kind.upper()}")
    done = storywatch("test-channel", kind)
    assert done.status == 1
    assert f"THE_{kind.upper()} is not set" in done.out
    assert server.calls == []


@pytest.mark.usefixtures("_chats")
def test_a_refusal_is_told_without_the_address(storywatch: Storywatch, server: ChatServer) -> None:
    """What the service said, in our words, with status 1."""
    server.answers = ["404 Not Found\n\nno_service"]
    done = storywatch("test-channel", "slack", "--json")
    assert done.status == 1
    [told] = done.json
    assert told["told"] == "Slack at 127.0.0.1 answered 404 no_service: it takes nothing here any more"


@pytest.mark.usefixtures("_chats")
def test_services_are_not_asked_for_more_than_they_take(desk_files: ConfigDir, server: ChatServer) -> None:
    """Slack and Telegram have a rate where none is set; every secret of a chat is one that logs blot out."""
    environ = {f"THE_{kind.upper()}": f"https://chat.test/{kind}-very-secret" for kind in SECRETS}
    environ["THE_TELEGRAM"] = "1:telegram-very-secret"
    config = load_config(desk_files.write(), environ=environ)
    rates = {name: rules_of(channel).rate for name, channel in config.channels.items()}
    assert [str(rate and (rate.messages, rate.per.total_seconds())) for rate in rates.values()] == [
        "(1, 1.0)",
        "None",
        "None",
        "(20, 60.0)",
        "None",
        "None",
    ]
    assert isinstance(next(iter(rates.values())), Rate)
    assert set(environ.values()) <= set(secrets_of(config))
    assert "very-secret" not in json.dumps(repr(config.channels))
    assert server.calls == []
