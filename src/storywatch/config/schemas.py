"""The JSON Schemas of the three kinds of files: what editors use to complete and to check while one writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from storywatch.config.tables import FeedsFile, StorywatchFile, WatchFile

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

    from storywatch.config.tables import Table

FILES: dict[str, type[Table]] = {"storywatch": StorywatchFile, "feeds": FeedsFile, "watch": WatchFile}


class TomlSchema(GenerateJsonSchema):
    """TOML has no null: what may be left out is left out. Titles would only repeat the keys."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """The schema of the value where there is one."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """The default, unless it is to be left out."""
        return (
            self.generate_inner(schema["schema"])
            if schema.get("default", "") is None
            else super().default_schema(schema)
        )

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  the caller's signature
        """Never."""
        return False


def config_schema() -> dict[str, dict[str, Any]]:
    """A JSON Schema each for `storywatch` (.toml), `feeds` (.toml) and `watch` (every file of the watchlist)."""
    return {
        name: {"$schema": TomlSchema.schema_dialect, **model.model_json_schema(schema_generator=TomlSchema)}
        for name, model in FILES.items()
    }
