"""A message as chats show it: a title, lines in the order of their weight, and links. Cut to what a service takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from storywatch.core.model import AlertKind, DigestTidings, Tidings
from storywatch.notify.render import digest_letter, letter_of, trouble_letter
from storywatch.notify.text import cut

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from storywatch.core.model import ChannelId, Message
    from storywatch.notify.letters import Brief, Chapter, DigestLetter, Letter, Quote, TroubleLetter
    from storywatch.notify.links import Linker

MOST_URL: Final = 1_000  # characters: a longer address would fill a message by itself
TEXT_ROOMS: Final = (1_000, 600, 400, 250, 150, 100, 60, 30, 15, 5)  # characters of one line, from the widest on


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a post. `counts` is how many things it tells of, for "… and 3 more"."""

    text: str
    url: str | None = None
    strong: bool = False  # what is new, or a heading
    heading: bool = False  # of the lines after it: it tells of nothing itself
    counts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where a reader can go from a post."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What is told: `top` names the story and what this is, `title` is the headline, `must` says what is new.

    `rest` may be left out from its end. `loud`: a major development, or trouble.
    """

    top: str
    title: str
    url: str
    must: tuple[Line, ...]
    rest: tuple[Line, ...]
    links: tuple[Link, ...]
    loud: bool
    delivery: str

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines."""
        return (*self.must, *self.rest)


def post_of(message: Message, *, linker: Linker, zone: ZoneInfo) -> Post:
    """Any message as a post. `zone` is the readers', for the times in it."""
    if isinstance(message, Tidings):
        return _of_letter(letter_of(message, linker=linker, zone=zone))
    if isinstance(message, DigestTidings):
        return _of_digest(digest_letter(message, linker=linker, zone=zone))
    return _of_trouble(trouble_letter(message, linker=linker, zone=zone))


def trial_post(channel: ChannelId, delivery: str, *, page: str) -> Post:
    """A post that says that the channel works."""
    return Post(
        top="storywatch",
        title=f"This is a test of channel {channel}",
        url=page,
        must=(Line(text="It works: alerts will arrive like this message."),),
        rest=(),
        links=(),
        loud=False,
        delivery=delivery,
    )


def fit(post: Post, fits: Callable[[Post], bool]) -> Post:
    """As much of the post as the service takes.

    What must be told stays, in texts as long as there is room for; then as many lines of the rest as fit, and how many
    were left out.
    """
    if fits(post):
        return post
    bare = next((one for room in TEXT_ROOMS if fits(one := _cut(_with_rest(post, 0), room))), None)
    bare = bare or _cut(_with_rest(post, 0), TEXT_ROOMS[-1])
    rest = tuple(_cut_line(line, TEXT_ROOMS[2]) for line in post.rest)
    fuller = (_with_rest(replace(bare, rest=rest), kept) for kept in range(len(rest), 0, -1))
    return next((one for one in fuller if fits(one)), bare)


def _with_rest(post: Post, kept: int) -> Post:
    """The post with some lines of its rest. A heading without anything below it goes too."""
    rest = post.rest[:kept]
    while rest and rest[-1].heading:
        rest = rest[:-1]
    left_out = sum(line.counts for line in post.rest[len(rest) :] if not line.heading)
    return replace(post, rest=(*rest, Line(text=more(left_out))) if left_out else rest)


def more(number: int) -> str:
    """How many things were left out."""
    return f"… and {number} more"


def _cut(post: Post, room: int) -> Post:
    return replace(
        post,
        title=cut(post.title, max(room, 60)),
        top=cut(post.top, max(room, 60)),
        must=tuple(_cut_line(line, room) for line in post.must),
    )


def _cut_line(line: Line, room: int) -> Line:
    return replace(line, text=cut(line.text, room))


# --------------------------------------------------------------------------- from words to posts


def _of_letter(letter: Letter) -> Post:
    major = letter.severity == "major"
    kind = letter.lead or ("major" if major else "")
    must = [*_corrected(letter), *(line for quote in letter.quotes for line in _quote(quote))]
    if letter.quotes_left:
        must.append(Line(text=more(letter.quotes_left), counts=letter.quotes_left))
    return Post(
        top=f"{letter.story} · {kind}" if kind else letter.story,
        title=letter.headline,
        url=letter.links.timeline,
        must=tuple(must),
        rest=(*_outlets(letter), *_why(letter)),
        links=(
            *([Link(label="Article", url=source)] if (source := _short(letter.source_url)) else []),
            Link(label="Timeline", url=letter.links.timeline),
            Link(label="Acknowledge", url=letter.links.acknowledge),
            Link(label="Mute", url=letter.links.mute),
        ),
        loud=major or letter.kind == AlertKind.CORRECTED,
        delivery=letter.delivery,
    )


