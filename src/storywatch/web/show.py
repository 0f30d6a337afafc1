"""Values as a reader sees them: moments, spans, languages, addresses. Given to the templates as filters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from markupsafe import Markup

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from storywatch.core.model import Reason

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LONGEST_PULL = 4.0  # log-odds: the rest hardly changes a probability
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ps", "sd", "ug", "ur", "yi", "ckb", "dv"})


@dataclass(frozen=True, slots=True)
class Show:
    """How moments read, as seen from `now` in the reader's zone."""

    now: datetime
    zone: tzinfo

    def moment(self, at: datetime) -> Markup:
        """The local time, with the day where it is not today and the year where it is not this year."""
        local, today = at.astimezone(self.zone), self.now.astimezone(self.zone)
        text = f"{local:%H:%M}"
        if local.date() != today.date():
            year = f" {local.year}" if local.year != today.year else ""
            text = f"{local:%a} {local.day} {local:%b}{year}, {text}"
        return self._time(at, text)

    def clock_time(self, at: datetime) -> Markup:
        """The local time alone, where the day is told elsewhere."""
        return self._time(at, f"{at.astimezone(self.zone):%H:%M}")

    def brief(self, at: datetime) -> str:
        """How long ago within a day, else the local day."""
        if self.now - at < DAY:
            return self.ago(at)
        local = at.astimezone(self.zone)
        year = f" {local.year}" if local.year != self.now.astimezone(self.zone).year else ""
        return f"{local.day} {local:%b}{year}"

    def day(self, at: datetime) -> Markup:
        """The local day and, in bold, the time: the margin of the timeline."""
        local, today = at.astimezone(self.zone), self.now.astimezone(self.zone)
        year = f" {local.year}" if local.year != today.year else ""
        return self._time(
            at, Markup("{} <b>{}</b>").format(f"{local:%a} {local.day} {local:%b}{year}", f"{local:%H:%M}")
        )

    def ago(self, at: datetime | None) -> str:
        """How long ago, or in how long, in words."""
        if at is None:
            return "never"
        return f"{span(self.now - at)} ago" if at <= self.now else f"in {span(at - self.now)}"

    def _time(self, at: datetime, text: str | Markup) -> Markup:
        local = at.astimezone(self.zone)
        return Markup('<time datetime="{}">{}</time>').format(local.isoformat(timespec="seconds"), text)


def span(time: timedelta) -> str:
    """A span in its one or two largest units: "5 h 32 min"."""
    if time < MINUTE:
        return f"{max(0, int(time.total_seconds()))} s"
    if time < HOUR:
        return f"{time // MINUTE} min"
    if time < DAY:
        return _two(time // HOUR, "h", time % HOUR // MINUTE, "min")
    days = time // DAY
    return _two(days, "day" if days == 1 else "days", time % DAY // HOUR if days < 3 else 0, "h")  # noqa: PLR2004  hours matter for two days


def short_span(time: timedelta) -> str:
    """A span for a narrow column: the small unit goes without saying."""
    return span(time).removesuffix(" min") if time >= HOUR else span(time)


def _two(large: int, unit: str, small: int, small_unit: str) -> str:
    return f"{large} {unit} {small} {small_unit}" if small else f"{large} {unit}"


def direction(code: str | None) -> str:
    """The direction of a text whose language is known; the browser finds out otherwise."""
    return "rtl" if (code or "").split("-", maxsplit=1)[0].lower() in RIGHT_TO_LEFT else "auto"


def web_address(url: str) -> str | None:
    """The address if it may be linked: feeds list `javascript:` and worse."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    return url.strip() if parts.scheme.lower() in {"http", "https"} and parts.hostname else None


def same_name(one: str, other: str) -> bool:
    """Do both say the same, but for case and what stands between the words?"""
    return _letters(one) == _letters(other)


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def number(value: float) -> str:
    """A figure as it is worth reading: whole, or with two places."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.2f}"


def signed(value: float) -> str:
    """A pull with its sign, with a true minus."""
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def pull_width(reason: Reason) -> float:
    """The length of a bar in a scale of 100 whose middle is no pull: at most half of it."""
    return round(min(abs(reason.pull), LONGEST_PULL) / LONGEST_PULL * 50, 1)


def counted(count: int, one: str, many: str | None = None) -> str:
    """The count with its word: 1 feed, 2 feeds."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
