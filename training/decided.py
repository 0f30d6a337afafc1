"""Decisions of another matcher over labelled streams, from files: measured like those of the matcher here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from measure import Walk

from storywatch.core.model import Label
from storywatch.core.weights import Cuts
from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from streams import Stream

ABOUT = 0.5
VERDICTS = frozenset(label.value for label in Label)


def read_walks(streams: Sequence[Stream], folder: Path) -> list[Walk]:
    """One for each stream from `NAME.jsonl`, one object a line: `id`, `verdict`, `score`, as `storywatch replay` writes them.

    Further keys are ignored. Its cut is taken to be the lowest score that it told. Raises `StorywatchError` where a file
    or an item is missing, or a line says something else.
    """
    return [_read_walk(stream, folder / f"{stream.name}.jsonl") for stream in streams]


def _read_walk(stream: Stream, path: Path) -> Walk:
    found = _read_decisions(path)
    missing = [labelled.item.id for labelled in stream.items if labelled.item.id not in found]
    if missing:
        message = f"{path}: no decision on {missing[0]}"
        raise StorywatchError(message)
    decisions = [found[labelled.item.id] for labelled in stream.items]
    cut = min((one["score"] for one in decisions if one["verdict"] == Label.DEVELOPMENT), default=1.0)
    return Walk(
        stream=stream,
        decisions=decisions,
        relevance=tuple(float(one["verdict"] != Label.OFF_TOPIC) for one in decisions),
        cut_at=(cut,) * len(decisions),
        cuts=Cuts(about=ABOUT, development=cut, possible=0.0),
    )


def _read_decisions(path: Path) -> dict[str, dict[str, Any]]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        message = f"{path}: {error.strerror or error}"
        raise StorywatchError(message) from error
    rows = [_decision(line, f"{path}:{number}") for number, line in enumerate(lines, start=1) if line.strip()]
    return {row["id"]: row for row in rows}


def _decision(line: str, where: str) -> dict[str, Any]:
    try:
        raw = json.loads(line)
    except json.JSONDecodeError as error:
        message = f"{where}: not JSON: {error.msg}"
        raise StorywatchError(message) from error
    known = isinstance(raw, dict) and isinstance(raw.get("id"), str) and raw.get("verdict") in VERDICTS
    if not known or not isinstance(raw.get("score"), (int, float)):
        message = f"{where}: 'id', 'verdict' ({', '.join(sorted(VERDICTS))}) and 'score' (a number) are needed"
        raise StorywatchError(message)
    return {"id": raw["id"], "verdict": raw["verdict"], "score": float(raw["score"]), "nearest": None, "reasons": []}
