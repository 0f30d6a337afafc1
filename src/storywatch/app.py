"""The composition root: the one place that knows every part and puts them together.

`open_app` gives the whole product on a configuration; `serve` runs it as a service, `run_once` does one
round. Tests and the demonstration build the same thing on another directory.
"""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from storywatch import __version__
from storywatch.announcing import Announcer
from storywatch.config import (
    AppriseSettings,
    EmailSettings,
    NtfySettings,
    RoomSettings,
    TelegramSettings,
    WebhookSettings,
    load_config,
)
from storywatch.core.alerting import ChannelRules
from storywatch.core.opinion import Band
from storywatch.core.vectors import in_words
from storywatch.encode import CachedEncoder, EncoderApart, detect_language, encoder_here, weights_for
from storywatch.engine import QUEUES
from storywatch.engine.embedded import EmbeddedEngine, EmbeddedWaker
from storywatch.errors import ConfigError, StorywatchError
from storywatch.fetch.client import Client, Web, build_client, user_agent
from storywatch.fetch.discovery import Discoverer
from storywatch.fetch.feeds import HttpFeedFetcher
from storywatch.fetch.hosts import Hosts
from storywatch.fetch.pages import HttpPageFetcher
from storywatch.fetch.robots import Robots
from storywatch.fetch.websub import HttpHubCaller
from storywatch.fetch.workers import Readers
from storywatch.forgetting import Forgetting
from storywatch.hubs import Hubs
from storywatch.notify.chat.apprise import AppriseChannel, recipients_of
from storywatch.notify.chat.channel import ChatChannel
from storywatch.notify.chat.discord import Discord
from storywatch.notify.chat.ntfy import Ntfy
from storywatch.notify.chat.slack import Slack
from storywatch.notify.chat.teams import Teams
from storywatch.notify.chat.telegram import Telegram
from storywatch.notify.email import EmailChannel
from storywatch.notify.links import Linker
from storywatch.notify.ping import Pinger
from storywatch.notify.smtp import SmtpServer
from storywatch.notify.webhook import WebhookChannel
from storywatch.opinion import ChatEndpoint, LanguageModel, endpoint_id
from storywatch.pipeline import Pipeline
from storywatch.ports import Desk
from storywatch.reencode import reencode
from storywatch.service import Observer, Service
from storywatch.store.digests import Digests
from storywatch.store.engine import (
    QUEUE_SCHEMA,
    check_queue,
    lock_database,
    open_database,
    parse_url,
    release_leases,
)
from storywatch.store.feedback import Feedback
from storywatch.store.followups import Corrections, Corroborations, Reminders
from storywatch.store.judgements import Judgements
from storywatch.store.keys import load_keys
from storywatch.store.opinions import Opinions
from storywatch.store.outbox import Outbox
from storywatch.store.polls import Polls
from storywatch.store.retention import Shelves
from storywatch.store.revisits import Revisits
from storywatch.store.subscriptions import Subscriptions
from storywatch.store.troubles import Troubles
from storywatch.store.vectors import Vectors
from storywatch.store.views import Views
from storywatch.teaching import Teacher
from storywatch.turns import Turns
from storywatch.web.metrics import Metrics
from storywatch.web.server import build_web
from storywatch.web.server import serve as serve_web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
    from concurrent.futures import Executor

    import uvicorn

    from storywatch.config import ChannelSettings, Config
    from storywatch.core.model import ChannelId, DeliveryId, Watch
    from storywatch.core.vectors import Stale
    from storywatch.core.weights import Weights
    from storywatch.engine.distributed import DistributedEngine, DistributedWaker
    from storywatch.notify.chat.channel import Service as ChatService
    from storywatch.ports import Announcement, Clock, Encoder
    from storywatch.reencode import Step
    from storywatch.store.engine import Database
    from storywatch.store.opinions import OpinionView

log = structlog.get_logger()

