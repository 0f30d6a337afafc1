"""Bytes to text, whatever the server claims about them.

The order is measured: a byte order mark, then UTF-8 if the bytes are valid UTF-8, then what the
document claims, then what the server claims, then a guess from the bytes.
"""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it begins with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Labels that in practice mean a larger set.
WIDER = {
    "euc_kr": "cp949",
    "ks_c-5601-1987": "cp949",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
}
# What servers and templates claim without looking; once the bytes are not UTF-8 it means nothing.
EMPTY_CLAIMS = frozenset({"utf-8", "utf-8-sig", "ascii", "iso8859-1", "cp1252"})
LAST_RESORT = "cp1252"

CLAIM_WINDOW = 4096
GUESS_WINDOW = 400_000
MAX_DAMAGE = 0.001
UTF8_GOOD_FOR_BAD = 20  # so many valid sequences outweigh one broken

ESCAPES = re.compile(rb"\x1b\$[@B]")  # of ISO-2022-JP, all of whose bytes are ASCII
DOCUMENT_CLAIM = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
HEADER_CLAIM = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
REPLACEMENT = "\ufffd"


def decode(body: bytes, content_type: str | None = None) -> str:
    """The text behind the bytes. Never fails: what can't be read becomes U+FFFD."""
    for bom, name in BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(name, "replace")
    if ESCAPES.search(body):
        return body.decode("iso2022_jp_ext", "replace")
    text = _utf8(body)
    if text is not None:
        return text
    claims = [match[1].decode("ascii", "replace") for match in DOCUMENT_CLAIM.finditer(body[:CLAIM_WINDOW])]
    claims += HEADER_CLAIM.findall(content_type or "")
    for claim in claims:
        text = _claimed(body, claim)
        if text is not None:
            return text
    return body.decode(_guess(body), "replace")


def _utf8(body: bytes) -> str | None:
    """The text if the bytes are UTF-8: whole, cut off in mid-character, or with a few broken places."""
    text = body.decode("utf-8", "replace")
    bad = text.count(REPLACEMENT)
    if bad == 0 or (bad == 1 and text.endswith(REPLACEMENT) and not text.isascii()):
        return text
    good = sum(1 for char in text if char > "\x7f") - bad
    return text if good >= UTF8_GOOD_FOR_BAD * bad else None


def _claimed(body: bytes, claim: str) -> str | None:
    try:
        name = codecs.lookup(claim).name
    except LookupError:
        name = WIDER.get(claim.lower(), "")
    if not name or name in EMPTY_CLAIMS:
        return None
    try:
        text = body.decode(WIDER.get(name, name), "replace")
    except LookupError:  # a codec that is no character set, such as "hex"
        return None
    return text if text.count(REPLACEMENT) <= MAX_DAMAGE * len(text) else None


def _guess(body: bytes) -> str:
    if len(body) > GUESS_WINDOW:  # cut where no character can be cut in two
        body = body[: body.rfind(b"<", 0, GUESS_WINDOW)]
    best = from_bytes(body).best()
    name = best.encoding if best is not None else LAST_RESORT
    return WIDER.get(codecs.lookup(name).name, name)
