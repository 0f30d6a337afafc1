"""storywatch follows a story for months and tells you, once, when something new happens in it."""

__version__ = "0.1.0"
