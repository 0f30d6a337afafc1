"""What figures are given in, in ten languages: currencies, percent, lengths, weights, times; and how they convert."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from storywatch.core.habits import list_of

# Stems; the word may go on. A line: the code, then the stems. Short words that must stand as they are end with a full stop.
_CURRENCIES = """
USD dollar dólar dolar доллар долар usd. 달러 ドル 美元 美金
EUR euro. euros. евро. євро. eur. 유로 ユーロ 欧元 歐元
GBP pounds. pound. pfund. libras livres фунт funt gbp. sterling 파운드 ポンド 英镑 英鎊
JPY yen. yens. jena иен. иена иены єн. jpy. 엔 円 日元 日圆
CNY yuan юан. юаня юаней юанів юані cny. rmb. renminbi 위안 人民元 人民币 人民幣 元
KRW won. wons. вон. воны вони krw. 원 ウォン 韩元 韓元 韩圆
UAH hryvni hrywni griwn hrywien гривн гривен грн. uah. 흐리우냐 フリヴニャ 格里夫纳 格里夫納
RUB rubel. rubla rubli rubl roubl rubl rublo рубл руб. rub. 루블 ルーブル 卢布 盧布
PLN złot zlot злот зл. zł. pln. 즈워티 ズウォティ 兹罗提
CHF franken francs franc. franków франк chf. 프랑 フラン 法郎
INR rupee rupi рупи inr. 루피 ルピー 卢比
TRY lira lire лир. лира лиры 리라 リラ 里拉
KR crown. crowns. krone kronor kronen kroner koron крон. крони кроны couronne corona. coronas. czk. sek. nok. dkk. 크로나 クローナ 克朗
"""
_SIGNS = {
    "$": "USD",
    "us$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₩": "KRW",
    "₴": "UAH",
    "₽": "RUB",
    "₹": "INR",
    "₺": "TRY",
}
_SIGNS |= {"c$": "CAD", "ca$": "CAD", "a$": "AUD", "au$": "AUD", "nt$": "TWD", "hk$": "HKD"}
_CODES = list_of("usd eur gbp jpy cny krw uah rub pln chf inr try czk sek nok dkk")
_SIGNS |= {code: code.upper() for code in _CODES if code not in {"czk", "sek", "nok", "dkk"}}
# The unit, its dimension, how many of the dimension's base it is, and its words.
_MEASURES = """
km length 1000 km. kilom kilóm километр кілометр км. 킬로미터 킬로 キロメートル 公里 千米
miles length 1609.344 mile. miles. mi. meile milla mila. mili. миль. мили. миля. милях милі. мильн 마일 マイル 英里
m length 1 m. metre meter. meters. metern. mètre metro. metros. metr. metrów metra метр м. 미터 メートル 米
cm length 0.01 cm. centim centím zentim zentimet см. сантиметр 센티 センチ 厘米
feet length 0.3048 feet. foot. ft. fuß. piedi. pies. pieds. фут 피트 フィート 英尺
t weight 1000 t. tonne tons. ton. tonn. tonn tona ton. tony. тонн тонна т. 톤 トン 吨 噸
kg weight 1 kg. kilo. kilos. kilogram kilogramm кг. килограмм кілограм 킬로그램 キログラム 公斤 千克
g weight 0.001 g. gram. grams. gramm. gramme грамм грам. грамів 그램 グラム
litres volume 1 litre liter litr литр літр 리터 リットル 升
barrels volume 158.987 barrel fass. baril baryłek баррел барел 배럴 バレル 桶
minutes time 0.0166667 minute minuto minut. minuty. minutę. минут хвилин мин. 분간 分間 分钟 分鐘
hours time 1 hour stunde heure. heures. hora. horas. godzin час. часа. часов. часах. часам. годин 시간 時間 小时 小時
days time 24 day. days. tag. tage. tagen. jour. jours. día. días. dni. dzień. dnia. doby. dób. день. дня. дней. днів. дні. дням. сут. суток. діб. доби. dniach. 일간 日間 天 일 昼夜
weeks time 168 week wochen woche. semaine semana tygodn недел неділь. тижн тижд 주간 週間 个星期 個星期 周 星期 주
months time 730.5 month monat mois. mes. meses. miesi месяц місяц 개월 か月 カ月 ヶ月 ヵ月 个月 個月 箇月
years time 8766 year jahr. jahre. jahren. an. ans. année. années. año. años. lat. lata. rok. roku. год. года. лет. годам. років. роки. рік. року. 년 年
hectares area 1 hectare hektar hectáre ha. гектар га. 헥타르 ヘクタール 公顷 公頃
km² area 100 km²
m³ volume 1000 m³. кубометр кубомет m3.
m² area 0.0001 m². m2.
km/h speed 1 km/h
mw power 1 mw. megawatt мвт. мегаватт 메가와트 メガワット 兆瓦
gw power 1000 gw. gigawatt гвт. гигаватт 기가와트 ギガワット
kv voltage 1 kv. kilovolt кв. киловольт
degrees angle 1 degree grad. grado. grados. degré stopni градус 度 °c. °.
"""
_PERCENT = re.compile(
    r"\s?(?:%|٪|percent|per cent|pct\b|prozente?n?|pour cent|por ciento|процент[а-яіїє]{0,4}|відсот[а-яіїє]{0,4}|procent[a-z]{0,3}|퍼센트|프로(?![가-힣])|パーセント|%)(?P<points>"
    r"(?:age)?[ -]?points?|punkt|-?пункт|\w{0,3} пункт|p\b|포인트|ポイント|个百分点|p\.p\.)?"
)
_TENTHS = re.compile(r"\s?(?:割|할(?![수 ])|成(?![为員员功立年分本人绩果交熟長长]))")
_AGE = re.compile(
    r"[- ]?years?[- ]old|[- ]?ans\b, âg|-?jährig|-?летн|-?річн|-?letni|歳|岁|歲|세(?=[가-힣 ,.)]|$)|살|лет\b от роду"
)
_ADJECTIVE = r"(?:(?:us|u\.s\.|american|canadian|cubic|square|amerikanisch\w*|schwedisch\w*|американск\w+|американськ\w+|amerykańsk\w+)[ -])?"
_JOINT = r"[ \-\u2010]?(?:de |d'|d’|of )?"


@dataclass(frozen=True, slots=True)
class Unit:
    """What stands behind a figure: the kind of quantity, the unit's name, the factor, and where it ends."""

    kind: str
    name: str
    factor: float
    end: int


