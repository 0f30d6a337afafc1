"""Learning which sentence tells, and what makes a development major: from streams, and only from what they label."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from builders import a_watch
from encoders import WordEncoder
from rightly import First, first_reports, is_labelled
from severity import cases_of, fit_severity, print_severity, save_severity
from streams import Labelled, Stream
from telling import fit_picker, pick_held_out, print_told, save_picker, shown_along, shown_right

from storywatch.core.severity import FIGURES
from storywatch.core.telling import parse_picker
from storywatch.core.weights import shipped_weights
from storywatch.errors import StorywatchError
from storywatch.replay import parse_item

if TYPE_CHECKING:
    from pathlib import Path

ENCODER = WordEncoder(64)
NEWS = (
    "A judge banned the strike on Friday.",
    "Two ships were released by the union.",
    "The minister resigned at noon.",
)
OLD = "The strike in the harbour began in March."


def a_labelled(number: int, news: str, *developments: str) -> Labelled:
    row = {
        "id": f"i{number}",
        "seen_at": f"2026-03-{2 + number:02}T12:00:00Z",
        "lang": "en",
        "url": f"https://harbor-times.example/{number}",
        "title": f"Harbour strike, report {number}",
        "summary": "",
        "paragraphs": [OLD, f"PORT CALM, March {number} (Tern) - {news}", "The harbour has been quiet."],
    }
    return Labelled(
        item=parse_item(row, "here"),
        relevant=True,
        role="first" if developments else "repeat",
        developments=frozenset(developments),
        news=frozenset({news} if developments else ()),
    )


def a_stream(name: str) -> Stream:
    items = [a_labelled(at, news, f"d{at}") for at, news in enumerate(NEWS)]
    items.append(a_labelled(9, NEWS[0]))
    return Stream(
        name=name,
        watch=replace(a_watch(seeds=("The dockers of the harbour went on strike.",)), id=name),
        items=tuple(items),
        seeded=frozenset({"d0"}),
        major=frozenset({"d1"}),
        developments=("d0", "d1", "d2"),
    )


STREAMS = [a_stream("harbour"), a_stream("docks"), a_stream("quay")]


@pytest.fixture(scope="module")
def firsts() -> list[First]:
    return first_reports(STREAMS, ENCODER)


def test_first_reports_are_those_that_the_seed_does_not_tell(firsts: list[First]) -> None:
    """Each with the development that is new in it, and its labelled sentence, dateline or not."""
    assert [(one.stream, sorted(one.news)) for one in firsts[:2]] == [("harbour", ["d1"]), ("harbour", ["d2"])]
    assert len(firsts) == 6
    assert all(one.told.sum() == 1 for one in firsts)
    assert all(NEWS[1] in one.look.marks.texts[int(one.told.argmax())] for one in firsts[::2])


def test_a_label_is_met_by_most_of_it() -> None:
    """The sentence itself, a good part of it, or hardly more; never a scrap, nor a paragraph that has it somewhere."""
    label = frozenset({"A judge banned the strike on Friday, and the union will appeal."})
    assert is_labelled("OSLO (Tern) - A judge banned the strike on Friday, and the union will appeal.", label)
    assert is_labelled("A judge banned the strike on Friday", label)
    assert not is_labelled("on Friday", label)
    assert not is_labelled(
        "A judge banned the strike on Friday, and the union will appeal. " + "More was said. " * 9, label
    )


def test_a_picker_finds_the_sentence_in_a_stream_it_does_not_know(firsts: list[First], tmp_path: Path) -> None:
    """Held out by stream; what is written gives back the same chances."""
    table = pick_held_out(firsts, encoder=ENCODER.name)
    assert table == dict.fromkeys(("harbour", "docks", "quay"), (2, 2, 2))
    picker = fit_picker(firsts, encoder=ENCODER.name)
    save_picker(picker, tmp_path, provenance={"streams": ["harbour"]})
    raw = json.loads((tmp_path / "telling.json").read_text("utf-8"))
    with np.load(tmp_path / "telling.npz") as arrays:
        read = parse_picker(raw, arrays["direction"])
    assert (read.encoder, raw["provenance"]["streams"]) == (ENCODER.name, ["harbour"])
    figures = {**firsts[0].figures, "direction": firsts[0].vectors @ picker.direction}
    assert read.chances(figures) == pytest.approx(picker.chances(figures), abs=1e-4)


def test_streams_without_labelled_sentences_teach_nothing(firsts: list[First]) -> None:
    """The error names the label that is missing; a single stream is measured by itself."""
    with pytest.raises(StorywatchError, match="no first report has its `news` labelled"):
        fit_picker([replace(one, told=one.told & False) for one in firsts], encoder=ENCODER.name)
    assert pick_held_out(firsts[:2], encoder=ENCODER.name) == {"harbour": (2, 2, 2)}


def test_severity_is_learnt_from_the_labels_and_written(firsts: list[First], tmp_path: Path) -> None:
    """What was released is major in these streams, what was resigned is not."""
    pickers = {stream.name: fit_picker(firsts, encoder=ENCODER.name) for stream in STREAMS}
    cases = cases_of(STREAMS, firsts, pickers)
    assert [case.major for case in cases] == [True, False] * 3
    model = fit_severity(cases)
    assert model.names == tuple(FIGURES)
    assert model.logit(cases[0].figures) > model.logit(cases[1].figures)
    save_severity(model, tmp_path, provenance={"developments": len(cases)})
    assert json.loads((tmp_path / "severity.json").read_text("utf-8"))["provenance"] == {"developments": 6}


def test_an_alert_counts_once_and_only_where_it_is_right_and_labelled() -> None:
    """The first alert of a development; what the seed tells, repeats and silence do not count."""
    shown = [{"verdict": "development", "new": [{"sentence": text}]} for text in (NEWS[0], OLD, NEWS[2])]
    shown[1]["new"].append({"sentence": NEWS[1]})  # type: ignore[attr-defined]
    repeat = {"verdict": "development", "new": [{"sentence": NEWS[0]}]}
    assert shown_right(STREAMS[0], [*shown, repeat]) == (2, 1, 2)
    silent = {"verdict": "possible", "new": []}
    assert shown_right(STREAMS[0], [silent] * 4) == (0, 0, 0)


def test_tables_are_printed_with_their_means(firsts: list[First], capsys: pytest.CaptureFixture[str]) -> None:
    """A line a stream, the mean, all together; severities beside calling everything major."""
    print_told({"harbour": (4, 3, 4), "docks": (1, 0, 1)}, "right alerts")
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].split() == ["all", "5", "0.600", "1.000"]
    assert lines[-2].split()[-2:] == ["0.375", "1.000"]
    pickers = {stream.name: fit_picker(firsts, encoder=ENCODER.name) for stream in STREAMS}
    print_severity(cases_of(STREAMS, firsts, pickers))
    assert "always major             0.500" in capsys.readouterr().out


def test_along_a_stream_the_sentences_of_real_alerts_are_counted() -> None:
    """With a cut that alerts on everything each first report with a label counts, held out or shipped."""
    encoder, weights = WordEncoder(384), shipped_weights()
    eager = replace(weights, cuts=replace(weights.cuts, about=0.0, development=0.0))
    held_out = first_reports(STREAMS, encoder)
    for firsts in (None, held_out):
        count, first, some = shown_along([(STREAMS[0], eager)], encoder, firsts)["harbour"]
        assert count == 2
        assert 0 <= first <= some <= count
    assert (first, some) == (2, 2)
