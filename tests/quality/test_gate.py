"""The floor under the matcher: labelled streams judged from end to end by the shipped weights.

The shipped weights know these streams, so the figures are not what to expect of a new story; they fall when
something in the matcher breaks. Figures with whole streams left out: docs/explanation/matching.md.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from encoders import KeptEncoder
from scoring import Figures, outcomes, score
from streams import load_stream

from storywatch.encode import detect_language
from storywatch.replay import items_from, replay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring import Outcome

STREAMS = Path(__file__).resolve().parents[1] / "data/streams"
FLOORS = {  # stream: development F1, relevance F1
    "pow-exchange": (0.88, 0.93),
    "captured-sailors": (0.84, 0.84),
    "hurricane-odile": (0.93, 0.95),
}


@pytest.fixture(scope="module")
def encoder() -> KeptEncoder:
    return KeptEncoder(STREAMS / "vectors.npz")


def decisions(name: str, encoder: KeptEncoder) -> list[str]:
    items = items_from(STREAMS / name / "items.jsonl")
    rows = replay(load_stream(STREAMS / name).watch, items, encoder, detect_language=detect_language)
    return [json.dumps(row, ensure_ascii=False) for row in rows]


@pytest.fixture(scope="module")
def first_runs(encoder: KeptEncoder) -> dict[str, list[str]]:
    return {name: decisions(name, encoder) for name in FLOORS}


@pytest.mark.parametrize("name", FLOORS)
def test_the_matcher_stays_above_its_floor(name: str, first_runs: dict[str, list[str]]) -> None:
    """Alerts and relevance on a labelled stream are no worse than when the weights were shipped."""
    stream, verdicts = load_stream(STREAMS / name), [json.loads(row)["verdict"] for row in first_runs[name]]
    figures: Figures = score(stream, verdicts)
    development, relevance = FLOORS[name]
    errors = errors_of(outcomes(stream, verdicts))
    assert figures.f1 >= development, f"development F1 fell by {development - figures.f1:.3f}: {errors}"
    assert figures.relevance_f1 >= relevance, f"relevance F1 fell by {relevance - figures.relevance_f1:.3f}: {errors}"


def errors_of(judged: Sequence[Outcome]) -> dict[str, list[str]]:
    """The items behind a fall, by kind of error."""
    told = frozenset[str]().union(*(one.told for one in judged))
    return {
        "wrong alerts": [one.labelled.item.id for one in judged if one.alerted and not one.right],
        "never told": [one.labelled.item.id for one in judged if one.first - told],
        "passed over": [one.labelled.item.id for one in judged if one.labelled.relevant and one.verdict == "off-topic"],
        "taken wrongly": [
            one.labelled.item.id for one in judged if not one.labelled.relevant and one.verdict != "off-topic"
        ],
    }


def test_a_fall_names_the_items_behind_it() -> None:
    """Each kind of error is listed with its items, and what is right is not."""
    stream = load_stream(STREAMS / "hurricane-odile")
    silent = errors_of(outcomes(stream, ["off-topic"] * len(stream.items)))
    assert silent["wrong alerts"] == silent["taken wrongly"] == []
    assert len(silent["passed over"]) == sum(one.relevant for one in stream.items)
    assert len(silent["never told"]) >= 1
    loud = errors_of(outcomes(stream, ["development"] * len(stream.items)))
    assert loud["never told"] == loud["passed over"] == []
    assert len(loud["taken wrongly"]) == sum(not one.relevant for one in stream.items)


def test_the_same_stream_gives_the_same_bytes(encoder: KeptEncoder, first_runs: dict[str, list[str]]) -> None:
    """Whatever was judged before, a replay repeats itself to the last digit."""
    assert decisions("captured-sailors", encoder) == first_runs["captured-sailors"]


def test_the_kept_vectors_are_those_of_the_encoder(encoder: KeptEncoder, first_runs: dict[str, list[str]]) -> None:
    """Hardly a text of the streams needs encoding: else the file is stale and is to be packed again."""
    del first_runs
    assert encoder.missed <= 60
