"""Style sheets and the icon, read once; each address tells its content, so that browsers may keep it for good."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Self

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

TYPES = {".css": "text/css", ".svg": "image/svg+xml"}
FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Assets:
    """The static files of the package, by name."""

    root: str
    contents: Mapping[str, bytes]
    tags: Mapping[str, str]

    @classmethod
    def load(cls, root: str) -> Self:
        """Read them from the package."""
        folder = files("storywatch.web") / "static"
        contents = {item.name: item.read_bytes() for item in folder.iterdir() if _suffix(item.name) in TYPES}
        tags = {name: hashlib.sha256(body).hexdigest()[:12] for name, body in contents.items()}
        return cls(root, contents, tags)

    def url(self, name: str) -> str:
        """Where browsers find this very version of it."""
        return f"{self.root}/static/{self.tags[name]}/{name}"

    def routes(self) -> list[Route]:
        """One route for all of them."""
        return [Route("/static/{tag}/{name}", self.answer)]

    async def answer(self, request: Request) -> Response:
        """The file. An older page may ask with an older tag: it gets today's, and must not keep it."""
        name = request.path_params["name"]
        if name not in self.contents:
            raise HTTPException(404)
        current = request.path_params["tag"] == self.tags[name]
        headers = {"cache-control": FOR_GOOD if current else "no-cache"}
        return Response(self.contents[name], media_type=TYPES[_suffix(name)], headers=headers)


def _suffix(name: str) -> str:
    return name[name.rfind(".") :]
