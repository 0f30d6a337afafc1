"""When two quantities are the same, and when two sentences give another figure for the same counted thing."""

from __future__ import annotations

import re
from functools import lru_cache

from storywatch.core.quantities import Quantity, quantities_of
from storywatch.core.units import MEASURES

__all__ = [
    "Quantity",
    "changed_figure",
    "counted_things",
    "numbers_of",
    "quantities_of",
    "replaced_in",
    "same_quantity",
]

ABOUT = 0.1  # "about 300" is 270 to 330; but "about 165" is told to the nearest five
OVER = 0.5  # "more than a thousand" is not said of 1,500
ROUNDED = 0.01  # what converting and rounding to three figures may change
REACH = 24  # characters before a figure
HALF = 0.5  # of the last figure written: 1.2 million is 1.15 to 1.25
_REPLACED = re.compile(
    r"(?:\bnot|\bfrom|instead of|rather than|previous\w*|earlier|statt|zuvor|bisher|bislang|nicht|\bvon|et non|au lieu de|contre|\bpas"
    r"|y no|en lugar de|en vez de|frente a|desde|\ba nie|zamiast|wobec|\bz|а не|вместо|ранее|\bс|замість|раніше|\bз|から|ではなく|而不是|由|从)"
    r"(?: les| los| las| the| den| d[e'’]| [^\W\d_]{1,10})?\s\Z|(?:から|由|从)\Z"
)


@lru_cache(maxsize=8192)
def numbers_of(text: str) -> frozenset[float]:
    """The values of the quantities that a sentence names; ordinals, dates and times left out."""
    return frozenset(quantity.value for quantity in quantities_of(text) if quantity.kind != "ordinal")


def same_quantity(old: Quantity, new: Quantity) -> bool:
    """Can both be said of one and the same thing? Bounds, units and rounding are taken into account.

    Two exact counts are the same only if they are equal; 1.2 million and 1,204,000 are the same, 19 and 21 are not.
    """
    if old.kind != new.kind:
        return False
    factors = _factors(old, new)
    if factors is None:
        return False
    low, high = _span(old, factors[0])
    other_low, other_high = _span(new, factors[1])
    return low <= other_high and other_low <= high


def _factors(old: Quantity, new: Quantity) -> tuple[float, float] | None:
    """What brings both to one unit; None where none does."""
    if old.kind != "measure" or old.unit == new.unit:
        return (1.0, 1.0) if old.unit == new.unit or old.kind in {"count", "ordinal"} else None
    before, after = MEASURES[old.unit], MEASURES[new.unit]
    return (before.factor, after.factor) if before.dimension == after.dimension else None


def _span(quantity: Quantity, factor: float) -> tuple[float, float]:
    """The values it can stand for, in the base unit."""
    value = abs(quantity.value)
    slack = _slack(quantity)
    if quantity.most is not None:
        low, high = value, quantity.most
    elif quantity.bound == "over":
        low, high = value, value * (1 + OVER)
    elif quantity.bound == "under":
        low, high = value * (1 - OVER), value
    elif quantity.bound == "about":
        slack = min(ABOUT * value, 0.99 * _grain(value))
        low, high = value - slack, value + slack
    else:
        low, high = value - slack, value + slack
    converted = ROUNDED * value if factor != 1 else 0.0
    return (low - converted) * factor, (high + converted) * factor


def _grain(value: float) -> float:
    """To what a rough figure is rounded: 300 to hundreds, 180 to tens, 165 to fives."""
    if value != int(value):
        return 10.0 ** -len(f"{value:.12g}".partition(".")[2])
    ten = 1.0
    while value and value % (ten * 10) == 0:
        ten *= 10
    return ten * 5 if value % (ten * 5) == 0 else ten


