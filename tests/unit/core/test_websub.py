from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

import pytest
from builders import NOON
from hypothesis import given
from hypothesis import strategies as st

from storywatch.core.cadence import LONGEST
from storywatch.core.websub import (
    AFTER_DENIAL,
    LAST_RETRY,
    LEASE,
    LONGEST_LEASE,
    Signature,
    Trust,
    addresses_of,
    callback_path,
    due_after_call,
    is_callback,
    is_challenge,
    judge_signature,
    lease_of,
    offers_hub,
    relaxed,
    renew_at,
    retry_at,
)

SECRET = "only the hub knows"
BODY = b"<feed>whatever</feed>"


def signed(method: str, *, secret: str = SECRET, body: bytes = BODY) -> str:
    return f"{method}={hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()}"


@pytest.mark.parametrize("method", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("secure", [True, False])
def test_a_right_signature_is_right(method: str, *, secure: bool) -> None:
    """In each of the strong algorithms of the recommendation, however it is spelt."""
    header = signed(method)

    assert judge_signature(header, BODY, secret=SECRET, secure=secure) is Signature.RIGHT
    assert judge_signature(f" {header.upper()} ", BODY, secret=SECRET, secure=secure) is Signature.RIGHT


@pytest.mark.parametrize(
    ("header", "worth"),
    [
        (None, Signature.MISSING),
        ("", Signature.MISSING),
        ("sha256", Signature.MISSING),
        ("sha256=", Signature.WRONG),
        ("sha256=é", Signature.WRONG),
        ("md5=" + hmac.new(SECRET.encode(), BODY, "md5").hexdigest(), Signature.WRONG),
        ("shake_128=00", Signature.WRONG),
        (signed("sha256", secret="another"), Signature.WRONG),
        (signed("sha256", body=BODY + b" "), Signature.WRONG),
        (signed("sha256")[:-1], Signature.WRONG),
        ("sha512=" + signed("sha256").partition("=")[2], Signature.WRONG),
    ],
)
def test_any_other_signature_is_worth_nothing(header: str | None, worth: Signature) -> None:
    """Missing, cut off, of another secret, body or algorithm."""
    assert judge_signature(header, BODY, secret=SECRET, secure=True) is worth


def test_the_old_algorithm_counts_only_where_https_protects_the_call() -> None:
    """W3C WebSub demands at least sha256 where the signature is all that there is."""
    assert judge_signature(signed("sha1"), BODY, secret=SECRET, secure=True) is Signature.RIGHT
    assert judge_signature(signed("sha1", secret="x"), BODY, secret=SECRET, secure=True) is Signature.WRONG
    assert judge_signature(signed("sha1"), BODY, secret=SECRET, secure=False) is Signature.TOO_WEAK


@given(header=st.text(), body=st.binary(max_size=50))
def test_no_header_breaks_the_check(header: str, body: bytes) -> None:
    """Whatever comes, the answer is a word; and what was not signed is never right."""
    assert judge_signature(header, body, secret=SECRET, secure=True) is not Signature.RIGHT


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("8f2e", True),
        ("x" * 1024, True),
        ("x" * 1025, False),
        ("", False),
        (None, False),
        ("a\nb", False),
        ("é", False),
    ],
)
def test_only_a_short_plain_challenge_is_sent_back(text: str | None, *, may: bool) -> None:
    """Nobody makes us say something long or binary."""
    assert is_challenge(text) is may


@pytest.mark.parametrize(
    ("said", "lease"),
    [
        ("86400", timedelta(days=1)),
        (None, LEASE),
        ("0", LEASE),
        ("-5", LEASE),
        ("soon", LEASE),
        ("1e9", LEASE),
        ("999999999999", LONGEST_LEASE),
        ("9" * 400, LEASE),
    ],
)
def test_a_lease_is_read_in_bounds(said: str | None, lease: timedelta) -> None:
    """What makes no sense is the lease that was asked for."""
    assert lease_of(said) == lease


@given(said=st.one_of(st.none(), st.text(max_size=30), st.integers().map(str)))
def test_a_renewal_is_never_at_once_and_never_after_a_long_lease(said: str | None) -> None:
    """A hub can't make us ask it all the time; and four fifths of a lease of a sensible length have passed."""
    lease = lease_of(said)
    at = renew_at(lease, now=NOON)

    assert at >= NOON + timedelta(minutes=10)
    assert at == NOON + lease * 0.8 or lease < timedelta(minutes=12.5)


def test_tries_become_rare_and_never_end() -> None:
    """Five minutes, ten, twenty, ... a day, and a day for ever."""
    waits = [retry_at(asks, now=NOON) - NOON for asks in range(1, 40)]

    assert waits[:3] == [timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20)]
    assert waits == sorted(waits)
    assert waits[-1] == LAST_RETRY < AFTER_DENIAL


