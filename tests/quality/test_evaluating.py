"""What `make evaluate` counts, and that it leaves whole streams out."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders import a_watch, plain_weights
from compare import Compared, _stacked, learning_curve, parse_sizes, print_compared, without_each, without_novelty
from crew import Crew
from decided import read_walks
from encoders import WordEncoder
from judged_by import in_folds, learn_from, left_out
from learn import WALKS
from measure import Walk, by_language, by_role, development_curve, faults, relevance_curve, walk_all, worst
from observe import observe_own
from report import print_report
from scoring import outcomes, score
from streams import Labelled, Stream, load_streams
from vectors import KeptVectors

from storywatch.core.model import Terms, WatchId
from storywatch.core.weights import Cuts
from storywatch.errors import StorywatchError
from storywatch.replay import parse_item

if TYPE_CHECKING:
    from collections.abc import Sequence

    from judged_by import Judges
    from observe import Seen

    from storywatch.core.weights import Weights
    from storywatch.ports import Encoder

KEPT_STREAMS = Path(__file__).resolve().parents[1] / "data/streams"
CUTS = Cuts(about=0.4, development=0.5, possible=0.2)
# A fork of a process with threads of its own is warned of; none of them holds a lock that a worker needs.
forks = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


def a_labelled(number: int, *developments: str, role: str = "repeat", **changes: Any) -> Labelled:
    raw = {
        "id": f"i{number:02}",
        "seen_at": f"2026-03-{1 + number // 4:02}T{number % 4 * 6:02}:00:00Z",
        "lang": "en",
        "url": f"https://harbor-times.example/{number}",
        "title": f"Title {number}",
        "summary": f"Summary {number}.",
        "paragraphs": [f"Text of number {number}."],
    }
    return Labelled(
        item=parse_item({**raw, **changes}, "here"),
        relevant=role != "offtopic",
        role=role,
        developments=frozenset(developments),
        news=frozenset(),
    )


def a_stream(
    *items: Labelled, name: str = "strike", seeded: tuple[str, ...] = (), major: tuple[str, ...] = ()
) -> Stream:
    return Stream(
        name=name,
        watch=a_watch(id=WatchId(name), terms=Terms(any=("strike",)), seeds=("The dockers went on strike on Monday.",)),
        items=items,
        seeded=frozenset(seeded),
        major=frozenset(major),
        developments=tuple(sorted({one for labelled in items for one in labelled.developments})),
    )


def a_decision(verdict: str, score: float, *, nearest: str | None = None) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "score": score,
        "nearest": {"development": None, "item": nearest, "score": 0.7} if nearest else None,
        "reasons": ["the first reason", "the second reason"],
    }


@pytest.fixture
def walk() -> Walk:
    """Every kind of error once, and two right alerts."""
    stream = a_stream(
        a_labelled(0, "d0", role="first"),  # what the seed tells
        a_labelled(1, "d1", role="first"),  # told
        a_labelled(2, "d1", lang="de"),  # told again
        a_labelled(3, role="background"),
        a_labelled(4, role="offtopic", title="Boats at sea", summary="", paragraphs=["A boat.", "Two boats."]),
        a_labelled(5, "d2", role="first", lang="ko"),  # told by the next one only
        a_labelled(6, "d2", role="translation", lang="uk"),
        a_labelled(7, "d3", role="first", lang="ja"),  # taken for off-topic, never told
        a_labelled(8, "d4", role="first", lang="ko"),  # passed over at a glance, never told
        a_labelled(9, "d5", role="first", lang="en"),  # possible, never told
        seeded=("d0",),
        major=("d1", "d3"),
    )
    decisions = [
        a_decision("repeat", 0.0),
        a_decision("development", 0.9),
        a_decision("development", 0.7, nearest="i01"),
        a_decision("development", 0.95),
        a_decision("development", 0.5),
        a_decision("repeat", 0.1, nearest="i01"),
        a_decision("development", 0.6),
        a_decision("off-topic", 0.0),
        a_decision("off-topic", 0.0),
        a_decision("possible", 0.4),
    ]
    relevance = (0.9, 0.9, 0.9, 0.8, 0.45, 0.9, 0.9, 0.3, None, 0.6)
    return Walk(stream=stream, decisions=decisions, relevance=relevance, cut_at=(0.5,) * 9 + (0.6,), cuts=CUTS)


# --------------------------------------------------------------------------- what is counted


def test_an_alert_is_right_once_and_a_first_report_is_first_whatever_is_told(walk: Walk) -> None:
    """What the seed tells is neither first nor told; a later alert tells what the first report missed."""
    steps = outcomes(walk.stream, walk.verdicts)
    assert [sorted(one.first) for one in steps] == [[], ["d1"], [], [], [], ["d2"], [], ["d3"], ["d4"], ["d5"]]
    assert [sorted(one.told) for one in steps] == [[], ["d1"], [], [], [], [], ["d2"], [], [], []]


def test_figures_of_a_stream(walk: Walk) -> None:
    """Five alerts, two of them right, for five developments; one more in the digest; nine relevant items, seven kept."""
    figures = score(walk.stream, walk.verdicts)
    assert (figures.precision, figures.recall) == (2 / 5, 2 / 5)
    assert (figures.alerts, figures.alerts_due, figures.alerts_told) == (5, 1.0, 2.5)
    assert (figures.possible_share, figures.possible_recall) == (pytest.approx(100 / 9), 3 / 5)
    assert figures.major == 1 / 2
    assert (figures.relevance_precision, figures.relevance_recall) == (7 / 8, 7 / 9)


def test_a_first_report_counts_for_its_language(walk: Walk) -> None:
    """Found is what was told at once; told ever is what some alert told, in whatever language."""
    parts = by_language([walk])
    assert list(parts) == ["en", "ko", "de", "ja", "uk"]
    assert (parts["en"].firsts, parts["en"].at_once, parts["en"].found) == (2, 1, 0.5)
    assert (parts["ko"].firsts, parts["ko"].at_once, parts["ko"].due, parts["ko"].ever) == (2, 0, 2, 1)
    assert (parts["uk"].firsts, parts["uk"].alerts, parts["uk"].right) == (0, 1, 1)


def test_a_role_tells_what_became_of_it(walk: Walk) -> None:
    """Verdicts and wrong alerts by role."""
    roles = by_role([walk])
    assert roles["first"].verdicts == {"development": 1, "repeat": 2, "off-topic": 2, "possible": 1}
    assert (roles["first"].wrong, roles["background"].wrong, roles["offtopic"].wrong) == (0, 1, 1)
    assert roles["background"].score == 0.95


def test_the_curve_cuts_the_same_scores_again(walk: Walk) -> None:
    """At .55 four alerts are left, two right; relevance keeps eight items at .4, seven of them relevant."""
    point = next(one for one in development_curve([walk]) if abs(one.cut - 0.55) < 1e-6)
    assert (point.alerts, point.precision, point.recall) == (4, 2 / 4, 2 / 5)
    point = next(one for one in relevance_curve([walk]) if abs(one.cut - 0.4) < 1e-6)
    assert (point.alerts, point.precision, point.recall) == (8, 7 / 8, 7 / 9)


# --------------------------------------------------------------------------- errors


def test_each_error_has_its_kind_and_its_distance_from_the_cut_that_decided(walk: Walk) -> None:
    """Wrong alerts from the cut of alerts, what was rejected from the cut of relevance, and a glance has none."""
    found = {one.labelled.item.id: one for one in faults(walk)}
    assert {item: one.kind for item, one in found.items()} == {
        "i02": "repeat",
        "i03": "background",
        "i04": "off-topic",
        "i05": "late",
        "i07": "missed",
        "i08": "missed",
        "i09": "missed",
    }
    margins = {item: one.margin for item, one in found.items()}
    assert margins.pop("i08") is None
    expected = {"i02": 0.2, "i03": 0.45, "i04": 0.0, "i05": -0.4, "i07": -0.1, "i09": -0.2}
    assert margins == pytest.approx(expected)


def test_an_error_names_what_told_it_and_the_nearest_known(walk: Walk) -> None:
    """A repeat was told before, a late one afterwards, a missed one never."""
    found = {one.labelled.item.id: one for one in faults(walk)}
    assert (found["i02"].other, found["i05"].other, found["i07"].other) == ("i01", "i06", None)
    nearest = found["i02"].nearest
    assert nearest is not None
    assert nearest.item.id == "i01"
    assert found["i07"].major
    assert not found["i05"].major


def test_the_worst_are_the_farthest_from_the_cut(walk: Walk) -> None:
    """What a glance passed over is the farthest of all."""
    nearer = replace(walk, decisions=[*walk.decisions[:-1], a_decision("possible", 0.55)])
    assert [one.labelled.item.id for one in worst(faults(nearer), "missed", 2)] == ["i08", "i07"]


def test_the_report_shows_the_texts(walk: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    """Title, first lines, verdict and distance of each error, what told it, and the reasons."""
    print_report([walk], errors=3)
    printed = capsys.readouterr().out
    assert "0.500 in English, 0.000 in ko, ja: 0.00 of the English share" in printed
    assert "0.500 of those first reported in English, 0.333 in the others: 0.67 of it" in printed
    assert "2.50 for each that was told, 1.00 for each that was due" in printed
    assert "0.500 (1 of 2)" in printed
    assert "recall 0.600 with 11.1 possible items for 100 relevant" in printed
    assert (
        "strike i04 (en, offtopic) tells nothing: development, score 0.50, 0.00 above the cut\n"
        "    Boats at sea\n    A boat. Two boats.\n    why: the first reason\n" in printed
    )
    assert "strike i07 (ja, first) tells d3 (major): off-topic, relevance 0.30, 0.10 below the cut" in printed
    assert "strike i08 (ko, first) tells d4: off-topic, passed over at a glance" in printed
    assert "    told by i01\n    nearest known: i01 (0.70) Title 1" in printed


def test_no_errors_are_listed_where_none_are_asked_for(walk: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    """Their counts stay."""
    print_report([walk], errors=0)
    printed = capsys.readouterr().out
    assert "first report missed, never told        3      1" in printed
    assert "Boats at sea" not in printed


def test_another_matcher_is_measured_by_its_decisions(
    walk: Walk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same verdicts give the same figures; the lowest score that was told is its cut."""
    rows = [
        {"id": labelled.item.id, **decision}
        for labelled, decision in zip(walk.stream.items, walk.decisions, strict=True)
    ]
    (tmp_path / "strike.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    [read] = read_walks([walk.stream], tmp_path)
    assert read.figures == walk.figures
    assert read.cuts.development == 0.5
    print_report([read], errors=0, graded=False)
    printed = capsys.readouterr().out
    assert "first report missed, told later        1      0" in printed
    assert "by the cut of the relevance" not in printed


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"id": "i00", "verdict": "repeat", "score": 0}', "strike.jsonl: no decision on i01"),
        ('{"id": "i00", "verdict": "news", "score": 0}', "strike.jsonl:1: 'id', 'verdict' .background, "),
        ('{"id": "i00", "verdict": "repeat"}', "'score' .a number. are needed"),
        ("i00 repeat", "strike.jsonl:1: not JSON"),
        (None, "strike.jsonl: No such file"),
    ],
)
def test_decisions_that_are_no_decisions_are_named(walk: Walk, tmp_path: Path, line: str | None, message: str) -> None:
    """With the file and the line."""
    if line is not None:
        (tmp_path / "strike.jsonl").write_text(line, "utf-8")
    with pytest.raises(StorywatchError, match=message):
        read_walks([walk.stream], tmp_path)


