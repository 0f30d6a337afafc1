"""The pages for people: stories, timelines, the ledger, why, sources, deliveries. Each is one question answered."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from storywatch.core.model import DeliveryState, Label, WatchId
from storywatch.core.troubles import SILENT_FEED
from storywatch.notify.languages import language_name
from storywatch.store.views import StoryView
from storywatch.web import show
from storywatch.web.trouble import (
    Sign,
    State,
    signs_of_trouble,
    state_of_feed,
    states_of_story,
    tell_baseline,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import tzinfo

    from starlette.requests import Request

    from storywatch.core.model import ChannelId, Watch
    from storywatch.ports import Clock
    from storywatch.store.ledger import Ledger
    from storywatch.store.views import DevelopmentView, FeedView, Views

log = structlog.get_logger()

ROWS = 200
LATEST = 3
GRAVITY = {"bad": 0, "wait": 1, "off": 2, "ok": 3}
MEANINGS = {
    Label.DEVELOPMENT: "It tells something new in the story.",
    Label.POSSIBLE: "It is about the story, and it is doubtful whether anything in it is new.",
    Label.REPEAT: "It is about the story, and tells what an earlier report told.",
    Label.BACKGROUND: "It is about the story, and tells nothing new in it.",
    Label.OFF_TOPIC: "It is not about the story.",
}
NEVER = datetime.min.replace(tzinfo=UTC)
NOTHING_YET = StoryView(
    watch="",
    name="",
    judged=0,
    about=0,
    developments=0,
    possible=0,
    last_headline=None,
    last_severity=None,
    last_at=None,
)
NOT_FOUND = "There is no page at this address."
HEADINGS = {403: "Refused", 404: "Not found", 405: "Not that way", 410: "Too late", 413: "Too large", 503: "Not now"}


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("storywatch.web"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        language=language_name,
        direction=show.direction,
        web_address=show.web_address,
        number=show.number,
        signed=show.signed,
        span=show.span,
        short_span=show.short_span,
        same_name=show.same_name,
        pull_width=show.pull_width,
    )
    environment.globals.update(counted=show.counted)
    return environment


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRow:
    """A story as it is listed: its watch, what the store counts, its newest developments, its state in words."""

    watch: Watch
    view: StoryView
    latest: list[DevelopmentView]
    states: list[State]
    baseline: str


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed as it is listed."""

    view: FeedView
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Renders what `reads` gives. Reading happens in a thread, so that a slow disk holds up nobody else."""

    reads: Views
    ledger_reads: Ledger
    watches: Callable[[], Sequence[Watch]]
    ticked_at: Callable[[], datetime | None]
    disabled: Callable[[], Mapping[ChannelId, str]]
    clock: Clock
    zone: tzinfo
    root: str
    asset: Callable[[str], str]
    version: str
    may_sign_out: bool
    environment: Environment = field(default_factory=_environment)

    def routes(self) -> list[Route]:
        """All pages for people."""
        return [
            Route("/", self.stories),
            Route("/stories/{watch}", self.story),
            Route("/why/{watch}/{reference}", self.why),
            Route("/ledger", self.ledger),
            Route("/sources", self.sources),
            Route("/deliveries", self.deliveries),
        ]

    async def stories(self, _request: Request) -> Response:
        """What is new, by story."""
        return await run_in_threadpool(self._stories)

    async def story(self, request: Request) -> Response:
        """One story's timeline, newest first."""
        return await run_in_threadpool(self._story, request.path_params["watch"])

    async def why(self, request: Request) -> Response:
        """The verdict on one article in one story, with its evidence."""
        return await run_in_threadpool(self._why, request.path_params["watch"], request.path_params["reference"])

    async def ledger(self, request: Request) -> Response:
        """What was judged last, alerted or not."""
        asked = request.query_params
        return await run_in_threadpool(self._ledger, asked.get("watch") or None, asked.get("verdict") or None)

    async def sources(self, _request: Request) -> Response:
        """Every feed and how it does."""
        return await run_in_threadpool(self._sources)

    async def deliveries(self, _request: Request) -> Response:
        """What was sent, what waits, what stopped."""
        return await run_in_threadpool(self._deliveries)

    # ------------------------------------------------------------------ in a thread

    def _stories(self) -> Response:
        feeds = self.reads.feeds()
        views = {view.watch: view for view in self.reads.stories()}
        rows = [self._row(watch, views, feeds, limit=LATEST) for watch in self.watches()]
        rows.sort(key=lambda row: row.view.last_at or NEVER, reverse=True)
        in_use = sum(feed.enabled for feed in feeds)
        return self.render("stories.html", here="/", rows=rows, in_use=in_use)

    def _story(self, watch_id: str) -> Response:
        watch = self._watch(watch_id)
        views = {view.watch: view for view in self.reads.stories()}
        row = self._row(watch, views, self.reads.feeds(), limit=ROWS)
        return self.render("story.html", here="/stories", row=row, rows_shown=ROWS)

    def _row(self, watch: Watch, views: Mapping[str, StoryView], feeds: Sequence[FeedView], *, limit: int) -> StoryRow:
        view = views.get(watch.id, replace(NOTHING_YET, watch=watch.id, name=watch.name))
        return StoryRow(
            watch=watch,
            view=view,
            latest=self.reads.timeline(watch.id, limit=limit) if view.developments else [],
            states=states_of_story(watch, view, feeds, disabled=self.disabled(), now=self.clock.now()),
            baseline=tell_baseline(watch, feeds),
        )

    def _why(self, watch_id: str, reference: str) -> Response:
        article_id = self.ledger_reads.find_article(WatchId(watch_id), reference)
        if article_id is None:
            raise HTTPException(404, "No such article was judged for this story.")
        [article] = self.reads.explain(article_id, limit=1).articles
        [verdict] = [verdict for verdict in article.verdicts if verdict.watch == watch_id]
        name = self._names().get(watch_id, watch_id)
        return self.render(
            "why.html", here="/why", article=article, verdict=verdict, name=name, meaning=MEANINGS[Label(verdict.label)]
        )

    def _ledger(self, watch_id: str | None, label: str | None) -> Response:
        watch = self._watch(watch_id).id if watch_id else None
        if label is not None and label not in set(Label):
            raise HTTPException(404, f"There is no verdict {label!r}; there are {', '.join(Label)}.")
        lines = self.ledger_reads.lines(watch=watch, label=Label(label) if label else None, limit=ROWS)
        return self.render(
            "ledger.html",
            here="/ledger",
            lines=lines,
            watches=self.watches(),
            labels=list(Label),
            chosen_watch=watch,
            chosen_label=label,
            names=self._names(),
            rows_shown=ROWS,
        )

    def _sources(self) -> Response:
        now = self.clock.now()
        silences = {one.subject: one for one in self.ledger_reads.pulse().troubles if one.kind == SILENT_FEED}
        feeds = [
            FeedRow(feed, state_of_feed(feed, now=now, silence=silences.get(f"{SILENT_FEED}:{feed.id}")))
            for feed in self.reads.feeds()
            if feed.enabled
        ]
        feeds.sort(key=lambda feed: (GRAVITY[feed.state.kind], feed.view.id))
        well = sum(feed.state.kind == "ok" for feed in feeds)
        return self.render("sources.html", here="/sources", feeds=feeds, well=well)

    def _deliveries(self) -> Response:
        return self.render(
            "deliveries.html",
            here="/deliveries",
            names=self._names(),
            disabled=self.disabled(),
            dead=self.reads.deliveries(state=DeliveryState.DEAD, limit=ROWS),
            waiting=self.reads.deliveries(state=DeliveryState.WAITING, limit=ROWS),
            sent=self.reads.deliveries(state=DeliveryState.SENT, limit=ROWS),
        )

    # ------------------------------------------------------------------

    def render(
        self,
        template: str,
        *,
        here: str | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Response:
        """A page of the shell; without `here` it has no navigation."""
        now = self.clock.now()
        text = self.environment.get_template(template).render(
            show=show.Show(now, self.zone),
            pulse=self._pulse(now) if here else None, zone=self.zone, root=self.root, asset=self.asset,
            version=self.version, sign_out=self.may_sign_out, here=here, **values,
        )  # fmt: skip
        return HTMLResponse(text, status_code=status, headers=headers)

    async def tell_fault(self, request: Request, fault: Exception) -> Response:
        """What could not be answered, and why."""
        assert isinstance(fault, HTTPException)
        text = NOT_FOUND if fault.detail == "Not Found" else fault.detail
        return self._tell(request, text, status=fault.status_code, headers=fault.headers)

    async def tell_trouble(self, request: Request, trouble: Exception) -> Response:
        """The store did not answer: it says itself what is wrong."""
        log.error("page_failed", path=request.url.path, error=str(trouble))
        return self._tell(request, str(trouble), status=503)

    def _tell(self, request: Request, text: str, *, status: int, headers: Mapping[str, str] | None = None) -> Response:
        """As a page to a browser, in one line to a program."""
        if "text/html" not in request.headers.get("accept", ""):
            return PlainTextResponse(f"{text}\n", status_code=status, headers=headers)
        heading = HEADINGS.get(status, "That did not work")
        return self.render("message.html", status=status, headers=headers, heading=heading, text=text)

    def _pulse(self, now: datetime) -> list[Sign]:
        return signs_of_trouble(self.ledger_reads.pulse(), ticked_at=self.ticked_at(), now=now)

    def _watch(self, watch_id: str) -> Watch:
        for watch in self.watches():
            if watch.id == watch_id:
                return watch
        raise HTTPException(404, f"There is no story {watch_id!r} in the watchlist.")

    def _names(self) -> dict[str, str]:
        return {watch.id: watch.name for watch in self.watches()}
