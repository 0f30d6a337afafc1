"""The JSON Schemas of the three kinds of files: what editors use to complete and to check while one writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from storywatch.config.tables import FeedsFile, StorywatchFile, WatchFile

if TYPE_CHECKING:
    from storywatch.config.tables import Table

FILES: dict[str, type[Table]] = {"storywatch": StorywatchFile, "feeds": FeedsFile, "watch": WatchFile}


def config_schema() -> dict[str, dict[str, Any]]:
    """A JSON Schema each for `storywatch` (.toml), `feeds` (.toml) and `watch` (every file of the watchlist)."""
    return {
        name: {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
        for name, model in FILES.items()
    }
