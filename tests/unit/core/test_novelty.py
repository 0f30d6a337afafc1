from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOON, a_watch, an_article, plain_weights
from encoders import WordEncoder

from storywatch.core.model import Label, Match, Verdict
from storywatch.core.novelty import weigh_news
from storywatch.core.relevance import weigh_evidence
from storywatch.core.story import Story, watch_texts
from storywatch.pipeline import read_closely

if TYPE_CHECKING:
    from storywatch.core.model import Article

ENCODER = WordEncoder(384)
BODY = (
    "The tanker ran aground off the cape on Monday.",
    "The tanker lost 60 tonnes of oil, the harbour office said.",
    "The captain of the tanker is detained.",
)


def report(*paragraphs: str, **changes: Any) -> Article:
    return an_article(title="Tanker aground off the cape", summary="", paragraphs=paragraphs or BODY, **changes)


def story_of(*articles: Article) -> Story:
    watch = a_watch(name="Tanker aground", about="The tanker that ran aground off the cape.")
    texts = watch_texts(watch)
    vectors = dict(zip(texts, ENCODER.encode(texts), strict=True))
    story = Story.begin(watch, vectors, lang="en", weights=plain_weights())
    for article in articles:
        reading = read_closely(article, ENCODER)
        repeat = Verdict(verdict=Label.REPEAT, score=0.1)
        story = story.learn(story.judged(reading, Match(relevance=0.9, about=True), repeat, None))
    return story


def figures(article: Article, story: Story) -> dict[str, float]:
    look = story.look_at(read_closely(article, ENCODER))
    evidence = weigh_evidence(look, story).features
    return weigh_news(look, story, relevance=0.9, evidence=evidence).features


def changed(old: str, new: str) -> tuple[str, ...]:
    return tuple(text.replace(old, new) for text in BODY)


EDITED = ("edited_meaning", "edited_added")


def test_another_figure_at_a_known_address_is_an_edit_that_means_something() -> None:
    """One number in an otherwise equal text is seen, in the edit and in the table of facts."""
    edit = report(*changed("60 tonnes", "410 tonnes"), seen_at=NOON + timedelta(days=2))
    found = figures(edit, story_of(report()))
    assert found["edited"] == 1.0
    assert found["edited_meaning"] > 0
    assert found["edited_added"] == 0
    assert found["fact_changes"] > 0
    assert found["fact_surest"] > 0


def test_the_same_text_again_is_no_edit() -> None:
    """Nothing came, nothing changed, and no fact is told otherwise."""
    found = figures(report(seen_at=NOON + timedelta(days=2)), story_of(report()))
    assert [found[name] for name in EDITED] == [0.0, 0.0]
    assert [found[name] for name in ("fact_changes", "fact_unheard", "fact_states")] == [0.0, 0.0, 0.0]
    assert found["edited_most"] == pytest.approx(0.0, abs=1e-5)


def test_other_words_at_a_known_address_mean_nothing() -> None:
    """A corrected typing error is an edit without news."""
    edit = report(*changed("harbour office", "harbor office"), seen_at=NOON + timedelta(days=2))
    found = figures(edit, story_of(report()))
    assert [found[name] for name in EDITED] == [0.0, 0.0]


def test_a_sentence_that_an_edit_adds_is_counted() -> None:
    """The more are added, the more; only against the last version at that address."""
    story = story_of(report(), report(*BODY, "Divers found a crack.", seen_at=NOON + timedelta(hours=1)))
    edit = report(
        *BODY,
        "Divers found a crack.",
        "Birds covered in oil were washed ashore at dawn.",
        seen_at=NOON + timedelta(days=1),
    )
    one = figures(edit, story)["edited_added"]
    two = figures(edit, story_of(report()))["edited_added"]
    assert two > one > 0


def test_another_address_is_no_edit() -> None:
    """A second report with another figure changes facts, and edits nothing."""
    other = report(
        *changed("60 tonnes", "410 tonnes"),
        url="https://other.example/1",
        owner="other",
        seen_at=NOON + timedelta(days=2),
    )
    found = figures(other, story_of(report()))
    edits = [name for name in found if name.startswith("edited")]
    assert len(edits) == 5
    assert [found[name] for name in edits] == [0.0] * 5
    assert found["fact_changes"] > 0


def test_another_state_is_a_change_of_facts() -> None:
    """Who was detained and is released."""
    released = report(
        *changed("is detained", "was released"), url="https://other.example/1", seen_at=NOON + timedelta(days=2)
    )
    found = figures(released, story_of(report()))
    assert found["fact_states"] > 0
    assert found["fact_changes_head"] == 0


