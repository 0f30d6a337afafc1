"""storywatch is killed again and again while it records and sends; who receives it counts.

`python -m crash` runs it, `make crash N=500` by hand; `docs/explanation/delivery.md` says what it shows.
"""