LOOK_EVERY = 2  # seconds between two looks of all workers together, where no bell rings
STALE_TICK = timedelta(seconds=30)
SETTLED = timedelta(0)
REENCODED_AT_START = 1_000  # texts, about a minute; more is for the command that shows how far it is

AnyChannel = EmailChannel | WebhookChannel | ChatChannel | AppriseChannel


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)  # noqa: TID251  the only place that may


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What is built from the configuration to reach the world, and closed when another takes its place."""

    client: Client
    feeds: HttpFeedFetcher
    pages: HttpPageFetcher
    discoverer: Discoverer
    hubs: HttpHubCaller
    channels: Mapping[ChannelId, AnyChannel]
    rules: Mapping[ChannelId, ChannelRules]  # of `channels`
    planned: Mapping[ChannelId, ChannelRules]  # of the disabled ones too: what is planned for them waits
    pinger: Pinger | None = None

    async def aclose(self) -> None:
        """Close every connection."""
        for channel in self.channels.values():
            if isinstance(channel, EmailChannel):
                await channel.aclose()
        await self.client.aclose()


@dataclass(kw_only=True)
class App:
    """The whole product, put together and not yet running."""

    config: Config
    environ: Mapping[str, str]
    clock: Clock
    database: Database
    polls: Polls
    judgements: Judgements
    views: Views
    opinions: Opinions
    readers: Readers
    outside: Outside
    pipeline: Pipeline
    service: Service
    hubs: Hubs
    desk: Desk
    metrics: Metrics
    waker: EmbeddedWaker | DistributedWaker
    keys: tuple[bytes, ...]  # that sign the links in messages
    retired: list[Outside] = field(default_factory=list)  # replaced by a reload, and perhaps still in use

    @property
    def feedback(self) -> Feedback:
        """What the desk said."""
        return Feedback(self.database, self.waker)

    @property
    def teacher(self) -> Teacher:
        """Takes what the desk says, with the channels as they are configured now."""
        return Teacher(feedback=self.feedback, encoder=self.pipeline.encoder, rules=self.outside.planned)

    async def reload(self) -> bool:
        """Go on with the configuration as it now stands in its files; where that can't be, with the old one."""
        try:
            config = load_config(self.config.directory, environ=self.environ)
            outside = build_outside(config, clock=self.clock, readers=self.readers, keys=self.keys)
            self.retired.append(outside)  # until it is in use
            await self.sync(config)
        except StorywatchError as error:
            faults = list(error.faults) if isinstance(error, ConfigError) else [str(error)]
            log.error("config_rejected", faults=faults)  # noqa: TRY400  the faults are the message
            self.metrics.reloaded(ok=False, at=self.clock.now())
            return False
        if (config.service.database, config.web) != (self.config.service.database, self.config.web):
            log.warning(
                "config_needs_restart", tables=["service", "web"], note="database and web port stay as they are"
            )
        if config.encoder != self.config.encoder:
            log.warning("config_needs_restart", tables=["encoder"], note="the encoder stays as it is")
        await self.pipeline.reconfigure(
            watches=config.watches,
            channels=outside.channels,
            rules=outside.planned,
            feeds=outside.feeds,
            pages=outside.pages,
            adviser=build_adviser(
                config, client=outside.client, opinions=self.opinions, writer=self.pipeline.writer, clock=self.clock
            ),
        )
        self.pipeline.retention = config.retention
        if self.service.forgetting is not None:
            self.service.forgetting.reconfigure(config.retention)
        self.desk.watches, self.desk.rules = config.watches, outside.rules
        self.desk.trouble, self.desk.disabled = config.service.trouble, disabled_channels(config)
        self.hubs.reconfigure(caller=outside.hubs, base_url=config.web.base_url, on=config.fetch.websub)
        self.retired = [*(one for one in self.retired if one is not outside), self.outside]
        self.config, self.outside = config, outside
        self.metrics.reloaded(ok=True, at=self.clock.now())
        say_config(config)
        return True

    async def close_retired(self) -> None:
        """Close what reloads have replaced, as soon as no step that began before can still use it."""
        retired = tuple(self.retired)
        await self.service.outlast()
        for outside in retired:
            if any(outside is one for one in self.retired):  # not closed meanwhile for another reload
                self.retired = [one for one in self.retired if one is not outside]
                await outside.aclose()

    async def close_outside(self) -> None:
        """Close every connection to the world. No step may run any more."""
        for outside in (*self.retired, self.outside):
            await outside.aclose()

    async def stale(self) -> list[Stale]:
        """The stories that know what they know by another encoder's vectors."""
        find = partial(Vectors(self.database).stale, encoder=self.pipeline.encoder.name)
        return await asyncio.get_running_loop().run_in_executor(self.pipeline.writer, find)

    async def check_vectors(self, watches: Sequence[Watch]) -> None:
        """Raises `StorywatchError` where one of these stories would be judged without what it knows."""
        asked = {watch.id for watch in watches}
        stale = [one for one in await self.stale() if one.watch in asked]
        if stale:
            raise StorywatchError(in_words(stale, self.pipeline.encoder.name))

    async def take_over(self) -> None:
        """Give what little another encoder left this one's vectors. Raises `ConfigError` where it is more than little."""
        with self.database.only_one("reencode", wait=True):
            await self._take_over()

    async def _take_over(self) -> None:
        stale = await self.stale()
        if sum(one.texts for one in stale) > REENCODED_AT_START:
            told = in_words(stale, self.pipeline.encoder.name)
            raise ConfigError((f"{self.config.directory / 'storywatch.toml'} encoder: {told}",))
        if stale:
            renew = partial(self._renew, stale)
            texts = await asyncio.get_running_loop().run_in_executor(self.pipeline.thinker, renew)
            log.info("vectors_renewed", stories=len(stale), texts=texts)

    def _renew(self, stale: Sequence[Stale]) -> int:
        return sum(step.texts for step in self.reencoding(stale))

    def reencoding(self, stale: Sequence[Stale]) -> Iterator[Step]:
        """The steps that give these stories this encoder's vectors. Nobody may judge meanwhile."""
        vectors, encoder = Vectors(self.database), self.pipeline.encoder
        return reencode(stale, self.config.watches, encoder, vectors=vectors, judgements=self.judgements)

    async def sync(self, config: Config) -> None:
        """Bring feeds and watches of a configuration into the database."""
        feeds = tuple(config.feeds.values())
        await self.in_store(partial(self.polls.sync_feeds, feeds, now=self.clock.now()))
        await self.in_store(partial(self.judgements.sync_watches, config.watches))
        if not config.fetch.websub:
            await self.in_store(partial(Subscriptions(self.database).drop_all))

    async def in_store(self, step: partial[None]) -> None:
        """Run a step on the store's own thread."""
        await asyncio.get_running_loop().run_in_executor(self.pipeline.writer, step)

    def opinion_view(self) -> OpinionView:
        """How the asking of a language model does, and what of this day's budget is left."""
        settings, now = self.config.opinion, self.clock.now()
        if settings is None:
            return self.opinions.view(now=now)
        return self.opinions.view(endpoint_id(settings.url, settings.model), budget=settings.daily_budget, now=now)

    async def faults(self) -> Sequence[str]:
        """What keeps the service from working, in words: nothing if it is ready."""
        faults = []
        try:
            await self.in_store(partial(probe, self.database))
        except StorywatchError as error:
            faults.append(str(error))
        ticked_at = self.service.last_tick_at
        if ticked_at is None or self.clock.now() - ticked_at > STALE_TICK:
            faults.append("the engine has not looked for work for a while")
        return faults

    async def ping(self) -> None:
        """Say to who watches over storywatch that all is well, if it is."""
        pinger = self.outside.pinger
        if pinger is None:
            return
        if self.service.hanging() or await self.faults():
            self.metrics.pinged("withheld")
        else:
            self.metrics.pinged("heard" if await pinger.ping(now=self.clock.now()) else "failed")


