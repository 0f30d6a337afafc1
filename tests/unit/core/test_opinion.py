from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOON, a_development, a_judged, a_watch, an_article
from encoders import WordEncoder
from hypothesis import given
from hypothesis import strategies as st

from storywatch.core.matching import match
from storywatch.core.model import (
    ArticleId,
    DevelopmentId,
    Label,
    Nearest,
    NewSentence,
    PageState,
    Reason,
    Severity,
    Terms,
    Translation,
    Verdict,
)
from storywatch.core.opinion import (
    ABOUT_CHARS,
    MOST_TOLD,
    SENTENCE_CHARS,
    Answer,
    Band,
    Kind,
    NoOpinion,
    Opinion,
    fold,
    plain,
    plan_pause,
    question_of,
    read_answer,
    read_translations,
    sentences_to_translate,
    with_translations,
)
from storywatch.core.story import Story, watch_texts
from storywatch.pipeline import follow, read_closely

if TYPE_CHECKING:
    from storywatch.core.model import Article, Judged, Match, Reading, Watch
    from storywatch.core.opinion import Question

ENCODER = WordEncoder(384)
BAND = Band(low=0.15, high=0.7)
SEED = "The dockers of Hamburg went on strike on Monday. Forty ships are waiting."
DEAL = "The union accepted 7.5 percent on Friday night."
NEW = (NewSentence(sentence=DEAL, lang="en"), NewSentence(sentence="Forty ships are waiting.", lang="en"))
TOLD = Reason(name="unlike", figure=0.4, pull=1.5, words="Unlike every known sentence.")
HOSTILE = st.text(st.characters(codec=None), max_size=80) | st.sampled_from(
    [
        "<|im_end|>",
        "<<<DATA",
        "DATA>>>",
        "```",
        "[/INST]",
        "<|im_<|im_end|>end|>",
        "----",
        "\u202e",
        "\u2066",
        "\0",
        "</s>",
    ]
)


def begin(watch: Watch | None = None) -> Story:
    watch = watch or a_watch(seeds=(SEED,), terms=Terms(any=("Dockers",)))
    texts = watch_texts(watch)
    return Story.begin(watch, dict(zip(texts, ENCODER.encode(texts), strict=True)), lang="en")


def deal(**changes: Any) -> Article:
    values: dict[str, Any] = {
        "url": "https://a.example/deal",
        "title": "Dockers accept an offer",
        "paragraphs": (DEAL, "Forty ships are waiting.", "The harbour opens on Saturday."),
        **changes,
    }
    return an_article(**values)


def reading_of(article: Article) -> Reading:
    return read_closely(article, ENCODER)


def sure(reading: Reading, story: Story) -> Match:
    return replace(match(reading, story), relevance=0.95, about=True, copy_of=None)


def doubtful(story: Story, article: Article | None = None, **changes: Any) -> Judged:
    """The article, judged with a score in the band."""
    values: dict[str, Any] = {"verdict": Label.POSSIBLE, "score": 0.3, "new": NEW, "reasons": (TOLD,), **changes}
    reading = reading_of(article or deal())
    return story.judged(reading, sure(reading, story), Verdict(**values), None)


def asked(story: Story, judged: Judged, article: Article | None = None) -> Question:
    question = question_of(judged, reading_of(article or deal()), story, band=BAND)
    assert question is not None
    return question


def an_opinion(**changes: Any) -> Opinion:
    values: dict[str, Any] = {"new": Answer.YES, "about": Answer.YES, "by": "a-model", **changes}
    return Opinion(**values)


def folded(
    heard: Opinion | NoOpinion, story: Story | None = None, article: Article | None = None, **verdict: Any
) -> Judged:
    story = story or begin()
    article = article or deal()
    judged = doubtful(story, article, **verdict)
    return fold(
        judged,
        reading_of(article),
        story,
        heard,
        question=asked(story, judged, article),
        now=NOON + timedelta(minutes=1),
    )


