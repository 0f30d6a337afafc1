"""From a feed's entry and the page behind it to the article that is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storywatch.core.identity import addresses_of, key_of
from storywatch.core.ids import digest
from storywatch.core.model import Article, ArticleId, PageState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from storywatch.core.model import Entry, Page, RawPage

# Below so many characters a language detector guesses, and what feed, page or config say is worth more.
TOO_SHORT_TO_TELL = 30


def article_of(
    entry: Entry,
    page: Page | None,
    *,
    detect_language: Callable[[str], str],
    known: Mapping[str, str] | None = None,
    raw: RawPage | None = None,
) -> Article:
    """The article behind an entry; the feed's own text where the page could not be had or says less.

    The id follows from the article's key, title and text: another text of the same article is another version.
    `known` says under which key an article is known already, for the keys of addresses that lead to one.
    """
    paragraphs = _paragraphs(entry, page)
    read = page if page and not page.state.is_unread else None  # what came instead says nothing about the article
    title = entry.title or (read.title if read else "")
    addresses = addresses_of(entry, page)
    key = key_of(addresses, known or {})
    return Article(
        id=ArticleId(digest("art", key, title, *paragraphs)),
        url=entry.url,
        url_key=key,
        title=title,
        summary=entry.summary,
        paragraphs=paragraphs,
        lang=_language(entry, read, " ".join((title, *paragraphs)), detect_language),
        outlet=entry.feed,
        outlet_name=entry.outlet_name,
        owner=entry.owner,
        published_at=_published_at(entry, read),
        seen_at=entry.seen_at,
        state=page.state if page else PageState.FEED_ONLY,
        raw_hash=page.raw_hash if page else None,
        addresses=addresses,
        raw=raw if read else None,
    )


def _paragraphs(entry: Entry, page: Page | None) -> tuple[str, ...]:
    listed = tuple(line for line in map(str.strip, entry.summary.splitlines()) if line)
    if page is None or page.state.is_unread:
        return listed
    if page.state in {PageState.PARTIAL, PageState.MEDIA} and sum(map(len, listed)) > sum(map(len, page.paragraphs)):
        return listed  # a paywall, or the line under a film, said less than the feed gives away
    return page.paragraphs


def _language(entry: Entry, page: Page | None, text: str, detect_language: Callable[[str], str]) -> str:
    said = entry.lang or (page.lang if page else None)
    if said and len(text) < TOO_SHORT_TO_TELL:
        return said
    return detect_language(text)


def _published_at(entry: Entry, page: Page | None) -> datetime | None:
    """The page's own moment; the feed's where the page gives none, or only the day."""
    if page is None or page.published_at is None:
        return entry.published_at
    return (entry.published_at or page.published_at) if page.dated_to_the_day else page.published_at
