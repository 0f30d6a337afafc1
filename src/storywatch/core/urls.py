"""What an address identifies: the key under which two spellings of one address are the same."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

# Parameters that only say where the reader came from. Unknown ones stay: boards keep the article's number in one.
TRACKERS = frozenset({
    "_ga", "at_campaign", "at_custom1", "at_custom2", "at_custom3", "at_custom4", "at_link_id", "at_link_origin",
    "at_link_type", "at_medium", "at_ptr_name", "at_format", "at_bbc_team", "cmp", "cmpid", "dclid", "fbclid",
    "ftag", "gbraid", "gclid", "gclsrc", "guccounter", "guce_referrer", "guce_referrer_sig", "icid", "igshid",
    "mc_cid", "mc_eid", "mkt_tok", "mod_source", "msclkid", "ncid", "ocid", "smid", "spm", "twclid", "wbraid",
    "wt_mc", "wt_zmc", "xtor", "yclid", "ysclid",
})  # fmt: skip
TRACKER_PREFIXES = ("utm_", "hsa_", "pk_", "mtm_", "matomo_", "vero_", "_hs")
# These say where the reader came from only with such a value; else they may name the article.
MAYBE_TRACKERS = frozenset({"ref", "source", "from", "partner", "feed", "output"})
TRACKER_VALUES = frozenset({"rss", "rss1.0mainlinkauthor", "feed", "feeds", "atom", "twitter", "facebook", "telegram"})

# News searches list links that lead to the publisher only through the search's own site.
NEWS_SEARCH_HOSTS = frozenset({"news.google.com", "news.url.google.com"})
NEWS_SEARCH_PATHS = {"www.bing.com": "/news/apiclick.aspx", "bing.com": "/news/apiclick.aspx"}

DEFAULT_PORTS = {"http": 80, "https": 443}
CONTROL = re.compile(r"[\x00-\x20\x7f]+")


def url_key(url: str) -> str:
    """The canonical form of an address. It is for comparing only: never ask it, never show it.

    Scheme http and https, default port, user name, fragment, order of parameters and what merely
    says where the reader came from make no difference.
    """
    try:
        parts = urlsplit(canonicalize_url(CONTROL.sub("", url)))
        port = parts.port
    except (ValueError, UnicodeError):
        return url.strip()
    host = (parts.hostname or "").rstrip(".")
    if port is not None and port != DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{port}"
    scheme = "http" if parts.scheme == "https" else parts.scheme
    return urlunsplit((scheme, host, parts.path or "/", _without_trackers(parts.query), ""))


def _without_trackers(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    kept = [(name, value) for name, value in pairs if not _is_tracker(name.casefold(), value.casefold())]
    return query if len(kept) == len(pairs) else urlencode(kept, errors="surrogateescape")


def _is_tracker(name: str, value: str) -> bool:
    if name in TRACKERS or name.startswith(TRACKER_PREFIXES):
        return True
    return name in MAYBE_TRACKERS and value in TRACKER_VALUES


def host_of(url: str) -> str:
    """`host:port` in lower case, the port always said; empty where the address has no host."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme.lower(), 0)
    except ValueError:
        return ""
    return f"{parts.hostname.rstrip('.')}:{port}" if parts.hostname else ""


def without_password(url: str) -> str:
    """The address as it may be shown: user name and password stay with who configured them."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def web_address(url: str, base: str = "") -> str | None:
    """The absolute http or https address that `url` means on page `base`; None where it is none."""
    try:
        absolute = urljoin(base, CONTROL.sub("%20", url.strip()))
        parts = urlsplit(absolute)
    except ValueError:
        return None
    return absolute if parts.scheme in DEFAULT_PORTS and host_of(absolute) else None


def is_news_search_link(url: str) -> bool:
    """A news search's own link to an article. It is opaque, and asking it is against the search's terms."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    return host in NEWS_SEARCH_HOSTS or parts.path.lower() == NEWS_SEARCH_PATHS.get(host)
