"""Bytes to values: feeds, pages and their character sets. Everything read here is hostile.

The readers are loaded in worker processes only (`storywatch.parse.worker`): they are slow to import,
and what they read can hang or bloat them.
"""
