"""Small writes that come close together, written as one: a transaction costs ten times what a row in it costs."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

T = TypeVar("T")
R = TypeVar("R")

SECONDS = 0.01  # that the first one waits for others; nobody notices it


class Gathering(Generic[T, R]):
    """Hands what came within `seconds` to `write`, in the thread of `executor`; each caller gets its own result, or error.

    `write` gives one result or exception for each item, in their order. What is not yet written when the process ends
    is not written: its caller did not hear of it either.
    """

    def __init__(
        self, write: Callable[[Sequence[T]], Sequence[R | Exception]], executor: Executor, *, seconds: float = SECONDS
    ) -> None:
        self._write = write
        self._executor = executor
        self._seconds = seconds
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []

    async def put(self, item: T) -> R:
        """Returns when it is written. Raises what `write` said of it."""
        loop = asyncio.get_running_loop()
        written: asyncio.Future[R] = loop.create_future()
        self._waiting.append((item, written))
        if len(self._waiting) == 1:
            loop.call_later(self._seconds, self._hand_over, loop)
        return await written

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        gathered, self._waiting = self._waiting, []
        try:
            writing = loop.run_in_executor(self._executor, self._write, [item for item, _ in gathered])
        except RuntimeError as error:  # the thread is gone: the service is ending
            _tell([written for _, written in gathered], [error] * len(gathered))
        else:
            writing.add_done_callback(partial(_ended, [written for _, written in gathered]))


def _ended(waiting: Sequence[asyncio.Future[R]], writing: asyncio.Future[Sequence[R | Exception]]) -> None:
    error = asyncio.CancelledError() if writing.cancelled() else writing.exception()
    _tell(waiting, writing.result() if error is None else [error] * len(waiting))


def _tell(waiting: Sequence[asyncio.Future[R]], results: Sequence[R | BaseException]) -> None:
    for written, result in zip(waiting, results, strict=True):
        if written.done():  # its caller was cancelled meanwhile
            continue
        if isinstance(result, asyncio.CancelledError):
            written.cancel()
        elif isinstance(result, BaseException):
            written.set_exception(result)
        else:
            written.set_result(result)
