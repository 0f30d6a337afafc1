"""Which mails are one thread: the algorithm of jwz.org/doc/threading.html, its steps 1 to 5, as mail programs have it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from email.message import EmailMessage

MESSAGE_ID = re.compile(r"<[^<>\s]+>")
REPLY = re.compile(r"\s*(re|fwd?)(\[\d+\])?:\s*", re.IGNORECASE)


@dataclass(eq=False)
class Container:
    """A mail, or the place of one that nobody has."""

    mail: EmailMessage | None = None
    parent: Container | None = None
    children: list[Container] = field(default_factory=list)

    def adopt(self, child: Container) -> None:
        if child.parent:
            child.parent.children.remove(child)
        child.parent = self
        self.children.append(child)

    def holds(self, other: Container) -> bool:
        return self is other or any(child.holds(other) for child in self.children)

    def mails(self) -> Iterable[EmailMessage]:
        if self.mail:
            yield self.mail
        for child in self.children:
            yield from child.mails()

    @property
    def subject(self) -> str:
        """Without its "Re:"; that of the first mail in it."""
        text = next((str(mail["Subject"] or "") for mail in self.mails()), "")
        while found := REPLY.match(text):
            text = text[found.end() :]
        return text.strip()


def threads(mails: Sequence[EmailMessage], *, by_subject: bool = True) -> list[list[EmailMessage]]:
    """The mails by thread. Without `by_subject`, what they refer to alone decides."""
    table: dict[str, Container] = {}
    for mail in mails:
        _place(mail, table)
    roots = [child for one in table.values() if one.parent is None for child in _pruned(one)]
    return [list(root.mails()) for root in (_gathered(roots) if by_subject else roots)]


def _place(mail: EmailMessage, table: dict[str, Container]) -> None:
    """Step 1: the mail at its place below what it refers to; links that are there stay, and none makes a circle."""
    own = table.setdefault(_ids(mail["Message-ID"])[0], Container())
    own.mail = mail
    before: Container | None = None
    for reference in _ids(mail["References"]) or _ids(mail["In-Reply-To"])[:1]:
        one = table.setdefault(reference, Container())
        if before and one.parent is None and not one.holds(before):
            before.adopt(one)
        before = one
    if before and not own.holds(before):
        before.adopt(own)


def _pruned(root: Container) -> list[Container]:
    """Step 4: places without a mail go, but for those that hold several together at the top."""
    _prune_below(root)
    if root.mail is None and len(root.children) < 2:
        for child in root.children:
            child.parent = None
        return root.children
    return [root]


def _prune_below(container: Container) -> None:
    for child in list(container.children):
        _prune_below(child)
        if child.mail is None:
            for grandchild in list(child.children):
                container.adopt(grandchild)
            container.children.remove(child)


def _gathered(roots: list[Container]) -> list[Container]:
    """Step 5: what has the same subject is one thread."""
    by_subject: dict[str, Container] = {}
    gathered = []
    for root in roots:
        first = by_subject.setdefault(root.subject, root) if root.subject else root
        if first is root:
            gathered.append(root)
        else:
            first.adopt(root)
    return gathered


def _ids(header: str | None) -> list[str]:
    return MESSAGE_ID.findall(str(header or ""))
