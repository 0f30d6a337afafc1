"""The configuration as the program uses it: checked, complete, frozen. Secrets show themselves only when asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from storywatch.core.retention import Retention

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pydantic import SecretStr

    from storywatch.core.addresses import Network
    from storywatch.core.alerting import Rate
    from storywatch.core.model import ChannelId, Feed, FeedId, Watch
    from storywatch.core.moments import DigestTimes, QuietHours
    from storywatch.encode.choice import EncoderChoice

Tls = Literal["implicit", "starttls", "none"]
NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """[service]: `database` is SQLAlchemy's address; `timezone` an IANA zone."""

    database: str
    timezone: str
    ping_url: str | None = None
    trouble: tuple[ChannelId, ...] = ()  # empty: the first channel that works


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
class ChannelSettings:
    """What channels of every type have. `disabled` says why nothing can be sent on it now."""

    id: ChannelId
    quiet_hours: QuietHours | None = None
    digest: DigestTimes | None = None
    min_interval: timedelta = NOTHING
    rate: Rate | None = None
    disabled: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailSettings(ChannelSettings):
    """A channel of type email."""

    to: tuple[str, ...]
    sender: str
    host: str
    port: int
    tls: Tls
    user: str | None = None
    password: SecretStr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings(ChannelSettings):
    """A channel of type webhook; it signs with every secret."""

    url: str
    secrets: tuple[SecretStr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSettings(ChannelSettings):
    """A channel of type slack, discord or teams: its address is a secret; None where it is missing."""

    type: Literal["slack", "discord", "teams"]
    url: SecretStr | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSettings(ChannelSettings):
    """A channel of type telegram."""

    api: str
    chat: str
    thread: int | None = None
    token: SecretStr | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NtfySettings(ChannelSettings):
    """A channel of type ntfy."""

    url: str
    topic: str
    token: SecretStr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseSettings(ChannelSettings):
    """A channel of type apprise: addresses of services, which are secrets."""

    urls: tuple[SecretStr, ...]


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
    retention: Retention = field(default_factory=Retention)
