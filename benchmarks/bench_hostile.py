"""What hostile servers cost: for each case of `tests/hostile_web.py` the answer in words, its time, and memory.

bench_hostile.py

Memory is the peak of this process and of its reader during the case, in MB. Ends with 1 where a case was told in other
words than it should be, or where a good feed could not be read right after it.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from hostile_web import CASES
from hostile_world import hostile_world

NAME, WORDS = 34, 76


def main() -> int:
    """Meet them all and print."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(Path(folder)))


async def run(folder: Path) -> int:
    """One process, each case after the other."""
    wrong = 0
    print(f"{'case':<{NAME}}{'s':>6}{'MB':>5}{'reader':>7}  what it came to")
    async with hostile_world(folder) as world:
        for case in CASES:
            before = [os.getpid(), *world.readers.pids()]
            for pid in before:
                forget_peak(pid)
            outcome = await world.meet(case)
            reading = max((peak(pid) for pid in world.readers.pids()), default=0)
            right = outcome.goes_on and re.search(case.words, outcome.words)
            wrong += not right
            print(
                f"{case.name:<{NAME}}{outcome.seconds:>6.2f}{peak(os.getpid()):>5}{reading:>7}  {outcome.words[:WORDS]}"
            )
            if not right:
                print(f"{'':<{NAME}} expected {case.words}, went on: {outcome.goes_on}")
    print(f"{len(CASES)} cases, {wrong} not as expected")
    return 1 if wrong else 0


def forget_peak(pid: int) -> None:
    """Let the kernel count the peak from now on."""
    with suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak(pid: int) -> int:
    """MB since `forget_peak`."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()[0]) // 1024


if __name__ == "__main__":
    sys.exit(main())
