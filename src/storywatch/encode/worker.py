"""The process that encodes: `python -m storywatch.encode.worker PARENT CHOICE`, spoken to over its standard input.

That is a socket: texts come in, vectors go out. The process says first that its model is loaded, or why not; from then
on it may grow by so much and no more. An error ends it after saying what it was, and the parent starts another one.
It ends with its parent.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from storywatch.encode import wire
from storywatch.encode.choice import EncoderChoice
from storywatch.encode.local import encoder_here
from storywatch.parse.worker import end_with, limit

if TYPE_CHECKING:
    from types import TracebackType

    from storywatch.ports import Encoder

MAY_GROW = 1024 * 1024 * 1024  # beyond the loaded model; eight long texts take a tenth of it


def main() -> None:
    """Load the model of the command line and answer until the socket ends."""
    end_with(int(sys.argv[1]))
    line = socket.socket(fileno=os.dup(0))
    os.dup2(2, 1)  # whatever a library prints must not become an answer
    logging.disable()  # libraries tell of progress and of the network

    def told(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        with suppress(OSError):  # the parent is gone
            wire.send(line, wire.FAILED, f"{kind.__name__}: {error}".encode("utf-8", "replace"))

    sys.excepthook = told
    encoder = encoder_here(EncoderChoice(**json.loads(sys.argv[2])))
    encoder.encode(["storywatch"])  # from here on the model is in memory
    limit(resource.RLIMIT_AS, _address_space() + MAY_GROW)
    with suppress(EOFError, ConnectionError):
        serve(line, encoder)


def serve(line: socket.socket, encoder: Encoder) -> None:
    """Say that we are ready and how long a vector is; then vectors for texts. Raises `EOFError` at the end."""
    wire.send(line, wire.READY, str(encoder.dim).encode())
    while True:
        _, payload = wire.receive(line)
        wire.send(line, wire.VECTORS, wire.pack_vectors(encoder.encode(wire.unpack_texts(payload))))


def _address_space() -> int:
    """Bytes of address space in use; a generous guess where the system has no /proc."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except OSError:
        return 8 * MAY_GROW
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
