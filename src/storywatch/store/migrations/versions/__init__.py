"""One script a version, in order of their numbers."""
