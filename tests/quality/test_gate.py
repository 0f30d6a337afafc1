"""The floor under the matcher: labelled streams judged from end to end by the shipped weights.

The shipped weights know these streams, so the figures are not what to expect of a new story; they fall when
something in the matcher breaks. Figures with whole streams left out: docs/explanation/matching.md.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from encoders import KeptEncoder
from scoring import Figures, score
from streams import load_stream

from storywatch.encode import detect_language
from storywatch.replay import items_from, replay

STREAMS = Path(__file__).resolve().parents[1] / "data/streams"
FLOORS = {  # stream: development F1, relevance F1
    "pow-exchange": (0.86, 0.92),
    "captured-sailors": (0.68, 0.80),
    "hurricane-odile": (0.88, 0.94),
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
    figures: Figures = score(load_stream(STREAMS / name), [json.loads(row)["verdict"] for row in first_runs[name]])
    development, relevance = FLOORS[name]
    assert figures.f1 >= development, figures
    assert figures.relevance_f1 >= relevance, figures


def test_the_same_stream_gives_the_same_bytes(encoder: KeptEncoder, first_runs: dict[str, list[str]]) -> None:
    """Whatever was judged before, a replay repeats itself to the last digit."""
    assert decisions("captured-sailors", encoder) == first_runs["captured-sailors"]


def test_the_kept_vectors_are_those_of_the_encoder(encoder: KeptEncoder, first_runs: dict[str, list[str]]) -> None:
    """Hardly a text of the streams needs encoding: else the file is stale and is to be packed again."""
    del first_runs
    assert encoder.missed <= 60
