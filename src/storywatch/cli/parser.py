"""What can be typed: commands, options and their help. Standard library only, so that help is instant."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from storywatch import __version__

EPILOG = "Exit status: 0 done, 1 it did not work, 2 wrong usage or configuration. Manual: docs/reference/commands.md"


QUEUES = ("poll", "judge", "deliver")
FROM_STORE = Path()  # the feedback that the database holds


def build_parser() -> argparse.ArgumentParser:
    """The whole command line as a parser; `command` names the chosen one."""
    parser = argparse.ArgumentParser(
        prog="storywatch",
        description="Follows a story over months and tells you, once, when something new happens in it.",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"storywatch {__version__}")
    _config_option(parser, default=Path(os.environ.get("STORYWATCH_CONFIG") or "config"))
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    shared = _shared_options()

    add = _Adder(commands, shared)
    _running(add)
    once = add("once", "poll what is due, judge, deliver, and end", json=True)
    once.add_argument("--all", action="store_true", help="poll every feed, due or not")
    add("check", "read the configuration and report every fault", json=True)
    doctor = add("doctor", "check configuration, database, clock, feeds and channels", json=True)
    doctor.add_argument("--offline", action="store_true", help="leave out the feeds and the channels")

    _feeds(add("feeds", "list the feeds and how they do, check that they answer, find and add new ones", json=True))

    explain = add("explain", "tell why an article is, or is not, news to a story", json=True)
    explain.add_argument(
        "article", metavar="URL|FILE|-", help="an address, a saved page or text, or - for standard input"
    )
    _watch_option(explain, "only this watch")
    explain.add_argument("--opinion", action="store_true", help="ask the language model of [opinion], where it doubts")

    _fetch(add("fetch", "show what the reader makes of a page, or of many recorded ones", json=True))

    replay = add("replay", "judge a stream of articles with a watch; nothing is sent or stored", config=False)
    replay.add_argument("--watch", required=True, type=Path, metavar="FILE", help="the watch file")
    replay.add_argument("--items", required=True, type=Path, metavar="FILE", help="articles, one JSON object a line")
    replay.add_argument("--decisions", required=True, type=Path, metavar="FILE", help="where to write the decisions")
    _config_option(replay, default=argparse.SUPPRESS)
    replay.add_argument(
        "--with-feedback",
        nargs="?",
        type=Path,
        const=FROM_STORE,
        metavar="FILE",
        help="apply the desk's feedback in FILE, or in the database, and tell what it changes",
    )

    feedback = add("feedback", "tell a watch what it judged wrongly, or list what was told", json=True)
    feedback.add_argument("--watch", required=True, metavar="WATCH", help="the watch's id")
    feedback.add_argument("article", nargs="?", metavar="ARTICLE", help="its address, its id, or how that begins")
    feedback.add_argument("verb", nargs="?", choices=["wrong", "same-as", "new", "undo"], help="what to say of it")
    feedback.add_argument("development", nargs="?", metavar="DEV", help="after same-as: a development's id")
    feedback.add_argument("--off-topic", action="store_true", help="with wrong: it is about another matter")
    feedback.add_argument("--alert", action="store_true", help="with new: send the alert too")
    feedback.add_argument("--by", metavar="NAME", help="who says so")

    add("stories", "the watched stories and their last developments", json=True)
    timeline = add("timeline", "one story's developments, the newest first", json=True)
    timeline.add_argument("watch", metavar="WATCH", help="the watch's id")
    timeline.add_argument("--limit", type=_count, default=20, metavar="N", help="default: 20")
    _deliveries(add("deliveries", "what was sent, what waits, what failed for good, and why", json=True))
    _redeliver(add("redeliver", "send after all what failed for good, or was muted", json=True))
    _silences(add)
    test_channel = add("test-channel", "send a test message to a channel", json=True)
    test_channel.add_argument("channel", metavar="CHANNEL", help="the channel's id")

    add("reencode", "give what the stories know the vectors of the configured encoder", json=True)
    migrate = add("migrate", "bring the database to this version's schema, or carry it to PostgreSQL", json=True)
    migrate.add_argument("--from", dest="source", metavar="ADDRESS", help="sqlite:///…: what to carry; only read")
    migrate.add_argument(
        "--to", dest="target", metavar="ADDRESS", help="postgresql+psycopg://…: empty, or half carried"
    )
    demo = add("demo", "show it at work on a composed stream, without the internet", config=False)
    demo.add_argument("--exit", action="store_true", help="end when the stream ends, on a terminal too")
    add("version", "the version of the program, of its parts and of its database schema", config=False, json=True)
    return parser


def _running(add: _Adder) -> None:
    run = add("run", "follow the watchlist until stopped, with the page on the web port")
    run.add_argument("--page-only", action="store_true", help="leave the work to workers (PostgreSQL)")
    worker = add("worker", "share the work of several machines until stopped, without the page (PostgreSQL)")
    worker.add_argument(
        "--queues", type=_queues, default=QUEUES, metavar="QUEUES", help="default: poll,judge,deliver (all of them)"
    )
    worker.add_argument("--concurrency", type=_count, metavar="N", help="steps of each kind at once")
    worker.add_argument("--alive", type=Path, metavar="FILE", help="touch FILE every few seconds while all is well")


def _deliveries(deliveries: argparse.ArgumentParser) -> None:
    deliveries.add_argument("delivery", nargs="?", metavar="DLV", help="all about this one: its id, or how it begins")
    states = ["waiting", "sent", "dead", "folded", "muted"]
    deliveries.add_argument("--state", choices=states, help="only these")
    deliveries.add_argument("--channel", metavar="CHANNEL", help="only those of this channel")
    deliveries.add_argument("--watch", metavar="WATCH", help="only those of this story")
    deliveries.add_argument("--limit", type=_count, default=50, metavar="N", help="default: 50")


def _redeliver(redeliver: argparse.ArgumentParser) -> None:
    redeliver.add_argument("delivery", nargs="*", metavar="DLV", help="these: an id, or how it begins")
    redeliver.add_argument("--dead", action="store_true", help="all that failed for good (the default of a choice)")
    redeliver.add_argument("--muted", action="store_true", help="all that was muted")
    redeliver.add_argument("--channel", metavar="CHANNEL", help="only those of this channel")
    redeliver.add_argument(
        "--since", metavar="TIME", help="only what was to go since then: 3d, or 2026-11-01T10:00 (UTC)"
    )
    redeliver.add_argument("--again", action="store_true", help="with DLV: also where it was sent")
    redeliver.add_argument("--dry-run", action="store_true", help="say what would be sent, and change nothing")
    redeliver.add_argument("--by", metavar="NAME", help="who asks for it")


def _silences(add: _Adder) -> None:
    """Words about one story."""
    _silence(add("mute", "tell nothing of a story, for a time or for good", json=True))
    _silence(add("snooze", "tell nothing of a story for a time, and then all of it together", json=True))
    unmute = add("unmute", "tell of a story again that was muted or snoozed", json=True)
    _whose(unmute)
    unmute.add_argument("--by", metavar="NAME", help="who says so")
    silences = add("silences", "the stories that are muted or snoozed: by whom, why, until when", json=True)
    silences.add_argument("--all", action="store_true", help="also those that are over")
    acknowledge = add("acknowledge", "say that somebody has taken notice of a development", json=True)
    acknowledge.add_argument("development", metavar="DEV", help="its id, or how it begins")
    acknowledge.add_argument("--by", metavar="NAME", help="who has")


def _whose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("watch", metavar="WATCH", help="the watch's id")
    parser.add_argument("--recipient", metavar="ADDRESS", help="only for this one; default: for everybody")
    parser.add_argument("--channel", metavar="CHANNEL", help="the recipient's channel, where several have it")


def _silence(parser: argparse.ArgumentParser) -> None:
    _whose(parser)
    end = parser.add_mutually_exclusive_group()
    end.add_argument(
        "--until", metavar="TIME", help="such as 2026-12-01T08:00; by the clock of [service] timezone, if it names none"
    )
    end.add_argument("--for", dest="span", metavar="DURATION", help="such as 3d")
    parser.add_argument("--until-major", action="store_true", help="until the next major development")
    parser.add_argument("--by", metavar="NAME", help="who says so")
    parser.add_argument("--reason", metavar="TEXT", help="why")


def _feeds(feeds: argparse.ArgumentParser) -> None:
    """The actions of `feeds`, each with options of its own; without one it is `list`."""
    only = {"action": "append", "metavar": "ID", "help": "only this feed (may be repeated)"}
    feeds.add_argument("--feed", default=[], **only)  # type: ignore[arg-type]  # of one function with many meanings
    feeds.set_defaults(action="list")
    shared = _shared_options()
    actions = feeds.add_subparsers(title="actions", dest="action", metavar="ACTION")

    def add(name: str, what: str, *, json: bool = True) -> argparse.ArgumentParser:
        parser = actions.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".", parents=[shared])
        if json:
            parser.add_argument(
                "--json", action="store_true", default=argparse.SUPPRESS, help="print JSON for programs"
            )
        return parser

    for name, what in (("list", "how the feeds do (default)"), ("check", "ask each feed once; nothing is stored")):
        add(name, what).add_argument("--feed", default=argparse.SUPPRESS, **only)  # type: ignore[arg-type]  # same
    new = add("add", "look at an address, and put what can be followed there at the end of feeds.toml")
    new.add_argument("url", metavar="URL", help="a feed, a sitemap, a page, or a site's home page")
    new.add_argument("--id", metavar="ID", help="default: the site's name")
    new.add_argument(
        "--owner", metavar="NAME", help="who is behind it; default: as other feeds of the site, else the id"
    )
    new.add_argument("--lang", metavar="LANG", help="its language; default: as it says")
    new.add_argument("--every", metavar="DURATION", help="how often to ask it; default: learned")
    new.add_argument(
        "--backfill", metavar="DURATION", help="how far back its first entries are news; default: not at all"
    )
    new.add_argument("--select", metavar="CSS", help="follow the page itself, by its links that this selector finds")
    new.add_argument("--yes", action="store_true", help="write it without asking")
    site = add("discover", "what can be followed at a site; nothing is stored")
    site.add_argument("site", metavar="SITE", help="its address")
    opml = add("import", "add all feeds of an OPML file that are not there yet")
    opml.add_argument("file", type=Path, metavar="FILE", help="the file, or - for standard input")
    opml.add_argument("--dry-run", action="store_true", help="say what would be added, and write nothing")
    out = add("export", "write the configured feeds as OPML", json=False)
    out.add_argument("file", type=Path, nargs="?", metavar="FILE", help="default: standard output")
    out.add_argument("--force", action="store_true", help="write over a file that is there")


def _fetch(fetch: argparse.ArgumentParser) -> None:
    """One page, or many recorded ones."""
    fetch.add_argument(
        "page", nargs="?", metavar="URL|FILE|-", help="an address, a saved page, or - for standard input"
    )
    fetch.add_argument("--feed", metavar="ID", help="read it by this feed's rules; default: of the feed at its site")
    fetch.add_argument("--url", metavar="URL", help="the address that a saved page came from")
    fetch.add_argument("--candidates", action="store_true", help="show what each reader finds by itself")
    fetch.add_argument("--pages", type=Path, metavar="FILE", help="recorded pages, one JSON object a line; no network")
    fetch.add_argument("--out", type=Path, metavar="FILE", help="with --pages: where to write what was read")


class _Adder:
    """Adds commands that share options."""

    def __init__(
        self,
        commands: argparse._SubParsersAction[argparse.ArgumentParser],
        shared: argparse.ArgumentParser,
    ) -> None:
        self._commands, self._shared = commands, shared

    def __call__(self, name: str, what: str, *, config: bool = True, json: bool = False) -> argparse.ArgumentParser:
        parser = self._commands.add_parser(
            name, help=what, description=what[0].upper() + what[1:] + ".", parents=[self._shared] if config else []
        )
        if json:
            parser.add_argument("--json", action="store_true", help="print JSON for programs")
        return parser


def _shared_options() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    _config_option(shared, default=argparse.SUPPRESS)  # what stands before the command holds, unless it is given anew
    return shared


def _config_option(parser: argparse.ArgumentParser, *, default: Path | str) -> None:
    parser.add_argument(
        "--config", type=Path, default=default, metavar="DIR", help="default: $STORYWATCH_CONFIG, else config/"
    )


def _watch_option(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--watch", metavar="WATCH", help=what)


def _queues(words: str) -> tuple[str, ...]:
    named = tuple(dict.fromkeys(word.strip() for word in words.split(",")))
    unknown = [word for word in named if word not in QUEUES]
    if unknown:
        message = f"{unknown[0]!r} is no queue; there are {', '.join(QUEUES)}"
        raise argparse.ArgumentTypeError(message)
    return named


def _count(text: str) -> int:
    if text.isdigit() and int(text) > 0:
        return int(text)
    message = f"expected a number from 1, not {text!r}"
    raise argparse.ArgumentTypeError(message)