@dataclass(frozen=True, slots=True)
class Measure:
    """A unit of measure: what it measures, and how many of the base unit it is."""

    dimension: str
    factor: float


def _rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]


MEASURES = {name: Measure(dimension, float(factor)) for name, dimension, factor, *_ in _rows(_MEASURES)}
_NAMES = {"t": "tonnes", "mw": "MW", "gw": "GW", "kv": "kV"}
MEASURES |= {better: MEASURES.pop(name) for name, better in _NAMES.items()}
MEASURES |= {"age": Measure("age", 1.0)}


def _words(rows: list[tuple[str, list[str]]]) -> tuple[dict[str, str], dict[str, str], list[tuple[str, str]]]:
    """Whole words, stems, and words of scripts without word borders (the longest first)."""
    whole: dict[str, str] = {}
    stems: dict[str, str] = {}
    east: list[tuple[str, str]] = []
    for name, words in rows:
        for word in words:
            if ord(word[0]) > 0x2E7F:  # noqa: PLR2004  kana, hangul and Han begin here
                east.append((word, name))
            elif word.endswith("."):
                whole[word[:-1]] = name
            else:
                stems[word] = name
    return whole, stems, sorted(east, key=lambda pair: -len(pair[0]))


_MONEY = _words([(code, words) for code, *words in _rows(_CURRENCIES)])
_SIZES = _words([(_NAMES.get(name, name), words) for name, _, _, *words in _rows(_MEASURES)])
_NEXT = re.compile(rf"{_JOINT}{_ADJECTIVE}(?P<word>[^\W\d_]+[²°]?|[$€£¥₩₴₽₹₺°])")
_SIGN = re.compile(r"(?:(?<![^\W\d_])(us|ca|c|au|a|nt|hk)?([$€£¥₩₴₽₹₺])|(?<![^\W\d_])(" + "|".join(_CODES) + r"))\s?\Z")
_SHAPES = {"cubic": "³", "square": "²"}
_AGO = re.compile(
    r"\s?(?:ago|earlier|before|назад|тому|temu|前|전(?![가-힣])|früher|zuvor|plus tôt|antes|раніше|ранее|wcześniej)(?![^\W\d_])|[ ]?前|[ ]전(?=[ 에,.]|\Z)"
)
_SINCE = re.compile(
    r"(?:\bvor|il y a|\bhace)(?: (?:etwa|rund|fast|mehr als|environ|plus de|casi|más de|unos|unas))? \Z"
)
_LONGEST_STEM = 10
_SHORTEST_STEM = 3


