"""The kinds of values that stand in the configuration, and how each is read from what TOML gives.

Every reader takes anything and raises ValueError with the sentence for the user: what was expected, what
was found. A value that may hold a password is never repeated.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import time, timedelta
from typing import Annotated, Any
from urllib.parse import SplitResult, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BeforeValidator, WithJsonSchema

from storywatch.config.faults import did_you_mean, found, near_id, wrong
from storywatch.core.addresses import Network
from storywatch.core.alerting import Rate
from storywatch.core.retention import SHORTEST_KEPT

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LONGEST_DURATION = timedelta(days=366)
LONGEST_KEPT = timedelta(days=36_525)
FOREVER = "forever"
SHORTEST_PATIENCE, LONGEST_PATIENCE = timedelta(seconds=1), timedelta(seconds=30)
SHORTEST_REMINDER = timedelta(minutes=1)
MOST_CALLS = 100_000  # a day
MOST_OWNERS = 100
DURATION = r"(0|[1-9][0-9]{0,8})([smhd])"
ID = r"[a-z0-9-]+"
CHAT_ID = r"-?[1-9][0-9]{0,15}|@[A-Za-z0-9_]{4,32}"
NTFY_TOPIC = r"[A-Za-z0-9_-]{1,64}"
ENV_NAME = r"[A-Z_][A-Z0-9_]*"
EMAIL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
HOST = r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?"


def read_duration(value: Any) -> timedelta:
    """`20s`, `5m`, `6h`, `3d`; at most a year."""
    return _duration(value, expected="a duration")


def read_interval(value: Any) -> timedelta | None:
    """`"auto"` (None), or a duration that is not zero."""
    if value == "auto":
        return None
    duration = _duration(value, expected='"auto" or a duration')
    if not duration:
        raise wrong(value, '"auto" or a duration of at least "1s"')
    return duration


def read_kept(value: Any) -> timedelta | None:
    """`"forever"` (None), or a duration that is long enough for whatever is still asked of it."""
    if value == FOREVER:
        return None
    expected = f'"{FOREVER}" or a duration'
    duration = _duration(value, expected=expected, longest=LONGEST_KEPT)
    if duration < SHORTEST_KEPT:
        raise wrong(value, f'{expected} of at least "{SHORTEST_KEPT.days}d"')
    return duration


def _duration(value: Any, *, expected: str, longest: timedelta = LONGEST_DURATION) -> timedelta:
    parts = re.fullmatch(DURATION, value) if isinstance(value, str) else None
    if parts is None:
        bare = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        hint = f'; for seconds write "{value}s"' if bare else ""
        raise wrong(value, f'{expected} such as "5m" (units: s, m, h, d)', hint)
    duration = timedelta(**{UNITS[parts[2]]: int(parts[1])})  # nine digits of days are just not too many
    if duration > longest:
        raise wrong(value, f"a duration of at most {longest.days}d")
    return duration


def read_text(value: Any) -> str:
    """Any text that says something."""
    if not isinstance(value, str):
        raise wrong(value, "a text in quotes")
    if not value.strip():
        message = "expected a text, found nothing in it"
        raise ValueError(message)
    return value.strip()


def read_line(value: Any) -> str:
    """A text of one line: it goes into subjects and headers."""
    text = read_text(value)
    if not text.isprintable():
        raise wrong(value, "a text on one line")
    return text


def read_prefix(value: Any) -> str:
    """What stands before every text, its blanks and all."""
    if not isinstance(value, str) or not value.isprintable():
        raise wrong(value, "a text on one line")
    return value


def read_id(value: Any) -> str:
    """The name of a feed, a channel or a watch."""
    if not isinstance(value, str):
        raise wrong(value, "an id in quotes")
    if not re.fullmatch(ID, value):
        near = near_id(value)
        hint = f', did you mean "{near}"?' if near else ""
        raise wrong(value, "an id of small letters, digits and hyphens", hint)
    return value


def read_zone(value: Any) -> str:
    """A time zone of the IANA database."""
    example = 'a time zone such as "Europe/Kyiv"'
    if not isinstance(value, str):
        raise wrong(value, example)
    try:
        return ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of one of its directories
        raise wrong(value, example, did_you_mean(value, available_timezones())) from None


def read_language(value: Any) -> str:
    """A language as ISO 639-1 names it."""
    if not isinstance(value, str) or not re.fullmatch(r"[a-z]{2}", value):
        near = value[:2].lower() if isinstance(value, str) and re.fullmatch(r"[A-Za-z]{2}([-_].*)?", value) else ""
        raise wrong(value, 'a language of two small letters such as "uk"', f', did you mean "{near}"?' if near else "")
    return value


def read_email(value: Any) -> str:
    """A bare e-mail address."""
    if not isinstance(value, str) or not re.fullmatch(EMAIL, value):
        raise wrong(value, 'an address such as "desk@example.org"')
    return value


def read_clock_time(value: Any) -> time:
    """`23:00`. TOML's own time, without quotes, wants seconds in older parsers, so a text it is."""
    if not isinstance(value, str) or not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise wrong(value, 'a time of day such as "23:00" in quotes')
    return time.fromisoformat(value)


