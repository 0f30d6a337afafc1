"""The web port put together: routes, guards around them, and the server that runs in the service's loop."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from storywatch.errors import StorywatchError
from storywatch.store.ledger import Ledger
from storywatch.store.opinions import OpinionView
from storywatch.store.subscriptions import Subscriptions
from storywatch.web.assets import Assets
from storywatch.web.health import Health
from storywatch.web.links import Links
from storywatch.web.pages import Pages
from storywatch.web.security import KnownHost, SafeHeaders, TokenNeeded, known_names
from storywatch.web.sessions import Sessions
from storywatch.web.websub import HubCallback

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
    from datetime import datetime, tzinfo

    from storywatch.core.model import ChannelId, Watch
    from storywatch.hubs import Hubs
    from storywatch.ports import Clock
    from storywatch.store.views import Views
    from storywatch.web.metrics import Metrics

GRACE_SECONDS = 3
SMALLEST_GZIP = 500


def build_web(  # noqa: PLR0913  the composition root names each part
    *,
    reads: Views,
    watches: Callable[[], Sequence[Watch]],
    metrics: Metrics,
    ready: Callable[[], Awaitable[Sequence[str]]],
    ticked_at: Callable[[], datetime | None],
    clock: Clock,
    zone: tzinfo,
    base_url: str,
    token: str | None,
    version: str,
    disabled: Callable[[], Mapping[ChannelId, str]] = dict,
    opinion: Callable[[], OpinionView] = OpinionView,
    hubs: Hubs | None = None,
    keys: Sequence[bytes] = (),
) -> Starlette:
    """The application.

    `watches` gives those in use now, so that a reload shows at once. `ready` says in words what keeps
    the service from working, nothing if all is well. `ticked_at` is when the engine last looked for
    work. `disabled` are the channels that can't send now, each with the reason. `opinion` is how the asking of a language model does, `hubs` who is
    called by hubs. `keys` are believed of the links in messages. Browsers reach us under `base_url`; a path in it is one that the proxy before us takes away.
    """
    ledger = Ledger(reads.database)
    root = urlsplit(base_url).path.rstrip("/")
    assets = Assets.load(root)
    pages = Pages(
        reads=reads,
        ledger_reads=ledger,
        watches=watches,
        ticked_at=ticked_at,
        disabled=disabled,
        clock=clock,
        zone=zone,
        root=root,
        asset=assets.url,
        version=version,
        may_sign_out=token is not None,
    )
    health = Health(
        reads=reads,
        ledger=ledger,
        metrics=metrics,
        clock=clock,
        ready=ready,
        ticked_at=ticked_at,
        opinion=opinion,
        hubs=Subscriptions(reads.database),
        may_explain=token is None,
    )
    routes = [*health.routes(), *assets.routes(), *pages.routes()]
    if keys:
        links = Links(pages=pages, keys=keys, database=reads.database, secure=base_url.lower().startswith("https://"))
        routes += links.routes()
    if hubs is not None:
        routes += HubCallback(hubs=hubs, metrics=metrics).routes()
    guards = [
        Middleware(SafeHeaders),
        Middleware(GZipMiddleware, minimum_size=SMALLEST_GZIP),
        Middleware(KnownHost, known_names(base_url) if token is None else None),
    ]
    if token is not None:
        sessions = Sessions(token=token, pages=pages, root=root, secure=base_url.lower().startswith("https://"))
        routes += sessions.routes()
        guards.append(Middleware(TokenNeeded, token, root))
    return Starlette(
        routes=routes,
        middleware=guards,
        exception_handlers={HTTPException: pages.tell_fault, StorywatchError: pages.tell_trouble},
    )


class QuietServer(uvicorn.Server):
    """A server that leaves signals to the service it runs in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the service's."""
        yield


def serve(app: Starlette, *, host: str, port: int) -> uvicorn.Server:
    """A server for this loop: `await server.serve()` runs it until `server.should_exit` is set.

    Open connections get three seconds to end.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return QuietServer(config)
