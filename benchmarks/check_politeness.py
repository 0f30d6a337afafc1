"""Reads the log of `loopback_web.py` and names every rule of politeness that somebody broke.

check_politeness.py LOG     prints one line for each, and ends with 1 if there is any
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storywatch.core.sites import site_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Request = dict[str, Any]

SPACING = 2.0
TOLERANCE = 0.25  # a request that waits for a busy machine on the way looks closer to the next one
LEAST_REST, LONGEST_REST = 60, 86_400
BUSY = (429, 503)


@dataclass(frozen=True)
class Report:
    """What was looked at, and what was broken."""

    requests: int
    spaced: int  # pairs of requests to one site
    rested: int  # wishes for rest
    repeated: int  # requests for what had given validators
    permitted: int  # requests that robots.txt is about
    broken: Sequence[str]


def check(lines: Iterable[str]) -> Report:
    """All rules over all requests."""
    requests = sorted((json.loads(line) for line in lines if line.strip()), key=lambda request: request["came"])
    sites: dict[str, list[Request]] = defaultdict(list)
    for request in requests:
        sites[site_of(f"http://{request['host']}/")].append(request)
    pairs = [pair for asked in sites.values() for pair in pairwise(asked)]
    broken = [*_too_close(pairs), *_disturbed(sites.values()), *_forgotten(requests), *_unasked(requests)]
    names = {request["said"].get("user-agent", "") for request in requests}
    if len(names) > 1 or not all("+" in name for name in names):
        broken.append(f"the User-Agent is not one with a contact: {sorted(names)}")
    return Report(
        requests=len(requests),
        spaced=len(pairs),
        rested=sum(request["status"] in BUSY and "retry-after" in request["gave"] for request in requests),
        repeated=sum(1 for _ in _repeats(requests)),
        permitted=sum(_needs_permission(request["path"]) for request in requests),
        broken=broken,
    )


def _too_close(pairs: Iterable[tuple[Request, Request]]) -> Iterator[str]:
    for one, other in pairs:
        gap = other["came"] - one["came"]
        if gap < SPACING - TOLERANCE:
            yield f"{other['host']}{other['path']}: {gap:.2f} s after {one['path']}"
        if other["came"] < one["done"]:
            yield f"{other['host']}{other['path']}: while {one['path']} was being answered"


def _disturbed(sites: Iterable[Sequence[Request]]) -> Iterator[str]:
    for asked in sites:
        free_at = 0.0
        for request in asked:
            if request["came"] < free_at:
                yield f"{request['host']}{request['path']}: {free_at - request['came']:.0f} s before its rest was over"
            if request["status"] in BUSY and "retry-after" in request["gave"]:
                rest = min(max(int(request["gave"]["retry-after"]), LEAST_REST), LONGEST_REST)
                free_at = max(free_at, request["done"] + rest - TOLERANCE)


def _repeats(requests: Iterable[Request]) -> Iterator[tuple[Request, dict[str, str]]]:
    """Each request for what had given validators, with these."""
    given: dict[str, dict[str, str]] = {}
    for request in requests:
        address = request["host"] + request["path"]
        if address in given:
            yield request, given[address]
        if request["status"] in {200, 304}:
            kept = {name: request["gave"][name] for name in ("etag", "last-modified") if name in request["gave"]}
            if kept:
                given[address] = {**given.get(address, {}), **kept}


def _forgotten(requests: Iterable[Request]) -> Iterator[str]:
    back = {"etag": "if-none-match", "last-modified": "if-modified-since"}
    for request, kept in _repeats(requests):
        for name, value in kept.items():
            said = request["said"].get(back[name])
            if said != value:
                yield f"{request['host']}{request['path']}: {back[name]} was {said!r} and not {value!r}"


def _unasked(requests: Iterable[Request]) -> Iterator[str]:
    permitted: set[str] = set()
    for request in requests:
        if request["path"] == "/robots.txt":
            permitted.add(request["host"])
        elif _needs_permission(request["path"]):
            if request["host"] not in permitted:
                yield f"{request['host']}{request['path']}: before robots.txt"
            if request["path"].startswith("/secret/"):
                yield f"{request['host']}{request['path']}: which robots.txt forbids"


def _needs_permission(path: str) -> bool:
    return path.startswith(("/news/", "/secret/"))


def main() -> int:
    """Check one log."""
    with Path(sys.argv[1]).open() as lines:
        report = check(lines)
    print(*report.broken, sep="\n")
    print(
        f"{report.requests} requests; {report.spaced} pairs to one site, {report.rested} wishes for rest, "
        f"{report.repeated} requests for what had given validators, {report.permitted} for pages: "
        f"{len(report.broken)} rules broken"
    )
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main())
