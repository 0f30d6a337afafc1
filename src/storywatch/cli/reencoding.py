"""`reencode`: another encoder was configured, and what the stories know gets its vectors."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from storywatch.app import open_app
from storywatch.cli.checking import quiet_logs
from storywatch.cli.printing import console, print_json
from storywatch.config import load_config

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import AsyncIterator, Sequence

    from storywatch.app import App
    from storywatch.config import Config
    from storywatch.core.vectors import Stale
    from storywatch.reencode import Step


def reencode(options: Namespace) -> int:
    """`storywatch reencode`: all of it, or what was left when it was cut off. The service must not run."""
    config = load_config(options.config, environ=os.environ)
    quiet_logs()
    encoder, stale, texts = asyncio.run(_reencode(config))
    if options.json:
        print_json({"encoder": encoder, "texts": texts, "stories": stale})
    elif texts or stale:
        stories = "one story" if len(stale) == 1 else f"{len(stale)} stories"
        print(f"{texts:,} texts have vectors of {encoder} now; {stories} had those of another encoder.")
    else:
        print(f"Nothing to do: all vectors are of {encoder}.")
    return 0


async def _reencode(config: Config) -> tuple[str, list[Stale], int]:
    async with open_app(config, environ=os.environ, take_over=False) as app:
        stale, texts = await app.stale(), 0
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        terminal = sys.stderr.isatty()
        with Progress(*columns, console=console(error=True), transient=True, disable=not terminal) as progress:
            task = progress.add_task("re-encoding", total=sum(one.texts for one in stale))
            async for step in _steps(app, stale):
                texts += step.texts
                total = max(texts, sum(one.texts for one in stale))  # the watches' own texts come on top
                progress.update(task, description=f"re-encoding {step.watch}", completed=texts, total=total)
        return app.pipeline.encoder.name, stale, texts


async def _steps(app: App, stale: Sequence[Stale]) -> AsyncIterator[Step]:
    """One after the other, in the encoder's thread: Ctrl-C is heard between them and within."""
    steps, loop = iter(app.reencoding(stale)), asyncio.get_running_loop()
    while (step := await loop.run_in_executor(app.pipeline.thinker, next, steps, None)) is not None:
        yield step