def probe(database: Database) -> None:
    """Take the write lock once: the database answers and can be written."""
    with database.write():
        pass


@asynccontextmanager
async def open_app(
    config: Config,
    *,
    environ: Mapping[str, str],
    clock: Clock | None = None,
    observer: Observer | None = None,
    alone: bool = True,
    wait_for_siblings: bool = True,
    take_over: bool = True,
) -> AsyncIterator[App]:
    """Everything that a running storywatch is, on one configuration; closed in order at the end.

    `alone`: keep other storywatches off the database and take up what a dead one left; without it the
    parts may only be looked at, beside a service that runs, and the encoder is in this process. Without
    `take_over` vectors of another encoder are left as they are: then nothing may be judged. Without `wait_for_siblings` what is judged
    may be sent at once: one round has no time to settle. `observer` is told instead of the metrics.
    Raises `StorywatchError` where the database can't be opened or another storywatch runs on it.
    """
    clock = clock or SystemClock()
    async with AsyncExitStack() as closing:
        database = closing.enter_context(hold_database(config, alone=alone))
        writer = closing.enter_context(ThreadPoolExecutor(1, "store"))
        thinker = closing.enter_context(ThreadPoolExecutor(1, "encoder"))
        encoder = closing.enter_context(open_encoder(config, apart=alone))  # ends before the thread that asks it
        readers = Readers()
        closing.push_async_callback(readers.aclose)
        keys = load_keys(database, now=clock.now())
        outside = build_outside(config, clock=clock, readers=readers, keys=keys)
        waker, metrics = build_waker(database), Metrics(version=__version__)
        polls, judgements, opinions = Polls(database), Judgements(database, waker), Opinions(database)
        watches = config.watches if wait_for_siblings else tuple(replace(w, settle=SETTLED) for w in config.watches)
        hubs = Hubs(
            clock=clock,
            subscriptions=Subscriptions(database),
            caller=outside.hubs,
            writer=writer,
            base_url=config.web.base_url,
            on=config.fetch.websub,
        )
        pipeline = Pipeline(
            clock=clock,
            polls=polls,
            judgements=judgements,
            revisits=Revisits(database),
            outbox=Outbox(database),
            feeds=outside.feeds,
            pages=outside.pages,
            encoder=encoder,
            detect_language=detect_language,
            watches=watches,
            channels=outside.channels,
            rules=outside.planned,
            writer=writer,
            thinker=thinker,
            weights=trained_weights(config, encoder),
            adviser=build_adviser(config, client=outside.client, opinions=opinions, writer=writer, clock=clock),
            hubs=hubs,
            retention=config.retention,
        )
        if database.path is None:
            pipeline.turns = Turns(clock=clock, polls=polls, writer=writer, watches_of=pipeline.watches_of)
        forgetting = Forgetting(clock=clock, shelves=Shelves(database), writer=writer, retention=config.retention)
        desk = Desk(watches, outside.rules, config.service.trouble, disabled_channels(config))
        announcer = Announcer(clock=clock, writer=writer, waker=waker, sources=announcements(database, desk))
        app = App(
            config=config,
            environ=environ,
            clock=clock,
            database=database,
            polls=polls,
            judgements=judgements,
            views=Views(database),
            opinions=opinions,
            readers=readers,
            outside=outside,
            pipeline=pipeline,
            service=Service(
                pipeline=pipeline, observer=observer or metrics, announcer=announcer, forgetting=forgetting
            ),
            hubs=hubs,
            desk=desk,
            metrics=metrics,
            waker=waker,
            keys=keys,
        )
        app.service.ping = app.ping
        closing.push_async_callback(app.close_outside)
        metrics.reloaded(ok=True, at=clock.now())
        if alone:
            if database.path is not None:  # where others work too, what is held may be theirs: leases end by themselves
                await app.in_store(partial(release_leases, database))
            await app.sync(config)
            if take_over:
                await app.take_over()
        yield app


