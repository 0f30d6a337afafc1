"""How long one article takes to be read, and how well it is read, beside trafilatura in the same run.

bench_reading.py                 milliseconds for the pages in tests/data/pages, and the table of metadata: what is
                                 read from the pages in ten languages beside what stands in them
bench_reading.py --pages DIR     also the macro F1 over recorded pages: DIR/html/NAME.html.gz and
                                 DIR/ground-truth.json, {NAME: {"articleBody": text, "url": address}}
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import pathlib
import resource
import statistics
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import trafilatura

from storywatch.encode import detect_language
from storywatch.errors import Unreadable
from storywatch.parse.markup import agreement
from storywatch.parse.page import parse_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from storywatch.core.model import Page

    Pages = list[tuple[str, bytes, str]]

OWN_PAGES = pathlib.Path(__file__).parent.parent / "tests" / "data" / "pages"
LANGUAGES = OWN_PAGES / "languages"
FIELDS = ("published", "title", "authors", "language", "canonical", "outlet")
HALF = 0.5
WARM_UP = 5


def main() -> None:
    """Measure and print."""
    logging.disable()
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pages", type=pathlib.Path, help="a folder of recorded pages with gold text")
    folder = arguments.parse_args().pages
    pages, gold = own_pages() if folder is None else recorded(folder)
    measure("storywatch", by_storywatch, pages, gold)
    measure("trafilatura, default", by_trafilatura, pages, gold)
    measure("trafilatura, fast", by_trafilatura_fast, pages, gold)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    if folder is None:
        metadata_table()


def own_pages() -> tuple[Pages, dict[str, dict[str, str]]]:
    """Those of the tests, without gold."""
    files = sorted(OWN_PAGES.glob("*.html"))
    return [(path.name, path.read_bytes(), f"https://example.org/{path.name}") for path in files], {}


def recorded(folder: pathlib.Path) -> tuple[Pages, dict[str, dict[str, str]]]:
    """The pages and their gold."""
    gold = json.loads((folder / "ground-truth.json").read_text("utf-8"))
    return [
        (
            name,
            gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes()),
            entry.get("url") or "https://example.org/",
        )
        for name, entry in sorted(gold.items())
    ], gold


def by_storywatch(body: bytes, url: str) -> str:
    """The whole of it: decoding, guards, text, metadata, state."""
    try:
        return "\n".join(parse_page(body, url=url).paragraphs)
    except Unreadable:
        return ""


def by_trafilatura(body: bytes, url: str) -> str:
    """The text alone."""
    return trafilatura.extract(body, url=url, include_comments=False, with_metadata=False) or ""


def by_trafilatura_fast(body: bytes, url: str) -> str:
    """Same, without its fallbacks."""
    return trafilatura.extract(body, url=url, fast=True, include_comments=False, with_metadata=False) or ""


def measure(who: str, read: Callable[[bytes, str], str], pages: Pages, gold: dict[str, dict[str, str]]) -> None:
    """Read each page once; compare it with its gold text where it has one."""
    times, scores = [], {}
    for name, body, url in [*pages[:WARM_UP], *pages]:  # the first ones twice: they pay for what is loaded late
        begun = time.process_time()
        text = read(body, url)
        times.append((time.process_time() - begun) * 1000)
        if name in gold:
            scores[name] = agreement(text, gold[name]["articleBody"])
    times = sorted(times[min(WARM_UP, len(pages)) :])
    print(
        f"{who}: {len(times)} pages, {statistics.median(times):.1f} ms CPU a page (median), "
        f"{times[int(len(times) * 0.95)]:.1f} ms (95 of 100), {times[-1]:.1f} ms (slowest)"
    )
    if scores:
        worst = sorted(scores.items(), key=lambda pair: pair[1])[:8]
        print(
            f"  macro token F1 {statistics.fmean(scores.values()):.4f}, "
            f"{sum(score < HALF for score in scores.values())} pages below .5"
        )
        print("  worst:", ", ".join(f"{name[:12]} {score:.2f}" for name, score in worst))


def metadata_table() -> None:
    """A line for each language: what was read of each field, or what should have been."""
    expected: dict[str, dict[str, Any]] = json.loads((LANGUAGES / "expected.json").read_text("utf-8"))
    print(f"\nmetadata of our own pages in {len(expected)} languages")
    right = dict.fromkeys(FIELDS, 0)
    for lang, gold in sorted(expected.items()):
        page = parse_page((LANGUAGES / f"{lang}.html").read_bytes(), url=gold["url"], timezone=gold.get("timezone"))
        found, wanted = fields_of(page), gold_fields(lang, gold)
        cells = [f"{found[name]}" if found[name] == wanted[name] else f"WRONG {found[name]}" for name in FIELDS]
        print(f"| {lang} | " + " | ".join(cells) + " |")
        for name in FIELDS:
            right[name] += found[name] == wanted[name]
    print("right: " + ", ".join(f"{name} {count}/{len(expected)}" for name, count in right.items()))


def fields_of(page: Page) -> dict[str, str]:
    """What was read, as it is shown."""
    moment = "" if page.dated_to_the_day or page.published_at is None else page.published_at.isoformat()
    return {
        "published": moment,
        "title": page.title,
        "authors": ", ".join(page.authors),
        "language": detect_language("\n".join(page.paragraphs)),
        "canonical": page.canonical_url or "",
        "outlet": page.outlet_name or "",
    }


def gold_fields(lang: str, gold: dict[str, Any]) -> dict[str, str]:
    """What stands in the page."""
    return {
        "published": datetime.fromisoformat(gold["published_at"]).isoformat(),
        "title": gold["title"],
        "authors": ", ".join(gold["authors"]),
        "language": lang,
        "canonical": gold["canonical_url"],
        "outlet": gold["outlet"],
    }


if __name__ == "__main__":
    main()
