"""The script that holds a server's log against the rules must find what is broken."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "check_politeness.py"


def broken(*requests: dict[str, Any]) -> list[str]:
    spec = importlib.util.spec_from_file_location("check_politeness", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return list(module.check(json.dumps(request) for request in requests).broken)


def a_request(
    at: float, path: str = "/feed", *, host: str = "a.test", status: int = 200, **said: Any
) -> dict[str, Any]:
    gave = said.pop("gave", {})
    heard = {"user-agent": "storywatch/1 (+desk@example.org)", **said.pop("said", {})}
    return {
        "came": at,
        "done": at + said.pop("took", 0.1),
        "host": host,
        "path": path,
        "status": status,
        "said": heard,
        "gave": gave,
    }


ETAG = {"etag": '"1"'}
POLITE = (
    a_request(0, gave=ETAG),
    a_request(3, "/robots.txt"),
    a_request(6, "/news/1"),
    a_request(9, gave=ETAG, status=304, said={"if-none-match": '"1"'}),
    a_request(9, host="b.test", status=429, gave={"retry-after": "5"}),
    a_request(71, host="b.test"),
)


def test_a_polite_log_is_polite() -> None:
    """Nothing is found where nothing is."""
    assert broken(*POLITE) == []


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (a_request(10.5, "/other"), "1.50 s after /feed"),
        (a_request(12, host="x.a.test", took=9, path="/o"), ""),
        (a_request(60, host="b.test", path="/o"), "before its rest was over"),
        (a_request(20), "if-none-match was None and not '\"1\"'"),
        (a_request(20, said={"if-none-match": 'W/"1"'}), "if-none-match was 'W/\"1\"'"),
        (a_request(20, "/news/1", host="c.test"), "before robots.txt"),
        (a_request(20, "/secret/1"), "which robots.txt forbids"),
        (a_request(20, "/o", said={"user-agent": "curl"}), "User-Agent is not one"),
    ],
)
def test_each_broken_rule_is_found(request_: dict[str, Any], words: str) -> None:
    """And named, with the address."""
    found = broken(*POLITE, request_)
    assert any(words in line for line in found) if words else found == []


def test_two_at_once_are_found() -> None:
    """One request at a time to a site."""
    found = broken(a_request(0, took=5), a_request(3, "/b", host="www.a.test"))
    assert any("while /feed was being answered" in line for line in found)
