from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import an_article
from structlog.testing import capture_logs

if TYPE_CHECKING:
    import httpx
    from newsdesk import Newsdesk

TOKEN = "correct horse battery staple"
LOCKED = {"token": TOKEN}
PROTECTED = ["/", "/stories/harbour-strike", "/ledger", "/sources", "/deliveries", "/metrics", "/nowhere"]


def sign_in(newsdesk: Newsdesk, token: str, *, leads_to: str = "/", **asked: str) -> httpx.Response:
    given = {"token": TOKEN, "base_url": asked.pop("base_url", "http://desk.example:8480")}
    return newsdesk.ask("/sign-in", method="POST", given=given, data={"token": token, "next": leads_to}, headers=asked)


def cookie_of(newsdesk: Newsdesk) -> str:
    return sign_in(newsdesk, TOKEN).headers["set-cookie"].partition(";")[0]


@pytest.mark.parametrize("path", ["/", "/healthz", "/metrics", "/nowhere", "/static/x/desk.css"])
def test_every_answer_forbids_what_a_page_of_ours_never_needs(newsdesk: Newsdesk, path: str) -> None:
    """Whatever slips into a page, the browser runs no script, loads nothing from elsewhere and shows it in no frame."""
    headers = newsdesk.ask(path).headers

    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_pages_are_kept_by_nobody_and_styles_for_good(newsdesk: Newsdesk) -> None:
    """A shared cache never holds a story; a browser never asks twice for the same style."""
    page = newsdesk.ask("/")
    href = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    style = newsdesk.ask(href, headers={"accept-encoding": "gzip"})

    assert page.headers["cache-control"] == "private, no-store"
    assert style.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert style.headers["content-encoding"] == "gzip"
    assert style.headers["content-type"].startswith("text/css")
    assert newsdesk.ask("/static/older/desk.css").headers["cache-control"] == "no-cache"
    assert newsdesk.ask("/static/x/server.py").status_code == 404
    assert newsdesk.ask("/static/x/..%2fserver.py").status_code == 404


@pytest.mark.parametrize("path", ["/", "/ledger", "/healthz", "/metrics"])
def test_nothing_can_be_posted_to_a_page(newsdesk: Newsdesk, path: str) -> None:
    """Pages are read, with GET or HEAD."""
    for method in ("POST", "PUT", "DELETE"):
        answer = newsdesk.ask(path, method=method)
        assert answer.status_code == 405
        assert "GET" in answer.headers["allow"]
    assert newsdesk.ask(path, method="HEAD").status_code == 200
    assert newsdesk.ask(path, method="HEAD").content == b""


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8480", "localhost", "LOCALHOST:1", "[::1]:8480", "desk.example:8480", "desk.example."]
)
def test_a_page_without_a_token_answers_to_its_own_names(newsdesk: Newsdesk, host: str) -> None:
    """Loopback and the host of base_url."""
    given = {"base_url": "https://desk.example"}

    assert newsdesk.ask("/", given=given, headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "10.0.0.1:8480"])
def test_a_foreign_page_cannot_reach_us_by_a_name_of_its_own(newsdesk: Newsdesk, host: str) -> None:
    """A name that was pointed at loopback gets nothing but the way out."""
    answer = newsdesk.ask("/", headers={"host": host})

    assert answer.status_code == 421
    assert "base_url in [web]" in answer.text
    assert "Harbour" not in answer.text


def test_with_a_token_any_name_will_do(newsdesk: Newsdesk) -> None:
    """Whoever shows the token may come through a proxy of any name."""
    asked = {"host": "proxy.example", "authorization": f"Bearer {TOKEN}"}

    assert newsdesk.ask("/", given=LOCKED, headers=asked).status_code == 200


@pytest.mark.parametrize("path", PROTECTED)
def test_without_the_token_nothing_is_shown(newsdesk: Newsdesk, path: str) -> None:
    """A browser is led to the form, a program is told what is missing; neither learns whether a page is there."""
    browser = newsdesk.ask(path, given=LOCKED)
    program = newsdesk.ask(path, given=LOCKED, headers={"accept": "*/*"})

    assert browser.status_code == 303
    assert browser.headers["location"].startswith("/sign-in?next=%2F")
    assert program.status_code == 401
    assert program.headers["www-authenticate"].startswith("Bearer")
    assert "Harbour" not in browser.text + program.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_need_no_token_and_learn_little(newsdesk: Newsdesk, path: str) -> None:
    """An orchestrator needs a status and nothing more."""
    newsdesk.faults.append("database /secret/place can't be written")

    assert newsdesk.ask(path, given=LOCKED).text in {"ok\n", "not ready\n"}


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer wrong"},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": "Bearer"},
        {"authorization": "Bearer ключ".encode().decode("latin-1")},
        {"cookie": "storywatch_session=" + "0" * 64},
        {"cookie": f"storywatch_session={TOKEN}"},
        {"cookie": "storywatch_session"},
        {"cookie": "(x)=;;\\"},
    ],
)
def test_a_wrong_token_is_no_token(newsdesk: Newsdesk, headers: dict[str, str]) -> None:
    """Nothing but the very token, or the cookie that follows from it, opens the page."""
    asked = {name: value.encode("latin-1") for name, value in headers.items()}

    assert newsdesk.ask("/metrics", given=LOCKED, headers={"accept": "*/*", **asked}).status_code == 401


