"""An index of sitemaps is followed one step: the newest few that changed, asked sparingly, as one listing."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from storywatch.core.model import Listing, Validators
from storywatch.errors import FetchFailed, Unreadable
from storywatch.fetch.client import OK, in_host

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from storywatch.core.model import FeedClaim, FeedId, ListedEntry, SitemapIndex
    from storywatch.fetch.client import Answer

    Ask = Callable[[str, Validators], Awaitable[Answer]]
    Read = Callable[[Answer], Awaitable[Listing | SitemapIndex]]

MAX_CHILDREN = 5  # of one poll
MAX_ENTRIES = 1_000  # of all of them together
KEPT_INDEXES = 500
KEPT_CHILDREN = 50  # of one index
NOT_MODIFIED = 304
OLD_BY = timedelta(days=2)  # before the last good poll: what changed then was there to be seen
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Child:
    changed_at: datetime | None
    validators: Validators
    body_hash: str


@dataclass
class Indexes:
    """What is known of the sitemaps behind each index. In memory only: after a restart they are asked afresh.

    A poll's findings count only if the store kept them: they hang on the hash that the store gives back with the
    next claim. So what was read and not recorded is read again.
    """

    kept: OrderedDict[FeedId, tuple[str, dict[str, _Child]]] = field(default_factory=OrderedDict)

    def known(self, claim: FeedClaim) -> dict[str, _Child]:
        """The sitemaps as the store has them."""
        token, children = self.kept.get(claim.feed.id, ("", {}))
        return children if token == claim.body_hash else {}

    def keep(self, claim: FeedClaim, token: str, children: dict[str, _Child]) -> None:
        """What the store has as soon as it records a listing of this hash."""
        self.kept[claim.feed.id] = (token, dict(list(children.items())[-KEPT_CHILDREN:]))
        self.kept.move_to_end(claim.feed.id)
        while len(self.kept) > KEPT_INDEXES:
            self.kept.popitem(last=False)


@dataclass
class _Harvest:
    children: dict[str, _Child]
    listings: list[Listing] = field(default_factory=list)
    answered: int = 0
    faults: list[FetchFailed | Unreadable] = field(default_factory=list)


async def follow(
    index: SitemapIndex,
    claim: FeedClaim,
    *,
    url: str,
    known: Indexes,
    ask: Ask,
    read: Read,
    in_time: Callable[[], bool],
) -> Listing:
    """One listing of what the changed sitemaps list; its hash is that of all of them.

    One that can't be read is asked again at the next poll. Raises its `FetchFailed` or `Unreadable` where none of
    those that were asked could be.
    """
    named = dict(index.children)
    harvest = _Harvest({address: child for address, child in known.known(claim).items() if address in named})
    since = claim.succeeded_at - OLD_BY if claim.succeeded_at and not claim.first_poll else LONG_AGO
    for address, changed_at in chosen(index, harvest.children, since=since):
        if not in_time():
            break
        try:
            await _visit(address, changed_at, harvest, ask, read)
            harvest.answered += 1
        except (FetchFailed, Unreadable) as error:
            harvest.faults.append(error)
    if harvest.faults and not harvest.answered:
        raise harvest.faults[0]
    token = _token(url, harvest.children)
    known.keep(claim, token, harvest.children)
    return _merged(harvest.listings, url, token)


def chosen(
    index: SitemapIndex, known: dict[str, _Child], *, since: datetime = LONG_AGO
) -> list[tuple[str, datetime | None]]:
    """At most five, the newest first, without those that say by their date that nothing changed.

    What changed before `since` is left alone: an archive gone through poll by poll would be taken for news.
    """
    changed = [
        (address, moment)
        for address, moment in dict(index.children).items()
        if moment is None or (moment >= since and (address not in known or known[address].changed_at != moment))
    ]
    changed.sort(key=lambda child: child[1] or LONG_AGO, reverse=True)
    return changed[:MAX_CHILDREN]


async def _visit(address: str, changed_at: datetime | None, harvest: _Harvest, ask: Ask, read: Read) -> None:
    before = harvest.children.get(address)
    answer = await ask(address, before.validators if before else Validators())
    if answer.status == NOT_MODIFIED and before:
        harvest.children[address] = replace(before, changed_at=changed_at)
        return
    if answer.status not in OK:
        message = f"{in_host(address)}: {answer.status} for a sitemap that the index names"
        raise FetchFailed(message, status=answer.status)
    body_hash = hashlib.sha256(answer.body).hexdigest()
    if before is None or before.body_hash != body_hash:
        listing = await read(answer)
        if not isinstance(listing, Listing):
            message = f"{in_host(address)}: an index in an index of sitemaps is not followed"
            raise Unreadable(message)
        harvest.listings.append(listing)
        if not listing.complete:  # its tail is still to come
            return
    validators = Validators(etag=answer.headers.get("etag"), last_modified=answer.headers.get("last-modified"))
    harvest.children[address] = _Child(changed_at, validators, body_hash)


def _token(url: str, children: dict[str, _Child]) -> str:
    said = "\n".join(f"{address} {child.body_hash}" for address, child in sorted(children.items()))
    return hashlib.sha256(f"{url}\n{said}".encode("utf-8", "replace")).hexdigest()


def _merged(listings: Sequence[Listing], url: str, token: str) -> Listing:
    entries: dict[str, ListedEntry] = {}
    for entry in (entry for listing in listings for entry in listing.entries):
        entries.setdefault(entry.key, entry)
    kept = tuple(entries.values())
    return Listing(
        url=url,
        moved_to=None,
        title=next((listing.title for listing in listings if listing.title), None),
        lang=next((listing.lang for listing in listings if listing.lang), None),
        entries=kept[:MAX_ENTRIES],
        body_hash=token,
        dropped=max(0, len(kept) - MAX_ENTRIES) + sum(listing.dropped for listing in listings),
    )
