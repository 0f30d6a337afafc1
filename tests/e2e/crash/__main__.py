"""python -m crash [--kills N] [--gates N] [--developments N] [--seed N] [--variant none|mark-first|enqueue-after]."""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # a process that forks has one thread

from crash.harness import Counts, Plan, run
from crash.variants import GATES

EACH = 3  # developments for each kill


def main() -> int:
    """Run and print; 0 if nothing was lost or doubled."""
    parser = argparse.ArgumentParser(prog="crash", description="storywatch, killed again and again")
    parser.add_argument("--kills", type=int, default=50, help="at random moments")
    parser.add_argument("--gates", type=int, help="kills more at drawn places in the code; a tenth of the others")
    parser.add_argument("--developments", type=int, help="three for each kill")
    parser.add_argument("--seed", type=int, help="of all that is drawn")
    parser.add_argument("--variant", choices=tuple(GATES), default="none", help="made wrong on purpose")
    parser.add_argument("--json", action="store_true", help="the counts for a program")
    parser.add_argument("--folder", type=Path, help="where the database, the ledgers and the log are to stay")
    chosen = parser.parse_args()
    plan = Plan(
        kills=chosen.kills,
        gates=max(3, chosen.kills // 10) if chosen.gates is None else chosen.gates,
        developments=chosen.developments or EACH * chosen.kills,
        seed=chosen.seed if chosen.seed is not None else random.randrange(10**6),
        variant=chosen.variant,
    )
    tell = say_nothing if chosen.json else say
    tell(f"seed {plan.seed}, variant {plan.variant}: {plan.kills} kills at random moments, {plan.gates} at gates")
    if chosen.folder:
        chosen.folder.mkdir(parents=True)
        counts = run(plan, chosen.folder, tell=tell)
    else:
        with tempfile.TemporaryDirectory(prefix="storywatch-crash-") as folder:
            counts = run(plan, Path(folder), tell=tell)
    if chosen.json:
        say(json.dumps(asdict(counts)))
    else:
        show(counts)
    return int(bool(faults(counts)))


def faults(counts: Counts) -> list[str]:
    """The counts that have to be 0 and are not."""
    names = ("lost", "two_ids", "repeats_changed", "repeats_elsewhere", "bad_signatures", "out_of_order", "not_sent")
    return [name for name in names if getattr(counts, name)]


def show(counts: Counts) -> None:
    """The counts for a person."""
    gates = ", ".join(f"{name} {times}" for name, times in counts.kills_at_gates.items()) or "none"
    rows = (
        ("developments", counts.developments, ""),
        ("deliveries expected", counts.expected, "each development by mail and by webhook"),
        ("deliveries received", counts.received, ""),
        ("lost", counts.lost, ""),
        ("developments with two ids", counts.two_ids, ""),
        ("repeats", counts.repeats, "the same id once more"),
        ("  with other bytes", counts.repeats_changed, ""),
        ("  not under way at a kill", counts.repeats_elsewhere, ""),
        ("bad signatures", counts.bad_signatures, ""),
        ("out of order", counts.out_of_order, "within a story and channel"),
        ("rows that are not sent", counts.not_sent, ""),
        ("other messages", counts.others, "that tell no development"),
        ("kills", counts.kills, f"{counts.kills_at_start} of them at the start; at gates: {gates}"),
        ("  that hit claimed rows", counts.kills_with_claims, f"{counts.claims_hit} rows"),
        ("  rows answered, not noted", counts.claims_answered, "the receiver had it, since that kill or one before"),
        ("restarts", counts.restarts, ""),
    )
    for name, figure, note in rows:
        say(f"{name:<28}{figure:>7}  {note}".rstrip())
    say(f"{'seconds':<28}{counts.seconds:>7}")
    wrong = faults(counts)
    say(f"NOT KEPT: {', '.join(wrong)}" if wrong else "nothing lost, nothing doubled")


def say(line: str) -> None:
    """Print it now."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def say_nothing(_: str) -> None:
    """For programs."""


if __name__ == "__main__":
    sys.exit(main())
