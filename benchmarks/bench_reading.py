"""How long one article takes to be read, and with --pages how well: token F1 against the gold text.

bench_reading.py                 milliseconds for the pages in tests/data/pages
bench_reading.py --pages DIR     also the macro F1 over recorded pages: DIR/html/NAME.html.gz and
                                 DIR/ground-truth.json, {NAME: {"articleBody": text, "url": address}}
"""

from __future__ import annotations

import argparse
import gzip
import json
import pathlib
import resource
import statistics
import time

from storywatch.errors import Unreadable
from storywatch.parse.markup import agreement
from storywatch.parse.page import parse_page

OWN_PAGES = pathlib.Path(__file__).parent.parent / "tests" / "data" / "pages"
HALF = 0.5
WARM_UP = 5


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pages", type=pathlib.Path, help="a folder of recorded pages with gold text")
    folder = arguments.parse_args().pages
    if folder is None:
        pages = [
            (path.name, path.read_bytes(), f"https://example.org/{path.name}")
            for path in sorted(OWN_PAGES.glob("*.html"))
        ]
        gold = {}
    else:
        gold = json.loads((folder / "ground-truth.json").read_text("utf-8"))
        pages = [
            (
                name,
                gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes()),
                entry.get("url") or "https://example.org/",
            )
            for name, entry in sorted(gold.items())
        ]
    measure(pages, gold)


def measure(pages: list[tuple[str, bytes, str]], gold: dict[str, dict[str, str]]) -> None:
    """Read each page once; compare it with its gold text where it has one."""
    times, scores = [], {}
    for name, body, url in [*pages[:WARM_UP], *pages]:  # the first ones twice: they pay for what is loaded late
        begun = time.process_time()
        try:
            text = "\n".join(parse_page(body, url=url).paragraphs)
        except Unreadable:
            text = ""
        times.append((time.process_time() - begun) * 1000)
        if name in gold:
            scores[name] = agreement(text, gold[name]["articleBody"])
    times = sorted(times[min(WARM_UP, len(pages)) :])
    print(
        f"{len(times)} pages: {statistics.median(times):.1f} ms CPU a page (median), "
        f"{times[int(len(times) * 0.95)]:.1f} ms (95 of 100), {times[-1]:.1f} ms (slowest)"
    )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    if scores:
        worst = sorted(scores.items(), key=lambda pair: pair[1])[:8]
        print(
            f"macro token F1 {statistics.fmean(scores.values()):.4f}, "
            f"{sum(score < HALF for score in scores.values())} pages below .5"
        )
        print("worst:", ", ".join(f"{name[:12]} {score:.2f}" for name, score in worst))


if __name__ == "__main__":
    main()
