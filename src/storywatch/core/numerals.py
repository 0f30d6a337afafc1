"""Number words of ten languages and their values: units, tens, scale words, dozens, and east Asian numerals.

A word is one of three kinds: a part that is added (twenty, двести), a factor that multiplies what stands before it
(hundred, million, dozen), or an ordinal (third), which closes a number and makes it no count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from storywatch.core.habits import list_of, set_of

# A line: the value, then the words. Words that mean something else in another of the ten languages stand in OF_LANGUAGE.
_PARTS = """
0 zero null zéro cero ноль нуль zero нулю
1 one один одна одного одну одной одним одному одною однієї jeden jedna jedną jednego jednej jednym uno
2 two both pair couple zwei zwo beide beiden beider deux paire dos ambos ambas два две двух двум двумя двое двоих двоим оба обе обеих обоих пара пару
2 дві двох двом двома двоє обидва обидві обидвоє обох dwa dwie dwóch dwu dwom dwoma dwiema dwoje dwojga obaj obie obu oboje obydwaj
3 three drei dreier trois tres три трех трёх трем трём тремя трое троих трьох трьом трьома троє trzy trzech trzem trzema trzej troje trojga
4 four vier quatre cuatro четыре четырех четырёх четырем четырём четырьмя четверо четверых чотири чотирьох чотирьом чотирма cztery czterech czterem czterema czterej czworo czworga
5 five fünf cinq cinco пять пяти пятью пятеро пятерых п'ять п'яти п'ятьох п'ятьом п'ятеро pięć pięciu pięcioma pięcioro pięciorga
6 six sechs seis шесть шести шестью шестеро шестерых шість шести шістьох шістьом шестеро sześć sześciu sześcioma sześcioro
7 seven sieben sept siete семь семи семью семеро семерых сім семи сімох сьома семеро siedem siedmiu siedmioma siedmioro
8 eight acht huit ocho восемь восьми восьмью восемью восьмеро вісім восьми вісьмох вісьмом восьмеро osiem ośmiu ośmioma ośmioro
9 nine neun neuf nueve девять девяти девятью девятеро дев'ять дев'яти дев'ятьох дев'ятеро dziewięć dziewięciu dziewięcioma dziewięcioro
10 ten zehn dix diez десять десяти десятью десятеро десятьох десятьом dziesięć dziesięciu dziesięcioma dziesięcioro
11 eleven elf onze once
12 twelve zwölf douze doce
13 thirteen dreizehn treize trece
14 fourteen vierzehn quatorze catorce
15 fifteen fünfzehn quinze quince
16 sixteen sechzehn seize dieciséis
17 seventeen siebzehn diecisiete
18 eighteen achtzehn dieciocho
19 nineteen neunzehn diecinueve
20 twenty zwanzig vingt veinte
21 veintiuno veintiún veintiuna
22 veintidós
23 veintitrés
24 veinticuatro
25 veinticinco
26 veintiséis
27 veintisiete
28 veintiocho
29 veintinueve
30 thirty dreißig dreissig trente treinta
40 forty vierzig quarante cuarenta сорок сорока
50 fifty fünfzig cinquante cincuenta
60 sixty sechzig soixante sesenta
70 seventy siebzig septante setenta
80 eighty achtzig quatre-vingt quatre-vingts huitante ochenta
90 ninety neunzig nonante noventa девяносто девяноста дев'яносто дев'яноста
100 cien ciento сто ста sto stu
200 doscientos doscientas двести двухсот двумстам двісті двохсот двомстам dwieście dwustu
300 trescientos trescientas триста трехсот трёхсот трьохсот трьомстам trzysta trzystu
400 cuatrocientos cuatrocientas четыреста четырехсот четырёхсот чотириста чотирьохсот czterysta czterystu
500 quinientos quinientas пятьсот пятисот п'ятсот п'ятисот pięćset pięciuset
600 seiscientos seiscientas шестьсот шестисот шістсот шестисот sześćset sześciuset
700 setecientos setecientas семьсот семисот сімсот семисот siedemset siedmiuset
800 ochocientos ochocientas восемьсот восьмисот вісімсот восьмисот osiemset ośmiuset
900 novecientos novecientas девятьсот девятисот дев'ятсот дев'ятисот dziewięćset dziewięciuset
1.5 полтора полторы полутора півтора півтори półtora półtorej anderthalb eineinhalb
2.5 zweieinhalb
6 полдюжины півдюжини
500000 полмиллиона полумиллиона півмільйона
"""
_SLAVIC_STEMS = """
11 одиннадцат одинадцят|12 двенадцат дванадцят|13 тринадцат тринадцят|14 четырнадцат чотирнадцят|15 пятнадцат п'ятнадцят
16 шестнадцат шістнадцят|17 семнадцат сімнадцят|18 восемнадцат вісімнадцят|19 девятнадцат дев'ятнадцят|20 двадцат двадцят
30 тридцат тридцят
"""
_SLAVIC_ENDINGS = ("ь", "и", "ью", "ьма", "ьох", "ьом", "ьома", "еро")
_SLAVIC_TENS = """
50 пятьдесят пятидесяти п'ятдесят п'ятдесяти п'ятдесятьох|60 шестьдесят шестидесяти шістдесят шістдесяти шістдесятьох
70 семьдесят семидесяти сімдесят сімдесяти сімдесятьох|80 восемьдесят восьмидесяти вісімдесят вісімдесяти вісімдесятьох
11 jedenaście jedenastu|12 dwanaście dwunastu|13 trzynaście trzynastu|14 czternaście czternastu|15 piętnaście piętnastu
16 szesnaście szesnastu|17 siedemnaście siedemnastu|18 osiemnaście osiemnastu|19 dziewiętnaście dziewiętnastu
20 dwadzieścia dwudziestu|30 trzydzieści trzydziestu|40 czterdzieści czterdziestu|50 pięćdziesiąt pięćdziesięciu
60 sześćdziesiąt sześćdziesięciu|70 siedemdziesiąt siedemdziesięciu|80 osiemdziesiąt osiemdziesięciu
90 dziewięćdziesiąt dziewięćdziesięciu
"""
# Factors: one of it when it stands alone.
_FACTORS = """
10 dizaine decena десяток dziesiątka
12 dozen dutzend douzaine docena дюжина дюжину дюжины дюжині дюжини tuzin tuzina tuzinów
15 quinzaine quincena
20 vingtaine veintena
30 trentaine treintena
40 quarantaine
50 cinquantaine
60 soixantaine
100 hundred hundert cent centaine centenar сотня сотню сотней сотнею setka setkę
1000 thousand tausend tsd mille millier mil millar тысяча тысячу тыс тисяча тисячу тис tysiąc tys
1000000 million mio mln millon millón миллион миллиона млн мільйон мільйона milion miliona
1000000000 billion bn mrd milliard milliarde md mds millardo миллиард миллиарда млрд мільярд мільярда miliard miliarda mld
1000000000000 trillion tn trn billón bilion biliona bln триллион триллиона трлн трильйон трильйона
"""
# The same in the plural: several of it when it stands alone ("dozens", "сотни").
_PLURALS = """
10 tens dizaines decenas десятки десятков десятками десяток десятків dziesiątki dziesiątek
12 dozens dutzende dutzenden douzaines docenas
100 hundreds hunderte hunderten hunderter cents centaines cientos cientas centenares сотни сотен сотнями сотні сотень setki setek
1000 thousands tausende tausenden milliers miles millares тысячи тысяч тысячами тысячам тисячі тисяч тисячами tysiące tysięcy tysiącami
1000000 millions millionen millones миллионы миллионов миллионами мільйони мільйонів мільйонами miliony milionów milionami
1000000000 billions milliards milliarden миллиарды миллиардов мільярди мільярдів miliardy miliardów
1000000000000 trillions billones billionen bilionów biliony триллионов трильйонів
"""
_VAGUE = "15 kilkanaście kilkunastu|30 kilkadziesiąt kilkudziesięciu|300 kilkaset kilkuset"
_ORDINALS = """
1 first erste ersten erster erstes première premier primera primero primer первый первая первое первого первой первую первом перший перша перше першого першої першу pierwszy pierwsza pierwsze pierwszego pierwszej pierwszą
2 second zweite zweiten zweiter zweites deuxième seconde segunda segundo второй вторая второе второго вторую втором другий drugi druga drugie drugiego drugiej drugą
3 third dritte dritten dritter drittes troisième tercera tercero tercer третий третья третье третьего третьей третью третьем третій третя третє третього третьої третю trzeci trzecia trzecie trzeciego trzeciej trzecią
4 fourth vierte vierten vierter viertes quatrième cuarta cuarto четвертый четвёртый четвертая четвёртая четвертого четвертой четвертий четверта czwarty czwarta czwarte czwartego czwartej czwartą
5 fifth fünfte fünften fünfter fünftes cinquième quinta quinto пятый пятая пятое пятого пятой пятую п'ятий п'ята п'ятого п'ятої piąty piąta piąte piątego piątej piątą
6 sixth sechste sechsten sechster sixième sexta sexto шестой шестая шестого шестую шостий шоста шостого шостої szósty szósta szóste szóstego szóstej szóstą
7 seventh siebte siebten siebter septième séptima séptimo седьмой седьмая седьмого седьмую сьомий сьомого сьомої siódmy siódma siódme siódmego siódmej siódmą
8 eighth achte achten achter huitième octava octavo восьмой восьмая восьмого восьмую восьмий восьма ósmy ósma ósme ósmego ósmej ósmą
9 ninth neunte neunten neunter neuvième novena noveno девятый девятая девятого девятую дев'ятий дев'ята dziewiąty dziewiąta dziewiątego dziewiątej
10 tenth zehnte zehnten zehnter dixième décima décimo десятый десятая десятого десятую десятий десята dziesiąty dziesiąta dziesiątego dziesiątej
11 eleventh elfte elften onzième|12 twelfth zwölfte zwölften douzième двенадцатый двенадцатая дванадцятий дванадцята dwunasty dwunasta
20 twentieth zwanzigste zwanzigsten vingtième двадцатый двадцатая двадцятий двадцята dwudziesty dwudziesta
"""
# What such a word means only in the languages named; elsewhere it is another word.
OF_LANGUAGE = {
    "once": "es", "sept": "fr", "elf": "de", "cent": "fr", "cents": "fr", "mil": "es", "miles": "es", "neuf": "fr",
    "null": "de", "md": "fr", "mds": "fr", "seconde": "fr", "premier": "fr", "dos": "es", "pair": "en", "couple": "en", "second": "en",
    "tens": "en", "doce": "es", "quince": "es", "uno": "es", "seize": "fr", "six": "en fr", "cientos": "es",
    "octava": "es", "cuarto": "es", "segundo": "es", "quinta": "es", "quinto": "es", "primer": "es", "sto": "pl",
    "trois": "fr", "acht": "de", "achte": "de", "achten": "de", "oboje": "pl", "obie": "pl", "druga": "pl", "drugi": "pl", "drugie": "pl",
}  # fmt: skip
NOT_OF_LANGUAGE = {"ten": "pl", "both": "de", "obu": "en", "pair": "fr", "million": "", "zero": ""}
CERTAIN = set_of("md mds six cientos trois acht doce sto dos uno")  # read so too where the language is not told

_LONG_SCALE = {"billion": 1e12, "trillion": 1e18, "trillionen": 1e18, "billions": 1e12}  # in German and French


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number word: its value, and whether it is added, multiplies, or is an ordinal."""

    value: float
    kind: str  # "part", "factor", "plural", "vague" or "ordinal"