@pytest.mark.parametrize("path", ["/", "/metrics"])
def test_the_token_opens_in_a_header(newsdesk: Newsdesk, path: str) -> None:
    """Prometheus and scripts send it as a bearer."""
    assert newsdesk.ask(path, given=LOCKED, headers={"authorization": f"bearer {TOKEN}"}).status_code == 200


def test_signing_in_leaves_a_cookie_that_tells_nothing(newsdesk: Newsdesk) -> None:
    """The cookie opens the page, is kept from scripts and other sites, and is not the token."""
    answer = sign_in(newsdesk, TOKEN, leads_to="/ledger?verdict=possible")
    cookie = answer.headers["set-cookie"]

    assert answer.status_code == 303
    assert answer.headers["location"] == "/ledger?verdict=possible"
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert TOKEN not in cookie
    assert "Sign out" in newsdesk.ask("/", given=LOCKED, headers={"cookie": cookie_of(newsdesk)}).text


def test_over_https_the_cookie_travels_only_there(newsdesk: Newsdesk) -> None:
    """A cookie of an encrypted page is never sent in the clear."""
    assert "Secure" in sign_in(newsdesk, TOKEN, base_url="https://desk.example").headers["set-cookie"]


def test_a_wrong_token_at_the_form_is_said_and_logged(newsdesk: Newsdesk) -> None:
    """The reader sees it at the field; the operator sees from where, and never what was typed."""
    with capture_logs() as logs:
        answer = sign_in(newsdesk, "guessed", leads_to="/ledger")

    assert answer.status_code == 401
    assert "That is not the token." in answer.text
    assert 'name="next" value="/ledger"' in answer.text
    assert [line["event"] for line in logs] == ["sign_in_refused"]
    assert "guessed" not in str(logs)


@pytest.mark.parametrize(
    "leads_to", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", "/a\nb", ""]
)
def test_signing_in_never_leads_to_another_site(newsdesk: Newsdesk, leads_to: str) -> None:
    """A link to the form can't be made to end elsewhere."""
    assert sign_in(newsdesk, TOKEN, leads_to=leads_to).headers["location"] == "/"
    form = newsdesk.ask("/sign-in", given=LOCKED, params={"next": leads_to}).text
    assert 'name="next" value="/"' in form
    assert "evil" not in form


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 303),
        ({"origin": "http://127.0.0.1:8480"}, 303),
        ({"origin": "null"}, 303),
    ],
)
def test_a_form_of_another_site_is_refused(newsdesk: Newsdesk, headers: dict[str, str], status: int) -> None:
    """Only our own pages post to us."""
    assert sign_in(newsdesk, TOKEN, **headers).status_code == status


def test_signing_out_forgets_the_browser(newsdesk: Newsdesk) -> None:
    """The cookie is taken back, and only by a form of ours."""
    cookie = {"cookie": cookie_of(newsdesk)}

    answer = newsdesk.ask("/sign-out", method="POST", given=LOCKED, headers=cookie)

    assert answer.headers["location"] == "/sign-in"
    assert 'storywatch_session=""' in answer.headers["set-cookie"]
    assert newsdesk.ask("/sign-out", given=LOCKED, headers=cookie).status_code == 405
    foreign = {**cookie, "sec-fetch-site": "cross-site"}
    assert newsdesk.ask("/sign-out", method="POST", given=LOCKED, headers=foreign).status_code == 403


def test_a_huge_form_is_not_read_to_its_end(newsdesk: Newsdesk) -> None:
    """Nobody fills our memory through the form."""
    assert sign_in(newsdesk, "x" * 10_000).status_code == 413


def test_without_a_token_there_is_nothing_to_sign_in_to(newsdesk: Newsdesk) -> None:
    """An open page on loopback has no form and no way out."""
    assert newsdesk.ask("/sign-in").status_code == 404
    assert "Sign out" not in newsdesk.ask("/").text


def test_reading_changes_nothing(newsdesk: Newsdesk) -> None:
    """Scanners of mails follow every link; the database stays what it was."""
    newsdesk.judge(an_article())
    with newsdesk.database.read() as connection:
        before = connection.exec_driver_sql("SELECT total_changes(), (SELECT max(id) FROM delivery)").all()

    for path in ("/", "/stories/harbour-strike", "/ledger", "/sources", "/deliveries", "/metrics", "/readyz"):
        newsdesk.ask(path)

    with newsdesk.database.read() as connection:
        after = connection.exec_driver_sql("SELECT total_changes(), (SELECT max(id) FROM delivery)").all()
    assert before == after