# --------------------------------------------------------------------------- whole streams left out

STORIES = {
    "dockers": ("dockers strike harbour union wages", "ships cranes pickets talks minister ferries"),
    "comet": ("comet probe orbit agency lander", "signal camera thrusters dust landing antenna"),
    "dam": ("dam river flood engineers valley", "spillway villages rain gates reservoir bridge"),
    "trial": ("trial judge verdict court witness", "appeal lawyers prison sentence jury evidence"),
}


def a_story(name: str, *, day: str = "day") -> Stream:
    """Four developments, each told, told again and explained, among other news."""
    about, facts = STORIES[name]
    items = []
    for number, fact in enumerate(facts.split()[:4]):
        told = f"{about} {fact} {facts.split()[-1]} on {day} {number}"
        rows = (
            ("first", (f"d{number}",), f"{told} announced today {fact}"),
            ("repeat", (f"d{number}",), f"{told} announced {fact} again"),
            ("background", (), f"What you need to know: {about} explained"),
            ("offtopic", (), f"Football results number {number} of {name} league cup"),
        )
        for role, developments, text in rows:
            at = len(items)
            items.append(
                a_labelled(
                    at,
                    *developments,
                    role=role,
                    title=text,
                    summary=f"{text}. Told {at}.",
                    paragraphs=[f"{text}. Said {fact} at {at}.", f"It was {about} as ever."],
                )
            )
    stream = a_stream(*items, name=name)
    watch = replace(
        stream.watch, name=about, about=f"All about {about}.", seeds=(f"It began with {about}.",), terms=Terms()
    )
    return replace(stream, watch=watch)


