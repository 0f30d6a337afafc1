"""`feedback`: tell a watch what it judged wrongly, take it back, and see what was said."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

from storywatch.app import open_app
from storywatch.cli.printing import narrow, one_line, print_json, print_table, when
from storywatch.config import load_config
from storywatch.core.corrections import in_words
from storywatch.core.model import FeedbackKind
from storywatch.errors import ConfigError, StorywatchError
from storywatch.logs import set_up_logs

if TYPE_CHECKING:
    from argparse import Namespace

    from storywatch.app import App
    from storywatch.config import Config
    from storywatch.core.model import Correction, Watch
    from storywatch.store.feedback import FeedbackLine
    from storywatch.teaching import Taken

UNDO = "undo"


def feedback(options: Namespace) -> int:
    """`storywatch feedback --watch WATCH [ARTICLE wrong|same-as DEV|new|undo]`."""
    _check_usage(options)
    set_up_logs(stream=sys.stderr, level="warning")
    config = load_config(options.config, environ=os.environ)
    watch = _watch(config, options.watch)
    return asyncio.run(_feedback(config, watch, options))


async def _feedback(config: Config, watch: Watch, options: Namespace) -> int:
    async with open_app(config, environ=os.environ, alone=False) as app:
        if options.article is None:
            _list(app.feedback.list_feedback(watch.id), as_json=options.json)
        elif options.verb == UNDO:
            _tell_undone(app.teacher.undo(watch, options.article, now=app.clock.now()), as_json=options.json)
        else:
            _tell(_say(app, watch, options), as_json=options.json)
    return 0


def _say(app: App, watch: Watch, options: Namespace) -> Taken:
    return app.teacher.say(
        watch,
        options.article,
        FeedbackKind(options.verb),
        development=options.development,
        off_topic=options.off_topic,
        alert=options.alert,
        now=app.clock.now(),
        by=options.by,
    )


def _check_usage(options: Namespace) -> None:
    """What the parser can't see: which word goes with which."""
    faults = []
    if options.article is not None and options.verb is None:
        faults.append(f"what of {options.article!r}? Say wrong, same-as DEV, new, or undo after it")
    if (options.verb == FeedbackKind.SAME_AS) != (options.development is not None):
        faults.append("a development stands after same-as, and only there: `feedback --watch W ARTICLE same-as DEV`")
    if options.off_topic and options.verb != FeedbackKind.WRONG:
        faults.append("--off-topic goes with `wrong` only")
    if options.alert and options.verb != FeedbackKind.NEW:
        faults.append("--alert goes with `new` only")
    if faults:
        raise ConfigError(tuple(f"feedback: {fault}" for fault in faults))


def _watch(config: Config, wanted: str) -> Watch:
    for watch in config.watches:
        if watch.id == wanted:
            return watch
    there = ", ".join(watch.id for watch in config.watches) or "none"
    message = f"no watch {wanted!r}; there are: {there}"
    raise StorywatchError(message)


def _tell(taken: Taken, *, as_json: bool) -> None:
    if as_json:
        print_json({**_plain(taken), "alerted": taken.alert is not None and not taken.alert.held})
        return
    case = taken.case
    print(one_line(f"{case.article.id} {case.article.title}"))
    print(f"judged {case.verdict}, score {case.score:.2f}; {in_words(taken.said)}")
    for line in _consequences(taken):
        print(line)
    print(f"to take it back: storywatch feedback --watch {case.watch} {case.article.id} undo")


def _consequences(taken: Taken) -> list[str]:
    kind, development = taken.said.kind, taken.development
    if kind is FeedbackKind.SAME_AS:
        return [f"it is one more report of {development}"]
    if kind is FeedbackKind.WRONG:
        return [f"{development} is withdrawn"] if development else []
    lines = [f"{development} stands on the timeline"]
    if taken.alert is None:
        return [*lines, "nobody is alerted; --alert does that"]
    held = taken.alert.held
    return [*lines, f"its alert is held: {held}" if held else f"its alert is planned: {taken.deliveries} deliveries"]


def _tell_undone(taken: Taken, *, as_json: bool) -> None:
    if as_json:
        print_json({**_plain(taken), "undone": True, "holds": _held(taken.holds)})
        return
    print(one_line(f"{taken.case.article.id} {taken.case.article.title}"))
    print(f"taken back: {in_words(taken.said)}")
    if taken.holds:
        print(f"what was said before holds now: {in_words(taken.holds)}")
        print(f"to take that back too: storywatch feedback --watch {taken.case.watch} {taken.case.article.id} undo")
    else:
        print(f"its verdict holds again: {taken.case.verdict}")


def _held(said: Correction | None) -> dict[str, object] | None:
    if said is None:
        return None
    return {
        "feedback": said.kind,
        "off_topic": said.off_topic,
        "development": said.development,
        "given_at": said.given_at,
        "by": said.by,
    }


def _plain(taken: Taken) -> dict[str, object]:
    said = taken.said
    return {
        "watch": taken.case.watch,
        "article": taken.case.article.id,
        "verdict": taken.case.verdict,
        "feedback": said.kind,
        "off_topic": said.off_topic,
        "development": taken.development,
        "given_at": said.given_at,
        "by": said.by,
    }


def _list(lines: list[FeedbackLine], *, as_json: bool) -> None:
    if as_json:
        print_json(lines)
        return
    brief = narrow()
    print_table(
        ("when (UTC)", "article", "title", "judged", "the desk said", "by", "now"),
        [
            (
                when(one.given_at),
                one.article,
                one.title,
                one.verdict,
                _said(one),
                one.by or "-",
                _state(one, brief=brief),
            )
            for one in lines
        ],
        empty="Nothing was said of this story yet.",
        texts=("title",),
        spare=("by", "judged", "when (UTC)"),
    )


def _said(one: FeedbackLine) -> str:
    if one.development:
        return f"{one.feedback} {one.development}"
    return f"{one.feedback}, off-topic" if one.off_topic else one.feedback


def _state(one: FeedbackLine, *, brief: bool) -> str:
    if one.undone_at:
        return "undone" if brief else f"undone {when(one.undone_at)}"
    return "holds" if one.holds else "said anew since"
