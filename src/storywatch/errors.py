"""The errors that one layer raises and another answers. A type exists only where somebody handles it differently.

StorywatchError
├── ConfigError        the configuration can't be used: every fault at once, exit status 2
├── SchemaError        the database is of another version than the program
├── LeaseLost          the row was claimed by somebody else meanwhile: drop the work, it is being done
├── StoryMoved         somebody else told the story something meanwhile: decide again, on what it knows now
├── OutOfTurn          an earlier entry of the same story waits, and nobody works on it: it goes first
├── FetchFailed        nothing could be had from an address
│   └── Forbidden      the address may not be asked at all (guard, robots.txt): asking again changes nothing
├── Unreadable         bytes came, but they are not what they should be
└── SendFailed         a delivery was not accepted
    ├── Unsent         for now: it is tried again
    └── Rejected       for good: it becomes a dead letter
"""

from __future__ import annotations

from datetime import timedelta  # noqa: TC003  kept at run time for introspection of the exceptions
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class StorywatchError(Exception):
    """Anything that storywatch itself reports, with a sentence meant for a person."""


class ConfigError(StorywatchError):
    """The configuration can't be used. `faults` are ready-made lines `file:line:column key: what is wrong`."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class SchemaError(StorywatchError):
    """The database's schema is not the one this program was built for."""


class LeaseLost(StorywatchError):
    """A claimed row is no longer ours: its lease ran out and another worker took it."""


class StoryMoved(StorywatchError):
    """What was decided was decided on stories of which these have since been told more by another worker."""

    def __init__(self, message: str, *, watches: Iterable[str]) -> None:
        super().__init__(message)
        self.watches = frozenset(watches)


class OutOfTurn(StorywatchError):
    """An entry is not to be judged yet: an earlier one that concerns the same story is nobody's just now."""


class FetchFailed(StorywatchError):
    """No usable answer came. `status` is the HTTP status if there was one."""

    def __init__(self, message: str, *, status: int | None = None, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class Forbidden(FetchFailed):
    """The address may not be asked: it is private, or the site's robots.txt says no."""


class Unreadable(StorywatchError):
    """The bytes are not a feed, or not a page that can be read."""


class SendFailed(StorywatchError):
    """A delivery was not accepted. `code` is what the receiver said, if it said anything."""

    def __init__(self, message: str, *, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class Unsent(SendFailed):
    """Not accepted for now; `retry_after` is the receiver's own wish."""

    def __init__(self, message: str, *, code: int | None = None, retry_after: timedelta | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class Rejected(SendFailed):
    """Refused for good: a wrong address, a closed door. Trying again would only annoy.

    `recipient_refused`: this recipient is not wanted there, though the channel works. `gone`: there is nothing any more
    where this recipient was, so nothing more is to be sent there.
    """

    def __init__(
        self, message: str, *, code: int | None = None, recipient_refused: bool = False, gone: bool = False
    ) -> None:
        super().__init__(message, code=code)
        self.recipient_refused = recipient_refused
        self.gone = gone
