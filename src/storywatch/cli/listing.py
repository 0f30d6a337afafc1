"""`feeds import` and `feeds export`: the feeds of another program, as OPML."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from storywatch.cli.adding import RELOAD, SEARCH_NOTE
from storywatch.cli.printing import console, narrow, one_line, print_json, print_table
from storywatch.cli.telling import open_views
from storywatch.config import NewFeed, add_feeds, load_config, read_feed, written_feed
from storywatch.core.naming import free_id, is_news_search, outlet_site, owners_by_site, plain
from storywatch.core.urls import url_key, without_password
from storywatch.errors import ConfigError, StorywatchError, Unreadable
from storywatch.parse.opml import LARGEST, Outline, opml_of, parse_opml
from storywatch.store.engine import parse_url

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Collection, Mapping, Sequence

    from storywatch.config import Config
    from storywatch.core.model import Feed

RULE = "article."  # of such keys the table article is made
FEED_SCHEME = re.compile(r"feed:(?://)?(?=https?:)|feed(?=://)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What becomes of one feed of the file: `id` is the new one's, or the one under which it is there already."""

    url: str
    title: str
    id: str | None
    new: bool
    fault: str | None = None

    @property
    def words(self) -> str:
        """In a word or two."""
        return "new" if self.new else ("left out" if self.fault else "there")


# --------------------------------------------------------------------------- in


def import_opml(options: Namespace) -> int:
    """`storywatch feeds import FILE.opml`. Status 1 where one of its feeds had to be left out."""
    config = load_config(options.config, environ=os.environ)
    outlines = _read(options.file)
    rows, news = _sorted_out(outlines, config)
    file = config.directory / "feeds.toml"
    if news and not options.dry_run:
        add_feeds(file, news)
    if options.json:
        print_json({"written": bool(news) and not options.dry_run, "feeds": rows})
    else:
        _show(rows)
        _say(rows, file, dry=options.dry_run)
    return 1 if any(row.fault for row in rows) else 0


def _show(rows: Sequence[Row]) -> None:
    """A table; on a narrow terminal each address has a line of its own, so that it can be copied."""
    table = [(row.words, row.id or "-", without_password(row.url), row.fault or row.title) for row in rows]
    if not narrow():
        print_table(("", "feed", "address", "title"), table, empty="no feed", texts=("address", "title"))
        return
    for words, name, address, title in table:
        console().print(Text(one_line(f"{words}  {name}  {title}")))
        console().print(Text(f"  {one_line(address)}"), soft_wrap=True)


def _say(rows: Sequence[Row], file: Path, *, dry: bool) -> None:
    counts = {words: sum(row.words == words for row in rows) for words in ("new", "there", "left out")}
    told = f"{counts['new']} new, {counts['there']} there already, {counts['left out']} left out."
    if dry:
        told += " Nothing was written: without --dry-run the new ones go to the end of " + str(file) + "."
    elif counts["new"]:
        told += f" The new ones stand at the end of {file}.\n{RELOAD}"
    print(told, file=sys.stderr)


def _read(file: Path) -> list[Outline]:
    try:
        if str(file) == "-":
            body = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with file.open("rb") as source:
                body = source.read(LARGEST + 1)
        outlines = parse_opml(body)
    except OSError as error:
        message = f"{file}: {error.strerror}"
        raise StorywatchError(message) from error
    except Unreadable as error:
        message = f"{file}: {error}"
        raise StorywatchError(message) from error
    if not outlines:
        message = f"{file}: there is no feed in it: none of its outlines has an xmlUrl"
        raise StorywatchError(message)
    return outlines