def announcements(database: Database, desk: Desk) -> tuple[Announcement, ...]:
    """What is told without a new article."""
    sources: tuple[Announcement, ...] = (
        Digests(database, desk),
        Troubles(database=database, desk=desk),
        Corrections(database, desk),
        Corroborations(database, desk),
        Reminders(database, desk),
    )
    return sources if database.path is not None else tuple(OneAtATime(database, source) for source in sources)


@dataclass(frozen=True, slots=True)
class OneAtATime:
    """A source that one worker at a time asks: what one has told, the next one sees."""

    database: Database
    source: Announcement

    def announce(self, *, now: datetime) -> list[DeliveryId]:
        """As the source does; nothing where another worker is at it."""
        with self.database.only_one(f"announce {type(self.source).__name__}") as mine:
            return self.source.announce(now=now) if mine else []


@contextmanager
def open_encoder(config: Config, *, apart: bool) -> Iterator[Encoder]:
    """The configured encoder, with its cache; `apart` in a process of its own. Loaded at the first text.

    Raises `ConfigError` where its model can't be read.
    """
    choice = config.encoder.choice
    try:
        encoder = EncoderApart(choice) if apart else encoder_here(choice)
    except StorywatchError as error:
        raise ConfigError((f"{config.directory / 'storywatch.toml'} encoder.model: {error}",)) from error
    try:
        yield CachedEncoder(encoder)
    finally:
        if isinstance(encoder, EncoderApart):
            encoder.close()