def learnt(story: Story, number: int, label: Label) -> Story:
    article = an_article(
        url=f"https://a.example/{number}",
        title=f"Report {number} on the strike",
        paragraphs=(f"Sentence {number} of the strike in Hamburg.",),
        seen_at=NOON - timedelta(days=30 - number),
    )
    reading = reading_of(article)
    return story.learn(story.judged(reading, sure(reading, story), Verdict(verdict=label, score=0.8), None))


# --------------------------------------------------------------------- the question


def test_the_question_tells_what_was_told_and_what_is_known() -> None:
    """The last told developments with their days, the nearest known sentences, and the sentences that may be new."""
    story = begin()
    for number in range(12):
        story = learnt(story, number, Label.DEVELOPMENT if number != 11 else Label.REPEAT)
    question = asked(story, doubtful(story))
    assert [told.headline for told in question.told] == [f"Report {number} on the strike" for number in range(3, 11)]
    assert question.told[0].day == "2026-02-03"
    assert len(question.told) == MOST_TOLD
    assert (question.story, question.title, question.day) == ("Harbour strike", "Dockers accept an offer", "2026-03-02")
    assert question.sentences == (DEAL, "Forty ships are waiting.")
    assert question.known[0] == "Forty ships are waiting."
    assert len(question.known) == 3


def test_only_what_is_doubtful_is_asked_about() -> None:
    """Both ends of the band count; copies, other matters and whoever has no band are left alone."""
    story, reading = begin(), reading_of(deal())
    for score, expected in ((0.1499, False), (0.15, True), (0.7, True), (0.7001, False)):
        assert (question_of(doubtful(story, score=score), reading, story, band=BAND) is not None) is expected
    judged = doubtful(story)
    copied = replace(judged, match=replace(judged.match, copy_of=ArticleId("art_1")))
    assert question_of(copied, reading, story, band=BAND) is None
    assert question_of(doubtful(story, verdict=Label.OFF_TOPIC), reading, story, band=BAND) is None
    assert question_of(doubtful(story), reading, story, band=None) is None


def test_where_nothing_was_picked_something_is() -> None:
    """A repeat names no new sentences, but a question needs some: those that would have been told."""
    story, reading = begin(), reading_of(deal())
    judged = follow(reading, story, now=NOON)
    background = replace(judged, verdict=replace(judged.verdict, verdict=Label.BACKGROUND, score=0.2, new=()))
    question = question_of(background, reading, story, band=BAND)
    assert question is not None
    assert 1 <= len(question.sentences) <= 3
    assert set(question.sentences) <= {sentence.text for sentence in reading.sentences}


def test_an_article_whose_sentences_are_nothing_but_signs_is_not_asked_about() -> None:
    """There is nothing to point at."""
    story = begin()
    judged = doubtful(story, new=(NewSentence(sentence="\u202e\u2066 ====", lang="en"),))
    assert question_of(judged, reading_of(deal()), story, band=BAND) is None


def test_everything_in_the_question_is_bounded() -> None:
    """An endless page costs no more than a short one."""
    endless = "word " * 5000
    story = begin(a_watch(about=endless, seeds=(endless,)))
    article = deal(title=endless)
    judged = doubtful(story, article, new=(NewSentence(sentence=endless, lang="en"),) * 9)
    question = asked(story, judged, article)
    assert len(question.about) <= ABOUT_CHARS
    assert len(question.sentences) == 3
    assert max(len(text) for text in (*question.sentences, *question.known, question.title)) <= SENTENCE_CHARS


@given(st.lists(HOSTILE, max_size=6).map("".join))
def test_plain_text_holds_nothing_that_could_speak_to_a_machine(text: str) -> None:
    """No control, no invisible sign, no fence, no mark of a chat template, one line, never longer than asked for."""
    said = plain(text, 60)
    assert len(said) <= 60
    assert all(unicodedata.category(sign)[0] != "C" or sign in "\u200c\u200d" for sign in said)
    assert not any(mark in said for mark in ("<<", ">>", "<|im_end|>", "```", "[INST]", "[/INST]", "----", "</s>"))
    assert plain(said, 60) == said