def _sorted_out(outlines: Sequence[Outline], config: Config) -> tuple[list[Row], list[NewFeed]]:
    there = {url_key(feed.url): str(feed.id) for feed in config.feeds.values()}
    taken = {str(name) for name in config.feeds}
    owners = owners_by_site(config.feeds.values())
    rows: list[Row] = []
    news: list[NewFeed] = []
    for outline in outlines:
        outline = replace(outline, url=FEED_SCHEME.sub(_web_scheme, outline.url))  # noqa: PLW2901  the same, spelt right
        row = Row(url=outline.url, title=one_line(outline.title), id=there.get(url_key(outline.url)), new=False)
        if row.id is None:
            try:
                new = _new_feed(outline, taken, owners)
            except ConfigError as error:
                row = replace(row, fault="; ".join(error.faults))
            else:
                news.append(new)
                taken.add(new.feed.id)
                owners.setdefault(outlet_site(outline.url), new.feed.owner)
                there[url_key(outline.url)] = new.feed.id
                row = replace(row, id=new.feed.id, new=True)
        rows.append(row)
    return rows, news


def _web_scheme(found: re.Match[str]) -> str:
    return "" if ":" in found[0] else "http"


def _new_feed(outline: Outline, taken: Collection[str], owners: Mapping[str, str]) -> NewFeed:
    """Raises `ConfigError` where the outline can't be a feed."""
    own = {key: value for key, value in outline.own.items() if key != "id" and value}
    written: dict[str, Any] = {key: value for key, value in own.items() if not key.startswith(RULE)}
    rules = {key.removeprefix(RULE): value for key, value in own.items() if key.startswith(RULE)}
    lang = outline.language.lower()[:2]
    if "lang" not in written and re.fullmatch(r"[a-z]{2}([-_].*)?", outline.language.lower()):
        written["lang"] = lang
    site = outlet_site(outline.url)
    owner = owners.get(site) if site else None
    if owner and not outline.own.get("id"):
        written.setdefault("owner", owner)
    if rules:
        written["article"] = rules
    wish = plain(outline.own.get("id", ""))
    name = wish if wish and wish not in taken else free_id(outline.url, taken)
    feed = read_feed(name, {"url": outline.url, **written})
    parts = [outline.title if outline.title != name else "", f"({' / '.join(outline.path)})" if outline.path else ""]
    parts += [f"({SEARCH_NOTE})"] if is_news_search(outline.url) else []
    return NewFeed(feed=feed, remark=" ".join(part for part in parts if part))


# --------------------------------------------------------------------------- out


def export_opml(options: Namespace) -> int:
    """`storywatch feeds export [FILE]`: all configured feeds, to a file or to standard output."""
    config = load_config(options.config, environ=os.environ)
    titles = _titles(config)
    document = opml_of([_outline(feed, titles) for feed in config.feeds.values()], title="Feeds of storywatch")
    if options.file is None or str(options.file) == "-":
        sys.stdout.write(document)
        return 0
    try:
        with options.file.open("w" if options.force else "x", encoding="utf-8") as target:
            target.write(document)
    except FileExistsError as error:
        message = f"{options.file} is there already: --force writes over it"
        raise StorywatchError(message) from error
    except OSError as error:
        message = f"{options.file}: can't be written: {error.strerror}"
        raise StorywatchError(message) from error
    print(f"{len(config.feeds)} feeds are in {options.file}.")
    return 0


def _titles(config: Config) -> Mapping[str, str]:
    """What the feeds call themselves, as far as the service has heard it."""
    if not Path(parse_url(config.service.database).database or "").exists():
        return {}
    with open_views(config) as views:
        return {feed.id: feed.title for feed in views.feeds() if feed.title}


def _outline(feed: Feed, titles: Mapping[str, str]) -> Outline:
    """Other programs take the address; what they don't know is for another storywatch."""
    written = written_feed(feed)
    rules = {f"{RULE}{key}": text for key, text in written.pop("article", {}).items()}
    url = written.pop("url")
    own = {"id": str(feed.id), **written, **rules}
    return Outline(url=url, title=titles.get(feed.id, feed.id), language=feed.lang or "", own=own)