def trained_weights(config: Config, encoder: Encoder) -> Weights:
    """The weights to judge with. Raises `ConfigError` where those of the configuration are not this encoder's."""
    try:
        return weights_for(encoder.name, config.encoder.weights)
    except StorywatchError as error:
        raise ConfigError((f"{config.directory / 'storywatch.toml'} encoder.weights: {error}",)) from error


@contextmanager
def hold_database(config: Config, *, alone: bool) -> Iterator[Database]:
    """The configured database, open. `alone`: of an SQLite file every other storywatch is kept away."""
    url = config.service.database
    address = parse_url(url)
    sqlite = address.get_backend_name() == "sqlite"
    with lock_database(Path(str(address.database))) if alone and sqlite else nullcontext():
        database = open_database(url)
        try:
            if not sqlite:
                from storywatch.engine.distributed import queue_schema  # noqa: PLC0415  only where several machines work

                check_queue(database, queue_schema()[0])
            yield database
        finally:
            database.dispose()


def migrate(url: str) -> str:
    """Bring the database, and on PostgreSQL the queue beside it, to this version; gives the schema's version."""
    from storywatch.engine.distributed import queue_schema  # noqa: PLC0415  only where several machines work
    from storywatch.store.migrate import QueueSchema, migrate_database  # noqa: PLC0415  Alembic takes 0.2 s

    mark, statements = queue_schema()
    return migrate_database(url, queue=QueueSchema(mark=mark, statements=statements))


def build_waker(database: Database) -> EmbeddedWaker | DistributedWaker:
    """Who is told of new deliveries: this very process, or whichever worker listens."""
    if database.path is not None:
        return EmbeddedWaker()
    from storywatch.engine.distributed import DistributedWaker  # noqa: PLC0415  only where several machines work

    return DistributedWaker()


# --------------------------------------------------------------------------- from settings to parts


def build_outside(config: Config, *, clock: Clock, readers: Readers, keys: tuple[bytes, ...]) -> Outside:
    """Fetchers and channels as configured. A channel that is disabled is left out: its deliveries wait.

    `keys` sign the links in messages.
    """
    linker = Linker(base_url=config.web.base_url, keys=keys)
    client = build_client(
        user_agent=user_agent(__version__, config.fetch.contact), allow_networks=config.fetch.allow_networks
    )
    hosts = Hosts(clock, spacing=config.fetch.host_spacing, parallel=config.fetch.host_parallel)
    web = Web(client, hosts, clock)
    robots = Robots(web, readers, clock)
    usable = {name: settings for name, settings in config.channels.items() if settings.disabled is None}
    return Outside(
        client=client,
        feeds=HttpFeedFetcher(web, readers, clock, robots=robots),
        discoverer=Discoverer(web, readers),
        hubs=HttpHubCaller(client, hosts, clock),
        pages=HttpPageFetcher(web, robots, readers, clock, feeds=config.feeds),
        channels={
            name: build_channel(settings, config, client=client, linker=linker) for name, settings in usable.items()
        },
        rules={name: rules_of(settings) for name, settings in usable.items()},
        planned={name: rules_of(settings) for name, settings in config.channels.items()},
        pinger=Pinger(config.service.ping_url, client=client) if config.service.ping_url else None,
    )


