"""The facts of a story as a table: what is counted, how things stand, and what is announced for which day, with who says so.

Facts are told apart by what they are of and by the words around them: 5 per cent of one thing is no news about 7 per
cent of another. The same figure in another language is the same fact, and lends it its words in that language. For
each fact the last claim of every owner is kept, so that figures which conflict stay side by side.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from storywatch.core.dates import Day, days_of
from storywatch.core.names import names_of
from storywatch.core.numbers import Quantity, quantities_of, replaced_in, same_quantity
from storywatch.core.statuses import Status, flipped, statuses_of
from storywatch.core.text import words_of
from storywatch.core.units import MEASURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

Key = tuple[str, str]
State = frozenset[Status]  # all that a sentence answers to one question
Value = Quantity | Day | State

SIDE_BY_SIDE = timedelta(hours=12)  # two owners who differ within this contradict each other; later it is news
FRESH = timedelta(days=7)  # a flip told within it is no news from another owner
MAX_FACTS = 16  # of one key; the one not heard of for the longest goes first
MAX_OWNERS = 8  # whose claims about one fact are kept
MAX_VALUES = 12  # former values of one fact that are known when they are told again
WINDOW = 80  # characters around a value that tell what it is of
MAX_CONTEXTS = 6  # of a fact: the words around its values, two of one language at the most
NEAR = 0.3  # from here on a claim is taken to be about a fact
DAY_NEAR = 0.2  # the same for days ahead, of which there are few
OWN_WORDS = 0.35  # what it adds that the fact is the one that is told most of its kind
OTHER_WORDS = 0.1  # the same where the unit alone says little
NAMES = 0.2  # what the same names add across languages
TELLING = 13  # from here on a figure is its own mark: two reports that give it mean one fact
MAX_RATIO = 100  # a figure that is more times as large is of another thing
GENERAL = frozenset({"people", "times", "time", "length", "%", "points", "status", "day"})  # units that say little
DAYS_A_MONTH, DAYS_A_YEAR = 31, 372  # as far as it takes to tell what lies ahead
FAR = 250  # days ahead of which a day without its year is taken to be past
GRADES = frozenset({"category", "level", "phase"})
CUT = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A sentence with its language, the owner of the outlet that says it, and when it was seen."""

    text: str
    lang: str
    owner: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one owner said last about a fact: the value, and the words for it as the sentence has them."""

    value: Value
    written: str
    said: Said
    words: frozenset[str]
    names: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that is counted, answered or dated. `claims`: one for each owner, the latest last."""

    what: str
    claims: tuple[Claim, ...]
    former: tuple[Quantity | Day, ...] = ()  # values told before
    contexts: tuple[Claim, ...] = ()  # claims whose words are compared, of each language the last ones
    heard: int = 1  # how often it was told

    @property
    def latest(self) -> Claim:
        """The claim that was made last."""
        return self.claims[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A fact that a sentence tells otherwise than it was known, with both values as their sentences have them."""

    what: str  # the unit, the counted word, the question that a state answers, or "day"
    old: str
    new: str
    who: str  # the owner who said the old value
    conflict: bool  # another owner said so within half a day, and this one for the first time
    likeness: float  # how surely both are about one thing: from NEAR upwards
    before: Claim
    after: Claim


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """What is known, immutable; adding gives another table."""

    table: Mapping[Key, tuple[Fact, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, sentences: Iterable[Said]) -> Self:
        """The facts of sentences in the order in which they were said."""
        return cls().with_sentences(sentences)

    def with_sentences(self, sentences: Iterable[Said]) -> Self:
        """The facts with those of the sentences of an article: one copy of the table for all of them."""
        table = dict(self.table)
        for said in sentences:
            for key, claim in claims_of(said):
                table[key] = _filed(table.get(key, ()), key, claim)
        return type(self)(table=MappingProxyType(table))

    def changes(self, said: Said) -> tuple[Change, ...]:
        """What the sentence tells otherwise than it was known, the surest first.

        Nothing where it tells something for the first time, or again.
        """
        claims = claims_of(said)
        found = [_change(self.table.get(key, ()), key, claim) for key, claim in claims]
        told = sorted((change for change in found if change), key=lambda change: -change.likeness)
        return tuple(told) or _own_change(self.table, claims)

    def unheard(self, said: Said) -> tuple[Claim, ...]:
        """The figures and days of the sentence that nobody gave before for a thing of that kind."""
        return tuple(
            claim
            for key, claim in claims_of(said)
            if _tells(claim.value) and not any(_is_known(fact, claim.value) for fact in self.table.get(key, ()))
        )

    def known(self) -> tuple[Fact, ...]:
        """Every fact, in the order in which their keys were first told."""
        return tuple(fact for facts in self.table.values() for fact in facts)


# --------------------------------------------------------------------------- from a sentence to claims


def claims_of(said: Said) -> tuple[tuple[Key, Claim], ...]:
    """What a sentence claims, each with the key of the fact it may be about."""
    return tuple(
        (key, Claim(value=value, written=written, said=said, words=words, names=names))
        for key, value, written, words, names in _read(said.text)
        if not isinstance(value, Day) or _is_ahead(value, said)
    )


def _is_ahead(day: Day, said: Said) -> bool:
    """Does the day lie ahead of the one on which it was said? What has passed, or is far, is no plan."""
    ahead = ((day.month - said.at.month) * DAYS_A_MONTH + day.day - said.at.day) % DAYS_A_YEAR
    return 1 < ahead <= FAR


Read = tuple[Key, Value, str, frozenset[str], frozenset[str]]


@lru_cache(maxsize=16384)
def _read(text: str) -> tuple[Read, ...]:
    found: list[Read] = []
    quantities = [quantity for quantity in quantities_of(text) if _is_fact(quantity)]
    statuses = sorted(statuses_of(text))
    days = days_of(text)
    if not (quantities or statuses or days):
        return ()
    names = names_of(text)
    whole = words_of(text)
    for quantity in quantities:
        start = quantity.span[0]
        written = text[start : max(quantity.told, quantity.span[1])][:CUT]
        found.append((_key(quantity), quantity, written, _words_around(text, start, quantity.span[1], whole), names))
    for axis in dict.fromkeys(status.axis for status in statuses):
        state = [status for status in statuses if status.axis == axis]
        found.append((("status", axis), frozenset(state), ", ".join(map(str, state)), whole, names))
    found += [(("day", ""), day, text[slice(*day.span)], _words_around(text, *day.span, whole), names) for day in days]
    return tuple(found)


def _is_fact(quantity: Quantity) -> bool:
    """Ages, ends of ranges and figures of nothing are no facts of a story; of ordinals only grades are."""
    if quantity.opens or not quantity.unit or quantity.unit == "age":
        return False
    return quantity.kind != "ordinal" or quantity.unit in GRADES


def _key(quantity: Quantity) -> Key:
    if quantity.kind == "measure":
        return quantity.kind, MEASURES[quantity.unit].dimension
    return quantity.kind, quantity.unit


def _words_around(text: str, start: int, end: int, whole: frozenset[str]) -> frozenset[str]:
    """The words near the value without the figures; a word cut by the window's edge is none of the sentence's."""
    near = words_of(text[max(0, start - WINDOW) : start] + " " + text[end : end + WINDOW]) & whole
    return frozenset(word for word in near if not any(mark.isdigit() for mark in word)) - _SMALL


_SMALL = words_of(
    "the and for that with from was were are has had have been this his her their its will not said says who which after before about more than over "
    "der die das und den dem des ein eine einen für mit von auf ist war sind wurde wurden haben hat nicht nach bei sich als auch "
    "les des une dans pour par sur avec est sont ont été pas plus que qui selon los las del una por para con que fue han más según "
    "и что это как для при его она они был были было после того также nie się jest że oraz przez dla został zostali "
    "що для при його вона вони був були було після також"
)


# --------------------------------------------------------------------------- which fact is meant


def _likeness(fact: Fact, claim: Claim, key: Key, told: int) -> float:
    """How surely a claim is about a fact: by words in its language, by names in others, and by how much of its kind it is.

    `told`: how often anything with that key was told.
    """
    alike = [context for context in fact.contexts if context.said.lang == claim.said.lang]
    words = max((_dice(context.words, claim.words) for context in alike), default=0.0)
    names = 0.0 if alike else max(_share(context.names, claim.names) for context in fact.contexts)
    weight = OTHER_WORDS if key[1] in GENERAL or key[0] in {"status", "day"} else OWN_WORDS
    return words + NAMES * names + weight * fact.heard / told


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / max(1, len(one) + len(other))


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, min(len(one), len(other)))


def _ranked(facts: tuple[Fact, ...], key: Key, claim: Claim) -> list[tuple[float, Fact]]:
    """The facts that the claim can be about with their likeness, the likeliest first."""
    told = sum(fact.heard for fact in facts)
    likeness = [(_likeness(fact, claim, key, told), at) for at, fact in enumerate(facts)]
    likeness = [pair for pair in likeness if _is_of_a_size(facts[pair[1]].latest.value, claim.value)]
    near = sorted(
        (pair for pair in likeness if pair[0] >= (DAY_NEAR if key[0] == "day" else NEAR)),
        key=lambda pair: (-pair[0], -pair[1]),
    )
    return [(like, facts[at]) for like, at in near]


def _is_of_a_size(old: Value, new: Value) -> bool:
    """A price per share is no earlier value of a price for the company."""
    if not isinstance(old, Quantity) or not isinstance(new, Quantity) or not old.value or not new.value:
        return True
    return max(old.value, new.value) <= MAX_RATIO * min(old.value, new.value)


def _same(old: Value, new: Value) -> bool:
    if isinstance(old, Quantity) and isinstance(new, Quantity):
        return same_quantity(old, new)
    if isinstance(old, Day) and isinstance(new, Day):
        return (old.month, old.day) == (new.month, new.day)
    return old == new


def _is_known(fact: Fact, value: Value) -> bool:
    """Has it been told so before? States can come back, figures that were told before are background."""
    return any(_same(claim.value, value) for claim in fact.claims) or any(_same(old, value) for old in fact.former)


def _tells(value: Value) -> bool:
    """Is the value its own mark, so that any report of it means the same fact?"""
    if isinstance(value, Day):
        return True
    return isinstance(value, Quantity) and (value.value >= TELLING or value.value != int(value.value))


def _change(facts: tuple[Fact, ...], key: Key, claim: Claim) -> Change | None:
    value = claim.value
    if _tells(value) and any(_is_known(fact, value) for fact in facts):
        return None
    ranked = _ranked(facts, key, claim)
    if not ranked:
        return None
    like, fact = ranked[0]
    if isinstance(value, frozenset):
        return _flip(ranked, facts, value, claim)
    if any(_is_known(known, value) for _, known in ranked):
        return None
    return _changed(fact, claim, like)


def _flip(ranked: list[tuple[float, Fact]], facts: tuple[Fact, ...], value: State, claim: Claim) -> Change | None:
    """A state that flips against what was said last, unless it was told a short while ago, in whatever language."""
    like, fact = ranked[0]
    before = fact.latest.value
    pair = flipped(before, value) if isinstance(before, frozenset) else None
    if pair is None:
        return None
    near = [known for _, fact in ranked for known in fact.claims]
    foreign = [known for fact in facts for known in fact.claims if known.said.lang != claim.said.lang]
    recent = (known.value for known in near + foreign if claim.said.at - known.said.at <= FRESH)
    if any(isinstance(known, frozenset) and pair[1] in known for known in recent):
        return None
    return _changed(fact, claim, like, pair=pair)


def _changed(fact: Fact, claim: Claim, likeness: float, *, pair: tuple[Status, Status] | None = None) -> Change:
    before = fact.latest
    owners = {known.said.owner for known in fact.claims}
    recent = abs(claim.said.at - before.said.at) <= SIDE_BY_SIDE
    return Change(
        what=fact.what,
        old=str(pair[0]) if pair else before.written,
        new=str(pair[1]) if pair else claim.written,
        who=before.said.owner,
        conflict=recent and before.said.owner != claim.said.owner and claim.said.owner not in owners,
        likeness=round(likeness, 4),
        before=before,
        after=claim,
    )


def _own_change(table: Mapping[Key, tuple[Fact, ...]], claims: tuple[tuple[Key, Claim], ...]) -> tuple[Change, ...]:
    """What a sentence itself tells as changed ("41 camps, up from 23"), if the new value was not known."""
    if not claims:
        return ()
    pair = replaced_in(claims[0][1].said.text)
    if pair is None:
        return ()
    key, new = next(((key, claim) for key, claim in claims if claim.value == pair[1]), (("", ""), None))
    facts = table.get(key, ())
    if new is None or any(_is_known(fact, pair[1]) for fact in facts):
        return ()
    start, end = pair[0].span
    own = Claim(
        value=pair[0],
        written=new.said.text[start : max(end, pair[0].told)][:CUT],
        said=new.said,
        words=new.words,
        names=new.names,
    )
    told = next((claim for fact in facts for claim in fact.claims if _same(claim.value, pair[0])), own)
    return (
        Change(
            what=key[1],
            old=told.written,
            new=new.written,
            who=told.said.owner,
            conflict=False,
            likeness=1.0,
            before=told,
            after=new,
        ),
    )


def _filed(facts: tuple[Fact, ...], key: Key, claim: Claim) -> tuple[Fact, ...]:
    """The facts of a key with one more claim: under the fact that it is about, or as a new one."""
    value = claim.value
    ranked = [fact for _, fact in _ranked(facts, key, claim)]
    fact = next((fact for fact in ranked if _is_known(fact, value)), None)
    if fact is None and _tells(value):
        fact = next((fact for fact in reversed(facts) if _is_known(fact, value)), None)
    fact = fact or (ranked[0] if ranked else None)
    if fact is None:
        what = key[1] if key[0] != "day" else "day"
        return (*facts, Fact(what=what, claims=(claim,), contexts=(claim,)))[-MAX_FACTS:]
    others = tuple(known for known in facts if known is not fact)
    return (*others, _heard(fact, claim))


def _heard(fact: Fact, claim: Claim) -> Fact:
    """The fact with the claim as the last; a value that was given up before does not become the last one again."""
    value, gone = claim.value, fact.latest.value
    contexts = _with_context(fact.contexts, claim)
    returns = (
        not isinstance(value, frozenset) and any(_same(old, value) for old in fact.former) and not _same(gone, value)
    )
    if returns:
        return Fact(what=fact.what, claims=fact.claims, former=fact.former, contexts=contexts, heard=fact.heard + 1)
    others = tuple(known for known in fact.claims if known.said.owner != claim.said.owner)
    former = fact.former
    if not isinstance(gone, frozenset) and not _same(gone, value):
        former = (*former, gone)[-MAX_VALUES:]
    claims = (*others, claim)[-MAX_OWNERS:]
    return Fact(what=fact.what, claims=claims, former=former, contexts=contexts, heard=fact.heard + 1)


def _with_context(contexts: tuple[Claim, ...], claim: Claim) -> tuple[Claim, ...]:
    """The last words of each language; the first of a language stays beside its last."""
    alike = [context for context in contexts if context.said.lang == claim.said.lang]
    kept = contexts if len(alike) < 2 else tuple(context for context in contexts if context is not alike[1])  # noqa: PLR2004
    return (*kept, claim)[-MAX_CONTEXTS:]
