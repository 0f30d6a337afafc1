"""Computed ids: the same input names the same thing, so that a step done twice changes nothing."""

from __future__ import annotations

import hashlib

DIGEST_BYTES = 12


def digest(kind: str, *parts: str) -> str:
    """An id such as `dev_8f0c…`: `kind`, an underscore and 24 hexadecimal digits over the parts.

    Each part is preceded by its length, so that ("ab", "c") and ("a", "bc") differ. An id never
    contains a dot: it becomes the left side of a Message-ID and the `webhook-id` that is signed.
    """
    state = hashlib.blake2b(digest_size=DIGEST_BYTES, person=kind.encode()[:16])
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        state.update(len(data).to_bytes(8, "big"))
        state.update(data)
    return f"{kind}_{state.hexdigest()}"