@asynccontextmanager
async def open_outside(config: Config, *, clock: Clock) -> AsyncIterator[Outside]:
    """Fetchers and channels by themselves, without a database."""
    readers = Readers()
    outside = build_outside(config, clock=clock, readers=readers, keys=())  # no story is told of
    try:
        yield outside
    finally:
        await outside.aclose()
        await readers.aclose()


def build_channel(settings: ChannelSettings, config: Config, *, client: Client, linker: Linker) -> AnyChannel:
    """One channel, ready to send."""
    if isinstance(settings, WebhookSettings):
        secrets = tuple(secret.get_secret_value() for secret in settings.secrets)
        return WebhookChannel(settings.id, url=settings.url, secrets=secrets, client=client, linker=linker)
    if isinstance(settings, AppriseSettings):
        urls = tuple(url.get_secret_value() for url in settings.urls)
        return AppriseChannel(settings.id, urls=urls, linker=linker, timezone=config.service.timezone)
    if service := chat_service(settings):
        zone = config.service.timezone
        return ChatChannel(settings.id, service=service, client=client, linker=linker, timezone=zone)
    assert isinstance(settings, EmailSettings)
    server = SmtpServer(
        host=settings.host,
        port=settings.port,
        user=settings.user,
        password=settings.password.get_secret_value() if settings.password else None,
        tls=settings.tls,
    )
    return EmailChannel(
        settings.id,
        sender=settings.sender,
        server=server,
        linker=linker,
        timezone=config.service.timezone,
    )


def chat_service(settings: ChannelSettings) -> ChatService | None:
    """The chat service of a channel whose secret is there; None where the channel is of another kind."""
    if isinstance(settings, RoomSettings):
        assert settings.url is not None
        url = settings.url.get_secret_value()
        match settings.type:
            case "slack":
                return Slack(url=url)
            case "discord":
                return Discord(webhook=url)
            case "teams":
                return Teams(url=url)
    if isinstance(settings, TelegramSettings):
        assert settings.token is not None
        token = settings.token.get_secret_value()
        return Telegram(api=settings.api, token=token, chat=settings.chat, thread=settings.thread)
    if isinstance(settings, NtfySettings):
        access = settings.token.get_secret_value() if settings.token else None
        return Ntfy(url=settings.url, topic=settings.topic, token=access)
    return None


def build_adviser(
    config: Config, *, client: Client, opinions: Opinions, writer: Executor, clock: Clock
) -> LanguageModel | None:
    """The language model that may be asked; None where none is configured, or its key is missing."""
    settings = config.opinion
    if settings is None or settings.disabled is not None:
        return None
    endpoint = ChatEndpoint(
        url=settings.url,
        model=settings.model,
        client=client,
        key=settings.key.get_secret_value() if settings.key else None,
    )
    return LanguageModel(
        endpoint=endpoint,
        opinions=opinions,
        writer=writer,
        clock=clock,
        budget=settings.daily_budget,
        seconds=settings.timeout.total_seconds(),
        band=Band(low=settings.band[0], high=settings.band[1]) if settings.band else None,
    )


