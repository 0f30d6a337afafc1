"""What a message says, worded and cut once, for every channel that shows it to a person."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from storywatch.core.model import AlertKind
from storywatch.notify.languages import language_name
from storywatch.notify.letters import (
    Brief,
    Chapter,
    Correction,
    DigestLetter,
    DoubtLine,
    Letter,
    Links,
    Outlet,
    Quote,
    SignLine,
    TroubleLetter,
)
from storywatch.notify.links import LinkAction
from storywatch.notify.text import language_tag, line, web_url, wrap
from storywatch.notify.weight import weightiest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from storywatch.core.model import (
        Alert,
        Development,
        DigestTidings,
        Doubt,
        Gist,
        NewSentence,
        Recipient,
        Report,
        Sign,
        Tidings,
        TroubleTidings,
    )
    from storywatch.notify.links import Linker

TEXT_WIDTH: Final = 76
NAME_LIMIT: Final = 120
HEADLINE_LIMIT: Final = 300
SENTENCE_LIMIT: Final = 1000
BRIEF_LIMIT: Final = 400  # of a sentence among several developments
VALUE_LIMIT: Final = 120
PREVIEW_LIMIT: Final = 200
MOST_SENTENCES: Final = 6
MOST_REPORTS: Final = 12
MOST_REASONS: Final = 8
MOST_GISTS: Final = 20
MOST_TOLD: Final = 30
MOST_DOUBTS: Final = 20
MOST_SIGNS: Final = 20
REASONS_OF_A_DOUBT: Final = 3
BECAUSE: Final = {
    "digest": "what was not told at once",
    "quiet": "held in quiet hours",
    "interval": "held until the story may be told of again",
    "snooze": "held while the story was snoozed",
}


def letter_of(tidings: Tidings, *, linker: Linker, zone: ZoneInfo) -> Letter:
    """An alert about one development, of any kind. `zone` is the reader's, for the times in it."""
    development, reports, alert = tidings.development, tidings.reports, tidings.alert
    quotes = tuple(_quote(new, reports[0], first=not i, zone=zone) for i, new in enumerate(development.new))
    lead = _lead(alert, development, zone=zone)
    headline = line(development.headline, HEADLINE_LIMIT)
    change = quotes[0].change if quotes else ""
    return Letter(
        kind=alert.kind,
        watch=development.watch,
        story=line(tidings.watch_name, NAME_LIMIT),
        severity=development.severity,
        lead=lead,
        preview=line(": ".join(filter(None, (lead or change, headline))), PREVIEW_LIMIT),
        correction=_correction(alert),
        headline=headline,
        lang=language_tag(development.lang),
        quotes=quotes[:MOST_SENTENCES],
        quotes_left=len(quotes[MOST_SENTENCES:]),
        source_url=web_url(reports[0].url),
        links=_links(development, tidings.recipient, alert, linker=linker),
        owners=len({report.owner for report in reports}),
        outlets=_outlets(reports[:MOST_REPORTS], zone=zone),
        outlets_left=len(reports[MOST_REPORTS:]),
        why=tuple(line(reason, SENTENCE_LIMIT) for reason in tidings.why[:MOST_REASONS]),
        score=f"{tidings.score:.2f}",
        delivery=tidings.delivery,
    )


def digest_letter(tidings: DigestTidings, *, linker: Linker, zone: ZoneInfo) -> DigestLetter:
    """Several developments in words, by story in the order in which the stories come."""
    title = _digest_title(tidings)
    first = next((gist.development.headline for gist in (*tidings.gists, *tidings.told)), "")
    headline = first or next((doubt.report.title for doubt in tidings.doubts), "")
    watch, recipient, at = tidings.alert.watch, tidings.recipient, tidings.alert.created_at
    names = [
        *(gist.watch_name for gist in (*tidings.gists, *tidings.told)),
        *(one.watch_name for one in tidings.doubts),
    ]
    return DigestLetter(
        watch=watch,
        story=line(names[0], NAME_LIMIT) if watch else "",
        mute=linker.signed(LinkAction.MUTE, watch, recipient, at=at) if watch else "",
        unsubscribe=linker.signed(LinkAction.UNSUBSCRIBE, watch, recipient, at=at) if watch else "",
        channel=line(recipient.channel, NAME_LIMIT),
        title=title,
        lead=_digest_lead(tidings.alert, zone=zone),
        preview=line(f"{title}: {headline}", PREVIEW_LIMIT),
        chapters=_chapters(weightiest(tidings.gists, MOST_GISTS), tidings, linker=linker, zone=zone),
        briefs_left=len(tidings.gists[MOST_GISTS:]),
        told=_chapters(tidings.told[:MOST_TOLD], tidings, linker=linker, zone=zone, told=True),
        told_left=len(tidings.told[MOST_TOLD:]),
        doubts=tuple(_doubt(doubt, linker=linker, zone=zone) for doubt in tidings.doubts[:MOST_DOUBTS]),
        doubts_left=len(tidings.doubts[MOST_DOUBTS:]),
        page_url=linker.page(),
        delivery=tidings.delivery,
    )


