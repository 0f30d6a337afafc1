"""The whole configuration: read, checked file by file and across files, every fault at once."""

from __future__ import annotations

import os
import re
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from storywatch.config.chats import chat_of
from storywatch.config.document import Document, keys_of, load_document
from storywatch.config.faults import NOT_YET, Fault, did_you_mean, found, unknown
from storywatch.config.secrets import Secret, load_secret, signing_secrets
from storywatch.config.settings import (
    ChannelSettings,
    Config,
    EmailSettings,
    EncoderSettings,
    FetchSettings,
    OpinionSettings,
    ServiceSettings,
    Tls,
    WebhookSettings,
    WebSettings,
)
from storywatch.config.tables import (
    CHANNELS,
    SHIPPED,
    ArticleTable,
    ChannelTable,
    DigestTable,
    EmailTable,
    EncoderTable,
    FeedsFile,
    FeedTable,
    FetchTable,
    OpinionTable,
    QuietHoursTable,
    RetentionTable,
    ServiceTable,
    StorywatchFile,
    Table,
    WebhookTable,
    WebTable,
)
from storywatch.config.values import is_loopback, read_id
from storywatch.config.watchlist import watch_of
from storywatch.core.addresses import refusal
from storywatch.core.model import ArticleRules, ChannelId, Feed, FeedId, FeedKind, Severity, Watch
from storywatch.core.moments import DigestTimes, QuietHours
from storywatch.core.retention import Retention
from storywatch.core.urls import url_key
from storywatch.encode.choice import BUNDLED, FOLDER_SIGNS, EncoderChoice, missing_library
from storywatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from storywatch.core.addresses import Network

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EXAMPLE = re.compile(r"[@./]example\.(org|com|net)\b")


def load_config(
    directory: Path, *, environ: Mapping[str, str], lacking: Callable[[str], str | None] = missing_library
) -> Config:
    """Everything in a configuration directory. Raises ConfigError with every fault that there is.

    `lacking` says what is to be installed before an encoder of a kind can work.
    """
    if not directory.is_dir():
        what = "is not a directory" if directory.exists() else "no such directory"
        raise ConfigError((f"{directory}: {what}; name the right one with --config DIR or STORYWATCH_CONFIG",))
    main = load_document(directory / "storywatch.toml")
    feeds_file = load_document(directory / "feeds.toml")
    settings = _settings(main, environ=environ)
    feeds = _feeds(feeds_file)
    listed, faults, notices = _watch_files(directory / "watchlist")
    known = {
        "feeds": feeds_file.table("feeds") if feeds_file.usable else None,
        "channels": main.table("channels") if main.usable else None,
    }
    opinion = _opinion(main, settings[1].allow_networks if settings else (), environ=environ)
    encoder = _encoder(main, lacking=lacking)
    retention = _retention(main)
    may_translate = not main.usable or "opinion" in main.data
    watches = [watch_of(document, **known, may_translate=may_translate) for document in listed]
    faults += chain.from_iterable(document.faults for document in (main, feeds_file, *listed))
    if faults or settings is None or encoder is None:
        raise ConfigError(tuple(str(fault) for fault in sorted(set(faults))))
    service, fetch, web, channels = settings
    followed = tuple(watch for watch in watches if watch is not None)
    return Config(
        directory=directory,
        service=service,
        fetch=fetch,
        web=web,
        channels=channels,
        feeds=feeds,
        watches=followed,
        encoder=encoder,
        notices=(
            *notices,
            *_notices_of_feeds(feeds_file, feeds),
            *_notices(fetch, channels, followed),
            *_notices_of_opinion(opinion),
            *_notices_of_encoder(encoder),
        ),
        opinion=opinion,
        retention=retention,
    )


# --------------------------------------------------------------------------- storywatch.toml


