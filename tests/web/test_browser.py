"""The pages in a real browser: what it draws, what it asks for, and what it complains about."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
from typing import TYPE_CHECKING

import pytest
from needs import skip_or_fail
from newsdesk import fill

from storywatch.web.server import serve

if TYPE_CHECKING:
    from pathlib import Path

    from newsdesk import Newsdesk

PAGES = ("/", "/stories/harbour-strike", "/ledger", "/sources", "/deliveries")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--hide-scrollbars",
)
COMPLAINT = re.compile(r"CONSOLE[^\n]*", re.IGNORECASE)
DEADLINE = 60.0


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        skip_or_fail("Chromium is not installed (Debian: apt install chromium)")
    return found


async def _draw(chromium: str, url: str, folder: Path, *, width: int) -> tuple[str, str]:
    """The page's elements after drawing, and what the browser wrote about it."""
    browser = await asyncio.create_subprocess_exec(
        chromium,
        *FLAGS,
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={width},1600",
        f"--screenshot={folder / 'page.png'}",
        "--dump-dom",
        url,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HOME": str(folder)},
    )
    try:
        async with asyncio.timeout(DEADLINE):
            drawn, written = await browser.communicate()
    finally:
        if browser.returncode is None:
            browser.kill()
            await browser.wait()
    return drawn.decode(), written.decode(errors="replace")


@pytest.mark.parametrize("width", [390, 1440])
def test_a_browser_draws_every_page_without_a_complaint(
    newsdesk: Newsdesk, chromium: str, tmp_path: Path, width: int
) -> None:
    """Nothing is refused by the content policy, nothing is missing, and the page shows what is new."""
    fill(newsdesk)

    async def look() -> dict[str, tuple[str, str]]:
        with socket.create_server(("127.0.0.1", 0)) as port:
            address = f"http://127.0.0.1:{port.getsockname()[1]}"
            server = serve(newsdesk.app(base_url=address), host="127.0.0.1", port=0)
            running = asyncio.ensure_future(server.serve(sockets=[port]))
            try:
                return {page: await _draw(chromium, address + page, tmp_path, width=width) for page in PAGES}
            finally:
                server.should_exit = True
                await running

    for page, (drawn, written) in asyncio.run(look()).items():
        assert COMPLAINT.findall(written) == [], page
        assert "<h1>" in drawn, page
        assert "</html>" in drawn, page
    assert (tmp_path / "page.png").stat().st_size > 10_000