def rules_of(settings: ChannelSettings) -> ChannelRules:
    """Whom a channel reaches, and when."""
    recipients: tuple[str, ...] = (settings.id,)
    if isinstance(settings, EmailSettings):
        recipients = settings.to
    elif isinstance(settings, AppriseSettings) and settings.urls:
        recipients = recipients_of(settings.id, len(settings.urls))
    return ChannelRules(
        recipients=recipients,
        quiet_hours=settings.quiet_hours,
        digest=settings.digest,
        min_interval=settings.min_interval,
        rate=settings.rate,
        disabled=settings.disabled,
    )


def disabled_channels(config: Config) -> dict[ChannelId, str]:
    """The channels that are configured and can't be used, and why."""
    return {name: settings.disabled for name, settings in config.channels.items() if settings.disabled}


def secrets_of(config: Config) -> list[str]:
    """Every secret that the configuration holds, so that logs can blot them out."""
    found = [config.web.token, config.opinion.key if config.opinion else None]
    for settings in config.channels.values():
        match settings:
            case EmailSettings():
                found.append(settings.password)
            case WebhookSettings():
                found += settings.secrets
            case RoomSettings():
                found.append(settings.url)
            case TelegramSettings() | NtfySettings():
                found.append(settings.token)
            case AppriseSettings():
                found += settings.urls
    pinged = [config.service.ping_url] if config.service.ping_url else []
    return [*(secret.get_secret_value() for secret in found if secret is not None), *pinged]


def say_config(config: Config) -> None:
    """What is to be known about the configuration in use."""
    log.info("config_loaded", feeds=len(config.feeds), watches=[watch.id for watch in config.watches])
    for notice in config.notices:
        log.warning("config_notice", notice=notice)


# --------------------------------------------------------------------------- running


async def serve(app: App, stop: asyncio.Event, *, queues: Sequence[str] = QUEUES) -> None:
    """Run as a service, with the page on the web port, until `stop` is set; then drain and return.

    On PostgreSQL it is one worker among others, of these `queues`.
    """
    say_config(app.config)
    server, port = build_server(app), open_port(app.config)
    gc.freeze()  # what is loaded by now stays: to look through it again and again cost a tenth of what polling costs
    async with app.service, asyncio.TaskGroup() as group:
        web = group.create_task(server.serve(sockets=[port]))
        async with turning(app, queues):
            log.info("service_started", page=app.config.web.base_url, version=__version__)
            stopped = group.create_task(stop.wait())
            await asyncio.wait({web, stopped}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        clean = await app.service.drain()
        await web
        stop.set()
    log.info("service_stopped", drained=clean)


async def work(
    app: App, stop: asyncio.Event, *, queues: Sequence[str], alive: Path | None = None, concurrency: int | None = None
) -> None:
    """Be a worker of these queues, without the page, until `stop` is set; then drain and return.

    `alive` is a file that is touched every few seconds, as long as the worker reaches its database. `concurrency` is
    how many steps of each kind run at once.
    """
    if concurrency is not None:
        app.service.limit(concurrency)
    say_config(app.config)
    gc.freeze()
    async with app.service:
        async with turning(app, queues, alive=alive):
            log.info("worker_started", queues=list(queues), version=__version__)
            await stop.wait()
        clean = await app.service.drain()
    log.info("worker_stopped", drained=clean)


@asynccontextmanager
async def turning(app: App, queues: Sequence[str], *, alive: Path | None = None) -> AsyncIterator[None]:
    """The wheels turn inside, and nothing is begun after."""
    service, loop = app.service, asyncio.get_running_loop()
    if isinstance(app.waker, EmbeddedWaker):
        engine = EmbeddedEngine(service.ticks())
        app.waker.attach(loop, service.wake_deliveries)
        engine.start()
        service.wake_deliveries()  # what an earlier process left does not wait for the first tick
        try:
            yield
        finally:
            engine.stop()
            app.waker.detach()
        return
    workers = build_engine(app, queues, alive=alive)
    async with asyncio.TaskGroup() as group:
        group.create_task(workers.run())

        def ring() -> None:
            group.create_task(workers.ring("deliver"))

        app.waker.attach(loop, ring)
        service.call_readers = partial(workers.ring, "judge")
        try:
            yield
        finally:
            app.waker.detach()
            workers.stop()


def build_engine(app: App, queues: Sequence[str], *, alive: Path | None = None) -> DistributedEngine:
    """This process as a worker of some queues. The page alone is a worker of none."""
    from storywatch.engine.distributed import DistributedEngine, Round  # noqa: PLC0415  only where several machines work

    service, looks, turns = app.service, app.service.looks(), app.pipeline.turns
    loop = asyncio.get_running_loop()

    async def beat() -> None:
        if turns is not None:
            await turns.renew()
        await app.in_store(partial(probe, app.database))
        service.last_tick_at = app.clock.now()
        if alive is not None:
            await loop.run_in_executor(None, alive.touch)

    rounds = (
        Round(
            name="poll",
            queue="poll",
            cron=f"* * * * * */{LOOK_EVERY}",
            look=looks["poll"],
            has_room=service.polls.has_room,
        ),
        Round(
            name="judge",
            queue="judge",
            cron=f"* * * * * */{LOOK_EVERY}",
            look=looks["read"],
            has_room=service.readings.has_room,
        ),
        Round(name="deliver", queue="deliver", cron=f"* * * * * */{LOOK_EVERY}", look=looks["deliver"]),
        Round(name="announce", queue="deliver", cron="* * * * * */5", look=looks["announce"]),
        Round(name="hub", queue="poll", cron="* * * * * */10", look=looks["hub"]),
        Round(
            name="revisit", queue="judge", cron="* * * * * */5", look=looks["revisit"], has_room=service.visits.has_room
        ),
        Round(name="tidy", queue="poll", cron="17 3 * * *", look=service.tidy_all),
        Round(name="ping", queue="poll", cron="* * * * *", look=looks["ping"]),
    )
    return DistributedEngine(
        url=app.config.service.database,
        schema=QUEUE_SCHEMA,
        queues=queues,
        rounds=[one for one in rounds if one.queue in queues],
        beat=beat,
    )


def open_port(config: Config) -> socket.socket:
    """The web port, listening. Raises `StorywatchError` where it is taken."""
    host, port = config.web.host, config.web.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, reuse_port=False)
    except OSError as exc:
        message = (
            f"web.listen: {host}:{port} can't be opened ({os.strerror(exc.errno or 0)}); does another program use it?"
        )
        raise StorywatchError(message) from exc


