"""Mails drawn by a browser: whatever the window's width, nothing runs out of it."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from builders import NOON, a_development, a_report, linker_to, tidings
from mailbag import DESK, every_kind
from needs import skip_or_fail
from test_mailboxes import HEADLINES, hostile, part, read

from storywatch.core.model import ChannelId, DeliveryId, NewSentence
from storywatch.notify.email import EmailChannel
from storywatch.notify.smtp import SmtpServer

if TYPE_CHECKING:
    from pathlib import Path

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--hide-scrollbars",
    "--window-size=1400,1600",
)
CHANNEL = EmailChannel(
    ChannelId("desk"),
    sender="storywatch@example.org",
    server=SmtpServer(host="127.0.0.1", port=1),
    linker=linker_to("https://desk.example.org"),
    timezone="Europe/Kyiv",
)
STAND = """<!doctype html><meta charset="utf-8"><body>{frames}<script>
onload = () => {{
  document.body.dataset.widths = [...document.querySelectorAll("iframe")].map((frame) => {{
    const mail = frame.contentDocument;
    return [frame.name, mail.documentElement.scrollWidth, mail.body.scrollHeight].join(" ");
  }}).join("\\n");
}};
</script>"""
FRAME = '<iframe name="{name}" style="width:{width}px;height:1200px;border:0" srcdoc="{page}"></iframe>'


def pages() -> dict[str, str]:
    """The HTML part of a mail of each kind, of a test, and of some that are hard to draw."""
    long_word = "w" * 200
    new = (NewSentence(sentence=f"{long_word} {long_word}", lang="de", old=long_word, new=long_word),)
    unbroken = tidings(
        development=a_development(headline=long_word, new=new),
        reports=(a_report(title=long_word, outlet=long_word, url="https://x.example/" + long_word),),
        why=(long_word,),
    )
    mails = {name: CHANNEL.render(message) for name, message in every_kind().items()}
    mails["unbroken"] = CHANNEL.render(unbroken)
    mails["emoji"] = CHANNEL.render(hostile(1, HEADLINES["emoji with joiners"]))
    mails["markup"] = CHANNEL.render(hostile(1, HEADLINES["HTML"]))
    mails["test"] = CHANNEL.render_test(DESK, DeliveryId("dlv_test"), now=NOON)
    return {name: part(read(raw), "html") for name, raw in mails.items()}


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        skip_or_fail("Chromium is not installed (Debian: apt install chromium)")
    return found


@pytest.mark.parametrize("width", [320, 375, 680])
def test_every_mail_fits_its_window(chromium: str, tmp_path: Path, width: int) -> None:
    """No kind of mail has to be scrolled sideways, and each is drawn from its title to its last line."""
    drawn_of = pages()
    frames = [FRAME.format(name=name, width=width, page=html.escape(page)) for name, page in drawn_of.items()]
    stand = tmp_path / "mails.html"
    stand.write_text(STAND.format(frames="".join(frames)), encoding="utf-8")
    drawn = subprocess.run(
        [chromium, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", stand.as_uri()],
        capture_output=True,
        check=True,
        timeout=60,
        env={**os.environ, "HOME": str(tmp_path)},
    ).stdout.decode()
    found = re.search(r'data-widths="([^"]+)"', drawn)
    assert found is not None
    measured = {row.split()[0]: [int(figure) for figure in row.split()[1:]] for row in found[1].splitlines()}
    assert measured.keys() == drawn_of.keys()
    assert {name for name, (across, _) in measured.items() if across > width} == set()
    assert {name for name, (_, down) in measured.items() if down < 150} == set()
