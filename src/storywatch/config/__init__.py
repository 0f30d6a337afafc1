"""The configuration: TOML files in one directory, read and checked as a whole. Only `app` and `cli` look in here."""

from __future__ import annotations

from storywatch.config.load import load_config, read_feed
from storywatch.config.schemas import config_schema
from storywatch.config.settings import (
    AppriseSettings,
    ChannelSettings,
    Config,
    EmailSettings,
    EncoderSettings,
    FetchSettings,
    NtfySettings,
    OpinionSettings,
    RoomSettings,
    ServiceSettings,
    TelegramSettings,
    WebhookSettings,
    WebSettings,
)
from storywatch.config.watchlist import load_watch
from storywatch.config.writing import NewFeed, add_feeds, table_of, written_feed

__all__ = [
    "AppriseSettings",
    "ChannelSettings",
    "Config",
    "EmailSettings",
    "EncoderSettings",
    "FetchSettings",
    "NewFeed",
    "NtfySettings",
    "OpinionSettings",
    "RoomSettings",
    "ServiceSettings",
    "TelegramSettings",
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
