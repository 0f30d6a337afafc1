from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mail_server import Mailbox, mail_server
from newsroom import ConfigDir, beside, email, webhook
from newsweb import OUTLETS, WATCH, NewsWeb, Running, load_stream, news_web

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def web() -> Iterator[NewsWeb]:
    """Three outlets in three languages, each with one article of before."""
    with news_web() as web:
        web.stand.show(*load_stream()[:3])
        yield web


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    with beside(mail_server(mailbox)):
        yield mailbox


@pytest.fixture
def running(tmp_path: Path, web: NewsWeb, mailbox: Mailbox) -> Iterator[Running]:
    """The service on three feeds, one watch, a webhook and a mailbox; not yet started."""
    files = ConfigDir(
        tmp_path,
        feeds=web.feeds(*OUTLETS),
        langs=OUTLETS,
        channels=webhook(web.hook) + email(mailbox.port),
        watches={"harbour-strike": WATCH},
    )
    with Running(files) as running:
        yield running