def _lines(table: str) -> list[tuple[float, list[str]]]:
    rows = [row.split() for line in table.strip().splitlines() for row in line.split("|")]
    return [(float(row[0]), row[1:]) for row in rows]


def _lexicon() -> dict[str, Numeral]:
    found: dict[str, Numeral] = {}
    tables = ((_ORDINALS, "ordinal"), (_PLURALS, "plural"), (_FACTORS, "factor"), (_VAGUE, "vague"))
    for table, kind in tables:
        found.update({word: Numeral(value, kind) for value, words in _lines(table) for word in words})
    for table in (_PARTS, _SLAVIC_TENS):
        found.update({word: Numeral(value, "part") for value, words in _lines(table) for word in words})
    for value, stems in _lines(_SLAVIC_STEMS):
        found.update({stem + ending: Numeral(value, "part") for stem in stems for ending in _SLAVIC_ENDINGS})
    return found | _german()


def _german() -> dict[str, Numeral]:
    """Zero to 999 as German writes them: in one word."""
    units = list_of("ein zwei drei vier fünf sechs sieben acht neun")
    teens = list_of("zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn")
    tens = list_of("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")
    small = dict(enumerate(units, 1)) | dict(enumerate(teens, 10)) | {20 + 10 * at: ten for at, ten in enumerate(tens)}
    small |= {20 + 10 * t + u: f"{units[u - 1]}und{tens[t]}" for t in range(8) for u in range(1, 10)}
    found = {word: value for value, word in small.items() if value >= 2}  # noqa: PLR2004  "ein" is an article
    for at, unit in enumerate(["", *units]):
        hundred = max(at, 1) * 100
        found[f"{unit}hundert"] = hundred
        found.update({f"{unit}hundert{word}": hundred + value for value, word in small.items()})
        found[f"{unit}hunderteins"] = hundred + 1
    del found["hundert"]  # a factor: "vier hundert"
    swiss = {word.replace("ß", "ss"): value for word, value in found.items() if "ß" in word}
    return {word: Numeral(float(value), "part") for word, value in (found | swiss).items()}


