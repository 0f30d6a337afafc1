"""What an alert says, worded and cut once, for every channel that shows it to a person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from storywatch.notify.languages import language_name
from storywatch.notify.text import language_tag, line, web_url, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from storywatch.core.model import NewSentence, Report, Tidings
    from storywatch.notify.links import Linker

TEXT_WIDTH: Final = 76
NAME_LIMIT: Final = 120
HEADLINE_LIMIT: Final = 300
SENTENCE_LIMIT: Final = 1000
VALUE_LIMIT: Final = 120
MOST_SENTENCES: Final = 6
MOST_REPORTS: Final = 12
MOST_REASONS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A sentence that says what is new; `before`, `marked` and `after` are its parts around the new value."""

    old: str
    new: str
    before: str
    marked: str
    after: str
    lang: str
    source: str
    translation: str  # empty where there is none
    translation_lang: str
    translator: str

    @property
    def sentence(self) -> str:
        """The whole sentence."""
        return self.before + self.marked + self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One report of the development: who, when, and under which headline."""

    name: str
    when: str
    language: str
    title: str
    lang: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An alert as a person reads it: every text one clean line, every address fit to be linked."""

    story: str
    severity: str
    headline: str
    lang: str
    quotes: tuple[Quote, ...]
    quotes_left: int
    source_url: str | None
    timeline_url: str
    owners: int
    outlets: tuple[Outlet, ...]
    outlets_left: int
    why: tuple[str, ...]
    score: str
    delivery: str

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that occur: ours first."""
        foreign = (lang for quote in self.quotes for lang in (quote.lang, quote.translation_lang) if lang)
        return tuple(lang for lang in dict.fromkeys(("en", self.lang, *foreign)) if lang != "und")


def letter_of(tidings: Tidings, *, linker: Linker, zone: ZoneInfo) -> Letter:
    """The alert in words. `zone` is the reader's, for the times in it."""
    development, reports = tidings.development, tidings.reports
    quotes = tuple(_quote(new, reports[0], first=not i, zone=zone) for i, new in enumerate(development.new))
    return Letter(
        story=line(tidings.watch_name, NAME_LIMIT),
        severity=development.severity,
        headline=line(development.headline, HEADLINE_LIMIT),
        lang=language_tag(development.lang),
        quotes=quotes[:MOST_SENTENCES],
        quotes_left=len(quotes[MOST_SENTENCES:]),
        source_url=web_url(reports[0].url),
        timeline_url=linker.timeline(development.watch, development.id),
        owners=len({report.owner for report in reports}),
        outlets=_outlets(reports[:MOST_REPORTS], zone=zone),
        outlets_left=len(reports[MOST_REPORTS:]),
        why=tuple(line(reason, SENTENCE_LIMIT) for reason in tidings.why[:MOST_REASONS]),
        score=f"{tidings.score:.2f}",
        delivery=tidings.delivery,
    )


def templates() -> Environment:
    """The templates of messages: HTML escapes, text wraps, and a name that is not given is an error."""
    environment = Environment(
        loader=PackageLoader("storywatch.notify"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), disabled_extensions=("txt.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["wrap"] = partial(wrap, width=TEXT_WIDTH)
    return environment


def _quote(new: NewSentence, broke_it: Report, *, first: bool, zone: ZoneInfo) -> Quote:
    sentence, value = line(new.sentence, SENTENCE_LIMIT), line(new.new or "", VALUE_LIMIT)
    before, marked, after = sentence.partition(value) if value else (sentence, "", "")
    translation = new.translation
    source = f"{_outlet_name(broke_it)} ({language_name(language_tag(new.lang))})"
    if first:
        source += f", broke it, {_time(broke_it.seen_at, zone)}"
    return Quote(
        old=line(new.old or "", VALUE_LIMIT),
        new=value,
        before=before,
        marked=marked,
        after=after,
        lang=language_tag(new.lang),
        source=source,
        translation=line(translation.text, SENTENCE_LIMIT) if translation else "",
        translation_lang=language_tag(translation.lang) if translation else "",
        translator=line(translation.by, NAME_LIMIT) if translation else "",
    )


def _outlets(reports: Sequence[Report], *, zone: ZoneInfo) -> tuple[Outlet, ...]:
    first = reports[0].seen_at
    return tuple(
        Outlet(
            name=_outlet_name(report),
            when=_later(first, report.seen_at) if i else _time(report.seen_at, zone),
            language=language_name(language_tag(report.lang)),
            title=line(report.title, HEADLINE_LIMIT),
            lang=language_tag(report.lang),
        )
        for i, report in enumerate(reports)
    )


def _outlet_name(report: Report) -> str:
    return line(report.outlet, NAME_LIMIT)


def _time(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    place = zone.key.rpartition("/")[2].replace("_", " ")
    return f"{local.day} {local:%B}, {local:%H:%M} {place}"


def _later(first: datetime, at: datetime) -> str:
    minutes = round((at - first).total_seconds() / 60)
    return f"+{minutes} min" if minutes < 120 else f"+{round(minutes / 60)} h"  # noqa: PLR2004  two hours
