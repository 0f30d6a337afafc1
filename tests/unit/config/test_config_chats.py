"""Channels to chats: what is taken from their tables and secrets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from broken_configs import Case

from storywatch.config import AppriseSettings, NtfySettings, RoomSettings, TelegramSettings, load_config
from storywatch.config.chats import chat_of
from storywatch.config.document import Document
from storywatch.config.tables import AppriseTable
from storywatch.core.model import ChannelId
from storywatch.errors import ConfigError

if TYPE_CHECKING:
    from storywatch.config import ChannelSettings

TABLE = '[fetch]\ncontact = "desk@harbor-times.example"\n[channels.newsdesk]\n'
WATCH = 'name = "Harbour strike"\nabout = "The strike."\nchannels = ["newsdesk"]\n'


def load(folder: Path, table: str, **environ: str) -> ChannelSettings:
    files = {"storywatch.toml": TABLE + table, "watchlist/harbour-strike.toml": WATCH}
    config = Case(title="", faults=[], files=files).write(folder)
    return load_config(config, environ=environ).channels[ChannelId("newsdesk")]


@pytest.mark.parametrize("kind", ["slack", "discord", "teams"])
def test_a_room_is_the_address_in_its_secret(tmp_path: Path, kind: str) -> None:
    """Spaces that copying left are not part of it; it does not show itself."""
    channel = load(tmp_path, f'type = "{kind}"\nurl_env = "ROOM"\n', ROOM=" https://hooks.example/very-secret\n")
    assert isinstance(channel, RoomSettings)
    assert channel.url is not None
    assert (channel.type, channel.url.get_secret_value()) == (kind, "https://hooks.example/very-secret")
    assert "very-secret" not in repr(channel)


def test_a_room_by_a_file(tmp_path: Path) -> None:
    """The file stands beside the configuration; without it the channel is disabled."""
    channel = load(tmp_path, 'type = "slack"\nurl_file = "room"\n')
    assert "can't be read" in str(channel.disabled)
    (tmp_path / "config/room").write_text("https://hooks.example/very-secret\n", encoding="utf-8")
    channel = load(tmp_path, 'type = "slack"\nurl_file = "room"\n')
    assert channel.disabled is None


def test_a_bot_and_its_chat(tmp_path: Path) -> None:
    """The public API if no other is named."""
    table = 'type = "telegram"\nchat_id = "@newsdesk"\nthread = 4\ntoken_env = "BOT"\n'
    channel = load(tmp_path, table, BOT="123456:very-secret")
    assert isinstance(channel, TelegramSettings)
    assert (channel.api, channel.chat, channel.thread) == ("https://api.telegram.org", "@newsdesk", 4)


def test_a_topic_with_and_without_a_token(tmp_path: Path) -> None:
    """A topic needs no token; one that is named and missing disables the channel."""
    channel = load(tmp_path, 'type = "ntfy"\ntopic = "desk"\n')
    assert isinstance(channel, NtfySettings)
    assert (channel.url, channel.token, channel.disabled) == ("https://ntfy.sh", None, None)
    assert load(tmp_path, 'type = "ntfy"\ntopic = "desk"\ntoken_env = "TOKEN"\n').disabled


def test_addresses_of_apprise(tmp_path: Path) -> None:
    """One or more, with spaces or line ends between."""
    channel = load(tmp_path, 'type = "apprise"\nurls_env = "URLS"\n', URLS="json://a/1\njson://b/2  ")
    assert isinstance(channel, AppriseSettings)
    assert [url.get_secret_value() for url in channel.urls] == ["json://a/1", "json://b/2"]


def test_without_apprise_the_way_out_is_named() -> None:
    """A channel of type apprise without the extra is a fault, not a surprise at the first alert."""
    main = Document(file=Path("storywatch.toml"))
    table = AppriseTable(type="apprise", urls_env="URLS")
    assert chat_of(main, "rest", table, times={}, environ={}, find=lambda _name: None) is None
    [fault] = main.faults
    assert "pip install 'storywatch[chat]'" in str(fault)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('type = "telegram"\nchat_id = "desk"\ntoken_env = "BOT"\n', "chat_id: expected a chat in quotes"),
        ('type = "telegram"\nchat_id = "-1"\nthread = 0\ntoken_env = "BOT"\n', "thread: expected a whole number"),
        ('type = "telegram"\nchat_id = "-1"\ntoken_env = "BOT"\n', "token_env: what it holds is no bot's token"),
        ('type = "telegram"\nchat_id = "-1"\n', "token_env or token_file is missing"),
        ('type = "teams"\nurl_env = "BOT"\n', "url_env: what it holds is no web address"),
        ('type = "ntfy"\ntopic = "a/b"\n', "topic: expected a topic"),
    ],
)
def test_what_cannot_be_is_a_fault_that_shows_no_secret(tmp_path: Path, table: str, told: str) -> None:
    """With the key, before anything is sent."""
    with pytest.raises(ConfigError, match="newsdesk") as caught:
        load(tmp_path, table, BOT="very secret/../")
    assert told in str(caught.value)
    assert "very secret" not in str(caught.value)
