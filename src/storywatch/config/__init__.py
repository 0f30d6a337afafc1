"""The configuration: TOML files in one directory, read and checked as a whole. Only `app` and `cli` look in here."""

from __future__ import annotations

from storywatch.config.load import load_config, read_feed
from storywatch.config.schemas import config_schema
from storywatch.config.settings import (
    ChannelSettings,
    Config,
    EmailSettings,
    EncoderSettings,
    FetchSettings,
    OpinionSettings,
    ServiceSettings,
    WebhookSettings,
    WebSettings,
)
from storywatch.config.watchlist import load_watch
from storywatch.config.writing import NewFeed, add_feeds, table_of, written_feed

__all__ = [
    "ChannelSettings",
    "Config",
    "EmailSettings",
    "EncoderSettings",
    "FetchSettings",
    "NewFeed",
    "OpinionSettings",
    "ServiceSettings",
    "WebSettings",
    "WebhookSettings",
    "add_feeds",
    "config_schema",
    "load_config",
    "load_watch",
    "read_feed",
    "table_of",
    "written_feed",
]
