"""Is it a CSS selector that the page reader understands?"""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser, SelectolaxError


def is_selector(text: str) -> bool:
    """True for a selector, or several with commas between them, as `LexborHTMLParser.css` takes them."""
    try:
        LexborHTMLParser("<p></p>").css(text)
    except SelectolaxError:
        return False
    return True
