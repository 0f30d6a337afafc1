"""The configuration: TOML files in one directory, read and checked as a whole. Only `app` and `cli` look in here."""

from __future__ import annotations

from storywatch.config.load import load_config
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

__all__ = [
    "ChannelSettings",
    "Config",
    "EmailSettings",
    "EncoderSettings",
    "FetchSettings",
    "OpinionSettings",
    "ServiceSettings",
    "WebSettings",
    "WebhookSettings",
    "config_schema",
    "load_config",
    "load_watch",
]