LEXICON = _lexicon()


@lru_cache(maxsize=8192)
def numeral_of(word: str, lang: str) -> Numeral | None:
    """What a lower-case word is as a number in a language ("" where it is not known); None where it is none."""
    word = word.replace("’", "'").replace("ʼ", "'")
    wanted = OF_LANGUAGE.get(word)
    if wanted is not None and lang not in wanted.split() and not (lang == "" and word in CERTAIN):
        return None
    if lang and NOT_OF_LANGUAGE.get(word) == lang:
        return None
    if lang in {"de", "fr"} and word in _LONG_SCALE:
        return Numeral(_LONG_SCALE[word], "factor")
    return LEXICON.get(word) or _german_thousands(word)


def _german_thousands(word: str) -> Numeral | None:
    head, found, tail = word.partition("tausend")
    if not found:
        return None
    parts = [LEXICON.get(part) if part else Numeral(0, "part") for part in (head, tail)]
    if head == "ein" or not head:
        parts[0] = Numeral(1, "part")
    before, after = parts
    if before is None or after is None or before.kind != "part" or after.kind != "part":
        return None
    return Numeral(before.value * 1000 + after.value, "part")


class Sum:
    """Number words added up as they are spoken: parts are added, factors multiply what stands before them."""

    def __init__(self) -> None:
        self.done = 0.0  # behind the last thousand or million
        self.open = 0.0  # since then
        self.room = float("inf")  # the next part must be smaller
        self.scale = float("inf")  # of the last large factor
        self.vague = False
        self.empty = True

    @property
    def value(self) -> float:
        """What has been spoken so far."""
        return self.done + self.open

    def takes(self, numeral: Numeral) -> bool:
        """Can the word belong to the same number?"""
        if numeral.kind in {"factor", "plural"}:
            return not (self.value == 0 and not self.empty)
        return self.empty or (numeral.kind != "vague" and 0 < numeral.value < self.room)

    def add(self, numeral: Numeral) -> None:
        """Takes the word in."""
        if numeral.kind in {"factor", "plural"}:
            self._multiply(numeral)
        else:
            self.open += numeral.value
            self.room = _room_after(numeral.value)
            self.vague = numeral.kind == "vague"
        self.empty = False

    def _multiply(self, numeral: Numeral) -> None:
        if self.empty:
            self.vague = numeral.kind == "plural"
            self.open = 1.0
        factor = numeral.value
        if factor < 1000:  # noqa: PLR2004  hundred and dozen stay within the thousand
            self.open = max(self.open, 1.0) * factor
            self.room = min(factor, 100.0)
        elif factor > self.scale:  # "dos mil millones": all of it is multiplied
            self.done, self.open = self.value * factor, 0.0
            self.scale = self.room = factor
        else:
            self.done, self.open = self.done + max(self.open, 1.0) * factor, 0.0
            self.scale = self.room = factor


