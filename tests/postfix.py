"""Postfix on loopback with a maildir of its own: a mail server and a mailbox as they are in the world."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mail_server import CERTIFICATE
from needs import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Iterator

POSTFIX = "/usr/sbin/postfix"
DEADLINE = 30.0
MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/spool
data_directory = {home}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example
mydestination =
mynetworks =
smtpd_relay_restrictions = reject_unauth_destination
virtual_mailbox_domains = example.org
virtual_mailbox_base = {home}/mail
virtual_mailbox_maps = inline:{{ {{ desk@example.org = desk/ }} }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate}
maillog_file = {home}/data/log
maillog_file_prefixes = {home}
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """Takes mails for desk@example.org, and for nobody else there."""

    port: int
    maildir: Path

    async def mails(self, number: int) -> list[bytes]:
        """The mails in the mailbox, once there are as many, in the order in which they came."""
        async with asyncio.timeout(DEADLINE):
            while len(found := list(self.maildir.glob("new/*"))) < number:  # noqa: ASYNC110  another program delivers
                await asyncio.sleep(0.02)
        return [path.read_bytes() for path in sorted(found, key=lambda path: path.stat().st_mtime_ns)]


@contextmanager
def postfix() -> Iterator[Postfix]:
    """A Postfix that is there until the block ends. It takes root, as its processes change to users of their own."""
    if not Path(POSTFIX).exists() or os.geteuid() != 0:
        skip_or_fail("Postfix is not installed, or this is not root (Debian: apt install postfix)")
    home = Path(tempfile.mkdtemp(prefix="postfix-"))  # a folder of pytest's is closed to the users of Postfix
    try:
        server = _written(home)
        _run(home, "start")
        try:
            yield server
        finally:
            _run(home, "stop")
    finally:
        shutil.rmtree(home)


def _written(home: Path) -> Postfix:
    home.chmod(0o755)
    for name in ("conf", "spool", "data", "mail"):
        (home / name).mkdir()
    shutil.chown(home / "data", "postfix")
    shutil.chown(home / "mail", "nobody")
    certificate = home / "server.pem"
    shutil.copy(CERTIFICATE, certificate)
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    nobody = pwd.getpwnam("nobody")
    main = MAIN.format(home=home, uid=nobody.pw_uid, gid=nobody.pw_gid, certificate=certificate)
    (home / "conf" / "main.cf").write_text(main)
    (home / "conf" / "master.cf").write_text(MASTER.format(port=port))
    return Postfix(port=port, maildir=home / "mail" / "desk")


def _run(home: Path, command: str) -> None:
    subprocess.run([POSTFIX, "-c", str(home / "conf"), command], check=True, capture_output=True)