def test_plain_text_keeps_what_people_write() -> None:
    """Accents, scripts and joiners stay as they are."""
    for text in ("Zelensky: «Ні»", "북한군 포로 2명", "نمی\u200cخواهم", "5 < 7 & 3 > 2", "a — b"):
        assert plain(text, 100) == text


# --------------------------------------------------------------------- the answer


def test_an_answer_is_read_as_far_as_it_keeps_to_the_form() -> None:
    """Words in any case, a number of a sentence, values that stand in what was asked; the rest is not read."""
    story = begin()
    question = asked(story, doubtful(story))
    raw = {
        "new": "YES",
        "about": " yes ",
        "sentence": 1,
        "kind": "new fact",
        "old": "Forty ships",
        "value": "7.5 percent",
        "verdict": "development",
        "score": 1.0,
        "cuts": {"development": 0},
    }
    assert read_answer(raw, question, by="a-model") == an_opinion(
        sentence=0, kind=Kind.NEW_FACT, old="Forty ships", value="7.5 percent"
    )


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"new": "yes"},
        {"about": "yes"},
        {"new": "maybe", "about": "yes"},
        {"new": True, "about": "yes"},
        {"new": ["yes"], "about": "yes"},
        {"new": "yes and ignore all others", "about": "yes"},
    ],
)
def test_an_answer_without_its_two_words_is_none(raw: dict[str, object]) -> None:
    """Whatever else it says."""
    story = begin()
    assert read_answer(raw, asked(story, doubtful(story)), by="a-model") == NoOpinion(reason="an odd answer")


@pytest.mark.parametrize("place", [0, -1, 3, 1.0, "1", True, None, [1]])
def test_a_sentence_that_was_not_given_is_none(place: object) -> None:
    """Numbers of the given sentences only."""
    story = begin()
    raw = {"new": "yes", "about": "yes", "sentence": place, "value": "7.5 percent"}
    heard = read_answer(raw, asked(story, doubtful(story)), by="a-model")
    assert heard == an_opinion()


@pytest.mark.parametrize(
    "value", ["8 percent", "", "x" * 100, 7, None, "7.5 percent on Friday night. Call https://evil.example"]
)
def test_values_that_stand_nowhere_are_none(value: object) -> None:
    """The model copies, it does not write."""
    story = begin()
    raw = {"new": "yes", "about": "yes", "sentence": 1, "kind": "nonsense", "old": value, "value": value}
    assert read_answer(raw, asked(story, doubtful(story)), by="a-model") == an_opinion(sentence=0)


# --------------------------------------------------------------------- what it changes


def test_yes_makes_a_minor_development_that_names_its_sentence() -> None:
    """The sentence that was pointed at comes first, with its values; the score stays what it was."""
    heard = an_opinion(sentence=1, kind=Kind.NEW_FACT, old="no ships", value="Forty ships")
    told = folded(heard)
    assert (told.verdict.verdict, told.verdict.score, told.verdict.severity) == (
        Label.DEVELOPMENT,
        0.3,
        Severity.MINOR,
    )
    assert told.development is not None
    assert [new.sentence for new in told.development.new] == ["Forty ships are waiting.", DEAL]
    assert (told.development.new[0].old, told.development.new[0].new) == ("no ships", "Forty ships")
    assert told.remembered.development == told.development.id
    assert told.verdict.reasons == (
        Reason(
            name="opinion",
            figure=1.0,
            pull=10.0,
            words="second opinion of a-model: it tells something new (new fact): “Forty ships are waiting.”; "
            "development instead of possible",
        ),
        TOLD,
    )


def test_yes_to_a_development_leaves_it_as_it_was() -> None:
    """Its severity too."""
    told = folded(an_opinion(), verdict=Label.DEVELOPMENT, severity=Severity.MAJOR)
    assert (told.verdict.verdict, told.verdict.severity, told.verdict.new) == (Label.DEVELOPMENT, Severity.MAJOR, NEW)
    assert told.verdict.reasons[0].words == "second opinion of a-model: it tells something new"


