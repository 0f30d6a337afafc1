from __future__ import annotations

import asyncio
import signal
import socket
from typing import TYPE_CHECKING

import httpx
import structlog
from builders import an_article

from storywatch.web.server import serve

if TYPE_CHECKING:
    from newsdesk import Newsdesk


def test_the_server_runs_in_the_loop_and_stops_when_told(newsdesk: Newsdesk) -> None:
    """It answers on a real port, leaves signals to the service, and an open connection does not hold it up."""
    newsdesk.judge(an_article())
    before = signal.getsignal(signal.SIGTERM)
    port = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{port.getsockname()[1]}"
    server = serve(newsdesk.app(), host="127.0.0.1", port=0)

    async def play() -> httpx.Response:
        async with asyncio.TaskGroup() as group, httpx.AsyncClient(trust_env=False) as client:
            running = group.create_task(server.serve(sockets=[port]))
            answer = await client.get(f"{address}/", headers={"accept": "text/html"})
            assert signal.getsignal(signal.SIGTERM) is before
            server.should_exit = True
            await asyncio.wait_for(running, timeout=5)
        return answer

    with structlog.testing.capture_logs() as logs:
        answer = asyncio.run(play())

    assert answer.status_code == 200
    assert "Harbour strike" in answer.text
    assert "server" not in answer.headers
    assert logs == []
