"""The worker processes that read hostile bytes, as the pipeline sees them: a task goes in, a value comes out.

A worker that takes too long, grows too large or falls over is killed, and the next task starts another
one. All of it hangs on the event loop: no thread, no polling, nothing running while nothing is read.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from storywatch.errors import Unreadable
from storywatch.parse import worker

if TYPE_CHECKING:
    from asyncio.subprocess import Process

TIME_LIMIT = 20.0
START_LIMIT = 60.0
MAX_TASKS = 2_000  # then a fresh process: libraries' caches only grow
BROKEN = (asyncio.IncompleteReadError, BrokenPipeError, ConnectionResetError)


class Readers:
    """A few worker processes, started when first needed. Belongs to one event loop; close it there."""

    def __init__(self, *, processes: int = 1, time_limit: float = TIME_LIMIT) -> None:
        self._slots = asyncio.Semaphore(processes)
        self._time_limit = time_limit
        self._idle: list[_Worker] = []

    async def read(self, task: str, **arguments: Any) -> Any:
        """What the reader `task` makes of its arguments. Raises `Unreadable` where it makes nothing of them."""
        async with self._slots:
            process = self._idle.pop() if self._idle else await _Worker.start()
            try:
                kind, value = await process.ask((task, arguments), self._time_limit)
            except BaseException:
                await process.kill()
                raise
            if kind == worker.FAILED or process.tasks >= MAX_TASKS:
                await process.kill()
            else:
                self._idle.append(process)
        if kind == worker.RESULT:
            return value
        raise Unreadable(value if kind == worker.UNREADABLE else f"the reader stumbled over it ({value})")

    def pids(self) -> list[int]:
        """The processes that wait for a task, to be looked at from outside."""
        return [process.pid for process in self._idle]

    async def aclose(self) -> None:
        """End the processes. Tasks under way must have ended before."""
        while self._idle:
            await self._idle.pop().kill()


class _Worker:
    def __init__(self, process: Process) -> None:
        self._process = process
        self.tasks = 0

    @classmethod
    async def start(cls) -> _Worker:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # the working directory is no place to import from
            "-Wignore",
            "-m",
            worker.__name__,
            str(os.getpid()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},  # each thread reserves memory
            start_new_session=True,  # Ctrl-C is for us: the task under way may end
        )
        started = cls(process)
        try:
            await started._receive(START_LIMIT, "the reader did not start")
        except BaseException:
            await started.kill()
            raise
        return started

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ask(self, request: tuple[str, dict[str, Any]], seconds: float) -> tuple[str, Any]:
        self.tasks += 1
        assert self._process.stdin is not None
        self._process.stdin.write(worker.frame(request))
        return await self._receive(seconds, "the reader was stopped")

    async def _receive(self, seconds: float, failure: str) -> tuple[str, Any]:
        pipe = self._process.stdout
        assert pipe is not None
        try:
            async with asyncio.timeout(seconds):
                length = int.from_bytes(await pipe.readexactly(worker.LENGTH_BYTES), "big")
                answer: tuple[str, Any] = pickle.loads(await pipe.readexactly(length))  # noqa: S301  our own worker
                return answer
        except TimeoutError as error:
            message = f"{failure}: it took more than {seconds:g} s"
            raise Unreadable(message) from error
        except BROKEN as error:
            code = await self._process.wait()
            message = f"{failure}: out of memory or CPU time, or it crashed (exit status {code})"
            raise Unreadable(message) from error

    async def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
