"""Which sentences are shown as new, and what a development is called."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from builders import NOON, a_watch, an_article
from encoders import WordEncoder

from storywatch.core.cues import is_furniture, is_roundup
from storywatch.core.model import Article, Label, Match, Verdict
from storywatch.core.novelty import weigh_news
from storywatch.core.relevance import weigh_evidence
from storywatch.core.story import Story, watch_texts
from storywatch.core.telling import (
    HEADLINE_CHARS,
    SENTENCES_TOLD,
    bare,
    choose,
    headline_of,
    plain,
    shipped_picker,
    shortened,
    telling_figures,
)
from storywatch.pipeline import read_closely

ENCODER = WordEncoder(384)


def begin() -> Story:
    watch = a_watch(seeds=("The dockers of Hamburg went on strike on Monday. Forty ships are waiting.",))
    texts = watch_texts(watch)
    return Story.begin(watch, dict(zip(texts, ENCODER.encode(texts), strict=True)), lang="en")


def learnt(story: Story, article: Article) -> Story:
    reading = read_closely(article, ENCODER)
    verdict = Verdict(verdict=Label.REPEAT, score=0.1)
    return story.learn(story.judged(reading, Match(relevance=0.9, about=True), verdict, None))


def shown(article: Article, story: Story) -> list[str]:
    look = story.look_at(read_closely(article, ENCODER))
    news = weigh_news(look, story, relevance=0.9, evidence=weigh_evidence(look, story).features)
    return [look.marks.texts[at] for at in choose(look, news, story)]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("KYIV, Jan 11 (Agency) - Two soldiers were captured.", "Two soldiers were captured."),
        ("КИЇВ, 11 січня (Вісник) — Двох солдатів взято в полон.", "Двох солдатів взято в полон."),
        ("(서울=통신) 홍길동 기자 = 북한군 포로 두 명이 송환됐다.", "북한군 포로 두 명이 송환됐다."),
        (
            "【香港】香港高等法院は9日午前、移動を禁じる命令を出した。",
            "香港高等法院は9日午前、移動を禁じる命令を出した。",
        ),
        ("LONDON — The court ruled on Tuesday.", "The court ruled on Tuesday."),
        ("15.40 Uhr: Es sind fünf, nicht vier.", "Es sind fünf, nicht vier."),
        ("03:02 — The list is on the wall of shame.", "The list is on the wall of shame."),
        ("6 March, 07.55. The offer has been extended.", "The offer has been extended."),
        ("Video caption: The general signs the agreement.", "The general signs the agreement."),
    ],
)
def test_a_dateline_is_no_news(text: str, rest: str) -> None:
    """Place, agency, hour and caption mark are left out of what is shown."""
    assert bare(text) == rest


@pytest.mark.parametrize(
    "text",
    [
        "Zelensky — president of Ukraine — said so on Tuesday.",
        "Smith (Labour) - who said this - left the party on Monday.",
        "At 12:04 the general signed the agreement.",
        "EU - and NATO - agree on it.",
        "LONDON — Yes.",
        "",
    ],
)
def test_a_sentence_that_opens_otherwise_stays_whole(text: str) -> None:
    """A name before a dash is no place, and something must be left."""
    assert bare(text) == text


def test_no_sentence_is_shown_twice_and_three_at_most() -> None:
    """Title and first line are often the same; letters in capitals make no other sentence of it."""
    line = "A judge in Hamburg banned the strike of the dockers on Tuesday."
    more = [f"The court heard witness number {number} of the dockers on Tuesday." for number in range(8)]
    article = an_article(title=line.upper(), summary=line, paragraphs=(line, *more))
    told = shown(article, begin())
    assert len(told) == len({plain(text) for text in told}) <= SENTENCES_TOLD
    assert told


def test_the_first_shown_is_the_likeliest_and_the_others_stand_in_order() -> None:
    """Who reads one line reads the right one; the others are as the article has them."""
    article = an_article(
        title="Court bans strike",
        paragraphs=tuple(
            f"The court of Hamburg ruled {word} on Tuesday." for word in ("first", "second", "third", "last")
        ),
    )
    story = begin()
    look = story.look_at(read_closely(article, ENCODER))
    news = weigh_news(look, story, relevance=0.9, evidence=weigh_evidence(look, story).features)
    chances = story.picker.chances(telling_figures(look, news, story.picker, encoder=""))
    first, *others = choose(look, news, story)
    assert chances[first] == chances.max()
    assert others == sorted(others)
    assert chances.sum() == pytest.approx(1)


def test_what_recurs_at_an_outlet_is_not_shown() -> None:
    """A closing line of the outlet's earlier articles is no news; another outlet may say the same in earnest."""
    closing = "The harbour desk reports around the clock from Hamburg."
    old = an_article(title="Strike goes on", paragraphs=("Nothing moves in Hamburg.", closing), owner="a", outlet="a")
    story = learnt(begin(), old)
    new = replace(
        an_article(url="https://a.example/2", title="", summary="", paragraphs=(closing,), owner="a", outlet="a"),
        seen_at=NOON + timedelta(hours=5),
    )
    with_news = replace(new, paragraphs=(closing, "A judge banned it."))
    assert shown(with_news, story) == ["A judge banned it."]
    assert closing in shown(replace(with_news, owner="b", outlet="b"), story)
    assert shown(new, story) == [closing], "where there is nothing else, it is what there is"