def read_env_name(value: Any) -> str:
    """The name of an environment variable. What stands there instead is never shown: it may be the secret itself."""
    if not isinstance(value, str) or not re.fullmatch(ENV_NAME, value):
        message = (
            'expected the name of an environment variable such as "SMTP_PASSWORD" (capitals, digits, _); '
            "what stands there is not shown: if it is the secret itself, move it out of this file"
        )
        raise ValueError(message)
    return value


def read_secret_path(value: Any) -> str:
    """The path of a file that holds a secret. A webhook secret in its place is never shown."""
    if not isinstance(value, str) or not value.strip() or "\0" in value or "whsec_" in value:
        message = 'expected the path of a file such as "/run/secrets/smtp"; what stands there is not shown'
        raise ValueError(message)
    return value


def read_seed_path(value: Any) -> str:
    """The path of a text file."""
    path = read_text(value)
    if "\0" in path:
        raise wrong(value, "the path of a text file")
    return path


def read_network(value: Any) -> Network:
    """A range of addresses, or one address."""
    if not isinstance(value, str):
        raise wrong(value, 'a range of addresses such as "127.0.0.0/8"')
    try:
        return ipaddress.ip_network(value)
    except ValueError:
        try:
            near = f', did you mean "{ipaddress.ip_network(value, strict=False)}"?'
        except ValueError:
            near = ""
        raise wrong(value, 'a range of addresses such as "127.0.0.0/8"', near) from None


def read_parallel(value: Any) -> int:
    """How many requests at a time."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 16:  # noqa: PLR2004  in the message
        raise wrong(value, "a whole number from 1 to 16")
    return value


def read_budget(value: Any) -> int:
    """How many calls a day."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_CALLS:
        raise wrong(value, f"a whole number from 1 to {MOST_CALLS}")
    return value


def read_band(value: Any) -> tuple[float, float] | None:
    """Two scores, the lower one first; an empty list is none."""
    expected = "two scores from 0 to 1 such as [0.15, 0.7], the lower one first, or [] for none"
    if not isinstance(value, list) or any(isinstance(one, bool) or not isinstance(one, int | float) for one in value):
        raise wrong(value, expected)
    if not value:
        return None
    if len(value) != 2 or not 0 <= value[0] < value[1] <= 1:  # noqa: PLR2004  low and high
        raise wrong(value, expected, f" ({', '.join(map(str, value[:3]))})")
    return float(value[0]), float(value[1])


def read_rate(value: Any) -> Rate:
    """`30/1m`: so many messages in such a time."""
    expected = 'a number of messages and a time such as "30/1m"'
    parts = re.fullmatch(rf"([1-9][0-9]{{0,5}})/({DURATION})", value) if isinstance(value, str) else None
    if parts is None:
        raise wrong(value, expected)
    per = _duration(parts[2], expected=expected)
    if not per:
        raise wrong(value, expected)
    return Rate(messages=int(parts[1]), per=per)


