"""The simulated judge of the band answers as it says it does."""

from __future__ import annotations

from typing import Any

import pytest
from band import BANDS, RIGHT, advised, doubtful, measure_band, print_band, worth
from builders import a_watch
from streams import Labelled, Stream

from storywatch.core.opinion import Band
from storywatch.replay import parse_item

BAND = Band(low=0.2, high=0.6)


def a_labelled(number: int, *developments: str, relevant: bool = True) -> Labelled:
    row = {
        "id": f"i{number}",
        "seen_at": f"2026-03-02T{number % 24:02}:00:00Z",
        "url": f"https://harbor-times.example/{number}",
        "title": f"Report {number}",
    }
    return Labelled(
        item=parse_item(row, "here"),
        relevant=relevant,
        role="rewrite",
        developments=frozenset(developments),
        news=frozenset(),
    )


def a_stream(*items: Labelled, seeded: tuple[str, ...] = ()) -> Stream:
    named = tuple(sorted({one for labelled in items for one in labelled.developments}))
    return Stream(
        name="strike",
        watch=a_watch(),
        items=items,
        seeded=frozenset(seeded),
        major=frozenset(named[:1]),
        developments=named,
    )


def decided(*decisions: tuple[str, float]) -> list[dict[str, Any]]:
    return [{"verdict": verdict, "score": score} for verdict, score in decisions]


def test_only_what_is_in_the_band_is_asked_about() -> None:
    """Both ends count; what is off-topic never does."""
    verdicts = [doubtful({"verdict": "repeat", "score": score}, BAND) for score in (0.19, 0.2, 0.6, 0.61)]
    assert verdicts == [False, True, True, False]
    assert not doubtful({"verdict": "off-topic", "score": 0.4}, BAND)


def test_a_judge_who_is_always_right_makes_every_doubtful_verdict_right() -> None:
    """First reports of what was not told, or not in the seed, are developments; the rest are repeats; others stay."""
    stream = a_stream(
        a_labelled(1, "a"), a_labelled(2, "a"), a_labelled(3, "s"), a_labelled(4), a_labelled(5, "b"), seeded=("s",)
    )
    walked = decided(("possible", 0.3), ("development", 0.5), ("possible", 0.3), ("background", 0.25), ("repeat", 0.1))
    assert advised(stream, walked, BAND, right=1.0, together=0.5, seed=1) == [
        "development",
        "repeat",
        "repeat",
        "repeat",
        "repeat",
    ]
    always_wrong = advised(stream, walked, BAND, right=0.0, together=0.5, seed=1)
    assert always_wrong == ["repeat", "repeat", "development", "development", "repeat"]


def test_errors_hang_together_within_a_development() -> None:
    """Where they do so always, a judge is right about all its reports or about none; where never, about some."""
    stream = a_stream(*(a_labelled(number, f"d{number % 3}") for number in range(60)))
    walked = decided(*[("possible", 0.3)] * 60)

    def of_one_mind(seed: int, together: float) -> set[str]:
        """Developments told by exactly one report, as by who is always right, or by none, as by who never is."""
        verdicts = advised(stream, walked, BAND, right=0.5, together=together, seed=seed)
        return {f"d{kind}" for kind in range(3) if verdicts[kind::3].count("development") <= 1}

    assert all(of_one_mind(seed, 1.0) == {"d0", "d1", "d2"} for seed in range(20))
    assert any(of_one_mind(seed, 0.0) != {"d0", "d1", "d2"} for seed in range(20))


def test_the_share_of_right_answers_is_what_was_asked_for() -> None:
    """However the errors hang together: articles without a development err alone, and are all repeats to a right judge."""
    stream = a_stream(*(a_labelled(number) for number in range(2000)))
    walked = decided(*[("possible", 0.3)] * 2000)
    wrong = advised(stream, walked, BAND, right=0.9, together=0.7, seed=3).count("development")
    assert 150 < wrong < 250


def test_worth_counts_calls_and_alerts() -> None:
    """Calls for 100 relevant articles, the F1 over the draws, alerts for each development that was due."""
    stream = a_stream(a_labelled(1, "a"), a_labelled(2, "a"), a_labelled(3, "b"), a_labelled(4, relevant=False))
    walked = decided(("possible", 0.3), ("possible", 0.4), ("repeat", 0.1), ("off-topic", 0.0))
    one = worth([(stream, walked)], BAND, right=1.0, together=0.0, draws=3)
    assert one.calls == pytest.approx(200 / 3)
    assert (one.f1, one.spread, one.major, one.alerts) == (pytest.approx(2 / 3), 0.0, 1.0, 0.5)
    assert worth([(stream, walked)], BAND, right=0.6, together=0.0, draws=9).spread > 0


def test_the_table_has_a_line_a_band_and_a_column_a_judge(capsys: pytest.CaptureFixture[str]) -> None:
    """The same walks give the same table."""
    stream = a_stream(a_labelled(1, "a"), a_labelled(2, "a"))
    walks = [(stream, decided(("possible", 0.3), ("development", 0.9)))]
    print_band(walks, measure_band(walks, draws=2), draws=2)
    first = capsys.readouterr().out
    print_band(walks, measure_band(walks, draws=2), draws=2)
    assert capsys.readouterr().out == first
    assert first.startswith("without a judge: development F1 1.000, major 1.00\n")
    assert all(f"{band.low:.2f}-{band.high:.2f}" in first for band in BANDS)
    assert all(f"right {one:4.0%}" in first for one in RIGHT)
