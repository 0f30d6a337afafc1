"""Writes the committed JSON Schemas anew: python tests/unit/config/write_schemas.py."""

from __future__ import annotations

import json

from broken_configs import ROOT

from storywatch.config import config_schema

for name, schema in config_schema().items():
    text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    (ROOT / f"src/storywatch/config/schema/{name}.json").write_text(text, "utf-8")
