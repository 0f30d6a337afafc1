"""How long starting takes, and how much memory a running service holds.

    python benchmarks/bench_start.py

Prints the time of `storywatch --help` against a bare argparse program in the same run (interleaved,
medians), of `storywatch once` with nothing due, and the peak memory of `storywatch run` on the shipped
configuration over 20 seconds.
"""

from __future__ import annotations

import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROUNDS = 12
RUN_SECONDS = 20
BARE = "import argparse; p = argparse.ArgumentParser(); p.add_argument('--x'); p.parse_args(['--help'])"
CONFIG = Path(__file__).resolve().parent.parent / "config"
STORYWATCH = [sys.executable, "-m", "storywatch"]


def seconds(command: list[str], folder: Path) -> float:
    """Wall time of one run."""
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    return time.perf_counter() - began


def compare_help(folder: Path) -> None:
    """Help against the smallest program that has help."""
    bare, ours = [], []
    for _ in range(ROUNDS):
        bare.append(seconds([sys.executable, "-c", BARE], folder))
        ours.append(seconds([*STORYWATCH, "--help"], folder))
    base, mine = statistics.median(bare), statistics.median(ours)
    print(f"--help: {mine * 1000:.0f} ms, bare argparse {base * 1000:.0f} ms, ratio {mine / base:.2f} (goal: <= 3)")


def time_once(folder: Path) -> None:
    """One round that has nothing to do."""
    (folder / "config" / "feeds.toml").write_text("", encoding="utf-8")
    (folder / "config" / "watchlist" / "north-korean-pows.toml").unlink()
    once = [seconds([*STORYWATCH, "once"], folder) for _ in range(5)]
    print(f"once with nothing due: {statistics.median(once):.2f} s from start to exit (median of 5)")


def peak_memory(folder: Path) -> None:
    """The service's own process on the shipped configuration; feeds fail where there is no internet."""
    service = subprocess.Popen([*STORYWATCH, "run"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    threading.Event().wait(RUN_SECONDS)
    status = Path(f"/proc/{service.pid}/status").read_text(encoding="ascii")
    service.send_signal(signal.SIGTERM)
    service.wait(10)
    match = re.search(r"VmHWM:\s+(\d+) kB", status)
    peak = int(match[1]) / 1024 if match else float("nan")
    print(f"run on the shipped configuration: peak {peak:.0f} MiB after {RUN_SECONDS} s (service process)")


def main() -> None:
    """All three."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(CONFIG, folder / "config")
        compare_help(folder)
        peak_memory(folder)
        time_once(folder)


if __name__ == "__main__":
    main()
