from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from broken_configs import Case

from storywatch.app import secrets_of
from storywatch.config import Config, load_config, load_watch

if TYPE_CHECKING:
    from pathlib import Path

ALLOWED = 'allow_networks = ["127.0.0.0/8", "::1/128"]\n'
MAIN = f'[fetch]\ncontact = "desk@harbor-times.example"\n{ALLOWED}[opinion]\nmodel = "a-model"\n'
WATCH = 'name = "Harbour strike"\nabout = "The strike."\n'


def load(
    tmp_path: Path,
    rest: str = "",
    *,
    url: str = "http://127.0.0.1:11434/v1/",
    watch: str = "",
    allowed: bool = True,
    **environ: str,
) -> Config:
    main = f'{MAIN if allowed else MAIN.replace(ALLOWED, "")}url = "{url}"\n{rest}\n'
    files = {"storywatch.toml": main, "watchlist/harbour-strike.toml": WATCH + watch}
    return load_config(Case(title="", faults=[], files=files).write(tmp_path), environ=environ)


def test_a_language_model_needs_two_lines(tmp_path: Path) -> None:
    """The rest has defaults; the slash at the end of the address is taken off."""
    opinion = load(tmp_path).opinion
    assert opinion is not None
    assert (opinion.url, opinion.model) == ("http://127.0.0.1:11434/v1", "a-model")
    assert (opinion.band, opinion.daily_budget, opinion.timeout) == ((0.15, 0.7), 200, timedelta(seconds=20))
    assert (opinion.key, opinion.disabled) == (None, None)


def test_without_the_table_nobody_is_asked(tmp_path: Path) -> None:
    """Off by default."""
    assert load_config(Case(title="", faults=[]).write(tmp_path), environ={}).opinion is None


def test_everything_can_be_said(tmp_path: Path) -> None:
    """Whole numbers are scores too, and no band at all is for translations alone."""
    opinion = load(tmp_path, 'band = [0, 1]\ndaily_budget = 5\ntimeout = "30s"').opinion
    assert opinion is not None
    assert (opinion.band, opinion.daily_budget, opinion.timeout) == ((0.0, 1.0), 5, timedelta(seconds=30))
    other = load(tmp_path, "band = []", watch='translate_to = "en"\n')
    assert other.opinion is not None
    assert other.opinion.band is None
    assert other.watches[0].translate_to == "en"


def test_its_key_comes_from_elsewhere_and_is_blotted_out_of_logs(tmp_path: Path) -> None:
    """By variable or file, and never shown."""
    by_variable = load(tmp_path, 'api_key_env = "MODEL_KEY"', url="https://models.test/v1", MODEL_KEY="sk-1")
    (tmp_path / "config" / "key.txt").write_text("sk-2\n")
    by_file = load(tmp_path, 'api_key_file = "key.txt"')
    for config, key in ((by_variable, "sk-1"), (by_file, "sk-2")):
        assert config.opinion is not None
        assert config.opinion.key is not None
        assert config.opinion.key.get_secret_value() == key
        assert key not in repr(config)
        assert key in secrets_of(config)


def test_a_model_whose_key_is_missing_is_disabled_and_said_so(tmp_path: Path) -> None:
    """The service runs on without it."""
    config = load(tmp_path, 'api_key_env = "MODEL_KEY"', url="https://models.test/v1")
    assert config.opinion is not None
    assert config.opinion.disabled == "the environment variable MODEL_KEY is not set"
    assert "opinion is disabled: the environment variable MODEL_KEY is not set" in config.notices


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:11434/v1", "127.0.0.1 is a loopback address and not in allow_networks of [fetch]"),
        ("http://localhost:11434/v1", "127.0.0.1 is a loopback address and not in allow_networks of [fetch]"),
        ("http://[::1]:11434/v1", "::1 is a loopback address and not in allow_networks of [fetch]"),
        ("http://10.0.0.7/v1", "10.0.0.7 is a private or reserved address and not in allow_networks of [fetch]"),
        ("http://models.test/v1", None),
    ],
)
def test_a_model_on_a_private_address_needs_leave(tmp_path: Path, url: str, reason: str | None) -> None:
    """As a webhook does, but said at start: every question would be in vain."""
    opinion = load(tmp_path, url=url, allowed=False).opinion
    assert opinion is not None
    assert opinion.disabled == reason


@pytest.mark.parametrize("url", ["http://localhost:1/v1", "http://[::1]:1/v1", "HTTPS://models.test/v1"])
def test_a_key_may_go_to_this_machine_or_by_https(tmp_path: Path, url: str) -> None:
    """Nothing else is refused."""
    config = load(tmp_path, 'api_key_env = "MODEL_KEY"', url=url, MODEL_KEY="sk-1")
    assert config.opinion is not None


def test_a_watch_by_itself_may_ask_for_translations(tmp_path: Path) -> None:
    """`replay` reads nothing but the watch, and translates nothing."""
    path = tmp_path / "harbour-strike.toml"
    path.write_text(WATCH + 'translate_to = "en"\n')
    assert load_watch(path).translate_to == "en"
