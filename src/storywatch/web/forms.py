"""What forms of ours post: small bodies, from our own pages alone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException

from storywatch.web.security import comes_from_us

if TYPE_CHECKING:
    from starlette.requests import Request

LARGEST_FORM = 4096
MOST_FIELDS = 8


def refuse_strangers(request: Request) -> None:
    """Raises 403 where the form that was posted is another site's."""
    if not comes_from_us(request.headers):
        raise HTTPException(403, "A form of another site was sent here; nothing was done.")


async def read_body(request: Request) -> bytes:
    """The body. Raises 413 where it is larger than a form of ours."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise HTTPException(413, "The form is too large.")
    return body


def fields_of(body: bytes) -> dict[str, str]:
    """The first value of each field. Raises 400 where there are too many."""
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(400, "That is no form of ours.") from error
    return {name: values[0] for name, values in fields.items()}


async def read_form(request: Request) -> dict[str, str]:
    """What a form posted."""
    return fields_of(await read_body(request))
