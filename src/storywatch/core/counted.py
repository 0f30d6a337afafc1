"""What a figure counts: the stem of the counted word, or one name for what is counted most in news in ten languages."""

from __future__ import annotations

import re
from functools import lru_cache

from storywatch.core.bounds import bound_before
from storywatch.core.habits import set_of

STEM = 5
MOST_WORDS = 4
SHORTEST = 3

# One name for a thing in all languages, by the beginnings of its words. Longer beginnings win.
_THINGS = """
people people person persons mensch leute personen person gens persona gente человек люд осіб людин чоловік osób osob ludzi
dead dead kill death fatalit died tote todes getöt gestorb opfer mort tué décès muert falleci погиб убит смерт жертв загибл загину вбит zabit zgin ofiar śmier 사망 숨진 숨졌 숨지 희생 死亡 死者 犠牲 遇难 丧生 遇難 身亡 死了
wounded wounded injur verletz verwund bless herid ранен поранен ранены rann rannych 부상 다친 다쳤 負傷 けが 重軽傷 受伤 伤者 負伤 重傷
missing missing vermiss disparu desapareci пропав зникл zaginion 실종 行方不明 失踪 失联
soldiers soldier troop servicem soldat militaires soldad солдат военнослуж военных військовосл військових бійц бойц żołni 병사 군인 병력 장병 兵士 兵 士兵 军人 官兵
prisoners prisoner pows captive gefangen kriegsgefang prisonni détenu prision пленн военнопл полонен військовопол jeńc więźni 포로 수감 捕虜 战俘 俘虏 戰俘
hostages hostage geisel otage rehen rehén заложник заручник zakładn 인질 人質 人质
children child kinder kind. enfant niño ребен дет. детей детям дітей дитин діт. dziec 어린이 아이 아동 子ども 子供 儿童 孩子
women women woman frauen femmes mujeres женщин жінок kobiet 여성 女性 妇女
sailors sailor seafarer crew matros seeleut besatzung marin. marins équipage marinero tripulant моряк матрос маряк maryna załog 선원 乗組員 船員 船员
ships ship vessel schiff tanker navire buque barco судн судов суден кораб statk 선박 척 隻 艘
aircraft aircraft planes jets flugzeug avion avión самолет самолёт літак samolot 항공기 전투기 飞机 客机 战机 航空機 旅客機 機 架
drones drone drohn dron беспилотник безпілотник дрон бпла 드론 무인기 ドローン 無人機 无人机
missiles missile rakete raket misil ракет rakiet 미사일 ミサイル 导弹
cases case fälle fall. cas. caso случа випадк przypadk 확진 건 件 例
houses house home häuser maison casas. vivienda дом. домов будинк domów 가구 가옥 棟 户
countries countr länder staaten pays. países стран. країн kraj państw 국가 개국 カ国 か国 国家
customers customer kund client cliente клиент клієнт klient 고객 顧客 客户
times times mal. fois. veces раз. рази разів razy 차례 번 回 次
"""
_HEAD_ENDINGS = re.compile(r"(?:[иы]х|іх|ych|ich)$")
_VERB_ENDINGS = re.compile(r"(?:л[иаоь]|лис[ья]|лися|лось|ть|ся|сь|ет|ют|ут|ał|ała|ało|ali|ały|ło|ją|ą)$")
_ADJECTIVES = set_of("""new more other further additional wounded injured captured young old former foreign civilian local own different separate
    новых нових других інших ещё еще ще многих молодых своих раненых поранених nowych innych kolejnych młodych rannych
    jeunes grands anciens nuevas jóvenes weitere neue andere verletzte gefangene tote autres nouveaux otros nuevos""")
_STOPS = set_of("""of the a an and or in on at by to from for with as is was were are has have had been be will would that which who while after before
    out per this than but not it its they he she his her their against since during into over between until
    der die das den dem des und oder im in am an auf von zu zum zur mit für bei nach aus vor ist war sind waren wurde wurden hat haben als
    le la les des du de d et ou en au aux dans par pour sur avec est sont ont a été qui que dont
    el los las del y o en al con por para se es son fue fueron han ha que como desde
    и или в во на с со из к ко по о об за от до у был была были будет что который для при как из-за
    і й або в у на з зі із до по про за від був була були буде що який для при як та
    w we z ze na do po o za od i lub oraz przez jest są był była byli było zostało został zostali który że dla jak się
    would could may might said says say told here there now then so far""")
