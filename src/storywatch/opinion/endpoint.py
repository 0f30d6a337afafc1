"""One OpenAI-compatible endpoint: a question in, the text of the answer out, within a size. Errors become ours."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx

from storywatch import __version__
from storywatch.core.urls import host_of
from storywatch.errors import FetchFailed, Forbidden, Unreadable

if TYPE_CHECKING:
    from storywatch.opinion.forms import Form

LARGEST_ANSWER: Final = 262_144  # bytes
LONGEST_TEXT: Final = 20_000  # characters: it is kept for a month
SEED: Final = 7
NO_SCHEMA: Final = frozenset({400, 415, 422, 501})  # what servers say that don't know `response_format`


@dataclass(slots=True, kw_only=True)
class ChatEndpoint:
    """`{url}/chat/completions`. `client` brings its own guard against private addresses.

    `strict`: the answer's schema goes along. A server that refuses it is asked without it from then on.
    """

    url: str
    model: str
    client: httpx.AsyncClient
    key: str | None = None
    strict: bool = True

    async def complete(self, form: Form, message: str) -> str:
        """What the model says. Raises `FetchFailed`, `Forbidden`, `Unreadable`, and `TimeoutError` for a silent one.

        It waits as long as it is let: the caller sets the limit.
        """
        try:
            body = await self._post(form, message)
        except Forbidden:
            raise
        except httpx.TimeoutException as exc:
            raise TimeoutError from exc
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            told = f"no answer from {self.host}: {str(exc) or type(exc).__name__}"
            raise FetchFailed(told) from exc
        return _content(body)

    async def _post(self, form: Form, message: str) -> bytes:
        async with self.client.stream(
            "POST",
            f"{self.url}/chat/completions",
            content=json.dumps(self._request(form, message), ensure_ascii=False).encode(),
            headers=self._headers(),
            follow_redirects=False,
            timeout=None,  # the caller sets it
        ) as response:
            if not response.is_success:
                told = f"{self.host} answered {response.status_code}"
                raise FetchFailed(told, status=response.status_code)
            return await _read(response)

    def _request(self, form: Form, message: str) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": "system", "content": form.prompt}, {"role": "user", "content": message}],
            "temperature": 0,
            "seed": SEED,
            "max_tokens": form.tokens,
            "stream": False,
        }
        if self.strict:
            schema = {"name": form.name, "strict": True, "schema": form.schema}
            request["response_format"] = {"type": "json_schema", "json_schema": schema}
        return request

    def _headers(self) -> dict[str, str]:
        headers = {
            "content-type": "application/json",
            "accept": "application/json",
            "accept-encoding": "identity",
            "user-agent": f"storywatch/{__version__}",
        }
        return headers | ({"authorization": f"Bearer {self.key}"} if self.key else {})

    @property
    def host(self) -> str:
        """For messages: the host only."""
        return host_of(self.url)


async def _read(response: httpx.Response) -> bytes:
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        message = "an odd answer: it is packed, which was not asked for"
        raise Unreadable(message)
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) > LARGEST_ANSWER:
            message = f"an odd answer: larger than {LARGEST_ANSWER:,} bytes"
            raise Unreadable(message)
    return bytes(body)


def _content(body: bytes) -> str:
    try:
        said = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError) as exc:
        message = "an odd answer: not a chat completion"
        raise Unreadable(message) from exc
    if not isinstance(said, str):
        message = "an odd answer: no text in it"
        raise Unreadable(message)
    if len(said) > LONGEST_TEXT:
        message = f"an odd answer: longer than {LONGEST_TEXT:,} characters"
        raise Unreadable(message)
    return said
