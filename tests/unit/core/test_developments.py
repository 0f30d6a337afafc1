from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from builders import NOON, a_watch, an_article
from encoders import WordEncoder

from storywatch.core.developments import develop, judge
from storywatch.core.facts import Said
from storywatch.core.ids import digest
from storywatch.core.matching import match
from storywatch.core.model import Label, Match, Sensitivity, Severity, Verdict
from storywatch.core.novelty import ABOUT, find_changed
from storywatch.core.story import Story, watch_texts
from storywatch.pipeline import follow, read_closely

if TYPE_CHECKING:
    from storywatch.core.model import Article, Watch

ENCODER = WordEncoder(384)
SEED = "The dockers of Hamburg went on strike on Monday. Forty ships are waiting."
NO_EVIDENCE = dict.fromkeys((*ABOUT, "terms", "same_address", "feed_only"), 0.0)
SURE = Match(relevance=0.95, about=True, features=NO_EVIDENCE)


def begin(watch: Watch | None = None) -> Story:
    watch = watch or a_watch(seeds=(SEED,))
    texts = watch_texts(watch)
    return Story.begin(watch, dict(zip(texts, ENCODER.encode(texts), strict=True)), lang="en")


def verdict_on(article: Article, story: Story, found: Match = SURE) -> Verdict:
    return judge(found, read_closely(article, ENCODER), story)


def learnt(story: Story, article: Article, label: Label, *, score: float = 0.3) -> Story:
    reading = read_closely(article, ENCODER)
    return story.learn(story.judged(reading, SURE, Verdict(verdict=label, score=score), None))


def court(**changes: object) -> Article:
    return an_article(
        url="https://a.example/court",
        title="Court in Hamburg bans the dockers' strike",
        paragraphs=("A judge in Hamburg banned the strike of the dockers on Tuesday.", "The union Verdi will appeal."),
        **changes,
    )


def test_what_is_not_about_the_story_is_off_topic() -> None:
    """No question of novelty is asked, and the reasons are those of the match."""
    features = dict.fromkeys(begin().weights.relevance.names, 0.0)
    verdict = verdict_on(an_article(), begin(), Match(relevance=0.1, about=False, features=features))
    assert (verdict.verdict, verdict.score, verdict.new) == (Label.OFF_TOPIC, 0.0, ())


def test_a_copy_is_a_repeat_of_what_it_copies() -> None:
    """One more outlet carries it; it points to the first and its development."""
    story = begin()
    first = follow(read_closely(court(), ENCODER), story, now=NOON)
    story = learnt(story, court(), Label.DEVELOPMENT)
    copied = replace(SURE, copy_of=first.remembered.article)
    verdict = verdict_on(court(seen_at=NOON + timedelta(hours=1)), story, copied)
    assert verdict.verdict is Label.REPEAT
    assert verdict.nearest is not None
    assert verdict.nearest.article == first.remembered.article


def test_sensitivity_moves_the_cut() -> None:
    """Strict alerts on less, eager on more, for the same score."""
    scores = {}
    for sensitivity in Sensitivity:
        story = begin(a_watch(seeds=(SEED,), sensitivity=sensitivity))
        cuts = story.weights.cuts
        just_below = 0.999 * max(verdict_on(court(), story).score, 1e-3)
        weights = replace(story.weights, cuts=replace(cuts, development=just_below, possible=just_below / 2))
        scores[sensitivity] = verdict_on(court(), replace(story, weights=weights)).verdict
    assert scores[Sensitivity.EAGER] is Label.DEVELOPMENT
    assert scores[Sensitivity.BALANCED] is Label.DEVELOPMENT
    assert scores[Sensitivity.STRICT] is not Label.DEVELOPMENT


def test_two_lines_that_are_hardly_about_the_story_are_possible_and_no_more() -> None:
    """Much on real feeds is near a story by chance: without a page it alerts only where it is surely about it."""
    story = begin(a_watch(seeds=(SEED,)))
    ready = replace(
        story, weights=replace(story.weights, cuts=replace(story.weights.cuts, development=1e-3, possible=5e-4))
    )
    lines = {**NO_EVIDENCE, "feed_only": 1.0}
    doubtful = Match(relevance=0.6, about=True, features=lines)
    assert verdict_on(court(), ready, doubtful).verdict is Label.POSSIBLE
    assert verdict_on(court(), ready, replace(doubtful, relevance=0.9)).verdict is Label.DEVELOPMENT
    assert verdict_on(court(), ready, replace(doubtful, features=NO_EVIDENCE)).verdict is Label.DEVELOPMENT