def read_owner_counts(value: Any) -> tuple[int, ...]:
    """Numbers of owners, each once; kept from the least to the most."""
    expected = f"a list of whole numbers from 2 to {MOST_OWNERS}, each once, such as [2, 5]"
    if not isinstance(value, list) or any(isinstance(one, bool) or not isinstance(one, int) for one in value):
        raise wrong(value, expected)
    if any(not 2 <= one <= MOST_OWNERS for one in value) or len(set(value)) < len(value):  # noqa: PLR2004  in the message
        raise wrong(value, expected, f" ({', '.join(map(str, value[:3]))})")
    return tuple(sorted(value))


def read_reminder(value: Any) -> timedelta:
    """After how long a development is told again: no alarm clock."""
    duration = _duration(value, expected="a duration")
    if duration < SHORTEST_REMINDER:
        raise wrong(value, 'a duration of "1m" or more')
    return duration


def read_patience(value: Any) -> timedelta:
    """How long an answer is waited for: all judging waits with it."""
    duration = _duration(value, expected="a duration")
    if not SHORTEST_PATIENCE <= duration <= LONGEST_PATIENCE:
        raise wrong(value, 'a duration from "1s" to "30s": all judging waits with it')
    return duration


def read_term(value: Any) -> str:
    """A word or phrase; `*` may only end a word."""
    term = read_text(value)
    for word in term.split():
        if not word.rstrip("*"):
            raise wrong(value, 'a word before the "*"')
        if "*" in word.rstrip("*") or word.endswith("**"):
            raise wrong(value, '"*" only at the end of a word, as in "prisoner*"')
    return term


def read_selector(value: Any) -> str:
    """A CSS selector."""
    from storywatch.parse.selectors import is_selector  # noqa: PLC0415  few configurations have one

    selector = read_line(value)
    if not is_selector(selector):
        raise wrong(value, 'a CSS selector such as "article h2 a"')
    return selector


# --------------------------------------------------------------------------- addresses


def split_url(value: Any, *, schemes: tuple[str, ...], example: str) -> SplitResult:
    """An absolute address with a host, without a password, of one of the schemes."""
    expected = f'an address such as "{example}"'
    if not isinstance(value, str):
        raise wrong(value, expected)
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), None
    if parts.scheme.lower() not in schemes:
        other = parts.scheme and not found(value).startswith("a text")
        raise wrong(value, f"{expected} ({' or '.join(f'{one}://' for one in schemes)})" if other else expected)
    if parts.password is not None:
        message = "an address must not hold a password: it would be in this file and in every log"
        raise ValueError(message)
    if not parts.hostname or not value.isprintable() or " " in value or port == 0:
        raise wrong(value, expected)
    return parts


def read_web_url(value: Any, *, example: str) -> str:
    """An http or https address that holds no login."""
    parts = split_url(value, schemes=("http", "https"), example=example)
    if parts.username is not None:
        message = "an address must not hold a login (user@): this version asks without one"
        raise ValueError(message)
    return str(value)


def read_feed_url(value: Any) -> str:
    """The address of a feed."""
    return read_web_url(value, example="https://example.org/feed.xml")


def read_webhook_url(value: Any) -> str:
    """The address that is called. Many services keep a key in its path, so it is never repeated."""
    return _secret_url(value, example="https://hooks.example.org/storywatch")


def read_ping_url(value: Any) -> str:
    """The address that is asked while all is well: whoever knows it can say so too, so it is never repeated."""
    return _secret_url(value, example="https://pings.example.org/storywatch")


def _secret_url(value: Any, *, example: str) -> str:
    try:
        return read_web_url(value, example=example)
    except ValueError as error:
        if "must not hold" in str(error):
            raise
        message = f'expected an address such as "{example}" (what stands there is not shown)'
        raise ValueError(message) from None


def read_model_url(value: Any) -> str:
    """Where an OpenAI-compatible server answers, without the slash at its end and what follows it."""
    example = "http://127.0.0.1:11434/v1"
    url = read_web_url(value, example=example)
    if urlsplit(url).query or urlsplit(url).fragment:
        raise wrong(value, "an address without ? and #")
    if url.rstrip("/").endswith("/chat/completions"):
        raise wrong(value, f'the address before /chat/completions, such as "{example}"')
    return url.rstrip("/")


