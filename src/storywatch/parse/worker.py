"""The process that reads hostile bytes: `python -m storywatch.parse.worker`, spoken to over its pipes.

A request is a pickled pair (task, arguments), an answer a pickled pair (kind, value), each preceded by
its length. The process limits its own memory and its CPU time for each task, and ends when its parent
does. What a reader did not expect ends the process too, after saying what it was: the parent starts
another one.
"""

from __future__ import annotations

import ctypes
import logging
import os
import pickle
import resource
import signal
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

from storywatch.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Task = Callable[..., Any]

LENGTH_BYTES = 8
READY, RESULT, UNREADABLE, FAILED = "ready", "result", "unreadable", "failed"

MEMORY = 1_536 * 1024 * 1024
CPU_SECONDS = 15
PR_SET_PDEATHSIG = 1


def main() -> None:  # pragma: no cover  runs in a process of its own, see the tests of fetch.workers
    """Answer requests until the pipe ends."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not become an answer
    logging.disable()  # what they have to say about a hostile page interests nobody
    end_with(int(sys.argv[1]))
    tasks = load_tasks()
    limit(resource.RLIMIT_AS, MEMORY)
    sys.excepthook = lambda kind, error, _: send(answers, (FAILED, f"{kind.__name__}: {error}"))
    serve(requests, answers, tasks, before_each=_allow_cpu_seconds)


def serve(requests: BinaryIO, answers: BinaryIO, tasks: Mapping[str, Task], *, before_each: Callable[[], None]) -> None:
    """Say that we are ready; then one answer for each request."""
    send(answers, (READY, None))
    while (request := receive(requests)) is not None:
        before_each()
        send(answers, _answer(tasks, request))


def _answer(tasks: Mapping[str, Task], request: tuple[str, dict[str, Any]]) -> tuple[str, Any]:
    task, arguments = request
    try:
        return RESULT, tasks[task](**arguments)
    except Unreadable as error:
        return UNREADABLE, str(error)


def load_tasks() -> dict[str, Task]:
    """The readers, imported here and nowhere else: half a second and 60 MB."""
    from storywatch.parse.discovery import discover  # noqa: PLC0415  see above
    from storywatch.parse.document import parse_document  # noqa: PLC0415
    from storywatch.parse.page import parse_candidates, parse_page  # noqa: PLC0415
    from storywatch.parse.robots import parse_crawl_delay, parse_permission, sitemaps_of  # noqa: PLC0415

    return {
        "feed": parse_document,
        "discover": discover,
        "page": parse_page,
        "candidates": parse_candidates,
        "permission": parse_permission,
        "crawl_delay": parse_crawl_delay,
        "sitemaps": sitemaps_of,
    }


def end_with(parent: int) -> None:  # pragma: no cover  runs in a process of its own, see the tests of fetch.workers
    """Be killed when the parent dies, in whatever way, even in the middle of a task (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we could ask for that
        raise SystemExit(0)


def _allow_cpu_seconds() -> None:  # pragma: no cover  runs in a process of its own, see the tests of fetch.workers
    """So many from now on. Past it the kernel ends the process, even inside a C library."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    limit(resource.RLIMIT_CPU, int(usage.ru_utime + usage.ru_stime) + 1 + CPU_SECONDS)


def limit(
    what: int, value: int
) -> None:  # pragma: no cover  runs in a process of its own, see the tests of fetch.workers
    """So much of a resource for this process, and not more than the system allows."""
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def frame(value: object) -> bytes:
    """A value as it goes through a pipe."""
    data = pickle.dumps(value)
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


def send(pipe: BinaryIO, value: object) -> None:
    """Write one value."""
    pipe.write(frame(value))
    pipe.flush()


def receive(pipe: BinaryIO) -> Any:
    """Read one value; None at the end of the pipe."""
    length = pipe.read(LENGTH_BYTES)
    if len(length) < LENGTH_BYTES:
        return None
    data = pipe.read(int.from_bytes(length, "big"))
    return pickle.loads(data)  # noqa: S301  the parent is us


if __name__ == "__main__":  # pragma: no cover  same
    main()