def test_a_call_makes_the_feed_due_now_but_not_twice_in_half_a_minute() -> None:
    """Never polled, polled long ago, polled just now; and a clock that was set back holds nothing up."""
    assert due_after_call(None, now=NOON) == NOON
    assert due_after_call(NOON - timedelta(hours=1), now=NOON) == NOON
    assert due_after_call(NOON - timedelta(seconds=10), now=NOON) == NOON + timedelta(seconds=20)
    assert due_after_call(NOON + timedelta(days=1), now=NOON) == NOON


def test_trust_is_earned_by_telling_first() -> None:
    """One proof earns it, each more makes it larger, one silence takes it away, two for good."""
    new = Trust()
    one = new.after_news(called=True)
    two = one.after_news(called=True)
    once = two.after_news(called=False)
    twice = once.after_news(called=False)

    assert [trust.earned for trust in (new, one, two, once, twice)] == [False, True, True, False, False]
    assert (one.told, two.told) == (1, 2)
    assert once.after_news(called=True).earned
    assert not once.lost
    assert twice.lost
    assert twice.after_news(called=True) == twice


def test_a_hub_that_was_only_late_was_not_silent() -> None:
    """A poll that was quicker by minutes proves nothing against it; by an hour it does, and after two nothing helps."""
    silent = Trust().after_news(called=False)
    lost = silent.after_news(called=False)
    soon, late = NOON + timedelta(minutes=3), NOON + timedelta(hours=1)

    assert silent.after_late_call(checked_at=NOON, now=soon) == Trust()
    assert silent.after_late_call(checked_at=NOON, now=late) == silent
    assert silent.after_late_call(checked_at=None, now=soon) == silent
    assert lost.after_late_call(checked_at=NOON, now=soon) == lost
    assert Trust(told=3).after_late_call(checked_at=NOON, now=soon) == Trust(told=3)


def test_polls_of_a_trusted_feed_become_rare_and_never_stop() -> None:
    """Twice, four times, ... as long as planned, up to six hours; what was planned for later stays."""
    plan = timedelta(minutes=20)

    assert relaxed(plan, Trust()) == plan
    assert relaxed(plan, Trust(told=1)) == timedelta(minutes=40)
    assert relaxed(plan, Trust(told=3)) == timedelta(minutes=160)
    assert relaxed(plan, Trust(told=99)) == LONGEST
    assert relaxed(timedelta(hours=9), Trust(told=9)) == timedelta(hours=9)
    assert relaxed(plan, Trust(told=9, silent=2)) == plan


@pytest.mark.parametrize(
    ("hub", "topic", "offers"),
    [
        ("https://hub.example/", "https://feed.example/rss", True),
        ("http://hub.example/?a=1", "http://feed.example/rss", True),
        (None, "https://feed.example/rss", False),
        ("https://hub.example/", None, False),
        ("https://hub.example/", "", False),
        ("ftp://hub.example/", "https://feed.example/rss", False),
        ("javascript:alert(1)", "https://feed.example/rss", False),
        ("/hub", "https://feed.example/rss", False),
        ("https://hub.example/", "https://feed.example/" + "x" * 2048, False),
        ("https://hub.example/ x", "https://feed.example/rss", False),
        ("https://hub.example/\u202e", "https://feed.example/rss", False),
    ],
)
def test_only_web_addresses_of_a_sensible_length_are_a_hub(hub: str | None, topic: str | None, *, offers: bool) -> None:
    """A feed can say anything."""
    assert offers_hub(hub, topic) is offers


def test_a_hub_is_asked_by_https_first() -> None:
    """Even where the feed says http; another port is what it is."""
    assert addresses_of("http://hub.example/a?b=1") == ("https://hub.example/a?b=1", "http://hub.example/a?b=1")
    assert addresses_of("http://hub.example:80/") == ("https://hub.example/", "http://hub.example:80/")
    assert addresses_of("http://hub.example:8080/") == ("http://hub.example:8080/",)
    assert addresses_of("https://hub.example/") == ("https://hub.example/",)


def test_an_address_for_hubs_has_one_shape() -> None:
    """What looks otherwise is not let through."""
    token = "aB3_-" * 8 + "xyz"

    assert is_callback(callback_path(token))
    for path in ("/websub/", "/websub/short", f"/websub/{token}x", f"/websub/{token}/", f"/x/websub/{token}", "/", ""):
        assert not is_callback(path)
    assert not is_callback(callback_path(token) + "\n")
