"""run and once, within this process; tests/e2e has them as processes."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Storywatch
    from newsroom import ConfigDir


def test_one_round_says_what_it_did(storywatch: Storywatch) -> None:
    """A dead feed is asked, which is no failure of ours; then nothing is due; `--all` asks it anyway."""
    done = storywatch("once")
    assert (done.status, done.lines) == (
        0,
        [
            (
                "1 feeds polled: 0 new entries, 0 changed. 0 articles judged: 0 developments. 0 messages sent, "
                "0 not yet. 1 of the feeds could not be read: `storywatch feeds` says why."
            )
        ],
    )
    assert storywatch("once").lines == ["Nothing was due."]
    told = storywatch("once", "--all", "--json").json
    assert (told["feeds"], told["unread"], told["failures"]) == (1, 1, 0)


def test_a_second_service_is_refused(storywatch: Storywatch, desk_files: ConfigDir) -> None:
    """A port that is taken is told in one line, with status 1; what cannot be started leaves nothing running."""
    with socket.create_server(("127.0.0.1", desk_files.port)):
        done = storywatch("run")
    assert done.status == 1
    assert done.err.splitlines()[-1].startswith(f"storywatch: web.listen: 127.0.0.1:{desk_files.port} can't be opened")
    assert storywatch("once").status == 0