def _slack(quantity: Quantity) -> float:
    """How far rounding may have moved an exact value: half of the last of at least two figures, none below a thousand.

    Percents and measures are rounded to half of what is written: 7.5 is 7.45 to 7.55, and 7 is 7.
    """
    value = abs(quantity.value)
    if value == 0 or (value < 1000 and quantity.kind in {"count", "ordinal", "money"}):  # noqa: PLR2004
        return 0.0
    text = f"{value:.12g}" if value < 1e15 else ""  # noqa: PLR2004
    if "." in text:
        return HALF * 10.0 ** -len(text.partition(".")[2]) * 0.999
    zeros = len(text) - len(text.rstrip("0"))
    zeros = min(zeros, max(0, len(text) - 2))
    return HALF * 10.0**zeros * 0.999 if zeros and value >= 1000 else 0.0  # noqa: PLR2004


def changed_figure(known: str, fresh: str) -> tuple[float, float] | None:
    """The one figure that two sentences give differently for the same counted thing, old and new; None if unsure.

    "19 sailors" and "three weeks" are no change, nor are two figures that could both be meant, nor what bounds,
    units and rounding explain.
    """
    change = changed_quantity(known, fresh)
    return (change[0].value, change[1].value) if change else None


@lru_cache(maxsize=2048)
def changed_quantity(known: str, fresh: str) -> tuple[Quantity, Quantity] | None:
    """The same with the quantities as the two sentences give them."""
    before, after = _things(known), _things(fresh)
    pairs: dict[tuple[float, float], tuple[Quantity, Quantity]] = {}
    for new in after:
        if any(_alike(old, new) and same_quantity(old, new) for old in before):
            continue
        for old in before:
            if _alike(old, new) and not _stands(old, after, fresh):
                pairs.setdefault((old.value, new.value), (old, new))
    return next(iter(pairs.values())) if len(pairs) == 1 else None


@lru_cache(maxsize=2048)
def replaced_in(text: str) -> tuple[Quantity, Quantity] | None:
    """The old and the new figure that a sentence itself sets against each other: "41 camps, up from 23"; None if none."""
    found = quantities_of(text)
    for old in found:
        if old.kind == "ordinal" or not _is_replaced(text, old):
            continue
        near = [new for new in found if new is not old and new.unit and _can_replace(old, new)]
        if len(near) == 1:
            return old, near[0]
    return None


def _can_replace(old: Quantity, new: Quantity) -> bool:
    """An old figure may go without its word: "3,700 workers and not 4,100"."""
    if old.kind == new.kind == "count" and not (old.unit and old.opens):
        return old.unit in {"", new.unit} and old.value != new.value and not new.opens
    return _alike(old, new) and not same_quantity(old, new)


def _stands(old: Quantity, after: list[Quantity], fresh: str) -> bool:
    """Is the old figure given again, and not only as what it was before ("and not 2.4 million", "up from 19")?"""
    again = [other for other in after if _alike(old, other) and same_quantity(old, other)]
    return any(not _is_replaced(fresh, other) for other in again)


def _is_replaced(text: str, quantity: Quantity) -> bool:
    """Do the words before it make it the old figure?"""
    start = quantity.span[0]
    return _REPLACED.search(text[max(0, start - REACH) : start].lower()) is not None


def _things(text: str) -> list[Quantity]:
    """Quantities that can be compared: not the lower ends of ranges, and nothing that counts nothing."""
    return [quantity for quantity in quantities_of(text) if quantity.unit and not quantity.opens]


def _alike(old: Quantity, new: Quantity) -> bool:
    """Are both of the same thing?"""
    if old.kind != new.kind:
        return False
    if old.kind == "measure":
        return MEASURES[old.unit].dimension == MEASURES[new.unit].dimension
    return old.unit == new.unit


def counted_things(text: str) -> frozenset[tuple[float, str]]:
    """Each figure with the unit or the stem of the word that it counts, where there is one."""
    return frozenset((quantity.value, quantity.unit) for quantity in _things(text) if quantity.kind != "ordinal")