def read_chat_id(value: Any) -> str:
    """A chat of Telegram: its number in quotes, or the public name."""
    expected = 'a chat in quotes such as "-1001234567890" or "@newsdesk"'
    if not isinstance(value, str) or not re.fullmatch(CHAT_ID, value):
        number = isinstance(value, int) and not isinstance(value, bool)
        raise wrong(value, expected, f'; write "{value}"' if number else "")
    return value


def read_topic(value: Any) -> int:
    """The number of a topic."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise wrong(value, "a whole number such as 4")
    return value


def read_ntfy_topic(value: Any) -> str:
    """The name of a topic. Who knows it can often read along, so a wrong one is not repeated."""
    if not isinstance(value, str) or not re.fullmatch(NTFY_TOPIC, value):
        message = 'expected a topic of at most 64 letters, digits, - and _ such as "desk-alerts" (what stands there is not shown)'
        raise ValueError(message)
    return value


def read_base_url(value: Any) -> str:
    """Where readers reach the page; without the slash at its end."""
    url = read_web_url(value, example="http://127.0.0.1:8480")
    if urlsplit(url).query or urlsplit(url).fragment:
        raise wrong(value, "an address without ? and #")
    return url.rstrip("/")


def read_contact(value: Any) -> str:
    """Who runs this: an e-mail address or a page, in plain signs, because it goes into the User-Agent header."""
    if isinstance(value, str) and re.fullmatch(EMAIL, value):
        return value
    if isinstance(value, str) and re.fullmatch(r"https?://[!-'*-~]+", value) and "@" not in value:
        return read_web_url(value, example="https://example.org/contact")
    raise wrong(
        value,
        'an e-mail address or the address of a page such as "desk@example.org"',
        "; every site that is asked sees it",
    )


def read_smtp(value: Any) -> str:
    """`smtps://user@host:465` or `smtp://host:587`."""
    if isinstance(value, str) and re.match(r"smtps?://[^/]*:[^/@]*@", value, re.IGNORECASE):
        message = 'the address must not hold a password: write "smtps://user@host" and name it by password_env or password_file'
        raise ValueError(message)
    example = "smtps://user@mail.example.org:465"
    parts = split_url(value, schemes=("smtps", "smtp"), example=example)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise wrong(value, f'an address such as "{example}", with nothing after the host')
    if parts.username is not None and not unquote(parts.username).isprintable():
        raise wrong(value, f'an address such as "{example}"')
    return str(value)


def read_database(value: Any) -> str:
    """SQLAlchemy's address of a database, with no password in it."""
    example = '"sqlite:///data/storywatch.db" or "postgresql+psycopg://user@host/db"'
    if not isinstance(value, str):
        raise wrong(value, example)
    if value.startswith("sqlite:///"):
        if value.removeprefix("sqlite:///") in {"", ":memory:"} or "?" in value or "\0" in value:
            raise wrong(value, 'the path of a file, as in "sqlite:///data/storywatch.db"')
        return value
    if not value.startswith("postgresql+psycopg://"):
        raise wrong(value, example)
    if re.match(r"[^/]+//[^/]*:.*@|.*[?&]password=", value, re.IGNORECASE):
        message = "the address must not hold a password: leave it to PGPASSWORD, PGPASSFILE or ~/.pgpass"
        raise ValueError(message)
    return value


def read_listen(value: Any) -> tuple[str, int]:
    """`host:port`; an IPv6 host in brackets; port 0 takes any free one."""
    parts = (
        re.fullmatch(rf"(\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>{HOST})):(?P<port>[0-9]{{1,5}})", value)
        if isinstance(value, str)
        else None
    )
    if parts is None or int(parts["port"]) > 65535:  # noqa: PLR2004  the last port
        raise wrong(value, 'host and port such as "127.0.0.1:8480"')
    return parts["six"] or parts["host"], int(parts["port"])


