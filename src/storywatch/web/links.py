"""The pages behind the signed links of messages. Following one changes nothing: scanners of mail do; its button acts.

Whoever has a link may do the one thing that it says, for the recipient it was made for: the signature is the right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from storywatch.core.model import SilenceKind
from storywatch.errors import StorywatchError
from storywatch.notify.links import LinkAction, read_link
from storywatch.store.acknowledgements import Acknowledgements
from storywatch.store.silences import Silences
from storywatch.web.forms import fields_of, read_body, refuse_strangers
from storywatch.web.security import LINKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from storywatch.core.model import DevelopmentId, Recipient, Silence
    from storywatch.notify.links import Link
    from storywatch.store.acknowledgements import Named
    from storywatch.store.engine import Database
    from storywatch.web.pages import Pages

log = structlog.get_logger()

NAME_COOKIE = "storywatch_name"
NAME_SECONDS = 365 * 24 * 3600
LONGEST_NAME = 60
CHOICES = {
    "day": ("for 1 day", timedelta(days=1)),
    "week": ("for 1 week", timedelta(days=7)),
    "major": ("until the next major development", None),
    "good": ("for good", None),
}
ONE_CLICK = b"List-Unsubscribe=One-Click"  # RFC 8058
ONE_CLICK_PART = re.compile(
    rb"--[^\r\n]+\r\nContent-Disposition: form-data; name=\"?List-Unsubscribe\"?\r\n(?:Content-Type: [^\r\n]+\r\n)?"
    rb"\r\nOne-Click\r\n--[^\r\n]+--(?:\r\n)?",
    re.IGNORECASE,
)
FORGED = "This link is none of ours, or not the whole of it. Copy it from the message once more."
TOO_OLD = (
    "This link was good for 90 days after its message, and they are over. The page and `storywatch mute` do the same."
)
GONE = "The development that this link is about is not in the database any more."


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Shows what a link is about, and does it on POST. `secure`: browsers reach us by https."""

    pages: Pages
    keys: Sequence[bytes]
    database: Database
    secure: bool

    def routes(self) -> list[Route]:
        """The one route."""
        return [Route(LINKS + "{token:path}", self.answer, methods=["GET", "POST"])]

    async def answer(self, request: Request) -> Response:
        """GET asks; POST acts. The address is as good as a password: it is not logged."""
        try:
            return await self._answer(request)
        except StorywatchError as error:
            log.error("link_not_answered", error=str(error))  # noqa: TRY400  the message is for a person
            raise HTTPException(503, "The database does not answer just now. Try again in a minute.") from error

    async def _answer(self, request: Request) -> Response:
        link = self._link(request.path_params["token"])
        if request.method != "POST":
            return await run_in_threadpool(self._show, link, name=_known_name(request))
        body = await read_body(request)
        if link.action is LinkAction.UNSUBSCRIBE and is_one_click(body):
            await run_in_threadpool(self._mute, link, "good", by=link.recipient.address)
            return Response(status_code=200)
        refuse_strangers(request)
        given = fields_of(body)
        name = _clean(given.get("name", "")) or _known_name(request)
        if link.action is LinkAction.ACKNOWLEDGE:
            return await run_in_threadpool(self._acknowledge, link, name=name)
        return await run_in_threadpool(self._silence, link, given, name=name)

    def _link(self, token: str) -> Link:
        link = read_link(token, self.keys)
        if link is None:
            raise HTTPException(404, FORGED)
        if link.ends_at <= self.pages.clock.now():
            raise HTTPException(410, TOO_OLD)
        return link

    # ------------------------------------------------------------------ in a thread

    def _show(self, link: Link, *, name: str) -> Response:
        if link.action is LinkAction.ACKNOWLEDGE:
            return self._acknowledge_page(link, self._development(link.development), name=name)
        return self._silence_page(link)

    def _acknowledge(self, link: Link, *, name: str) -> Response:
        found = self._development(link.development)
        if not name:
            return self._acknowledge_page(link, found, name="", nameless=True)
        notices = Acknowledgements(self.database)
        _, first = notices.acknowledge(found.id, by=name, now=self.pages.clock.now())
        log.info("link_used", action=link.action, watch_id=link.watch, changed=first)
        told = (
            "Done: nobody is reminded of it any more." if first else "It was acknowledged before; nothing was changed."
        )
        answer = self._acknowledge_page(link, self._development(found.id), name=name, told=told)
        path = f"{self.pages.root}{LINKS}"
        answer.set_cookie(
            NAME_COOKIE,
            quote(name),
            max_age=NAME_SECONDS,
            path=path,
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )
        return answer

    def _silence(self, link: Link, given: dict[str, str], *, name: str) -> Response:
        by = name or link.recipient.address
        if "undo" in given:
            now = self.pages.clock.now()
            ended = Silences(self.database).end(link.watch, recipient=link.recipient, by=by, now=now)
            log.info("link_used", action="undo", watch_id=link.watch, changed=ended is not None)
            told = (
                "Done: what is found from now on is told again." if ended else "It was not muted; nothing was changed."
            )
            return self._silence_page(link, told=told)
        choice = "good" if link.action is LinkAction.UNSUBSCRIBE else given.get("for", "")
        if choice not in CHOICES:
            return self._silence_page(link, told="Choose for how long.", status=400)
        changed = self._mute(link, choice, by=by)
        return self._silence_page(link, told="Done." if changed else "It was done before; nothing was changed.")

    def _mute(self, link: Link, choice: str, *, by: str) -> bool:
        """Mute the story for the link's recipient; whether that changed anything."""
        now = self.pages.clock.now()
        silences = Silences(self.database)
        _, span = CHOICES[choice]
        until_major = choice == "major"
        own = silences.find(link.watch, link.recipient, now=now)
        changed = own is None or not _covers(own, span, until_major=until_major)
        if changed:
            silences.begin(
                link.watch,
                SilenceKind.MUTE,
                recipient=link.recipient,
                until=now + span if span else None,
                until_major=until_major,
                by=by,
                reason="unsubscribed" if link.action is LinkAction.UNSUBSCRIBE else None,
                now=now,
            )
        log.info("link_used", action=link.action, watch_id=link.watch, changed=changed)
        return changed

    # ------------------------------------------------------------------ pages

    def _acknowledge_page(
        self, link: Link, found: Named, *, name: str, told: str | None = None, nameless: bool = False
    ) -> Response:
        return self._page(
            link,
            form=None if found.acknowledged else "acknowledge",
            headline=found.headline,
            noticed=found.acknowledged,
            name=name,
            told=told,
            nameless=nameless,
            status=400 if nameless else 200,
        )

    def _silence_page(self, link: Link, *, told: str | None = None, status: int = 200) -> Response:
        now, silences = self.pages.clock.now(), Silences(self.database)
        own = silences.find(link.watch, link.recipient, now=now)
        return self._page(
            link,
            form="undo" if own and own.kind is SilenceKind.MUTE and _lasts(link, own) else link.action,
            silences=[one for one in (own, silences.find(link.watch, None, now=now)) if one],
            told=told,
            status=status,
        )

    def _page(self, link: Link, *, form: str | None, status: int = 200, **values: Any) -> Response:
        shown: dict[str, Any] = {
            "headline": None, "noticed": None, "name": "", "nameless": False, "silences": [], **values
        }  # fmt: skip
        story = next((watch.name for watch in self.pages.watches() if watch.id == link.watch), str(link.watch))
        return self.pages.render(
            "link.html",
            status=status,
            action=link.action,
            form=form,
            story=story,
            watch=link.watch,
            whom=_whom(link.recipient),
            choices=CHOICES,
            **shown,
        )

    def _development(self, development: DevelopmentId | None) -> Named:
        found = Acknowledgements(self.database).load(development) if development else None
        if found is None:
            raise HTTPException(404, GONE)
        return found


def is_one_click(body: bytes) -> bool:
    """Is it what a mail program posts for its reader, in either form that RFC 8058 has?"""
    return body.strip() == ONE_CLICK or ONE_CLICK_PART.fullmatch(body) is not None


def _covers(own: Silence, span: timedelta | None, *, until_major: bool) -> bool:
    """Is a mute in force all that is wished for?"""
    if own.kind is not SilenceKind.MUTE:
        return False
    if own.until is None and not own.until_major:
        return True
    if until_major:
        return own.until_major and own.until is None
    return span is not None and own.until is not None and not own.until_major and own.until - own.created_at >= span


def _lasts(link: Link, own: Silence) -> bool:
    """Who unsubscribes is not served by a mute that ends."""
    return link.action is not LinkAction.UNSUBSCRIBE or (own.until is None and not own.until_major)


def _whom(recipient: Recipient) -> str:
    if recipient.address == recipient.channel:
        return f"the channel {recipient.channel}"
    return f"{recipient.address} (channel {recipient.channel})"


def _known_name(request: Request) -> str:
    return _clean(unquote(request.cookies.get(NAME_COOKIE, "")))


def _clean(name: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())[:LONGEST_NAME].strip()