def test_no_makes_a_repeat_of_what_it_repeats_or_background() -> None:
    """A repeat where an earlier report is the same, background where none is; neither tells anything new."""
    nearest = Nearest(development=DevelopmentId("dev_1"), article=ArticleId("art_1"), sentence="x", score=0.8)
    heard = an_opinion(new=Answer.NO, kind=Kind.RETELLING)
    repeat = folded(heard, verdict=Label.DEVELOPMENT, severity=Severity.MINOR, nearest=nearest)
    assert (repeat.verdict.verdict, repeat.verdict.severity, repeat.verdict.new) == (Label.REPEAT, None, ())
    assert (repeat.development, repeat.remembered.development) == (None, "dev_1")
    background = folded(heard, nearest=replace(nearest, score=0.2))
    assert background.verdict.verdict is Label.BACKGROUND
    assert folded(heard).verdict.verdict is Label.BACKGROUND
    assert background.verdict.reasons[0].words == (
        "second opinion of a-model: nothing in it is new (retelling); background instead of possible"
    )
    assert background.verdict.reasons[0].pull == -10.0


def test_another_matter_is_off_topic() -> None:
    """The story remembers none of its sentences."""
    told = folded(an_opinion(new=Answer.UNSURE, about=Answer.NO, kind=Kind.OTHER_MATTER))
    assert told.verdict.verdict is Label.OFF_TOPIC
    assert told.remembered.sentences == ()


@pytest.mark.parametrize(
    "heard",
    [
        an_opinion(new=Answer.UNSURE),
        an_opinion(about=Answer.UNSURE),
        an_opinion(kind=Kind.PREVIEW),
        an_opinion(kind=Kind.OTHER_MATTER),
        an_opinion(new=Answer.NO, kind=Kind.NEW_FACT),
        an_opinion(about=Answer.NO, kind=Kind.NEW_FACT),
    ],
)
@pytest.mark.parametrize("before", [Label.POSSIBLE, Label.DEVELOPMENT, Label.BACKGROUND])
def test_who_is_unsure_or_contradicts_himself_changes_nothing(heard: Opinion, before: Label) -> None:
    """The verdict stands, and a reason says what was heard."""
    new = () if before is Label.BACKGROUND else NEW
    severity = Severity.MAJOR if before is Label.DEVELOPMENT else None
    told = folded(heard, verdict=before, new=new, severity=severity)
    assert (told.verdict.verdict, told.verdict.new, told.verdict.severity) == (before, new, severity)
    assert told.verdict.reasons[0].words.endswith("; it changes nothing")
    assert told.verdict.reasons[0].pull == 0


def test_silence_changes_nothing_but_says_why() -> None:
    """The verdict stands."""
    story = begin()
    before = doubtful(story)
    told = folded(NoOpinion(reason="timed out"), story)
    assert replace(told.verdict, reasons=()) == replace(before.verdict, reasons=())
    assert [reason.words for reason in told.verdict.reasons] == ["no second opinion: timed out", TOLD.words]


def test_what_the_user_named_and_nobody_could_read_stays_possible() -> None:
    """A second opinion on two lines does not take away what the user's own word promises."""
    article = deal(state=PageState.FEED_ONLY)
    told = folded(an_opinion(new=Answer.NO), article=article)
    assert told.verdict.verdict is Label.POSSIBLE
    assert told.verdict.new == NEW
    assert "kept as possible" in told.verdict.reasons[0].words


@given(st.dictionaries(st.sampled_from(["new", "about", "sentence", "kind", "old", "value"]), HOSTILE | st.integers()))
def test_no_answer_moves_anything_but_the_label(raw: dict[str, object]) -> None:
    """Score, features, match and what is remembered of the text are as they were; only known texts are told."""
    story = begin()
    judged = doubtful(story)
    question = asked(story, judged)
    heard = read_answer({"new": "yes", "about": "yes", **raw}, question, by="a-model")
    told = fold(judged, reading_of(deal()), story, heard, question=question, now=NOON)
    assert (told.match, told.verdict.score, told.verdict.features) == (judged.match, 0.3, judged.verdict.features)
    assert {new.sentence for new in told.verdict.new} <= {new.sentence for new in NEW}
    assert told.remembered.paragraphs == judged.remembered.paragraphs


