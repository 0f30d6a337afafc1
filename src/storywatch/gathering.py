"""Small writes that come close together, written as one: a transaction costs ten times what a row in it costs."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

T = TypeVar("T")
R = TypeVar("R")

SECONDS = 0.05  # that the first one waits for those that are under way


class Gathering(Generic[T, R]):
    """Hands what came within `seconds` to `write`, in the thread of `executor`; each caller gets its own result, or error.

    Who will bring something says so with `place`: where nobody else is expected, nobody is waited for. `write` gives one
    result or exception for each item, in their order. What is not yet written when the process ends is not written.
    """

    def __init__(
        self, write: Callable[[Sequence[T]], Sequence[R | Exception]], executor: Executor, *, seconds: float = SECONDS
    ) -> None:
        self._write = write
        self._executor = executor
        self._seconds = seconds
        self._expected = 0
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._timer: asyncio.TimerHandle | None = None

    def place(self) -> Place[T, R]:
        """To be entered by who will bring one item, or none after all."""
        return Place(self)

    def expect(self) -> None:
        """One more is under way."""
        self._expected += 1

    def miss(self) -> None:
        """One that was expected won't come."""
        self._expected -= 1
        self._look()

    async def put(self, item: T) -> R:
        """One that was expected is here. Returns when it is written. Raises what `write` said of it."""
        loop = asyncio.get_running_loop()
        written: asyncio.Future[R] = loop.create_future()
        self._waiting.append((item, written))
        self._expected -= 1
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._hand_over)
        self._look()
        return await written

    def _look(self) -> None:
        if not self._expected and self._timer is not None:
            self._timer.cancel()
            self._hand_over()

    def _hand_over(self) -> None:
        gathered, self._waiting, self._timer = self._waiting, [], None
        waiting = [written for _, written in gathered]
        try:
            writing = asyncio.get_running_loop().run_in_executor(
                self._executor, self._write, [item for item, _ in gathered]
            )
        except RuntimeError as error:  # the thread is gone: the service is ending
            _tell(waiting, [error] * len(waiting))
        else:
            writing.add_done_callback(partial(_ended, waiting))


class Place(Generic[T, R]):
    """Holds a place in the next writing for one item."""

    def __init__(self, gathering: Gathering[T, R]) -> None:
        self._gathering = gathering
        self._is_open = False

    def __enter__(self) -> Self:
        self._gathering.expect()
        self._is_open = True
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_open:
            self._is_open = False
            self._gathering.miss()

    async def put(self, item: T) -> R:
        """Returns when it is written. Raises what `write` said of it."""
        self._is_open = False
        return await self._gathering.put(item)


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
