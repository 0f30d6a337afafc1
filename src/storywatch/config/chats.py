"""The settings of channels to chat services: what their tables say, with the secrets that they name."""

from __future__ import annotations

from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from storywatch.config.secrets import Secret, load_secret
from storywatch.config.settings import AppriseSettings, ChannelSettings, NtfySettings, RoomSettings, TelegramSettings
from storywatch.config.tables import AppriseTable, DiscordTable, NtfyTable, SlackTable, TeamsTable, TelegramTable
from storywatch.config.values import read_webhook_url
from storywatch.core.alerting import Rate
from storywatch.core.model import ChannelId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import SecretStr

    from storywatch.config.document import Document

ChatTable = SlackTable | DiscordTable | TeamsTable | TelegramTable | NtfyTable | AppriseTable
NO_APPRISE = "apprise is not installed: pip install 'storywatch[chat]'"
TOKEN_OPENS_NOTHING = "what it holds is no bot's token such as 123456:ABC-DEF (not shown)"  # noqa: S105  no secret
# What the services themselves allow to one room.
RATES = {
    "slack": Rate(messages=1, per=timedelta(seconds=1)),
    "telegram": Rate(messages=20, per=timedelta(minutes=1)),
}


def chat_of(
    main: Document,
    name: str,
    table: ChatTable,
    *,
    times: dict[str, Any],
    environ: Mapping[str, str],
    find: Callable[[str], object] = find_spec,
) -> ChannelSettings | None:
    """A channel to a chat service; None where a secret is there and can't be what it should be, which is a fault.

    `find` finds what is installed; nothing is loaded.
    """
    if table.rate is None:
        times = {**times, "rate": RATES.get(table.type)}
    if isinstance(table, TelegramTable):
        return _telegram(main, name, table, times=times, environ=environ)
    if isinstance(table, NtfyTable):
        token = _load(main, "token", table.token_env, table.token_file, environ=environ)
        return NtfySettings(
            id=ChannelId(name),
            url=table.url,
            topic=table.topic,
            token=token.value if token else None,
            disabled=token.missing if token else None,
            **times,
        )
    if isinstance(table, AppriseTable):
        if find("apprise") is None:
            main.fault(("channels", name, "type"), NO_APPRISE, at_value=True)
            return None
        return _apprise(main, name, table, times=times, environ=environ)
    return _room(main, name, table, times=times, environ=environ)


def _room(
    main: Document,
    name: str,
    table: SlackTable | DiscordTable | TeamsTable,
    *,
    times: dict[str, Any],
    environ: Mapping[str, str],
) -> RoomSettings | None:
    secret = _load(main, "url", table.url_env, table.url_file, environ=environ)
    assert secret is not None, "the table's contradictions demand one"
    url = _stripped(secret.value)
    try:
        if url:
            read_webhook_url(url.get_secret_value())
    except ValueError:
        main.fault(("channels", name, secret.key), "what it holds is no web address (not shown)", at_value=True)
        return None
    return RoomSettings(id=ChannelId(name), type=table.type, url=url, disabled=secret.missing, **times)


def _telegram(
    main: Document, name: str, table: TelegramTable, *, times: dict[str, Any], environ: Mapping[str, str]
) -> TelegramSettings | None:
    secret = _load(main, "token", table.token_env, table.token_file, environ=environ)
    assert secret is not None, "the table's contradictions demand one"
    token = _stripped(secret.value)
    if token and not all(char.isalnum() or char in "-_:" for char in token.get_secret_value()):
        main.fault(("channels", name, secret.key), TOKEN_OPENS_NOTHING, at_value=True)
        return None
    return TelegramSettings(
        id=ChannelId(name),
        api=table.api,
        chat=table.chat_id,
        thread=table.thread,
        token=token,
        disabled=secret.missing,
        **times,
    )


def _apprise(
    main: Document, name: str, table: AppriseTable, *, times: dict[str, Any], environ: Mapping[str, str]
) -> AppriseSettings:
    secret = _load(main, "urls", table.urls_env, table.urls_file, environ=environ)
    assert secret is not None, "the table's contradictions demand one"
    written = secret.value.get_secret_value().split() if secret.value else []
    kind = type(secret.value) if secret.value else None
    urls = tuple(kind(url) for url in written) if kind else ()
    return AppriseSettings(id=ChannelId(name), urls=urls, disabled=secret.missing, **times)


def _load(main: Document, name: str, env: str | None, file: str | None, *, environ: Mapping[str, str]) -> Secret | None:
    return load_secret(name, env, file, directory=main.file.parent, environ=environ)


def _stripped(secret: SecretStr | None) -> SecretStr | None:
    """Without the space around it that copying leaves."""
    return type(secret)(secret.get_secret_value().strip()) if secret else None