# --------------------------------------------------------------------- translation


def test_only_sentences_in_other_languages_are_translated() -> None:
    """A regional form of the desk's language is its language."""
    new = (
        NewSentence(sentence="The harbour reopened.", lang="en-GB"),
        NewSentence(sentence="항구가 열렸다.", lang="ko"),
        NewSentence(sentence="항구가 열렸다.", lang="ko"),
    )
    assert sentences_to_translate(a_development(new=new), "en") == ("항구가 열렸다.",)


def test_a_translation_stands_beside_its_original() -> None:
    """In the verdict and in the development, marked with who made it."""
    new = (NewSentence(sentence="항구가 열렸다.", lang="ko"), NewSentence(sentence="Ships sail.", lang="en"))
    judged = a_judged(an_article(), development=a_development(new=new))
    judged = replace(judged, verdict=replace(judged.verdict, new=new))
    told = with_translations(judged, {"항구가 열렸다.": "The harbour is open."}, lang="en", by="a-model")
    assert told.development is not None
    expected = Translation(lang="en", text="The harbour is open.", by="a-model")
    assert [one.translation for one in told.development.new] == [expected, None]
    assert told.verdict.new == told.development.new
    assert with_translations(judged, {}, lang="en", by="a-model") is judged
    repeat = a_judged(an_article(), label=Label.REPEAT)
    assert with_translations(repeat, {"x": "y"}, lang="en", by="a-model") is repeat


def test_translations_are_read_by_number() -> None:
    """What has no number or no text is left out."""
    rows = [
        {"sentence": 2, "text": "The harbour\nis open.\u202e"},
        {"sentence": 1, "text": 5},
        {"sentence": 3, "text": "no such sentence"},
    ]
    assert read_translations({"translations": rows}, ["하나.", "항구가 열렸다.", "셋."]) == {
        "항구가 열렸다.": "The harbour is open.",
        "셋.": "no such sentence",
    }
    for odd in ({}, {"translations": "x"}, {"translations": [1, None, "x"]}):
        assert read_translations(odd, ["하나.", "둘.", "셋."]) == {}


@pytest.mark.parametrize(
    "text",
    [
        "Read more at https://evil.example/x",
        "Read more at www.evil.example",
        "[The harbour](javascript:alert) is open.",
        "Write to desk@evil.example for more.",
        "Visit evil.com now.",
        "The harbour is open. " * 40,
        " \u202e ",
    ],
)
def test_a_translation_with_a_link_or_an_essay_is_none(text: str) -> None:
    """It is text, and about as long as what it translates."""
    assert read_translations({"translations": [{"sentence": 1, "text": text}]}, ["항구가 열렸다."]) == {}


def test_a_translation_may_name_what_the_original_names() -> None:
    """A company called by its address stays so; figures and initials are no addresses."""
    for original, text in (
        ("Booking.com ha cambiado sus reglas.", "Booking.com has changed its rules."),
        ("3,5 millones en EE.UU.", "3.5 million in the U.S. at 5 p.m."),
    ):
        assert read_translations({"translations": [{"sentence": 1, "text": text}]}, [original]) == {original: text}


# --------------------------------------------------------------------- when it fails


def test_failures_in_a_row_make_a_pause_that_doubles() -> None:
    """Ten minutes after the third, then twice as long each time, six hours at the most."""
    minutes = [
        None if (until := plan_pause(count, now=NOON)) is None else (until - NOON) / timedelta(minutes=1)
        for count in (1, 2, 3, 4, 5, 8, 9, 1000)
    ]
    assert minutes == [None, None, 10, 20, 40, 320, 360, 360]
