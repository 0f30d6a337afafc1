"""How many edits are told from mere looks: made pairs of pages in ten languages, through the reader of pages.

python benchmarks/bench_edits.py
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from edit_pairs import change_of, meaning_pairs, noise_pairs

from storywatch.core.versions import means


def main() -> None:
    """Print the counts, by kind."""
    for name, pairs, wanted in (("noise", noise_pairs(), False), ("meaning", meaning_pairs(), True)):
        begun = time.perf_counter()
        found = [(pair, change_of(pair)) for pair in pairs]
        spent = (time.perf_counter() - begun) * 1000 / len(pairs)
        wrong = [(pair, changes) for pair, changes in found if means(changes) is not wanted]
        said = Counter(pair.kind for pair, changes in found if means(changes))
        print(f"{name}: {sum(said.values())} of {len(pairs)} called meaningful, {spent:.1f} ms a pair with its reading")
        for kind in dict.fromkeys(pair.kind for pair in pairs):
            total = sum(pair.kind == kind for pair in pairs)
            print(f"    {kind:14} {said[kind]:3} of {total}")
        for pair, changes in wrong:
            print(f"    wrong: {pair.lang} {pair.kind}: {', '.join(changes) or 'nothing'}")


if __name__ == "__main__":
    main()