_BE = set_of(
    "were was are have has had been be wurden wurde sind waren ont sont été fueron han sido были був були było zostało zostali"
)
_IRREGULAR = set_of(
    "people men women children troops personnel police staff crew dead wounded injured missing aircraft sheep fish"
)
_WORD = re.compile(r"(?P<gap>[ \u00a0\-]{1,2})(?P<word>[^\W\d_]+(?:['’ʼ][^\W\d_]+)*)")
_WORD_BEFORE = re.compile(
    r"(?P<word>[^\W\d_]{3,30}) (?:(?:at least|some|about|around|mindestens|rund|au moins|al menos|не менее|около|щонайменше|близько|co najmniej|około) )?\Z"
)
MOST_CHARS = 48
_OF = re.compile(r"[ ](?:of|de|d['’]|von)(?=[ \w])[ ]?")
_EAST = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
COUNTER = (
    r"명|사람|분(?=[이의을 ])|개국|개소|개|곳|척|대|발|마리|건|차례|번|가구|세대|채|국|표|인(?=[ 의이])|人|名|个(?!月)|個(?!月)|位|艘|辆|輛|架|枚|件|隻|只|条|座|家|所|台|機|匹|頭|头|隊|基"
    r"|発|发|回|次|[カか]国|[カか]所|ヶ国|棟|戸|户|世帯|票|起|例|歩|支|门|枝"
)
_COUNTER = re.compile(rf"\s?(?P<counter>{COUNTER})")
_PERSONS = set_of("명 사람 분 인 人 名 位")
_AFTER_COUNTER = re.compile(
    r"\s?(?:以上|余り?|未満|以下|超|近く|ほど|程度|이상|이하|미만|가량|정도)?(?P<particle>[のがはもを的]|이|가|은|는|을|를|의)?\s?(?P<noun>[\u30a0-\u30ff\u3400-\u9fff]{2,}|[가-힣]{2,})"
)
_BEFORE_FIGURE = re.compile(
    r"(?P<noun>[\u30a0-\u30ff\u3400-\u9fff]{2,4}|[가-힣]{2,8})(?P<link>[はがもを]|\s)?(?:(?:약|총|최소|최대|모두|約|合計|計|共|近)\s?)?\Z"
)
_VERBS = frozenset("被受将已在从遭获未与和及是有共")
_PARTICLE = re.compile(r"(?:가|이|은|는|을|를|에|에서|의|로|으로|와|과|도|만|까지|부터|해|며|고|한|인|된)$")


_STATES = frozenset({"dead", "wounded", "missing"})
_BEINGS = frozenset({"people", "soldiers", "children", "women", "sailors"})


def _beginnings() -> dict[str, str]:
    return {word: name for name, *words in (line.split() for line in _THINGS.strip().splitlines()) for word in words}


_BEGINNINGS = _beginnings()
_EAST_STATES = re.compile("|".join(word for word, name in _BEGINNINGS.items() if name in _STATES and _EAST.match(word)))
_CLAUSE = re.compile(r"[、。，,.]")
REACH = 10
_LONGEST = max(map(len, _BEGINNINGS))


@lru_cache(maxsize=8192)
def thing_of(word: str) -> str | None:
    """The one name of a thing in all languages for a lower-case word; None where it has none."""
    if name := _BEGINNINGS.get(f"{word}."):
        return name
    for length in range(min(_LONGEST, len(word)), 0, -1):
        if name := _BEGINNINGS.get(word[:length]):
            return name if length >= SHORTEST or _EAST.match(word) else None
    return None


def counted_after(plain: str, masked: str, start: int, at: int, *, lang: str, factor: bool) -> tuple[str, int]:
    """The stem or name of what a figure from `start` to `at` counts, and where its word ends; "" and `at` where nothing does.

    `masked` is the lower-case text without labels; `factor`: the figure ends in hundred, dozen or the like, and may be
    followed by "of".
    """
    if factor and (of := _OF.match(masked, at)):
        at = of.end() - 1 if masked[of.end() - 1] == " " else of.end()
        if at == of.end():
            masked, plain = f"{masked[: at - 1]} {masked[at:]}", f"{plain[: at - 1]} {plain[at:]}"
            at -= 1
    words = _words(plain, masked, at)
    if known := _known(words):
        before = _WORD_BEFORE.search(masked, max(0, start - MOST_CHARS), start)
        state = thing_of(before["word"]) if before and known[0] in _BEINGS else None
        return (state, known[1]) if state in _STATES else known
    if not words or words[0][1] - at > len(words[0][0]) + 2:  # "three were wounded", but not "two have since"
        return "", at
    word, end = _head(words, lang)
    low = word.lower().replace("’", "'").split("'")[-1]
    if len(low) < SHORTEST:
        return "", at
    return thing_of(low) or low[:STEM], end


