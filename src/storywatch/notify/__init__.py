"""The ways to tell people: one file a channel."""