def eager(story: Story) -> Story:
    return replace(story, weights=replace(story.weights, cuts=replace(story.weights.cuts, development=0.0)))


def test_a_development_says_what_is_new_and_is_named_by_watch_and_article() -> None:
    """Its id is computed, so a redone step names the same thing; the headline is the article's."""
    story, article = eager(begin()), court()
    reading = read_closely(article, ENCODER)
    verdict = judge(SURE, reading, story)
    development = develop(verdict, reading, story, now=NOON)
    assert development is not None
    assert development.id == digest("dev", story.watch.id, article.id)
    assert development.new
    assert {one.sentence for one in development.new} <= {article.title, *article.paragraphs, article.summary}
    assert development.severity in Severity
    assert develop(replace(verdict, verdict=Label.POSSIBLE), reading, story, now=NOON) is None


def test_a_changed_figure_is_told_with_its_old_value() -> None:
    """The same sentence with another number shows both."""
    story = learnt(
        begin(), an_article(title="Strike", paragraphs=("The union says 120 ships are waiting.",)), Label.REPEAT
    )
    reading = read_closely(
        an_article(url="https://b.example/2", title="The union says 150 ships are waiting", paragraphs=()), ENCODER
    )
    look = story.look_at(reading)
    assert find_changed(look, story.memory) == {0}
    verdict = judge(SURE, reading, eager(story))
    assert ("120", "150") in [(one.old, one.new) for one in verdict.new]


def test_a_score_is_never_higher_than_the_relevance() -> None:
    """However many doubtful reports of the same came before: what is hardly about the story is hardly its news."""
    story = begin()
    for hours in range(4):
        one = replace(court(seen_at=NOON + timedelta(hours=hours)), url_key=f"https://b.example/{hours}")
        story = learnt(story, one, Label.POSSIBLE, score=0.5)
    reading = read_closely(court(seen_at=NOON + timedelta(hours=9)), ENCODER)
    verdict = judge(replace(SURE, relevance=0.55), reading, story)
    assert verdict.features["same_doubts"] > 0
    assert 0 < verdict.score <= 0.55


def test_where_next_to_nothing_is_about_the_story_the_same_evidence_is_worth_less() -> None:
    """The same article after five hundred strange ones: it scores less, says why, and draws nothing in after it."""
    quiet = begin()
    quiet = replace(quiet, weights=replace(quiet.weights, cuts=replace(quiet.weights.cuts, share=0.5)))
    busy = replace(quiet, flow=(False,) * 499 + (True,))
    reading = read_closely(court(), ENCODER)
    judged = {}
    for name, story in {"quiet": quiet, "busy": busy}.items():
        found = replace(SURE, relevance=0.8, rate_shift=story.rate_shift(read=False))
        judged[name] = story.judged(reading, found, judge(found, reading, story), None)
    assert judged["busy"].verdict.score < judged["quiet"].verdict.score
    assert "where so few are: 1 of the last 500 that were judged" in judged["busy"].verdict.reasons[0].words
    assert "where so few are" not in judged["quiet"].verdict.reasons[0].words
    learnt_from = {name: replace(quiet, flow=()).learn(one).known[0].sure for name, one in judged.items()}
    assert learnt_from == {"quiet": True, "busy": False}


def test_the_same_article_has_the_same_verdict() -> None:
    """Nothing is drawn and no clock is asked."""
    story = learnt(begin(), an_article(), Label.REPEAT)
    found = match(read_closely(court(), ENCODER), story)
    assert verdict_on(court(), story, found) == verdict_on(court(), story, found)


def test_scores_are_probabilities_of_four_places() -> None:
    """What is compared and stored is rounded alike."""
    score = verdict_on(court(), begin()).score
    assert 0 <= score <= 1
    assert round(score, 4) == score


def test_values_that_conflict_stand_side_by_side_with_who_says_them() -> None:
    """Two owners within hours: both values, and a reason that says so; a day later it is a change."""
    known = an_article(
        title="Strike", paragraphs=("The union says 120 ships are waiting.",), owner="harbor-group", seen_at=NOON
    )
    story = eager(learnt(begin(), known, Label.REPEAT))
    told = []
    for hours in (2, 30):
        other = an_article(
            url="https://b.example/2",
            title="The union says 150 ships are waiting",
            paragraphs=(),
            owner="rheinblick",
            seen_at=NOON + timedelta(hours=hours),
        )
        told.append(verdict_on(other, story))
    assert [(one.old, one.new, one.old_by, one.conflict) for one in told[0].new] == [
        ("120", "150", "harbor-group", True)
    ]
    assert [one.conflict for one in told[1].new] == [False]
    words = "not agreed: harbor-group says 120, this says 150"
    assert [words in [reason.words for reason in verdict.reasons] for verdict in told] == [True, False]