def unit_after(text: str, at: int) -> Unit | None:
    """The unit that begins at `at` in a lower-case text; None where a counted word or nothing stands there."""
    if found := _PERCENT.match(text, at):
        return Unit("percent", "points" if found["points"] else "%", 1.0, found.end())
    if found := _TENTHS.match(text, at):
        return Unit("percent", "%", 10.0, found.end())
    if found := _AGE.match(text, at):
        return Unit("measure", "age", 1.0, found.end())
    match = _NEXT.match(text, at)
    return _word_unit(text, match) if match else None


def _word_unit(text: str, match: re.Match[str]) -> Unit | None:
    """A currency or a measure by its word."""
    word, start = match["word"], match.start("word")
    if code := _SIGNS.get(word) or _named(word, _MONEY):
        return Unit("money", code, 1.0, start + _length(word, _MONEY))
    name = _named(word, _SIZES)
    if name is None:
        return None
    end = start + _length(word, _SIZES)
    if name == "km" and text.startswith("/h", end):
        return Unit("measure", "km/h", 1.0, end + 2)
    shaped = name + _SHAPES.get(match.group().strip().partition(" ")[0], "")
    return Unit("measure", shaped if shaped in MEASURES else name, 1.0, end)


def currency_before(text: str, at: int) -> tuple[str, int] | None:
    """The currency whose sign or code ends at `at`, with its beginning."""
    match = _SIGN.search(text, max(0, at - 6), at)
    if match is None:
        return None
    sign = match[3] or (match[1] or "") + match[2]
    return _SIGNS.get(sign, "USD"), match.start()


def is_past(text: str, start: int, unit: Unit) -> bool:
    """Does the time measured tell when something was ("three weeks ago", "vor drei Wochen"), and not how long?"""
    if MEASURES[unit.name].dimension != "time":
        return False
    return bool(_AGO.match(text, unit.end) or _SINCE.search(text, max(0, start - 20), start))


Words = tuple[dict[str, str], dict[str, str], list[tuple[str, str]]]


def _named(word: str, words: Words) -> str | None:
    return _find(word, id(words))[0]


def _length(word: str, words: Words) -> int:
    return _find(word, id(words))[1]


_TABLES = {id(_MONEY): _MONEY, id(_SIZES): _SIZES}


@lru_cache(maxsize=8192)
def _find(word: str, table: int) -> tuple[str | None, int]:
    whole, stems, east = _TABLES[table]
    if ord(word[0]) > 0x2E7F:  # noqa: PLR2004
        return next(((name, len(start)) for start, name in east if word.startswith(start)), (None, 0))
    if name := whole.get(word):
        return name, len(word)
    for length in range(min(_LONGEST_STEM, len(word)), _SHORTEST_STEM - 1, -1):
        if name := stems.get(word[:length]):
            return name, len(word)
    return None, 0
