"""Secrets: read from the environment or a file, never from the configuration itself, never shown."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LARGEST = 65_536  # characters
WEBHOOK_BYTES = range(24, 65)
MAKE_ONE = 'make one with: echo "whsec_$(openssl rand -base64 32)"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What was found behind `name_env` or `name_file`: the value, or why there is none."""

    key: str
    value: SecretStr | None = None
    missing: str | None = None


def load_secret(
    name: str, env: str | None, file: str | None, *, directory: Path, environ: Mapping[str, str]
) -> Secret | None:
    """The secret that one of the two names; None where neither does."""
    if env is not None:
        value = environ.get(env, "")
        blank = not value.strip()
        missing = f"the environment variable {env} is {'empty' if env in environ else 'not set'}" if blank else None
        return Secret(key=f"{name}_env", value=None if blank else SecretStr(value), missing=missing)
    if file is not None:
        return load_secret_file(f"{name}_file", directory / file, shown=file)
    return None


def load_secret_file(key: str, path: Path, *, shown: str) -> Secret:
    """The text of a file without the line end that editors put there. A path that could be the secret itself isn't shown."""
    shown = shown if "/" in shown else f"that {key} names"
    try:
        with path.open(encoding="utf-8") as source:
            value = source.read(LARGEST + 1).rstrip("\r\n")
    except OSError as error:
        return Secret(key=key, missing=f"the file {shown} can't be read: {error.strerror}")
    except UnicodeDecodeError:
        return Secret(key=key, missing=f"the file {shown} is not text in UTF-8")
    if not value.strip() or len(value) > LARGEST:
        return Secret(key=key, missing=f"the file {shown} is {'too large' if value.strip() else 'empty'}")
    return Secret(key=key, value=SecretStr(value))


def signing_secrets(value: SecretStr) -> tuple[SecretStr, ...]:
    """One or two webhook secrets with a space between. Raises ValueError, which never repeats them."""
    parts = value.get_secret_value().split()
    if len(parts) > 2:  # noqa: PLR2004  old and new
        message = f"expected one signing secret, or two while rotating, found {len(parts)}"
        raise ValueError(message)
    for part in parts:
        check_signing_secret(part)
    return tuple(SecretStr(part) for part in parts)


def check_signing_secret(text: str) -> None:
    """`whsec_` and base64 of 24 to 64 bytes, as Standard Webhooks has it."""
    if not text.startswith("whsec_"):
        message = f'expected a signing secret that begins with "whsec_" (not shown); {MAKE_ONE}'
        raise ValueError(message)
    try:
        size = len(base64.b64decode(text.removeprefix("whsec_"), validate=True))
    except (binascii.Error, ValueError):
        message = f'expected base64 after "whsec_" (not shown); {MAKE_ONE}'
        raise ValueError(message) from None
    if size not in WEBHOOK_BYTES:
        message = f'expected 24 to 64 bytes in base64 after "whsec_", found {size}; {MAKE_ONE}'
        raise ValueError(message)
