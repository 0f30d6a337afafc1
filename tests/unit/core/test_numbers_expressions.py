"""A table of expressions in ten languages with the quantities that a person reads in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from storywatch.core.numbers import quantities_of

TABLE = Path(__file__).parents[2] / "data" / "expressions.tsv"
ROWS = [line.split("\t") for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#")]
LANGUAGES = {"en", "uk", "ru", "ko", "ja", "zh", "de", "fr", "es", "pl"}


@pytest.mark.parametrize(("lang", "text", "expected"), ROWS, ids=[f"{lang}: {text}" for lang, text, _ in ROWS])
def test_expressions_are_read_as_people_read_them(lang: str, text: str, expected: str) -> None:
    """Value, kind, unit and bound of every quantity in the table, and of none that isn't there."""
    read = [f"{found.value:.12g} {found.kind} {found.unit or '.'} {found.bound}" for found in quantities_of(text)]
    assert (" | ".join(read) or "-") == expected


def test_the_table_is_large_and_speaks_every_language() -> None:
    """Ten languages, fifteen expressions in each at the least."""
    counts = {lang: sum(row[0] == lang for row in ROWS) for lang in LANGUAGES}
    assert {row[0] for row in ROWS} == LANGUAGES
    assert min(counts.values()) >= 15
    assert len(ROWS) >= 150