def _settings(
    main: Document, *, environ: Mapping[str, str]
) -> tuple[ServiceSettings, FetchSettings, WebSettings, dict[ChannelId, ChannelSettings]] | None:
    if not main.usable:
        return None
    _check_keys(main, StorywatchFile)
    service = main.check(ServiceTable, main.data.get("service", {}), at=("service",))
    fetch = main.check(FetchTable, main.data.get("fetch", {}), at=("fetch",))
    web = main.check(WebTable, main.data.get("web", {}), at=("web",))
    token = _token(main, web, environ=environ)
    zone = service.timezone if service else "UTC"
    channels = {
        ChannelId(name): channel
        for name, written in main.table("channels").items()
        if (channel := _channel(main, name, written, zone=zone, environ=environ))
    }
    if service is None or fetch is None or web is None:
        return None
    if fetch.websub and is_loopback(urlsplit(web.base_url).hostname or ""):
        told = (
            f"hubs can't call {web.base_url}, which only this machine reaches: set base_url of [web] to the address "
            "under which the internet reaches the web port, or take websub out"
        )
        main.fault(("fetch", "websub"), told, at_value=True)
    return (
        ServiceSettings(
            database=service.database,
            timezone=service.timezone,
            ping_url=service.ping_url,
            trouble=_trouble(main, service),
        ),
        FetchSettings(
            contact=fetch.contact,
            allow_networks=tuple(fetch.allow_networks),
            host_spacing=fetch.host_spacing,
            host_parallel=fetch.host_parallel,
            websub=fetch.websub,
        ),
        WebSettings(
            host=web.listen[0], port=web.listen[1], base_url=web.base_url, token=token.value if token else None
        ),
        channels,
    )


def _trouble(main: Document, service: ServiceTable) -> tuple[ChannelId, ...]:
    """The channels to be told of trouble; each must be there."""
    known = main.table("channels")
    for place, name in enumerate(service.trouble):
        if name not in known:
            main.fault(
                ("service", "trouble", place),
                f"{found(name)}: no such channel in this file{did_you_mean(name, known)}",
                at_value=True,
            )
    return tuple(ChannelId(name) for name in dict.fromkeys(service.trouble))


def _token(main: Document, web: WebTable | None, *, environ: Mapping[str, str]) -> Secret | None:
    """The page's password. Without it the page would stand open, so its absence is a fault."""
    if web is None:
        return None
    token = load_secret("token", web.token_env, web.token_file, directory=main.file.parent, environ=environ)
    if token is not None and token.missing:
        main.fault(("web", token.key), f"{token.missing}, and the page would be open without it", at_value=True)
    return token


def _channel(
    main: Document, name: str, written: Any, *, zone: str, environ: Mapping[str, str]
) -> ChannelSettings | None:
    at = ("channels", name)
    _check_id(main, at)
    if not isinstance(written, dict):
        main.fault(at, f"expected a table, found {found(written)}", at_value=True)
        return None
    kind = written.get("type")
    if not isinstance(kind, str) or kind not in CHANNELS:
        what = f"found {found(kind)}" if "type" in written else "found nothing"
        hint = did_you_mean(kind, CHANNELS) if isinstance(kind, str) else ""
        kinds = " or ".join(f'"{one}"' for one in CHANNELS)
        main.fault((*at, "type"), f"expected {kinds}, {what}{hint}", at_value=True)
        return None
    table = main.check(CHANNELS[kind], written, at=at)
    if isinstance(table, EmailTable):
        secret = load_secret(
            "password", table.password_env, table.password_file, directory=main.file.parent, environ=environ
        )
        return _email(ChannelId(name), table, secret, zone=zone)
    if isinstance(table, WebhookTable):
        secret = load_secret("secret", table.secret_env, table.secret_file, directory=main.file.parent, environ=environ)
        return _webhook(main, ChannelId(name), table, secret, zone=zone)
    return chat_of(main, name, table, times=_times(table, zone=zone), environ=environ) if table else None


def _opinion(
    main: Document, allow_networks: tuple[Network, ...], *, environ: Mapping[str, str]
) -> OpinionSettings | None:
    if not main.usable or "opinion" not in main.data:
        return None
    table = main.check(OpinionTable, main.data["opinion"], at=("opinion",))
    if table is None:
        return None
    key = load_secret("api_key", table.api_key_env, table.api_key_file, directory=main.file.parent, environ=environ)
    return OpinionSettings(
        url=table.url,
        model=table.model,
        daily_budget=table.daily_budget,
        timeout=table.timeout,
        band=table.band,
        key=key.value if key else None,
        disabled=(key.missing if key else None) or _refused(table.url, allow_networks),
    )


