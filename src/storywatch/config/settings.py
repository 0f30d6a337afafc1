"""The configuration as the program uses it: checked, complete, frozen. Secrets show themselves only when asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from pathlib import Path

    from pydantic import SecretStr

    from storywatch.core.addresses import Network
    from storywatch.core.alerting import QuietHours
    from storywatch.core.model import ChannelId, Feed, FeedId, Watch
    from storywatch.encode.choice import EncoderChoice

Tls = Literal["implicit", "starttls", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """[service]: `database` is SQLAlchemy's address; `timezone` an IANA zone."""

    database: str
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSettings:
    """The table [fetch]: how politely, and as whom."""

    contact: str
    allow_networks: tuple[Network, ...]
    host_spacing: timedelta
    host_parallel: int
    websub: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """[web]: with a token, whoever reads the page must give it. `base_url` ends without a slash."""

    host: str
    port: int
    base_url: str
    token: SecretStr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailSettings:
    """A channel of type email. `disabled` says why nothing can be sent on it now."""

    id: ChannelId
    to: tuple[str, ...]
    sender: str
    host: str
    port: int
    tls: Tls
    user: str | None = None
    password: SecretStr | None = None
    quiet_hours: QuietHours | None = None
    disabled: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """A channel of type webhook; it signs with every secret. `disabled` says why it can't call now."""

    id: ChannelId
    url: str
    secrets: tuple[SecretStr, ...]
    quiet_hours: QuietHours | None = None
    disabled: str | None = None


ChannelSettings = EmailSettings | WebhookSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionSettings:
    """[opinion]: `band` are the lowest and the highest doubtful score. `disabled` says why nothing can be asked now."""

    url: str
    model: str
    daily_budget: int
    timeout: timedelta
    band: tuple[float, float] | None = None
    key: SecretStr | None = None
    disabled: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSettings:
    """[encoder]: `weights` is the folder of weights that were learnt with it; without one it takes the shipped ones."""

    choice: EncoderChoice
    weights: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that stands in one configuration directory. `notices` are to be said at start."""

    directory: Path
    service: ServiceSettings
    fetch: FetchSettings
    web: WebSettings
    channels: Mapping[ChannelId, ChannelSettings]
    feeds: Mapping[FeedId, Feed]
    watches: tuple[Watch, ...]
    encoder: EncoderSettings
    notices: tuple[str, ...] = ()
    opinion: OpinionSettings | None = None
