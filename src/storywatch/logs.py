"""How storywatch speaks to its operator: one line a step, JSON unless a terminal reads it, and never a secret."""

from __future__ import annotations

import json
import logging
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TextIO

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "***"
SECRET_KEY = re.compile(r"password|passwd|secret|token|authorization|cookie|api_?key", re.IGNORECASE)
SECRET_TEXT = re.compile(
    r"(?P<user>://[^/\s:@]*):[^/\s@]+@"  # a password in an address
    r"|(?P<sign>\bwhsec_)[A-Za-z0-9+/=_-]+"  # the key of a webhook
    r"|(?P<scheme>\b(?:Bearer|Basic)\s+)[A-Za-z0-9+/=._~-]{8,}"
    r"|(?P<query>[?&;](?:access_token|token|api_?key|key|password|secret|sig|signature)=)[^&\s#'\"]+",
    re.IGNORECASE,
)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
JSON = json.JSONEncoder(ensure_ascii=False, default=str)  # made once: that is half of what a line costs otherwise
SHORTEST_SECRET = 6  # shorter ones would blot out common words


def set_up_logs(*, stream: TextIO, level: str = "info", secrets: Collection[str] = ()) -> None:
    """Send every log line to `stream`; may be called again, after a reload say.

    What the libraries log through the standard library comes the same way, from WARNING on. Each of
    `secrets` is blotted out wherever it stands, beside whatever looks like a password or a key.
    """
    hide = Redactor(secrets)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            hide,
            *(_for_people(stream) if stream.isatty() else _for_programs()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[Bridge()], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)


def _for_programs() -> list[Processor]:
    """JSON escapes the first controls only, and what a program collects a person reads on a terminal."""
    return [_tame, _lead_with_the_event, _as_json]


def _for_people(stream: TextIO) -> list[Processor]:
    """Foreign text must not steer the terminal; a traceback must not show local variables."""
    console = structlog.dev.ConsoleRenderer(
        colors=stream.isatty(),
        timestamp_key="at",
        pad_event_to=0,
        sort_keys=False,
        exception_formatter=structlog.dev.plain_traceback,
    )
    return [_tame, _leave_out_what_says_nothing, console]


def _leave_out_what_says_nothing(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A person reads along: no line for a feed without anything new, no empty facts, the time to the second."""
    if event["event"] == "feed_polled" and not (event.get("new") or event.get("changed") or event.get("error")):
        raise structlog.DropEvent
    told = {key: value for key, value in event.items() if value is not None and (value or type(value) is not int)}
    return {**told, "at": f"{event['at'][:19]}Z"}


def _lead_with_the_event(_logger: WrappedLogger, _method: str, event: EventDict) -> Mapping[str, Any]:
    first = {key: event.pop(key) for key in ("at", "level", "event") if key in event}
    return {**first, **event}


def _as_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return JSON.encode(event)


def _tame(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: _change(value, _tamed) for key, value in event.items()}


def _tamed(text: str) -> str:
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


class Redactor:
    """Blots out secrets: known ones anywhere, others by the name of their key or by their shape."""

    def __init__(self, secrets: Collection[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """The event as it may be seen."""
        return {key: self._blot(key, value) for key, value in event.items()}

    def _blot(self, key: str, value: Any) -> Any:
        return HIDDEN if _is_secret(key) and value else _change(value, self.hide)

    def hide(self, text: str) -> str:
        """The text without its secrets."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        return SECRET_TEXT.sub(_keep_the_harmless_part, text)


@lru_cache(maxsize=1024)  # there are few keys, and they come with every line
def _is_secret(key: str) -> bool:
    return SECRET_KEY.search(key) is not None


def _keep_the_harmless_part(found: re.Match[str]) -> str:
    if found["user"] is not None:
        return f"{found['user']}:{HIDDEN}@"
    return f"{found['sign'] or found['scheme'] or found['query']}{HIDDEN}"


def _change(value: Any, change: Callable[[str], str]) -> Any:
    """The value with each text in it changed; numbers, booleans and nothing stay what they are."""
    if type(value) is str:  # nearly all that there is
        return change(value)
    match value:
        case bool() | int() | float() | None:
            return value
        case dict():
            return {key: _change(item, change) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_change(item, change) for item in value]
        case _:
            return change(str(value))


class Bridge(logging.Handler):
    """Carries what libraries log into our own lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """One record, one line."""
        structlog.get_logger().log(
            record.levelno, "library_spoke", library=record.name, text=record.getMessage(), exc_info=record.exc_info
        )
