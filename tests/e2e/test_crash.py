"""The service is killed again and again while it records and sends; two receivers count what they were told.

`make crash N=500` does the same for longer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parents[1]
SEED = 20_260_302


def crash(folder: Path, variant: str) -> dict[str, Any]:
    """The counts of a dozen kills at drawn moments and three at drawn places, and the status it ended with."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS / "e2e")))}
    drawn = ("--kills", "12", "--gates", "3", "--developments", "60", "--seed", str(SEED))
    arguments = (*drawn, "--variant", variant, "--folder", str(folder / variant), "--json")
    ended = subprocess.run(
        [sys.executable, "-m", "crash", *arguments],
        env=environ,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.stdout, ended.stderr
    return {**json.loads(ended.stdout), "status": ended.returncode}


def test_kills_at_any_moment_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """Each development reaches mailbox and webhook under one id; what comes twice was under way at a kill, byte for byte."""
    counts = crash(tmp_path, "none")
    wanted = dict.fromkeys(
        ("lost", "two_ids", "repeats_changed", "repeats_elsewhere", "bad_signatures", "out_of_order", "not_sent"), 0
    )
    assert {name: counts[name] for name in wanted} == wanted
    assert (counts["expected"], counts["received"], counts["kills"], counts["status"]) == (120, 120, 15, 0)
    assert counts["kills_with_claims"] >= 2, "the kills missed the time in which something is under way"
    assert counts["claims_answered"] >= 1
    assert counts["repeats"] >= 1, "one was killed after an answer and before that was noted: it comes again"
    assert set(counts["kills_at_gates"]) == {"recorded", "claimed", "sent"}


@pytest.mark.parametrize("variant", ["mark-first", "enqueue-after"])
def test_the_harness_sees_a_loss(tmp_path: Path, variant: str) -> None:
    """Made wrong on purpose, it loses deliveries, and the harness says so."""
    counts = crash(tmp_path, variant)
    assert counts["lost"] >= 1
    assert counts["received"] == counts["expected"] - counts["lost"]
    assert counts["status"] == 1
