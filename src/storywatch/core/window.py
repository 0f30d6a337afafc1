"""What a list says beside what is known: is it news, is something lost, or are these old entries in new clothes?

A feed is a window over what an outlet publishes. Where it ran on further than it is long between two
polls, something was lost, and people are told. Where old entries come back under new keys or with new
dates, they are held: nobody wants a hundred alerts because an outlet changed its software.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from storywatch.core.model import FeedNotice, NoticeKind, Validators

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from storywatch.core.model import FeedClaim, ListedEntry, PollPlan

LEAST_CHURN = 5  # new keys at one poll
CHURN_SHARE = 0.5  # of the list
OLD_SHARE = 0.6  # of the new keys
OLD_BY = timedelta(hours=48)
LEAST_REDATED = 10
JUST_NOW = timedelta(minutes=5)
LEAST_GAP = 5  # entries, none of them known
LEAST_DATED_GAP = 2
GAP_SLACK = timedelta(minutes=1)
MANY = 30
TITLE_TELLS = 12  # characters; shorter ones ("Weather", "Live blog") come again and again
HIDDEN_FOR = timedelta(hours=1)  # outlets release an entry a while after the moment that it bears
NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A listed entry beside what is known of it.

    `known`: it is an entry that we have, by its key or its address. `renamed`: that one bears another key.
    `familiar`: not known, but another entry of this feed bears its title. `changed`: known or familiar, in other words.
    """

    listed: ListedEntry
    known: bool = False
    renamed: bool = False
    familiar: bool = False
    changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """What is to be done with a list.

    `rename`: the entries that are known, or familiar, under another key bear the new one from now on.
    `news`: keys of those that are news all the same. `held`: of those that are new to us and no news. `lied`: "not modified" was said of what was.
    """

    rename: bool = False
    news: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    note: str | None = None  # why they are held
    lied: bool = False
    notices: tuple[FeedNotice, ...] = ()


def asks_for_titles(claim: FeedClaim, plan: PollPlan, seen: Sequence[Sighting]) -> bool:
    """Could these be old entries in new clothes, so that it is worth to compare titles?"""
    return not claim.first_poll and (_is_churn(seen) or len(_dated_now(_strange(seen), plan)) >= LEAST_REDATED)


def same_title(title: str) -> str | None:
    """What two titles have in common that are the same to a reader; None where a title is too short to tell."""
    folded = " ".join(title.casefold().split())
    return folded if len(folded) >= TITLE_TELLS else None


def sift(
    claim: FeedClaim, plan: PollPlan, seen: Sequence[Sighting], *, knows: bool, moments: Sequence[datetime]
) -> Sifted:
    """Judge the list of one poll. `knows`: the feed listed something before; `moments`: when the last of it came up."""
    if claim.first_poll or not seen:
        return Sifted()
    if (held := _in_new_clothes(claim, plan, seen)) is not None:
        return held
    fresh = [sighting for sighting in seen if not sighting.known]
    lied = _lied(claim, plan, seen)
    notices = [
        _tell_lie(plan) if lied else None,
        (_tell_gap(claim, plan, seen, moments) if knows else None) or _tell_many(plan, fresh),
    ]
    return Sifted(lied=lied, notices=tuple(notice for notice in notices if notice))


# ---------------------------------------------------------------------- old entries in new clothes


def _in_new_clothes(claim: FeedClaim, plan: PollPlan, seen: Sequence[Sighting]) -> Sifted | None:
    """Held is what is old by its address, its title or its date; what is dated after all that was known is news.

    So is what else bears a known title or address with a later date and other words: bulletins do so each day.
    """
    strange = _strange(seen)
    redated = [sighting for sighting in _dated_now(strange, plan) if sighting.familiar]
    if len(redated) >= LEAST_REDATED:
        words = f"{len(redated)} entries that are known by their titles were listed anew with the date of this moment"
        return _held(claim, plan, seen, kind=NoticeKind.REDATED, words=words)
    if not _is_churn(seen):
        return None
    alike = sum((sighting.renamed or sighting.familiar) and not _is_next(sighting, claim) for sighting in strange)
    if alike >= OLD_SHARE * len(strange):
        words = f"{alike} of {len(seen)} entries are known ones under new keys"
        return _held(claim, plan, seen, kind=NoticeKind.GUID_CHURN, words=words)
    old = sum(_is_old(sighting, claim) for sighting in strange)
    if old >= OLD_SHARE * len(strange):
        words = (
            f"{old} of {len(seen)} entries are listed for the first time, and are two days older than the newest known"
        )
        return _held(claim, plan, seen, kind=NoticeKind.GUID_CHURN, words=words)
    return None