@pytest.fixture(scope="module")
def streams() -> list[Stream]:
    return [a_story(name) for name in STORIES]


@pytest.fixture(scope="module")
def judges(streams: list[Stream]) -> Judges:
    return left_out(streams, Crew(open_encoder=WordEncoder), folds=2)


def are_alike(one: Weights, other: Weights) -> bool:
    """All but the cut for alerts, which comes from walks along the streams of the other folds."""
    blends = [(one.relevance, other.relevance), (one.novelty, other.novelty), (one.same, other.same)]
    return (
        all(np.array_equal(mine.linear.weight, its.linear.weight) for mine, its in blends)
        and all(
            np.array_equal(grown.value, regrown.value)
            for mine, its in blends
            for grown, regrown in zip(mine.trees, its.trees, strict=True)
        )
        and one.priors.means.keys() == other.priors.means.keys()
        and all(np.array_equal(mean, other.priors.means[lang]) for lang, mean in one.priors.means.items())
        and np.array_equal(np.asarray(one.priors.frequency), np.asarray(other.priors.frequency))
    )


def test_folds_hold_each_stream_once(streams: list[Stream]) -> None:
    """And what is learnt from is all the rest; more folds than streams leave one out at a time."""
    folds = in_folds(streams, 9)
    assert [[one.name for one in fold.held] for fold in folds] == [["dockers"], ["comet"], ["dam"], ["trial"]]
    assert [one.name for one in in_folds(streams, 2)[1].held] == ["comet", "trial"]
    assert [one.name for one in in_folds(streams, 2)[1].rest] == ["dockers", "dam"]