def trouble_letter(tidings: TroubleTidings, *, linker: Linker, zone: ZoneInfo) -> TroubleLetter:
    """What keeps the service from its work, or no longer does, in words."""
    recovered = tidings.alert.kind is AlertKind.RECOVERED
    signs = tuple(_sign(sign, zone=zone) for sign in tidings.signs[:MOST_SIGNS])
    subjects = [_subject(sign) for sign in tidings.signs[:3]]
    if rest := len(tidings.signs) - len(subjects):
        subjects.append(f"{rest} more")
    title = f"{'Recovered' if recovered else 'Trouble'}: {_and(subjects)}"
    return TroubleLetter(
        recovered=recovered,
        title=title,
        preview=line("; ".join([title, *(sign.words for sign in signs[:1])]), PREVIEW_LIMIT),
        signs=signs,
        signs_left=len(tidings.signs[MOST_SIGNS:]),
        page_url=linker.page(),
        channel=line(tidings.recipient.channel, NAME_LIMIT),
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


def counted(number: int, thing: str) -> str:
    """The number with its thing: 1 story, 2 stories."""
    if number == 1:
        return f"1 {thing}"
    return f"{number} {thing[:-1]}ies" if thing.endswith("y") else f"{number} {thing}s"


# --------------------------------------------------------------------------- one development


def _lead(alert: Alert, development: Development, *, zone: ZoneInfo) -> str:
    """What a follow-up says; nothing for a first report."""
    match alert.kind:
        case AlertKind.CORROBORATED:
            return _said(alert.detail.get("words") or f"now reported by {alert.detail['owners']} independent owners")
        case AlertKind.CORRECTED:
            return _said(alert.detail.get("words") or ("retracted" if alert.detail.get("retracted") else "corrected"))
        case AlertKind.REMINDER:
            since = _time(development.first_seen_at, zone)
            return f"Reminder {alert.detail.get('number', 1)}: not acknowledged since {since}"
        case _:
            return ""


def _said(words: str) -> str:
    """Words as a line of their own: they begin with a capital letter."""
    words = line(words, SENTENCE_LIMIT)
    return words[:1].upper() + words[1:]


def _correction(alert: Alert) -> Correction | None:
    if alert.kind is not AlertKind.CORRECTED:
        return None
    return Correction(
        sentence=line(alert.detail.get("sentence") or "", SENTENCE_LIMIT),
        lang=language_tag(alert.detail.get("lang") or "und"),
        url=web_url(alert.detail.get("url") or ""),
        retracted=bool(alert.detail.get("retracted")),
    )


def _links(development: Development, recipient: Recipient, alert: Alert, *, linker: Linker) -> Links:
    watch, at = development.watch, alert.created_at
    return Links(
        timeline=linker.timeline(watch, development.id),
        acknowledge=linker.signed(LinkAction.ACKNOWLEDGE, watch, recipient, at=at, development=development.id),
        mute=linker.signed(LinkAction.MUTE, watch, recipient, at=at),
        unsubscribe=linker.signed(LinkAction.UNSUBSCRIBE, watch, recipient, at=at),
    )


def _quote(new: NewSentence, broke_it: Report, *, first: bool, zone: ZoneInfo, limit: int = SENTENCE_LIMIT) -> Quote:
    sentence, value = line(new.sentence, limit), line(new.new or "", VALUE_LIMIT)
    before, marked, after = sentence.partition(value) if value else (sentence, "", "")
    translation, old_by = new.translation, line(new.old_by or "", NAME_LIMIT)
    source = f"{_outlet_name(broke_it)} ({_language(new.lang)})"
    if first:
        source += f", broke it, {_time(broke_it.seen_at, zone)}"
    both_stand = bool(new.conflict and new.old and value and old_by)
    return Quote(
        old=line(new.old or "", VALUE_LIMIT),
        new=value,
        before=before,
        marked=marked,
        after=after,
        lang=language_tag(new.lang),
        source=source,
        translation=line(translation.text, limit) if translation else "",
        translation_lang=language_tag(translation.lang) if translation else "",
        translator=line(translation.by, NAME_LIMIT) if translation else "",
        old_by=old_by if both_stand else "",
        new_by=_outlet_name(broke_it) if both_stand else "",
    )


def _outlets(reports: Sequence[Report], *, zone: ZoneInfo) -> tuple[Outlet, ...]:
    first = reports[0].seen_at
    return tuple(
        Outlet(
            name=_outlet_name(report),
            when=_later(first, report.seen_at) if i else _time(report.seen_at, zone),
            language=_language(report.lang),
            title=line(report.title, HEADLINE_LIMIT),
            lang=language_tag(report.lang),
        )
        for i, report in enumerate(reports)
    )


def _outlet_name(report: Report) -> str:
    return line(report.outlet, NAME_LIMIT)


def _language(lang: str) -> str:
    return language_name(language_tag(lang))


# --------------------------------------------------------------------------- several


def _digest_title(tidings: DigestTidings) -> str:
    """How many of what; never empty, for a digest that has nothing to tell is not made."""
    new = sum(gist.kind is AlertKind.REPORTED for gist in tidings.gists)
    stories = len({gist.watch for gist in tidings.gists})
    parts = [counted(new, "new development")] if new else []
    if follow_ups := len(tidings.gists) - new:
        parts.append(counted(follow_ups, "follow-up"))
    title = " and ".join(parts) + (f" in {counted(stories, 'story')}" if stories > 1 else "")
    rest = [f"{len(tidings.told)} told before"] if tidings.told else []
    if tidings.doubts:
        rest.append(f"{len(tidings.doubts)} in doubt")
    return ", ".join([title, *rest] if title else rest)


def _digest_lead(alert: Alert, *, zone: ZoneInfo) -> str:
    because = str(alert.detail.get("because", "digest"))
    words = _said(str(alert.detail.get("words") or BECAUSE.get(because, BECAUSE["digest"])))
    since, until = alert.detail.get("since"), alert.detail.get("until")
    if not (since and until):
        return words
    began, ended = datetime.fromisoformat(since), datetime.fromisoformat(until)
    same_day = began.astimezone(zone).date() == ended.astimezone(zone).date()
    return f"{words}, {_clock(began, zone)} to {_time(ended, zone, day=not same_day)}"


def _chapters(
    gists: Sequence[Gist], tidings: DigestTidings, *, linker: Linker, zone: ZoneInfo, told: bool = False
) -> tuple[Chapter, ...]:
    """The developments by story, both in the order in which they come."""
    by_story: dict[str, list[Gist]] = {}
    for gist in gists:
        by_story.setdefault(gist.watch, []).append(gist)
    chapters = []
    for of_story in by_story.values():
        briefs = tuple(_brief(gist, tidings, linker=linker, zone=zone) for gist in of_story)
        chapters.append(
            Chapter(
                watch=of_story[0].watch,
                story=line(of_story[0].watch_name, NAME_LIMIT),
                story_url=linker.story(of_story[0].watch),
                mute=briefs[0].links.mute,
                unsubscribe=briefs[0].links.unsubscribe,
                briefs=() if told else briefs,
                told=briefs if told else (),
            )
        )
    return tuple(chapters)


def _brief(gist: Gist, tidings: DigestTidings, *, linker: Linker, zone: ZoneInfo) -> Brief:
    development, broke_it = gist.development, gist.reports[0]
    new = development.new[:1]
    return Brief(
        lead=_said(gist.words or ""),
        headline=line(development.headline, HEADLINE_LIMIT),
        lang=language_tag(development.lang),
        severity=development.severity,
        quote=_quote(new[0], broke_it, first=True, zone=zone, limit=BRIEF_LIMIT) if new else None,
        when=_time(broke_it.seen_at, zone),
        outlet=_outlet_name(broke_it),
        language=_language(broke_it.lang),
        owners=len({report.owner for report in gist.reports}),
        source_url=web_url(broke_it.url),
        links=_links(development, tidings.recipient, tidings.alert, linker=linker),
    )


def _doubt(doubt: Doubt, *, linker: Linker, zone: ZoneInfo) -> DoubtLine:
    return DoubtLine(
        story=line(doubt.watch_name, NAME_LIMIT),
        story_url=linker.story(doubt.watch),
        title=line(doubt.report.title, HEADLINE_LIMIT),
        lang=language_tag(doubt.report.lang),
        outlet=_outlet_name(doubt.report),
        language=_language(doubt.report.lang),
        when=_time(doubt.report.seen_at, zone),
        score=f"{doubt.score:.2f}",
        why=tuple(line(reason, BRIEF_LIMIT).removesuffix(".") for reason in doubt.why[:REASONS_OF_A_DOUBT]),
        url=web_url(doubt.report.url),
    )


# --------------------------------------------------------------------------- the service itself


def _sign(sign: Sign, *, zone: ZoneInfo) -> SignLine:
    return SignLine(
        subject=_said(_subject(sign)),
        words=_said(sign.words),
        since=_clock(sign.since, zone) if sign.ended_at else _time(sign.since, zone),
        ended=_time(sign.ended_at, zone) if sign.ended_at else "",
    )


def _subject(sign: Sign) -> str:
    return line(sign.subject.replace(":", " ", 1), NAME_LIMIT)


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _time(at: datetime, zone: ZoneInfo, *, day: bool = True) -> str:
    clock = _clock(at, zone) if day else f"{at.astimezone(zone):%H:%M}"
    return f"{clock} {zone.key.rpartition('/')[2].replace('_', ' ')}"


def _clock(at: datetime, zone: ZoneInfo) -> str:
    """A time where the place is named beside it."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%B}, {local:%H:%M}"


def _later(first: datetime, at: datetime) -> str:
    minutes = round((at - first).total_seconds() / 60)
    return f"+{minutes} min" if minutes < 120 else f"+{round(minutes / 60)} h"  # noqa: PLR2004  two hours
