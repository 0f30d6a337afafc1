"""Work shared out to processes: the answers come in the order of the tasks, and are the same however many there are."""

from __future__ import annotations

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from storywatch.ports import Encoder

Task = TypeVar("Task")
Answer = TypeVar("Answer")

_mine: dict[str, Encoder] = {}  # of a worker process: opened there, since no database outlives a fork


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """So many worker processes, each with an encoder of its own. With one, all is done in this process."""

    open_encoder: Callable[[], Encoder]
    jobs: int = 1

    def map(
        self, function: Callable[[Task, Encoder], Answer], tasks: Sequence[Task], *, doing: str = ""
    ) -> list[Answer]:
        """`function(task, encoder)` for each. `doing`, such as "folds learnt", is counted on stderr as they are done."""
        if self.jobs == 1 or len(tasks) == 1:
            encoder = self.open_encoder()
            return _counted((function(task, encoder) for task in tasks), len(tasks), doing)
        pool = ProcessPoolExecutor(
            max_workers=min(self.jobs, max(1, len(tasks))),
            mp_context=multiprocessing.get_context("spawn"),  # libgomp, once it has had threads, hangs in a fork
            initializer=_open,
            initargs=(self.open_encoder,),
        )
        with pool:
            # one task at a time: the last of them would wait for a worker's whole share otherwise
            return _counted(pool.map(_work, [(function, task) for task in tasks], chunksize=1), len(tasks), doing)


def _open(open_encoder: Callable[[], Encoder]) -> None:
    _mine["encoder"] = open_encoder()


def _work(job: tuple[Callable[[Any, Encoder], Any], Any]) -> Any:
    function, task = job
    return function(task, _mine["encoder"])


def _counted(answers: Iterable[Answer], count: int, doing: str) -> list[Answer]:
    found = []
    for answer in answers:
        found.append(answer)
        if doing:
            print(f"{doing}: {len(found)} of {count}", file=sys.stderr, flush=True)  # noqa: T201  it is a command
    return found
