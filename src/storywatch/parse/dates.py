"""Publishers' dates: many spellings, and zones that nobody may invent."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Hours east of UTC of zone names that publishers write and that mean one thing in the news.
ZONES = {
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2,
    "EET": 2, "EEST": 3, "MSK": 3, "TRT": 3, "KST": 9, "JST": 9, "HKT": 8, "SGT": 8, "PKT": 5, "AEST": 10, "AEDT": 11,
    "NZST": 12, "NZDT": 13, "EDT": -4, "EST": -5, "CDT": -5, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8, "BRT": -3,
}  # fmt: skip
OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})?$")
NAME = re.compile(r"\(?\b([A-Z]{1,5})\)?$")
DOUBLE = re.compile(r"([+-]\d{2}:?\d{2})\s*\([^)]*\)$")  # "+0900 (KST)": the figure says it
GMT_OFFSET = re.compile(r"\b(?:GMT|UTC)\s*(?=[+-]\d)")
NUMERIC = re.compile(r"^(\d{4})[./-](\d{1,2})[./-](\d{1,2})\.?[T,\s]+(\d{1,2}):(\d{2})(?::(\d{2}))?")
DAY = re.compile(r"^\d{4}-?\d{2}-?\d{2}$")
MAX_LENGTH = 100


def parse_moment(text: str, *, timezone_name: str | None = None) -> datetime | None:
    """The moment in UTC that a date names; None where it names none, or no zone and none is known."""
    local = parse_local(text)
    if local is None or local.tzinfo is not None:
        return local and _utc(local)
    try:
        return _utc(local.replace(tzinfo=ZoneInfo(timezone_name))) if timezone_name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def parse_local(text: str) -> datetime | None:
    """The date as written: aware where it carries a zone, else naive. A bare day is none."""
    text = " ".join(text.split())[:MAX_LENGTH]
    if not text or DAY.match(text):
        return None
    text = GMT_OFFSET.sub("", DOUBLE.sub(r"\1", text))
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        bare, zone = _split_zone(text)
    except ValueError:  # an offset of days is no offset
        return None
    moment = _parse_bare(bare)
    return moment.replace(tzinfo=zone) if moment and zone else moment


def _utc(moment: datetime) -> datetime | None:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def _split_zone(text: str) -> tuple[str, timezone | None]:
    if (found := NAME.search(text)) and found[1] in ZONES:
        return text[: found.start()].rstrip(), timezone(timedelta(hours=ZONES[found[1]]))
    if (found := OFFSET.search(text)) and ":" in text[: found.start()]:
        offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        return text[: found.start()].rstrip(), timezone(offset if found[1] == "+" else -offset)
    return text, None


def _parse_bare(text: str) -> datetime | None:
    try:
        if found := NUMERIC.match(text):
            year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
            return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  naive on purpose
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        found_822 = parsedate_tz(text)
        return datetime(*found_822[:6]) if found_822 and ":" in text else None  # noqa: DTZ001  naive on purpose
    except (ValueError, TypeError, IndexError):
        return None
