"""`python -m storywatch` is `storywatch`."""

from __future__ import annotations

from storywatch.cli import main

if __name__ == "__main__":
    main()