def _known(words: list[tuple[str, int]]) -> tuple[str, int] | None:
    """The first word with a name in all languages; "19 people were killed" counts the dead."""
    named = [(name, end) for word, end in words if (name := thing_of(word.lower()))]
    if len(named) > 1 and named[0][0] in _BEINGS and named[1][0] in _STATES:
        return named[1]
    return named[0] if named else None


def _words(plain: str, masked: str, at: int) -> list[tuple[str, int]]:
    """The words of the noun phrase that begins here, with their ends."""
    found: list[tuple[str, int]] = []
    while len(found) < MOST_WORDS and (match := _WORD.match(masked, at)):
        word = match["word"]
        if word in _BE and (not found or thing_of(found[-1][0].lower()) in _BEINGS):
            at = match.end()
            continue
        if word in _STOPS:
            break
        at = match.end()
        found.append((plain[match.start("word") : at], at))
    return found


def _head(words: list[tuple[str, int]], lang: str) -> tuple[str, int]:
    """The noun among them, as each language shows it."""
    if lang in {"en", ""}:
        plural = (pair for pair in words if pair[0].islower() and _is_plural(pair[0]))
        small = (pair for pair in words if pair[0].islower() and pair[0] not in _ADJECTIVES)
        return next(plural, None) or next(small, words[0])
    if lang == "de":
        return next((pair for pair in words[:3] if pair[0][0].isupper()), words[0])
    if lang in {"ru", "uk", "pl"} and len(words) > 1:
        low = words[0][0].lower()
        adjective = low in _ADJECTIVES or (_HEAD_ENDINGS.search(low) and not _VERB_ENDINGS.search(words[1][0]))
        return words[1] if adjective else words[0]
    return next((pair for pair in words if pair[0].lower() not in _ADJECTIVES), words[0])


def _is_plural(word: str) -> bool:
    return (word in _IRREGULAR and word not in _ADJECTIVES) or (
        word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > SHORTEST
    )


def counted_east(masked: str, start: int, end: int, lang: str) -> tuple[str, int] | None:
    """What a figure in front of an east Asian counter counts, and where the counter ends; None without a counter."""
    match = _COUNTER.match(masked, end)
    if match is None:
        return None
    counter = match["counter"]
    after = _AFTER_COUNTER.match(masked, match.end())
    if bound := bound_before(masked, start):
        start = bound[1]
    before = _BEFORE_FIGURE.search(masked, max(0, start - 12), start)
    for found in (before, after):
        if found and (name := _thing_within(found["noun"])):
            return name, match.end()
    if state := _state_before(masked, start):
        return state, match.end()
    return _plain_noun(before, after, counter, lang) or thing_of(counter) or (
        "people" if counter in _PERSONS else counter
    ), match.end()


def _state_before(masked: str, start: int) -> str | None:
    """사망자 수가, 死者は: what is counted may be named a little before the figure."""
    states = _EAST_STATES.findall(masked, max(0, start - REACH), start)
    return thing_of(states[-1]) if states and not _CLAUSE.search(masked, max(0, start - REACH), start) else None


def _thing_within(noun: str) -> str | None:
    return next(
        (name for at in range(min(4, len(noun) - 1)) if (name := thing_of(noun[at:])) and len(noun) - at > 1), None
    )


def _plain_noun(before: re.Match[str] | None, after: re.Match[str] | None, counter: str, lang: str) -> str | None:
    """The noun at the counter: 船员 in 19名船员 and 19人の船員; 선원 in 선원 19명."""
    bare = (None,) if counter != "人" else ()  # 300人撤离: the noun is 人 itself
    if (
        after
        and not "가" <= after["noun"][0] <= "힣"
        and after["particle"] in {*bare, "の", "的"}
        and after["noun"][0] not in _VERBS
    ):
        return after["noun"][:2]
    if after and lang == "ko" and counter == "개" and after["particle"] is None:
        return after["noun"][:2]
    if before is None or lang == "zh":  # in Chinese a verb stands there more often
        return None
    noun = before["noun"]
    if "가" <= noun[0] <= "힣":
        return None if _PARTICLE.search(noun) or before["link"] != " " else noun[:2]
    return noun[-2:] if before["link"] is None else None