def _retention(main: Document) -> Retention:
    table = main.check(RetentionTable, main.data.get("retention", {}), at=("retention",)) if main.usable else None
    if table is None:
        return Retention()
    return Retention(articles=table.articles, entries=table.entries, pages=table.pages)


def _refused(url: str, allow_networks: tuple[Network, ...]) -> str | None:
    """Why an address of this machine or network can't be called. A name is looked up only when it is called."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        host = "127.0.0.1"
    return refusal(host, allow_networks) if re.fullmatch(r"[0-9.]+|.*:.*", host) else None


def _encoder(main: Document, *, lacking: Callable[[str], str | None]) -> EncoderSettings | None:
    """The encoder, whose library must be installed and whose folders must be there. Nothing of it is loaded."""
    if not main.usable:
        return None
    table = main.check(EncoderTable, main.data.get("encoder", {}), at=("encoder",))
    if table is None:
        return None
    if missing := lacking(table.kind):
        main.fault(("encoder", "kind"), missing, at_value=True)
    model = table.model or ""
    if model.startswith(FOLDER_SIGNS):
        model = str(_folder(main, "model", model).resolve())
    weights = _folder(main, "weights", table.weights) if table.weights not in {None, SHIPPED} else None
    choice = EncoderChoice(kind=table.kind, model=model, threads=table.threads, prefix=table.prefix)
    return EncoderSettings(choice=choice, weights=weights)


def _folder(main: Document, key: str, written: str | None) -> Path:
    folder = main.file.parent / (written or "")
    if not folder.is_dir():
        what = "is not a directory" if folder.exists() else "no such directory"
        main.fault(("encoder", key), f"{os.path.normpath(folder)}: {what}", at_value=True)
    return folder


def _email(name: ChannelId, table: EmailTable, secret: Secret | None, *, zone: str) -> EmailSettings:
    server = urlsplit(table.smtp)
    tls: Tls = table.tls or ("implicit" if server.scheme.lower() == "smtps" else "starttls")
    return EmailSettings(
        id=name,
        to=tuple(table.to),
        sender=table.sender,
        host=server.hostname or "",
        port=server.port or {"implicit": 465, "starttls": 587, "none": 25}[tls],
        tls=tls,
        user=unquote(server.username) if server.username else None,
        password=secret.value if secret else None,
        disabled=secret.missing if secret else None,
        **_times(table, zone=zone),
    )


def _webhook(
    main: Document, name: ChannelId, table: WebhookTable, secret: Secret | None, *, zone: str
) -> WebhookSettings | None:
    assert secret is not None, "the table's contradictions demand one"
    try:
        secrets = signing_secrets(secret.value) if secret.value else ()
    except ValueError as error:
        main.fault(("channels", name, secret.key), str(error), at_value=True)
        return None
    return WebhookSettings(
        id=name,
        url=table.url,
        secrets=secrets,
        disabled=secret.missing,
        **_times(table, zone=zone),
    )


def _times(table: ChannelTable, *, zone: str) -> dict[str, Any]:
    """When a channel of any type may be sent on, as its settings have it."""
    return {
        "quiet_hours": _quiet_hours(table.quiet_hours, zone=zone),
        "digest": _digest(table.digest, zone=zone),
        "min_interval": table.min_interval,
        "rate": table.rate,
    }


def _digest(table: DigestTable | None, *, zone: str) -> DigestTimes | None:
    if table is None:
        return None
    return DigestTimes(
        at=table.at,
        weekday=WEEKDAYS.index(table.weekday or "monday") if table.every == "week" else None,
        timezone=table.timezone or zone,
        let_through=Severity(table.let_through) if table.let_through else None,
    )


def _quiet_hours(table: QuietHoursTable | None, *, zone: str) -> QuietHours | None:
    if table is None:
        return None
    return QuietHours(
        start=table.begin,
        end=table.end,
        timezone=table.timezone or zone,
        let_through=Severity(table.let_through) if table.let_through else None,
    )


# --------------------------------------------------------------------------- feeds.toml


def _feeds(document: Document) -> dict[FeedId, Feed]:
    _check_keys(document, FeedsFile)
    feeds: dict[FeedId, Feed] = {}
    seen: dict[str, str] = {}
    for name, written in document.table("feeds").items():
        at = ("feeds", name)
        _check_id(document, at)
        table = document.check(FeedTable, written, at=at)
        url = written.get("url") if isinstance(written, dict) else None
        if isinstance(url, str):
            first = seen.setdefault(url_key(url), name)
            if first != name:
                document.fault((*at, "url"), f"the same address as feeds.{first}", at_value=True)
        if table is not None:
            feeds[FeedId(name)] = _feed(name, table)
    return feeds


def read_feed(name: str, written: Mapping[str, Any]) -> Feed:
    """One feed as its table in feeds.toml would give it. Raises ConfigError with `key: what is wrong`."""
    document = Document(file=Path("feeds.toml"))
    _check_id(document, ("feeds", name))
    table = document.check(FeedTable, dict(written))
    if table is None or document.faults:
        raise ConfigError(tuple(f"{fault.key}: {fault.message}" for fault in document.faults))
    return _feed(name, table)


def _feed(name: str, table: FeedTable) -> Feed:
    return Feed(
        id=FeedId(name),
        url=table.url,
        owner=table.owner or name,
        lang=table.lang,
        every=table.every,
        timezone=table.timezone,
        kind=FeedKind(table.kind),
        select=table.select,
        article=_article_rules(table.article),
        backfill=table.backfill,
    )


def _article_rules(table: ArticleTable | None) -> ArticleRules | None:
    if table is None:
        return None
    return ArticleRules(body=table.body, drop=table.drop, title=table.title, date=table.date)


# --------------------------------------------------------------------------- the watchlist


def _watch_files(folder: Path) -> tuple[list[Document], list[Fault], list[str]]:
    """Every .toml file of the watchlist; hidden files, as editors leave them, are none."""
    if not folder.is_dir():
        what = "is not a directory" if folder.exists() else "no such directory"
        return [], [Fault(file=str(folder), message=f"{what}: each file in it is a watch")], []
    files = sorted(file for file in folder.iterdir() if not file.name.startswith("."))
    watches = [file for file in files if file.suffix == ".toml"]
    notices = [f"{file}: not a watch, its name does not end in .toml" for file in files if file not in watches]
    if not watches:
        notices.append(f"{folder}: no watch in it, so no story is followed")
    return [load_document(file) for file in watches], [], notices


def _notices(
    fetch: FetchSettings, channels: Mapping[ChannelId, ChannelSettings], watches: tuple[Watch, ...]
) -> list[str]:
    """What is allowed but should be said at start."""
    notices = []
    if EXAMPLE.search(fetch.contact):
        notices.append(f'fetch.contact is still "{fetch.contact}": put your own address there, sites see it')
    notices += [
        f"channel {channel.id} is disabled: {channel.disabled}" for channel in channels.values() if channel.disabled
    ]
    notices += [f"watch {watch.id} has no channels: the page only" for watch in watches if not watch.channels]
    return notices


def _notices_of_feeds(document: Document, feeds: Mapping[FeedId, Feed]) -> list[str]:
    return (
        [] if feeds else [f"{document.file}: no feed in it, so nothing is polled; `storywatch feeds add URL` adds one"]
    )


def _notices_of_opinion(opinion: OpinionSettings | None) -> list[str]:
    return [f"opinion is disabled: {opinion.disabled}"] if opinion and opinion.disabled else []


def _notices_of_encoder(encoder: EncoderSettings) -> list[str]:
    if encoder.choice.kind == BUNDLED or encoder.weights:
        return []
    told = (
        f"encoder {encoder.choice.kind} goes by the weights of {BUNDLED}, as far as they fit: how well it judges was "
        f"not measured; `make train ENCODER={encoder.choice.kind}:MODEL` learns its own"
    )
    return [told]


# --------------------------------------------------------------------------- both


def _check_keys(document: Document, model: type[Table]) -> None:
    for key in document.data:
        if key not in model.model_fields:
            document.fault((key,), NOT_YET if key in model.reserved else unknown(key, keys_of(model)))


def _check_id(document: Document, at: tuple[str, str]) -> None:
    try:
        read_id(at[1])
    except ValueError as error:
        document.fault(at, str(error))