def test_another_owners_figure_within_hours_is_a_conflict() -> None:
    """Two outlets that disagree on the same day: neither is the news of a change yet."""
    other = report(
        *changed("60 tonnes", "410 tonnes"),
        url="https://other.example/1",
        owner="other",
        seen_at=NOON + timedelta(hours=1),
    )
    found = figures(other, story_of(report()))
    assert found["fact_conflicts"] > 0
    assert found["fact_changes"] == 0


def test_a_figure_that_nobody_gave_before_is_unheard() -> None:
    """Also where nothing is changed by it; in the title it counts for the head."""
    story = story_of(report())
    body = figures(report(*BODY, "The fine is 11 million euros.", url="https://b.example/1"), story)
    head = figures(an_article(title="Tanker's owner fined 11 million euros", url="https://c.example/1"), story)
    assert (body["fact_unheard"] > 0, body["fact_unheard_head"]) == (True, 0.0)
    assert head["fact_unheard_head"] > 0


def test_what_is_planned_in_the_head_is_seen() -> None:
    """A title that tells what is to come."""
    story = story_of(report())
    planned = an_article(title="Court will rule on the tanker on Friday", url="https://b.example/1", summary="")
    assert figures(planned, story)["planned_head"] == 1.0
    assert figures(report(url="https://b.example/2"), story)["planned_head"] == 0.0


def told_story(label: Label, *articles: Article) -> Story:
    """The story with these articles behind it, each with this verdict and a score of a half."""
    story = story_of()
    for article in articles:
        reading = read_closely(article, ENCODER)
        story = story.learn(
            story.judged(reading, Match(relevance=0.9, about=True), Verdict(verdict=label, score=0.5), None)
        )
    return story


def test_what_was_told_and_what_was_left_in_doubt_are_kept_apart() -> None:
    """The same report again is something else where the first was told than where it was only possible."""
    again = report(url="https://b.example/2", seen_at=NOON + timedelta(hours=3))
    told, doubtful, repeated = (
        figures(again, told_story(label, report())) for label in (Label.DEVELOPMENT, Label.POSSIBLE, Label.REPEAT)
    )
    assert (told["same_told"] > 0, told["same_doubtful"], told["same_doubts"]) == (True, 0.0, 0.0)
    assert (doubtful["same_told"], doubtful["same_doubtful"] > 0, doubtful["same_doubts"] > 0) == (0.0, True, True)
    assert doubtful["same_doubtful"] == pytest.approx(doubtful["same_most"] / 2)
    assert (repeated["same_told"], repeated["same_doubtful"]) == (0.0, 0.0)


def test_a_preview_names_a_day_that_was_announced() -> None:
    """The hearing set for Friday is news once; on its eve the day is known, and another day is not."""
    first = report("The court will hear the captain on Friday, 13 March.", seen_at=NOON)
    story = story_of(first)
    later = first.seen_at + timedelta(days=1)
    friday = NOON + timedelta((4 - NOON.weekday()) % 7)

    def of(title: str) -> dict[str, float]:
        return figures(an_article(title=title, summary="", url="https://b.example/9", seen_at=later), story)

    eve = of("Captain to be heard on Friday")
    assert (eve["day_announced"], eve["day_announced_title"]) == (1.0, 1.0)
    other = of(f"Captain to be heard on {(friday + timedelta(9)):%d %B}")
    assert (other["day_announced_title"], other["day_unannounced"]) == (0.0, 1.0)
    assert of("Captain detained")["day_announced_title"] == 0.0


@pytest.mark.parametrize(
    ("title", "figure"),
    [
        ("Minister again denies talks", "again_title"),
        ("Министр вновь отрицает переговоры", "again_title"),
        ("大臣、協議を再び否定", "again_title"),
        ("Verdict due tomorrow", "eve_title"),
        ("선고 하루 앞두고 긴장", "eve_title"),
        ("Три месяца спустя семьи ждут", "elapsed_title"),
        ("A month on, the families wait", "elapsed_title"),
        ("Who's who in the tanker case", "background_title"),
        ("[연표] 유조선 사고 40일", "background_title"),
    ],
)
def test_a_title_that_goes_on_looks_ahead_or_looks_back_is_seen(title: str, figure: str) -> None:
    """In several languages; a plain report has none of it."""
    story = story_of(report())
    assert figures(an_article(title=title, summary="", url="https://b.example/9"), story)[figure] == 1.0
    assert figures(report(url="https://b.example/9"), story)[figure] == 0.0