def _corrected(letter: Letter) -> list[Line]:
    """What a correction says, before what was told."""
    correction = letter.correction
    if correction is None or not (correction.sentence or correction.url):
        return []
    return [Line(text=correction.sentence or "The correction", url=_short(correction.url), strong=True)]


def _quote(quote: Quote) -> list[Line]:
    lines = [Line(text=quote.change, strong=True, counts=0)] if quote.change else []
    lines.append(Line(text=quote.sentence))
    if quote.translation:
        lines.append(Line(text=f"{quote.translation} (translated by {quote.translator})", counts=0))
    return lines


def _outlets(letter: Letter) -> list[Line]:
    lines = [Line(text=f"Reported by {_owners(letter.owners)}", heading=True, strong=True)]
    for outlet in letter.outlets:
        title = f": {outlet.title}" if outlet.title != letter.headline else ""
        lines.append(Line(text=f"• {outlet.name} ({outlet.language}, {outlet.when}){title}"))
    if letter.outlets_left:
        lines.append(Line(text=more(letter.outlets_left), counts=letter.outlets_left))
    return lines


def _why(letter: Letter) -> list[Line]:
    head = [Line(text="Why you are told", heading=True, strong=True)] if letter.why else []
    return [*head, *(Line(text=f"• {reason}") for reason in letter.why)]


def _short(url: str | None) -> str | None:
    return url if url and len(url) <= MOST_URL else None


def _owners(owners: int) -> str:
    return "1 owner" if owners == 1 else f"{owners} independent owners"


def _of_digest(letter: DigestLetter) -> Post:
    """Every development is a line; those that are new come first."""
    rest = [line for chapter in letter.chapters for line in _chapter(chapter, chapter.briefs)]
    rest += _left(letter.briefs_left)
    if letter.told:
        rest.append(Line(text="Told before", heading=True, strong=True))
        rest += [_brief(brief, chapter.story) for chapter in letter.told for brief in chapter.told]
        rest += _left(letter.told_left)
    if letter.doubts:
        rest.append(Line(text="In doubt", heading=True, strong=True))
        rest += [Line(text=f"• {one.title} ({one.outlet}, {one.story})", url=_short(one.url)) for one in letter.doubts]
        rest += _left(letter.doubts_left)
    return Post(
        top="storywatch",
        title=letter.title,
        url=letter.page_url,
        must=(Line(text=letter.lead),),
        rest=tuple(rest),
        links=(Link(label="All stories", url=letter.page_url),),
        loud=any(brief.severity == "major" for chapter in letter.chapters for brief in chapter.briefs),
        delivery=letter.delivery,
    )


def _chapter(chapter: Chapter, briefs: tuple[Brief, ...]) -> list[Line]:
    head = Line(text=chapter.story, url=chapter.story_url, heading=True, strong=True)
    return [head, *(_brief(brief) for brief in briefs)]


def _brief(brief: Brief, story: str = "") -> Line:
    said = f"{brief.lead}: " if brief.lead else ""
    change = f" ({brief.quote.change})" if brief.quote and brief.quote.change else ""
    where = f"{story}: " if story else ""
    text = f"• {where}{said}{brief.headline}{change}, {brief.outlet}, {brief.when}"
    return Line(text=text, url=brief.links.timeline)


def _left(number: int) -> list[Line]:
    return [Line(text=more(number), counts=number)] if number else []


def _of_trouble(letter: TroubleLetter) -> Post:
    rest = [
        Line(text=f"{sign.subject}: {sign.words} (since {sign.since}{f', until {sign.ended}' if sign.ended else ''})")
        for sign in letter.signs
    ]
    return Post(
        top="storywatch",
        title=letter.title,
        url=letter.page_url,
        must=tuple(rest[:1]),
        rest=(*rest[1:], *_left(letter.signs_left)),
        links=(Link(label="Status page", url=letter.page_url),),
        loud=not letter.recovered,
        delivery=letter.delivery,
    )