def test_one_stream_cannot_be_left_out(streams: list[Stream]) -> None:
    """It is said, and what measures the shipped weights instead."""
    with pytest.raises(StorywatchError, match=r"two streams.*--shipped"):
        in_folds(streams[:1], 6)


def test_what_judges_a_stream_saw_nothing_of_its_fold(streams: list[Stream], judges: Judges) -> None:
    """Other texts in a stream change the judges of the other folds, and not its own."""
    changed = left_out(
        [*streams[:2], a_story("dam", day="the evening of day"), streams[3]], Crew(open_encoder=WordEncoder), folds=2
    )
    same = [are_alike(weights, other) for (_, weights), (_, other) in zip(judges, changed, strict=True)]
    assert same == [True, False, True, False]


@forks
def test_two_workers_find_what_one_finds(streams: list[Stream], judges: Judges, tmp_path: Path) -> None:
    """To the last digit: weights, cuts and decisions. Both keep their vectors in one file."""
    crew = Crew(open_encoder=partial(KeptVectors, WordEncoder(), tmp_path / "vectors.sqlite"), jobs=2)
    twice = left_out(streams, crew, folds=2)
    assert all(are_alike(weights, other) for (_, weights), (_, other) in zip(judges, twice, strict=True))
    assert [asdict(weights.cuts) for _, weights in judges] == [asdict(weights.cuts) for _, weights in twice]
    alone = walk_all(judges, Crew(open_encoder=WordEncoder))
    together = walk_all(twice, crew)
    assert [walk.decisions for walk in alone] == [walk.decisions for walk in together]
    assert [walk.relevance for walk in alone] == [walk.relevance for walk in together]
    assert any(walk.figures.alerts for walk in alone)


def test_a_walk_knows_how_relevant_each_item_was(judges: Judges) -> None:
    """What is off-topic lies below the cut, or was passed over; the rest above it. Each was told from the story's own cut on."""
    for walk in walk_all(judges, Crew(open_encoder=WordEncoder)):
        for decision, relevance in zip(walk.decisions, walk.relevance, strict=True):
            kept = relevance is not None and relevance >= walk.cuts.about
            assert kept == (decision["verdict"] != "off-topic")
        told = [
            decision["score"] >= cut
            for decision, cut in zip(walk.decisions, walk.cut_at, strict=True)
            if decision["verdict"] != "off-topic"
        ]
        assert told == [verdict == "development" for verdict in walk.verdicts if verdict != "off-topic"]
        assert len(set(walk.cut_at)) > 1


# --------------------------------------------------------------------------- ablation and learning curve


@pytest.fixture(scope="module")
def learnt(streams: list[Stream]) -> tuple[list[Seen], Weights]:
    return learn_from(streams[:2], WordEncoder())


def test_evidence_is_removed_from_what_is_learnt(learnt: tuple[list[Seen], Weights]) -> None:
    """Each kind from the model that asks for it; with nothing removed it is what is shipped."""
    seen, weights = learnt
    found = dict(without_each(seen, weights))
    assert found["everything"] is weights
    less = found["relevance: names"]
    assert {"names_share", "names_head"} <= set(weights.relevance.names) - set(less.relevance.names)
    assert less.novelty is weights.novelty
    assert less.entry is not None
    assert "names_share" not in less.entry.names
    less = found["novelty: same"]
    assert set(weights.novelty.names) - set(less.novelty.names) >= {"same_most", "same_none"}
    assert less.relevance is weights.relevance