@pytest.mark.parametrize(
    "text",
    [
        "Follow us on our channel.",
        "By Anna Example",
        "That's all from us for today.",
        "Подписывайтесь на наш канал.",
        "Dieser Liveblog ist beendet.",
        "무단 전재 및 재배포 금지",
        "Fot. Anna Example",
    ],
)
def test_furniture_is_known_by_its_words(text: str) -> None:
    """Bylines, credits and calls to follow in several languages."""
    assert is_furniture(text)
    assert not is_furniture("The bank said on Friday that subscribers lost forty million euros.")


def test_a_title_that_says_nothing_is_replaced_by_the_news() -> None:
    """Live tickers, roundups and missing titles; any other title stays."""
    story, told = begin(), "A judge in Hamburg banned the strike."
    assert is_roundup("Morning briefing: Tuesday")
    for title in ("Hamburg strike: live updates", "Morning briefing: Tuesday", ""):
        look = story.look_at(read_closely(an_article(title=title, paragraphs=(told,)), ENCODER))
        assert headline_of(look, told) == told
    look = story.look_at(read_closely(an_article(title="Judge bans strike", paragraphs=(told,)), ENCODER))
    assert headline_of(look, told) == "Judge bans strike"


def test_an_old_headline_over_a_new_paragraph_is_replaced() -> None:
    """The story knows the title, and what is new stands elsewhere; told by the title itself, it stays."""
    title, told = "Dockers of Hamburg on strike", "A judge banned everything at noon."
    story = learnt(begin(), an_article(title=title, paragraphs=("Nothing moves.",)))
    look = story.look_at(read_closely(an_article(url="https://b.example/2", title=title, paragraphs=(told,)), ENCODER))
    assert headline_of(look, told) == told
    assert headline_of(look, title) == title


def test_a_long_headline_ends_with_a_whole_word() -> None:
    """In languages without spaces it ends with a character."""
    cut = shortened("harbour " * 60)
    assert len(cut) <= HEADLINE_CHARS
    assert cut.endswith("harbour…")
    assert shortened("港" * 400) == "港" * (HEADLINE_CHARS - 1) + "…"
    assert shortened("Harbour  open\n") == "Harbour open"


def test_the_direction_is_for_vectors_of_its_own_encoder_only() -> None:
    """Another encoder's numbers mean something else, though there may be as many."""
    story, picker = begin(), shipped_picker()
    look = story.look_at(read_closely(an_article(), ENCODER))
    news = weigh_news(look, story, relevance=0.9, evidence=weigh_evidence(look, story).features)
    assert np.any(telling_figures(look, news, picker, encoder=picker.encoder)["direction"])
    assert not np.any(telling_figures(look, news, picker, encoder="another")["direction"])
