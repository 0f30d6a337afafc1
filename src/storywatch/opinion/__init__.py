"""A second opinion of a language model of the user's choice, behind an OpenAI-compatible endpoint. Off by default."""

from __future__ import annotations

from storywatch.opinion.adviser import LanguageModel, endpoint_id
from storywatch.opinion.endpoint import ChatEndpoint

__all__ = ["ChatEndpoint", "LanguageModel", "endpoint_id"]