def test_nothing_removed_is_what_is_learnt(learnt: tuple[list[Seen], Weights]) -> None:
    """The ablation learns from the very rows that training learns from."""
    seen, weights = learnt
    again = without_novelty(_stacked(seen, weights), weights, frozenset())
    assert are_alike(weights, again)


def test_both_walks_give_rows_of_their_own_stream(streams: list[Stream], learnt: tuple[list[Seen], Weights]) -> None:
    """An item can stand in the rows of the walks twice and no more, with its own stream, and new is what no alert told."""
    seen, _ = learnt
    assert [one.stream.name for one in seen] == [stream.name for stream in streams[:2]]
    for one in seen:
        counts = Counter(row.labelled.item.id for row in one.own)
        assert {row.labelled for row in one.own} <= set(one.stream.items)
        assert max(counts.values()) == WALKS
        judged = [row for row in one.own if row.novelty]
        assert all(row.labelled.developments - one.stream.seeded for row in judged if row.fresh)


def test_new_along_a_walk_is_what_no_alert_has_told(streams: list[Stream]) -> None:
    """Who never alerts finds every report new that tells a development; who always does, the first of each alone."""
    stream, encoder = streams[0], WordEncoder()
    weights = plain_weights()
    due = {labelled.item.id for labelled in stream.items if labelled.developments - stream.seeded}
    firsts = {labelled.item.id for labelled, fresh in zip(stream.items, stream.fresh(), strict=True) if fresh}
    assert firsts < due
    for cut, wanted in ((1.1, due), (0.0, firsts)):
        cuts = Cuts(about=0.0, development=cut, possible=0.0)
        rows = observe_own(stream, encoder, replace(weights, cuts=cuts, entry=None, entry_words=None))
        judged = {row.labelled.item.id for row in rows}
        assert {row.labelled.item.id for row in rows if row.fresh} == wanted & judged


def test_a_stream_is_not_given_twice() -> None:
    """Left out and learnt from at once, it would flatter the figures."""
    with pytest.raises(StorywatchError, match="named twice: captured-sailors"):
        load_streams([KEPT_STREAMS, KEPT_STREAMS / "captured-sailors"])


def test_a_learning_curve_ends_where_the_streams_do(streams: list[Stream]) -> None:
    """More streams than a fold leaves are refused with the number that it leaves."""
    with pytest.raises(StorywatchError, match="--curve: 7 is not between 2 and 3"):
        learning_curve(streams, Crew(open_encoder=WordEncoder), folds=4, sizes=[2, 7])


def test_a_draw_of_all_streams_is_everything(streams: list[Stream]) -> None:
    """And its figures are the same."""
    two, whole = learning_curve(streams, Crew(open_encoder=WordEncoder), folds=2, sizes=[2])
    assert (two.name, whole.name) == ("2 streams", "everything")
    assert replace(two, name=whole.name) == whole


def test_sizes_are_numbers() -> None:
    """In order, each once."""
    assert parse_sizes("12,3,3") == [3, 12]
    with pytest.raises(ValueError, match="x"):
        parse_sizes("3,x")


def test_comparisons_tell_the_difference(capsys: pytest.CaptureFixture[str]) -> None:
    """From the whole matcher, with its sign."""
    rows = [
        Compared(name="everything", tuned=0.8, hindsight=0.85, relevance=0.95, least=0.7),
        Compared(name="novelty: same", tuned=0.75, hindsight=0.86, relevance=0.95, least=0.6),
    ]
    print_compared("removed", rows)
    assert "0.750 (-0.050)   0.860 (+0.010)   0.950 (+0.000)          0.600" in capsys.readouterr().out


# --------------------------------------------------------------------------- the crew


def told_by(task: int, encoder: Encoder) -> tuple[int, str, int]:
    if task < 0:
        message = f"task {task} is no good"
        raise StorywatchError(message)
    return task, encoder.name, os.getpid()


@forks
def test_answers_come_in_order_from_other_processes(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with the worker's own encoder, and counted on stderr."""
    answers = Crew(open_encoder=WordEncoder, jobs=2).map(told_by, range(5), doing="tasks done")
    assert [(task, name) for task, name, _ in answers] == [(task, "words") for task in range(5)]
    assert os.getpid() not in {worker for _, _, worker in answers}
    assert capsys.readouterr().err.splitlines()[-1] == "tasks done: 5 of 5"


@forks
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_of_a_worker_is_raised_here(jobs: int) -> None:
    """As it was raised there."""
    tasks: Sequence[int] = [1, -2, 3]
    with pytest.raises(StorywatchError, match="task -2 is no good"):
        Crew(open_encoder=WordEncoder, jobs=jobs).map(told_by, tasks)