def test_a_price_for_one_is_no_change_of_the_price_of_all() -> None:
    """Figures that differ beyond all measure count something else."""
    known = "The harbour offers 4,000 million euros for the company."
    story = eager(learnt(begin(), an_article(title="Offer", paragraphs=(known,)), Label.REPEAT))
    title = "The harbour offers 57 euros for the company"
    verdict = verdict_on(an_article(url="https://b.example/2", title=title, paragraphs=()), story)
    assert [(one.old, one.new) for one in verdict.new] == [(None, None)]


def test_the_seed_itself_is_no_news() -> None:
    """An article that was pasted comes by a feed: it is told as what it is."""
    seed = "\n".join(
        ["Dockers of Hamburg on strike", *(f"Ship number {n} waits for crane {n + 7}." for n in range(12))]
    )
    story = eager(begin(a_watch(seeds=(seed,))))
    title, *lines = seed.splitlines()
    for paragraphs in (tuple(lines), (*lines, "Reporting from the harbour.")):
        verdict = verdict_on(an_article(title=title, summary="", paragraphs=paragraphs), story)
        assert (verdict.verdict, verdict.new) == (Label.REPEAT, ())
        assert verdict.reasons[0].words == "the seed itself: an article that you pasted, or a copy of one"
    other = verdict_on(an_article(title="Court bans strike", paragraphs=("A judge banned it.",)), story)
    assert other.verdict is Label.DEVELOPMENT


def test_a_verdict_says_what_would_have_turned_it() -> None:
    """The cut and the strongest evidence, beside the evidence itself; for what is off-topic too."""
    verdict = verdict_on(court(), begin())
    turns = [reason for reason in verdict.reasons if reason.name == "turn"]
    assert turns[0].figure == verdict.score
    assert "from a score of" in turns[0].words
    story = begin()
    found = replace(match(read_closely(court(), ENCODER), story), relevance=0.2, about=False)
    words = [reason.words for reason in verdict_on(court(), story, found).reasons if reason.name == "turn"]
    assert words[0].startswith("it would be about the story from 0.")
    vetoed = replace(found, relevance=0.0)
    assert all(reason.name != "turn" for reason in verdict_on(court(), story, vetoed).reasons)


def test_a_state_that_turns_is_told_with_who_said_the_old_one() -> None:
    """Read from the table of facts where no figure changed."""
    known = "Senator Hartmann of the harbour has not resigned."
    story = eager(learnt(begin(), an_article(title="Senator", paragraphs=(known,), owner="harbor-group"), Label.REPEAT))
    title = "Senator Hartmann of the harbour has resigned."
    later = NOON + timedelta(days=2)
    article = an_article(url="https://b.example/2", title=title, summary="", paragraphs=(), seen_at=later)
    [new] = verdict_on(article, story).new
    assert (new.old, new.new, new.old_by, new.conflict) == ("not resigned", "resigned", "harbor-group", False)


def test_a_figure_of_the_seed_is_nobodys_claim() -> None:
    """What the user pasted has no owner, and nobody to disagree with."""
    title = "Sixty ships are waiting."
    verdict = verdict_on(an_article(title=title, summary="", paragraphs=()), eager(begin()))
    [new] = verdict.new
    assert (new.old, new.new, new.old_by, new.conflict) == ("Forty", "Sixty", None, False)


def test_a_fact_of_another_matter_is_not_told_as_changed() -> None:
    """The table knows other ships, and the two sentences have nothing in common."""
    known = "В Ростоке сгорели пять кораблей."
    story = learnt(begin(), an_article(title="Пожар", paragraphs=(known,), lang="ru"), Label.REPEAT)
    title = "Nine ships carry grain over the border of Poland every night"
    article = an_article(url="https://b.example/2", title=title, summary="", paragraphs=())
    assert story.facts.changes(Said(text=title, lang="en", owner="b", at=NOON))
    assert [(one.old, one.new) for one in verdict_on(article, eager(story)).new] == [(None, None)]
