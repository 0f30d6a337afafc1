"""The simulated desk corrects what it says it does, and the rest is counted fairly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builders import plain_weights
from desk import Desk, measure_feedback, print_worth, score_rest
from encoders import WordEncoder
from observe import begin
from test_measuring import a_labelled, a_stream

from storywatch.core.model import FeedbackKind
from storywatch.replay import Replay

if TYPE_CHECKING:
    import pytest


def test_the_desk_says_what_a_reader_would() -> None:
    """A second report that was told is the same, a first one that was not is new, and what tells nothing is wrong."""
    stream = a_stream(
        a_labelled(1, "D1", title="Dockers strike in the harbour"),
        a_labelled(2, "D1", title="Ships wait at anchor: strike"),  # told again, in other words
        a_labelled(3, title="Why they strike"),  # nothing new
        a_labelled(4, title="Strike in the bakery", relevant=False),
        a_labelled(5, "D2", title="Dockers strike in the harbour"),  # like the first: not told
    )
    encoder = WordEncoder()
    walk = Replay(story=begin(stream, encoder, plain_weights()), encoder=encoder)
    desk = Desk(stream, walk, corrections=9)
    verdicts = [desk.decide(labelled) for labelled in stream.items]
    said = {walk.ids[article]: (one.kind, one.off_topic) for article, one in walk.answers.items()}
    wrong = {"i002": FeedbackKind.SAME_AS, "i003": FeedbackKind.WRONG, "i004": FeedbackKind.WRONG}
    expected = {
        item: (kind, item == "i004") for item, kind in wrong.items() if verdicts[int(item[-1]) - 1] == "development"
    }
    if verdicts[4] != "development":
        expected["i005"] = (FeedbackKind.NEW, False)
    assert "i002" in expected
    assert said == expected
    assert desk.until == int(max(said)[-1])


def test_the_rest_counts_what_comes_after_the_last_correction() -> None:
    """What was told before is no news; what was missed before and comes late counts neither way."""
    stream = a_stream(
        a_labelled(1, "D1"), a_labelled(2, "D2"), a_labelled(3, "D2"), a_labelled(4, "D3"), a_labelled(5, "D1")
    )
    told, passed = "development", "repeat"
    rest = score_rest(stream, [told, passed, told, told, told], since=2)
    assert (rest.precision, rest.recall) == (0.5, 1.0)  # D2 is late, D3 right, D1 told before
    assert score_rest(stream, [told, passed, passed, passed, passed], since=2).f1 == 0.0


def test_each_stream_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Corrections, where the last one was, and both figures; then the mean."""
    stream = a_stream(*(a_labelled(n, f"D{n}") for n in range(1, 6)))
    print_worth(measure_feedback([(stream, plain_weights())], WordEncoder(), corrections=1))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["stream", "strike", "mean"]
    assert lines[1].split()[1:3] == ["1", "in"]
    print_worth([])
    assert len(capsys.readouterr().out.splitlines()) == 1
