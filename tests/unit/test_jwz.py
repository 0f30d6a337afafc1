from __future__ import annotations

from email.message import EmailMessage

import pytest
from jwz import threads


def a_mail(name: str, *references: str, reply_to: str | None = None, subject: str | None = None) -> EmailMessage:
    mail = EmailMessage()
    mail["Message-ID"] = f"<{name}>"
    mail["Subject"] = subject or name
    if references:
        mail["References"] = " ".join(f"<{one}>" for one in references)
    if reply_to:
        mail["In-Reply-To"] = f"<{reply_to}>"
    return mail


@pytest.mark.parametrize(
    ("mails", "expected"),
    [
        ([a_mail("a"), a_mail("b")], [["a"], ["b"]]),
        ([a_mail("a"), a_mail("b", "a"), a_mail("c", "a", "b")], [["a", "b", "c"]]),
        ([a_mail("c", "a", "b"), a_mail("a")], [["a", "c"]]),
        ([a_mail("b", "lost"), a_mail("c", "lost")], [["b", "c"]]),
        ([a_mail("b", "lost", "lost-too"), a_mail("c", "lost")], [["c", "b"]]),
        ([a_mail("b", "lost")], [["b"]]),
        ([a_mail("a"), a_mail("b", reply_to="a")], [["a", "b"]]),
        ([a_mail("a", "b"), a_mail("b", "a")], [["b", "a"]]),
        ([a_mail("a", "a")], [["a"]]),
        ([a_mail("a", subject="Pier 1"), a_mail("b", subject="Re: re[2]: Pier 1")], [["a", "b"]]),
    ],
)
def test_mails_are_threaded_as_mail_programs_do(mails: list[EmailMessage], expected: list[list[str]]) -> None:
    """By what they refer to, missing mails and circles included; then by subject."""
    found = [[mail["Message-ID"].strip("<>") for mail in thread] for thread in threads(mails)]
    assert found == expected


def test_the_subject_can_be_left_out() -> None:
    """What is held together by the subject alone falls apart."""
    mails = [a_mail("a", subject="Pier 1"), a_mail("b", subject="Pier 1")]
    assert (len(threads(mails)), len(threads(mails, by_subject=False))) == (1, 2)
