"""Messages in words, as values: every text one clean line, every address fit to be linked. `render.py` makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storywatch.core.model import AlertKind, WatchId


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A sentence that says what is new; `before`, `marked` and `after` are its parts around the new value.

    `old_by` and `new_by` are set where two owners say different values, so that both stand.
    """

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
    old_by: str = ""
    new_by: str = ""

    @property
    def sentence(self) -> str:
        """The whole sentence."""
        return self.before + self.marked + self.after

    @property
    def change(self) -> str:
        """What changed, in plain text; empty where the sentence is new altogether."""
        if not (self.old or self.new):
            return ""
        if self.old_by:
            return f"{self.old}, says {self.old_by}; {self.new}, says {self.new_by}"
        return f"{self.old or 'not known before'} → {self.new or 'no longer said'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One report of the development: who, when, and under which headline."""

    name: str
    when: str
    language: str
    title: str
    lang: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What can be done with a development from a message. `mute` and `unsubscribe` are about its whole story."""

    timeline: str
    acknowledge: str
    mute: str
    unsubscribe: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What the source said later: the sentence, where it says so, and whether nothing of the report is left."""

    sentence: str  # empty where it said nothing
    lang: str
    url: str | None
    retracted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An alert about one development.

    `lead` is what a follow-up says ("now reported by 4 independent owners"), empty for a first report. `preview` is
    what is new in one line, whatever the kind.
    """

    kind: AlertKind
    watch: WatchId
    story: str
    severity: str
    lead: str
    preview: str
    correction: Correction | None
    headline: str
    lang: str
    quotes: tuple[Quote, ...]
    quotes_left: int
    source_url: str | None
    links: Links
    owners: int
    outlets: tuple[Outlet, ...]
    outlets_left: int
    why: tuple[str, ...]
    score: str
    delivery: str

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that occur: ours first."""
        said = (self.correction.lang,) if self.correction else ()
        quoted = (lang for quote in self.quotes for lang in (quote.lang, quote.translation_lang))
        return _languages((self.lang, *said, *quoted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """One development among several: `lead` as in a letter, one sentence at the most, who broke it, and how many have it."""

    lead: str
    headline: str
    lang: str
    severity: str
    quote: Quote | None
    when: str
    outlet: str
    language: str
    owners: int
    source_url: str | None
    links: Links


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One story of a digest: its new developments, and in `told` those that were told one by one."""

    watch: WatchId
    story: str
    story_url: str
    mute: str
    unsubscribe: str
    briefs: tuple[Brief, ...] = ()
    told: tuple[Brief, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtLine:
    """An article that may tell something new; `why` is what speaks for and against it."""

    story: str
    story_url: str
    title: str
    lang: str
    outlet: str
    language: str
    when: str
    score: str
    why: tuple[str, ...]
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestLetter:
    """Several developments told together. Where it is about one story alone, `watch`, `story`, `mute` and `unsubscribe` are set.

    `title` counts ("3 new developments in 2 stories"), `lead` says why they come together and of which time they are.
    """

    watch: WatchId | None
    story: str
    mute: str
    unsubscribe: str
    channel: str
    title: str
    lead: str
    preview: str
    chapters: tuple[Chapter, ...]  # what is new, by story
    briefs_left: int
    told: tuple[Chapter, ...]  # what was told one by one, by story
    told_left: int
    doubts: tuple[DoubtLine, ...]
    doubts_left: int
    page_url: str
    delivery: str

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that occur: ours first."""
        briefs = [brief for one in (*self.chapters, *self.told) for brief in (*one.briefs, *one.told)]
        quotes = [brief.quote for brief in briefs if brief.quote]
        spoken = [*(brief.lang for brief in briefs), *(quote.lang for quote in quotes)]
        spoken += [*(quote.translation_lang for quote in quotes), *(doubt.lang for doubt in self.doubts)]
        return _languages(spoken)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignLine:
    """One trouble: what has it ("Feed harbor-times"), what it is, and from when to when."""

    subject: str
    words: str
    since: str
    ended: str  # empty while it lasts


@dataclass(frozen=True, slots=True, kw_only=True)
class TroubleLetter:
    """What is told of the service itself. `recovered`: it is over."""

    recovered: bool
    title: str
    preview: str
    signs: tuple[SignLine, ...]
    signs_left: int
    page_url: str
    channel: str
    delivery: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialLetter:
    """Says that a channel works."""

    channel: str
    address: str
    page_url: str
    delivery: str


def _languages(spoken: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return tuple(lang for lang in dict.fromkeys(("en", *spoken)) if lang not in {"", "und"})
