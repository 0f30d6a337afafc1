"""The table of facts of a story: what changes it, what is known, and figures that conflict."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storywatch.core.dates import days_of
from storywatch.core.facts import MAX_FACTS, MAX_OWNERS, Facts, Said
from storywatch.core.numbers import Quantity

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)


def said(text: str, owner: str = "harbor-times", *, lang: str = "en", hours: float = 0) -> Said:
    return Said(text=text, lang=lang, owner=owner, at=NOON + timedelta(hours=hours))


def told(known: list[Said], fresh: Said) -> list[tuple[str, str, str]]:
    """What the fresh sentence changes: what, old and new text."""
    return [(change.what, change.old, change.new) for change in Facts.of(known).changes(fresh)]


@pytest.mark.parametrize(
    ("known", "fresh", "change"),
    [
        ("The tanker lost 60 tonnes of oil.", "The tanker lost 410 tonnes of oil.", ("weight", "60 tonnes", "410 tonnes")),
        ("The ship has 19 sailors aboard.", "The ship has 21 sailors aboard.", ("sailors", "19 sailors", "21 sailors")),
        ("Travel advice for the province: level 1.", "Travel advice for the province: level 3.", ("level", "1", "3")),
        ("The town has zero cases of fever.", "The town has 9 cases of fever.", ("cases", "zero cases", "9 cases")),
        ("The fine is 11 million euros.", "The court set the fine at 1.1 million euros.", ("EUR", "11 million euros", "1.1 million euros")),
        ("The trial will open on 3 March.", "The trial will open on 17 March.", ("day", "3 March", "17 March")),
        ("The captain of the tanker is detained.", "The captain of the tanker was released.", ("custody", "held", "released")),
        ("The treaty will be signed in Oslo.", "The treaty was signed in Oslo.", ("signing", "to be signed", "signed")),
    ],
)  # fmt: skip
def test_another_value_for_the_same_thing_is_a_change(known: str, fresh: str, change: tuple[str, str, str]) -> None:
    """Figures, grades, sums, days and states: old and new in the words of their sentences."""
    assert told([said(known)], said(fresh, hours=48)) == [change]


@pytest.mark.parametrize(
    ("known", "fresh"),
    [
        ("The ship has 19 sailors aboard.", "Aboard the ship are 19 sailors."),
        ("About 300 prisoners were freed in the exchange.", "The exchange freed 297 prisoners."),
        ("Inflation in the country was 7.5% in May.", "The shares of the bank fell by 3%."),
        ("The ship has 19 sailors aboard.", "A bridge was built by the river."),
        ("The offer is 54 euros for each share of the firm.", "The offer values the firm at 4.05 billion euros."),
        ("The captain of the tanker is detained.", "The captain of the tanker remains detained."),
        ("The treaty was signed in Oslo.", "The treaty will be signed in Oslo."),
        ("The hearing took place on 3 January.", "The hearing took place on 5 January."),
    ],
)
def test_what_is_known_or_of_another_thing_is_no_change(known: str, fresh: str) -> None:
    """The same in other words, another percentage, what has passed: nothing is told."""
    assert told([said(known)], said(fresh, hours=48)) == []


def test_a_former_value_is_background() -> None:
    """A figure that was replaced and is retold does not come back as news, nor as the latest one."""
    facts = Facts.of([said("The ship has 19 sailors aboard."), said("The ship has 21 sailors aboard.", hours=5)])
    retold = said("At first the ship had 19 sailors aboard.", "dnipro-wire", hours=9)
    assert facts.changes(retold) == ()
    (fact,) = facts.with_sentences([retold]).known()
    assert fact.latest.written == "21 sailors"
    assert fact.heard == 3


def test_figures_that_conflict_stand_side_by_side() -> None:
    """Two owners differ within hours: both claims are kept, and the change says that it is a conflict and with whom."""
    facts = Facts.of([said("The raid killed 300 soldiers in the north.", "one")])
    other = said("The raid killed 1,000 soldiers in the north.", "two", hours=2)
    (change,) = facts.changes(other)
    assert (change.conflict, change.who) == (True, "one")
    (fact,) = facts.with_sentences([other]).table["count", "dead"]
    assert [(claim.said.owner, claim.value.value) for claim in fact.claims if isinstance(claim.value, Quantity)] == [
        ("one", 300),
        ("two", 1000),
    ]


def test_a_later_figure_or_one_by_the_same_owner_is_no_conflict() -> None:
    """Days later, or from who gave the old one, another figure is news."""
    facts = Facts.of([said("The raid killed 300 soldiers in the north.", "one")])
    assert [
        change.conflict for change in facts.changes(said("The raid killed 400 soldiers in the north.", "one", hours=1))
    ] == [False]
    assert [
        change.conflict for change in facts.changes(said("The raid killed 400 soldiers in the north.", "two", hours=60))
    ] == [False]


def test_a_figure_lends_its_fact_the_words_of_other_languages() -> None:
    """The same figure in another language is the same fact, so that the next one in that language is a change of it."""
    facts = Facts.of(
        [
            said("The prisoner weighs 84 kilograms, his lawyer said."),
            said("Адвокат сообщил, что вес заключённого 84 килограмма.", "two", lang="ru", hours=3),
        ]
    )
    assert len(facts.known()) == 1
    fresh = said("Адвокат сообщил, что вес заключённого 77 килограммов.", "two", lang="ru", hours=90)
    assert [(change.old, change.new) for change in facts.changes(fresh)] == [("84 килограмма", "77 килограммов")]


def test_a_flip_that_was_told_in_another_language_is_no_news() -> None:
    """A release known from one outlet is not told as new from the next."""
    facts = Facts.of(
        [
            said("The captain of the tanker is detained."),
            said("선장이 석방됐다", "two", lang="ko", hours=2),
        ]
    )
    assert facts.changes(said("The captain of the tanker was released.", "three", hours=5)) == ()
    again = said("The captain of the tanker was released.", "three", hours=24 * 9)
    assert [(change.old, change.new) for change in facts.changes(again)] == [("held", "released")]


def test_a_sentence_tells_its_own_change() -> None:
    """ "Up from" gives the old value, also where it was not known; who gave it before is named."""
    text = "A study finds 41 camps in the region, up from 23."
    assert [(change.old, change.new) for change in Facts().changes(said(text))] == [("23", "41 camps")]
    facts = Facts.of([said("Ministers spoke of 23 camps.", "ministry")])
    assert [(change.who, change.new) for change in facts.changes(said(text, "paper", hours=90))] == [
        ("ministry", "41 camps")
    ]
    assert Facts.of([said(text)]).changes(said(text, "two", hours=3)) == ()


def test_unheard_figures_and_days_are_told_apart_from_changes() -> None:
    """A day to come or a telling figure that nobody gave before is unheard; small counts tell nothing by themselves."""
    facts = Facts.of([said("The ship has 19 sailors aboard.")])
    fresh = said("The 21 sailors and two guards will be heard on 9 March.", hours=4)
    assert [claim.written for claim in facts.unheard(fresh)] == ["21 sailors", "9 March"]
    assert facts.with_sentences([fresh]).unheard(fresh) == ()


def test_adding_changes_no_older_table() -> None:
    """A table is a value: what is added is in the new one only."""
    facts = Facts.of([said("The ship has 19 sailors aboard.")])
    more = facts.with_sentences(
        [said("The ship has 21 sailors aboard.", hours=1), said("It holds 60 tonnes of oil.", hours=1)]
    )
    assert len(facts.known()) == 1
    assert len(more.known()) == 2
    with pytest.raises(TypeError):
        more.table["count", "sailors"] = ()  # type: ignore[index]


def test_the_table_stays_small_whatever_a_story_tells() -> None:
    """Facts of one key, owners of one fact and languages of one fact are bounded."""
    things = [
        "amber",
        "birch",
        "cedar",
        "delta",
        "ember",
        "flint",
        "grove",
        "heron",
        "islet",
        "jetty",
        "knoll",
        "larch",
        "maple",
        "notch",
        "otter",
        "pearl",
        "quail",
        "ridge",
        "slate",
        "thorn",
    ]
    facts = Facts.of(
        said(f"{thing} {thing}works {thing}shire: {20 + at}.5 percent.") for at, thing in enumerate(things)
    )
    assert len(facts.table["percent", "%"]) == MAX_FACTS
    facts = Facts.of(said("The ship has 19 sailors aboard.", f"owner-{at}") for at in range(30))
    (fact,) = facts.known()
    assert len(fact.claims) == MAX_OWNERS
    assert len(fact.contexts) == 2


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("on 12 May and June 3rd.", [(5, 12), (6, 3)]),
        ("12 травня", [(5, 12)]),
        ("am 3. März", [(3, 3)]),
        ("le 1er août", [(8, 1)]),
        ("el 5 de octubre", [(10, 5)]),
        ("22 grudnia", [(12, 22)]),
        ("до 9 июля", [(7, 9)]),
        ("1월 20일", [(1, 20)]),
        ("8月5日", [(8, 5)]),
        ("32 May, 13月1日, 20 мая", [(5, 20)]),
        ("nothing", []),
    ],
)
def test_days_are_read_in_ten_languages(text: str, days: list[tuple[int, int]]) -> None:
    """Month and day, in the order of each language."""
    assert [(day.month, day.day) for day in days_of(text)] == days


@given(st.lists(st.text(max_size=80), max_size=6))
def test_no_text_breaks_the_table(texts: list[str]) -> None:
    """Whatever is said, the table takes it, and what was just said changes no figure."""
    sentences = [said(text, lang="") for text in texts]
    facts = Facts.of(sentences)
    for sentence in sentences:
        assert facts.unheard(sentence) == ()
        facts.changes(sentence)