def build_server(app: App) -> uvicorn.Server:
    """The web port's server."""
    web = app.config.web
    page = build_web(
        reads=app.views,
        watches=lambda: app.pipeline.watches,
        metrics=app.metrics,
        ready=app.faults,
        ticked_at=lambda: app.service.last_tick_at,
        clock=app.clock,
        zone=ZoneInfo(app.config.service.timezone),
        base_url=web.base_url,
        token=web.token.get_secret_value() if web.token else None,
        version=__version__,
        disabled=lambda: disabled_channels(app.config),
        opinion=app.opinion_view,
        hubs=app.hubs,
        keys=app.keys,
    )
    return serve_web(page, host=web.host, port=web.port)


async def run_once(app: App, *, every_feed: bool) -> None:
    """Poll what is due (or every feed), judge what is new, send what can be sent, and return."""
    now = app.clock.now()
    if every_feed:
        await app.in_store(partial(app.polls.make_all_due, now=now))
    async with kept_in_line(app.pipeline.turns), app.service:
        await app.service.exhaust(due_by=now)


@asynccontextmanager
async def kept_in_line(turns: Turns | None, *, every: float = LOOK_EVERY) -> AsyncIterator[None]:
    """What stands in line to be judged stays ours inside, as it does for a worker. `every`: so many seconds."""
    if turns is None:
        yield
        return

    async def renew() -> None:
        while True:
            await asyncio.sleep(every)
            with suppress(StorywatchError):  # its database is away: the round itself will say so
                await turns.renew()

    async with asyncio.TaskGroup() as group:
        renewing = group.create_task(renew())
        yield
        renewing.cancel()
