"""Signing in and out where the page needs a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from storywatch.web.forms import read_form, refuse_strangers
from storywatch.web.security import COOKIE, SIGN_IN, is_own_path, same_secret, session_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from storywatch.web.pages import Pages

log = structlog.get_logger()

SESSION_SECONDS = 180 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """A form that takes the token once and leaves a cookie."""

    token: str
    pages: Pages
    root: str
    secure: bool

    def routes(self) -> list[Route]:
        """The form, what it posts, and the way out."""
        return [
            Route(SIGN_IN, self.show_form),
            Route(SIGN_IN, self.sign_in, methods=["POST"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
        ]

    async def show_form(self, request: Request) -> Response:
        """The form."""
        return self._form(request.query_params.get("next", "/"))

    async def sign_in(self, request: Request) -> Response:
        """The right token gives the cookie and leads on; a wrong one is told and logged."""
        refuse_strangers(request)
        form = await read_form(request)
        if not same_secret(form.get("token", ""), self.token):
            log.warning("sign_in_refused", peer=request.client.host if request.client else None)
            return self._form(form.get("next", "/"), wrong=True)
        answer = self._lead_to(form.get("next", "/"))
        answer.set_cookie(
            COOKIE,
            session_of(self.token),
            max_age=SESSION_SECONDS,
            path=f"{self.root}/",
            secure=self.secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    async def sign_out(self, request: Request) -> Response:
        """Forget this browser."""
        refuse_strangers(request)
        answer = self._lead_to(SIGN_IN)
        answer.delete_cookie(COOKIE, path=f"{self.root}/", secure=self.secure, httponly=True, samesite="strict")
        return answer

    def _form(self, leads_to: str, *, wrong: bool = False) -> Response:
        leads_to = leads_to if is_own_path(leads_to) else "/"
        return self.pages.render("sign-in.html", status=401 if wrong else 200, next=leads_to, wrong=wrong)

    def _lead_to(self, path: str) -> RedirectResponse:
        return RedirectResponse(self.root + (path if is_own_path(path) else "/"), status_code=303)