def is_loopback(host: str) -> bool:
    """Can only this machine reach a server that listens there?"""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def text_of(pattern: str | None = None, **more: Any) -> WithJsonSchema:
    """What an editor is told about a value: a text, of a pattern."""
    return WithJsonSchema(
        {"type": "string", **({"pattern": f"^(?:{pattern})$"} if pattern else {"minLength": 1}), **more}
    )


Duration = Annotated[timedelta, BeforeValidator(read_duration), text_of(DURATION)]
Kept = Annotated[timedelta | None, BeforeValidator(read_kept), text_of(f"{FOREVER}|{DURATION}")]
Interval = Annotated[timedelta | None, BeforeValidator(read_interval), text_of(f"auto|{DURATION}")]
Text = Annotated[str, BeforeValidator(read_text), text_of()]
Line = Annotated[str, BeforeValidator(read_line), text_of()]
Prefix = Annotated[str, BeforeValidator(read_prefix), WithJsonSchema({"type": "string"})]
Id = Annotated[str, BeforeValidator(read_id), text_of(ID)]
Zone = Annotated[str, BeforeValidator(read_zone), text_of()]
Language = Annotated[str, BeforeValidator(read_language), text_of("[a-z]{2}")]
Email = Annotated[str, BeforeValidator(read_email), text_of(EMAIL)]
ClockTime = Annotated[time, BeforeValidator(read_clock_time), text_of("([01][0-9]|2[0-3]):[0-5][0-9]")]
EnvName = Annotated[str, BeforeValidator(read_env_name), text_of(ENV_NAME)]
SecretPath = Annotated[str, BeforeValidator(read_secret_path), text_of()]
SeedPath = Annotated[str, BeforeValidator(read_seed_path), text_of()]
AddressRange = Annotated[Network, BeforeValidator(read_network), text_of()]
Parallel = Annotated[
    int, BeforeValidator(read_parallel), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 16})
]
Budget = Annotated[
    int, BeforeValidator(read_budget), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST_CALLS})
]
ScoreBand = Annotated[
    tuple[float, float] | None,
    BeforeValidator(read_band),
    WithJsonSchema({"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}, "maxItems": 2}),
]
Patience = Annotated[timedelta, BeforeValidator(read_patience), text_of("([1-9]|[12][0-9]|30)s")]
ModelUrl = Annotated[str, BeforeValidator(read_model_url), text_of("https?://.+")]
Term = Annotated[str, BeforeValidator(read_term), text_of()]
Selector = Annotated[str, BeforeValidator(read_selector), text_of()]
FeedUrl = Annotated[str, BeforeValidator(read_feed_url), text_of("https?://.+")]
WebhookUrl = Annotated[str, BeforeValidator(read_webhook_url), text_of("https?://.+")]
PingUrl = Annotated[str, BeforeValidator(read_ping_url), text_of("https?://.+")]
Reminder = Annotated[timedelta, BeforeValidator(read_reminder), text_of(DURATION)]
ChannelRate = Annotated[Rate, BeforeValidator(read_rate), text_of(rf"[1-9][0-9]{{0,5}}/{DURATION}")]
OwnerCounts = Annotated[
    tuple[int, ...],
    BeforeValidator(read_owner_counts),
    WithJsonSchema(
        {"type": "array", "items": {"type": "integer", "minimum": 2, "maximum": MOST_OWNERS}, "uniqueItems": True}
    ),
]
ChatId = Annotated[str, BeforeValidator(read_chat_id), text_of(CHAT_ID)]
Topic = Annotated[int, BeforeValidator(read_topic), WithJsonSchema({"type": "integer", "minimum": 1})]
NtfyTopic = Annotated[str, BeforeValidator(read_ntfy_topic), text_of(NTFY_TOPIC)]
BaseUrl = Annotated[str, BeforeValidator(read_base_url), text_of("https?://.+")]
Contact = Annotated[str, BeforeValidator(read_contact), text_of()]
Smtp = Annotated[str, BeforeValidator(read_smtp), text_of("smtps?://.+")]
Database = Annotated[str, BeforeValidator(read_database), text_of("(sqlite:///|postgresql\\+psycopg://).+")]
Listen = Annotated[tuple[str, int], BeforeValidator(read_listen), text_of(".+:[0-9]{1,5}")]