def _held(claim: FeedClaim, plan: PollPlan, seen: Sequence[Sighting], *, kind: NoticeKind, words: str) -> Sifted:
    unknown = [sighting for sighting in seen if not sighting.known and not sighting.familiar]
    held = frozenset(sighting.listed.key for sighting in unknown if not _is_later(sighting, claim, by=-HIDDEN_FOR))
    redated = kind is NoticeKind.REDATED
    news = frozenset(one.listed.key for one in _strange(seen) if _is_next(one, claim) and not redated)
    # A feed that gives new keys at every poll is told of once; what is held is told of on each day.
    mark = plan.polled_at.date().isoformat() if held or redated else claim.url
    notice = FeedNotice(kind=kind, told=f"{words}: held as known, none of them is news", at=plan.polled_at, mark=mark)
    return Sifted(rename=True, news=news, held=held, note=f"held: {words}", notices=(notice,))


def _strange(seen: Iterable[Sighting]) -> list[Sighting]:
    """Those whose key is new."""
    return [sighting for sighting in seen if not sighting.known or sighting.renamed]


def _is_churn(seen: Sequence[Sighting]) -> bool:
    return len(_strange(seen)) >= max(LEAST_CHURN, CHURN_SHARE * len(seen))


def _dated_now(strange: Iterable[Sighting], plan: PollPlan) -> list[Sighting]:
    dated = ((sighting, sighting.listed.published_at) for sighting in strange if not sighting.known)
    return [sighting for sighting, date in dated if date and abs(date - plan.polled_at) <= JUST_NOW]


def _is_old(sighting: Sighting, claim: FeedClaim) -> bool:
    date = sighting.listed.published_at
    return not sighting.known and bool(date and claim.newest_at and date < claim.newest_at - OLD_BY)


def _is_later(sighting: Sighting, claim: FeedClaim, *, by: timedelta = timedelta()) -> bool:
    date = sighting.listed.published_at
    return bool(date and claim.newest_at and date > claim.newest_at + by)


def _is_next(sighting: Sighting, claim: FeedClaim) -> bool:
    """Is it the next of a series that always bears the same title, or stands at the same address?"""
    return sighting.changed and _is_later(sighting, claim)


# ---------------------------------------------------------------------- lies, gaps, floods


def _lied(claim: FeedClaim, plan: PollPlan, seen: Sequence[Sighting]) -> bool:
    """Asked without validators, it shows what it had hidden behind "not modified".

    Other bytes alone do not tell: some feeds bear the moment of their making. Nor does news that may have come
    up since the last poll, unless the validators are those that were to tell of it.
    """
    hid = claim.afresh and claim.status == NOT_MODIFIED and claim.polled_at is not None
    fresh = [sighting.listed.published_at for sighting in seen if not sighting.known]
    if not hid or not (fresh or any(sighting.changed for sighting in seen)):
        return False
    known = Validators(etag=claim.etag, last_modified=claim.last_modified)
    if plan.validators == known != Validators():
        return True
    dates = [date for date in fresh if date]
    return bool(dates and claim.polled_at and max(dates) < claim.polled_at - HIDDEN_FOR)


def _tell_lie(plan: PollPlan) -> FeedNotice:
    told = 'its server said "not modified" although something was new: it is asked for the whole list from now on'
    return FeedNotice(kind=NoticeKind.VALIDATORS_LIE, told=told, at=plan.polled_at)


def _tell_gap(
    claim: FeedClaim, plan: PollPlan, seen: Sequence[Sighting], moments: Sequence[datetime]
) -> FeedNotice | None:
    """Nothing on the list is known, though something was before: what lies between ran through unseen."""
    if any(sighting.known for sighting in seen):
        return None
    dates = [sighting.listed.published_at for sighting in seen if sighting.listed.published_at]
    oldest = min(dates, default=None)
    later = bool(oldest and claim.newest_at and oldest > claim.newest_at + GAP_SLACK)
    if len(seen) < (LEAST_DATED_GAP if later else LEAST_GAP):
        return None
    start = claim.newest_at or claim.succeeded_at or plan.polled_at
    end = oldest if oldest and oldest > start else plan.polled_at
    told = (
        f"nothing on its list was known: what it published between {_when(start)} and {_when(end)} UTC may be lost, "
        f"{_about(_rate(moments) or _rate(dates), end - start)}"
    )
    return FeedNotice(kind=NoticeKind.GAP, told=told, at=plan.polled_at, mark=start.isoformat())


def _rate(moments: Iterable[datetime]) -> float | None:
    """Entries an hour; None where they tell nothing."""
    ordered = sorted(moments)
    if len(set(ordered)) < 2:  # noqa: PLR2004  it takes two to be apart
        return None
    return (len(ordered) - 1) / ((ordered[-1] - ordered[0]) / timedelta(hours=1))


def _about(rate: float | None, time: timedelta) -> str:
    if rate is None:
        return "and how much that is can't be told"
    entries = round(rate * (time / timedelta(hours=1)))
    if entries < 1:
        return "by its habit less than one entry"
    return f"by its habit about {entries} {'entry' if entries == 1 else 'entries'}"


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _tell_many(plan: PollPlan, fresh: Sequence[Sighting]) -> FeedNotice | None:
    if len(fresh) <= MANY:
        return None
    told = f"{len(fresh)} entries were new at one poll; all of them are looked at"
    return FeedNotice(kind=NoticeKind.MANY_NEW, told=told, at=plan.polled_at, mark=plan.polled_at.date().isoformat())
