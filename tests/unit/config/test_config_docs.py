from __future__ import annotations

import json
import tomllib
from typing import Any

import jsonschema
import pytest
from broken_configs import DATA, ROOT

from storywatch.config import config_schema, load_config
from storywatch.config.tables import (
    AlertTable,
    AppriseTable,
    ArticleTable,
    DigestTable,
    DiscordTable,
    EmailTable,
    EncoderTable,
    FeedTable,
    FetchTable,
    NtfyTable,
    OpinionTable,
    QuietHoursTable,
    ServiceTable,
    SlackTable,
    StorywatchFile,
    TeamsTable,
    TelegramTable,
    TermsTable,
    WatchFile,
    WebhookTable,
    WebTable,
)

SCHEMAS = ROOT / "src/storywatch/config/schema"
REFERENCE = ROOT / "docs/reference/config.md"
SHIPPED = ROOT / "config"
SECTIONS = {
    "[service]": ServiceTable,
    "[fetch]": FetchTable,
    "[web]": WebTable,
    "[encoder]": EncoderTable,
    "[opinion]": OpinionTable,
    'type = "email"': EmailTable,
    'type = "webhook"': WebhookTable,
    'type = "slack"': SlackTable,
    'type = "discord"': DiscordTable,
    'type = "teams"': TeamsTable,
    'type = "telegram"': TelegramTable,
    'type = "ntfy"': NtfyTable,
    'type = "apprise"': AppriseTable,
    "quiet_hours": QuietHoursTable,
    "digest of": DigestTable,
    "feeds.toml": FeedTable,
    "article of": ArticleTable,
    "watchlist/": WatchFile,
    "[terms]": TermsTable,
    "[alert]": AlertTable,
}


@pytest.mark.parametrize("name", ["storywatch", "feeds", "watch"])
def test_the_committed_schema_is_current(name: str) -> None:
    """Editors complete what the program takes; `python tests/unit/config/write_schemas.py` makes them anew."""
    committed = json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))
    assert committed == config_schema()[name]


def documents() -> list[tuple[str, Any]]:
    found = []
    for directory in (SHIPPED, DATA / "good"):
        for path in sorted(directory.rglob("*.toml")):
            kind = "watch" if path.parent.name == "watchlist" else path.stem
            found.append(pytest.param(kind, path, id=str(path.relative_to(ROOT))))
    return found


@pytest.mark.parametrize(("kind", "path"), documents())
def test_good_files_fit_their_schema(kind: str, path: Any) -> None:
    """What the program takes, the schema takes."""
    schema = config_schema()[kind]
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(tomllib.loads(path.read_text("utf-8")), schema)


def test_the_schema_refuses_a_misspelt_key() -> None:
    """An editor underlines what the program would refuse."""
    with pytest.raises(jsonschema.ValidationError, match="evry"):
        jsonschema.validate({"feeds": {"a": {"url": "https://a.example", "evry": "5m"}}}, config_schema()["feeds"])


def test_the_shipped_configuration_works_as_it_is() -> None:
    """A fresh clone runs without touching a file, and follows its story in many languages."""
    config = load_config(SHIPPED, environ={})
    [watch] = config.watches
    assert watch.id == "north-korean-pows"
    assert watch.feeds == set(config.feeds)
    assert config.channels == {}
    assert len(config.feeds) >= 60
    assert {"uk", "ru", "ko", "en", "de", "fr", "pl", "ja", "zh"} <= {feed.lang for feed in config.feeds.values()}
    assert watch.terms.any
    assert watch.seeds


def test_the_shipped_files_name_their_schema() -> None:
    """An editor finds the schema by the first line."""
    for path in SHIPPED.rglob("*.toml"):
        kind = "watch" if path.parent.name == "watchlist" else path.stem
        named = path.read_text("utf-8").splitlines()[0].removeprefix("#:schema ")
        assert (path.parent / named).resolve() == SCHEMAS / f"{kind}.json"


def test_the_channels_that_are_shipped_as_comments_are_right() -> None:
    """Taking the # away gives a configuration that can be read."""
    text = (SHIPPED / "storywatch.toml").read_text("utf-8")
    lines = [line.removeprefix("# ") if line.startswith("# [") or " = " in line else line for line in text.splitlines()]
    bare = "\n".join(line for line in lines if not line.startswith(("# ", "channels =")))
    data = tomllib.loads(bare)
    assert set(data["channels"]) == {"desk", "newsroom"}
    jsonschema.validate(data, config_schema()["storywatch"])


def section(heading: str) -> str:
    parts = REFERENCE.read_text("utf-8").split("\n## ")
    return next(part for part in parts if heading in part.splitlines()[0])


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_is_in_the_reference(heading: str) -> None:
    """docs/reference/config.md has a row for each key of each table, under the table's heading, and for no other."""
    keys = {info.alias or name for name, info in SECTIONS[heading].model_fields.items()}
    rows = {line.split("`")[1] for line in section(heading).splitlines() if line.startswith("| `")}
    assert rows == keys


def test_every_reserved_key_is_in_the_reference() -> None:
    """Whoever tries one finds that it is known and not there yet."""
    reserved = {key for model in (StorywatchFile, *SECTIONS.values()) for key in model.reserved}
    text = section("Reserved")
    assert {key for key in reserved if f"`{key}`" not in text} == set()