def _room_after(value: float) -> float:
    """Parts below this may follow: after twenty one to nine, after three nothing."""
    if value != int(value) or value == 0:
        return 0.0
    if value in {60.0, 80.0}:
        return 20.0  # soixante-dix, quatre-vingt-dix
    for room in (100.0, 10.0):
        if value % room == 0:
            return room
    return 0.0


# --------------------------------------------------------------------------- east Asian numerals

_DIGITS = dict(zip("〇零一二三四五六七八九", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)) | {"两": 2, "兩": 2}
_DIGITS |= dict(zip("영공일이삼사오육칠팔구", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_TENS = {"十": 10, "百": 100, "千": 1000, "십": 10, "백": 100, "천": 1000, "拾": 10}
_MYRIADS = {"万": 1e4, "萬": 1e4, "만": 1e4, "億": 1e8, "亿": 1e8, "억": 1e8, "兆": 1e12, "조": 1e12}
_EAST_PART = re.compile(r"\d{1,15}(?:[.,]\d{1,9})*|\D")


@lru_cache(maxsize=4096)
def east_value(text: str) -> float:
    """The value of a numeral such as 3億2000万, 1만1천 or 二十三; blanks are passed over."""
    total = section = digit = 0.0
    pending = False
    for part in _EAST_PART.findall(text):
        if part[0].isdigit() and part[0] not in _DIGITS:
            digit, pending = figure_value(part, decimal="."), True
        elif part in _DIGITS:
            digit, pending = (digit * 10 + _DIGITS[part] if pending else _DIGITS[part]), True
        elif part in _TENS:
            section += (digit if pending else 1) * _TENS[part]
            digit, pending = 0.0, False
        elif part in _MYRIADS:
            if not (section or digit) and total:  # 2.6万亿: myriads of myriads
                total *= _MYRIADS[part]
            else:
                total += (section + digit or 1) * _MYRIADS[part]
            section, digit, pending = 0.0, 0.0, False
    return tidy(total + section + digit)


_NATIVE_TENS = dict(
    zip(list_of("열 스물 스무 서른 마흔 쉰 예순 일흔 여든 아흔"), (10, 20, 20, 30, 40, 50, 60, 70, 80, 90), strict=True)
)
_NATIVE_UNITS = dict(
    zip(
        list_of("하나 한 둘 두 셋 세 석 넷 네 넉 다섯 여섯 일곱 여덟 아홉"),
        (1, 1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 6, 7, 8, 9),
        strict=True,
    )
)
NATIVE = re.compile(rf"(?P<ten>{'|'.join(_NATIVE_TENS)})?(?P<unit>{'|'.join(_NATIVE_UNITS)})?")


def native_value(ten: str | None, unit: str | None) -> float:
    """The value of a Korean numeral of its own words, such as 스물두."""
    return float(_NATIVE_TENS.get(ten or "", 0) + _NATIVE_UNITS.get(unit or "", 0))


# --------------------------------------------------------------------------- figures


def figure_value(digits: str, *, decimal: str) -> float:
    """The value of digits with separators. `decimal` is the point of the language, "" where it is not known.

    A separator before three digits groups, unless it is the language's own point or nothing but a zero stands
    before it; 1.100 is thus 1,100 in German and where the language is not known, and 1.1 in English.
    """
    if digits.isdigit():
        return float(digits)
    marks = [mark for mark in digits if not mark.isdigit()]
    last = digits.rfind(marks[-1])
    if len(set(marks)) > 1:
        point = last if marks[-1] in ".," and marks.count(marks[-1]) == 1 else len(digits)
    elif len(marks) > 1 or marks[-1] not in ".,":
        point = len(digits)
    else:
        grouping = len(digits) - last == 4 and len(digits) <= 7 and digits[0] != "0" and marks[-1] != decimal  # noqa: PLR2004
        point = len(digits) if grouping else last
    whole = re.sub(r"\D", "", digits[:point])
    return float(f"{whole}.{re.sub(r'[^0-9]', '', digits[point:]) or 0}")


def tidy(value: float) -> float:
    """Without what floating point adds: 1.1 million is 1100000."""
    return float(f"{value:.12g}")
