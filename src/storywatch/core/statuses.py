"""States of things that flip in the news (held and released, signed, denied, postponed), read in ten languages.

A state is read off its word with what stands around it: a negation, a denial, or a sign that it is still to come.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from storywatch.core.habits import folded, set_of


@dataclass(frozen=True, slots=True, order=True)
class Status:
    """A state: the question it answers, the answer, whether the sentence says so or denies it, and whether it is to come."""

    axis: str
    pole: str
    holds: bool = True
    due: bool = False

    def __str__(self) -> str:
        words = self.pole if self.holds else f"not {self.pole}"
        return f"to be {words}" if self.due else words


# A line: axis, pole, then words. A full stop ends a word that must stand as it is; others are beginnings.
_WORDS = """
custody released released. freed. releases. freigelass freigekomm freilass libéré libérée relâch liberad liberó liberaron uwolni zwolnion wypuszcz освобод освобожд отпущен отпустил звільни звільнен відпущен відпустил 석방 풀려 釈放 解放さ 获释 釋放 释放 獲釋
custody held detained. arrested. jailed. imprisoned. held. captured. captive. festgenommen verhaftet inhaftier gefangengenommen festgehalten arrêté détenu capturé détenid arrestad capturad encarcelad zatrzyman aresztowan uwięzion pojman задержан арестован захвачен удержива взят. арештован затриман захоплен утриму 체포 구금 구속 억류 붙잡 생포 수감 逮捕 拘束 拘留 勾留 捕らえ 被捕 被俘 扣押 羁押
life dead died. dead. killed. dies. death. gestorben getötet tot. starb. starben. mort. morte. morts. décéd tué. tués. tuée. murió murieron muert falleci zmarł zginę zginą zabit умер погиб скончал убит. убиты. помер загину загибл вбит. вбито. 사망 숨졌 숨진 숨지 死亡 死去 亡くな 去世 身亡 丧生 遇难
life alive alive. survived. lebend überlebt lebt. vivant vivante. survéc survi. vivo. viva. vivos. sobreviv żyje żyją przeżył ocalał жив. живы. выжил живий живі вижи 생존 살아 生存 生きて 生还 活着 幸存
signing signed signed. signs. unterzeich unterschr signé. signée. signés. signent firmad firmó firmaron firman podpisa подписа підписа 서명 調印 署名 签署 簽署 签字
answer agreed agreed. agrees. accepted. accepts. approved. approves. granted. consented. zugestimmt stimmt. einigten geeinigt angenommen gebilligt genehmigt accepté approuvé accordé acceptó acept aprob acuerd acordó zgodził zaakceptow zatwierdz согласил одобри принял. утвердил погоди. погодил погоджу схвали затверди ухвали 합의 동의 수락 승인 수용 合意 同意 承認 受け入れ 批准 接受
answer rejected rejected. rejects. refused. refuses. refusing. declined. declines. vetoed. abgelehnt lehnt. lehnte. lehnten. verweiger weigert zurückgewiesen rejeté rejett refusé refuse. refusent rechaz negó. niega. odrzuc odmówi odmawia отказа отверг отклони відмов відхили відкин 거부 거절 기각 拒否 拒絶 却下 拒绝 驳回 否决
word confirmed confirmed. confirms. acknowledged. acknowledges. admitted. admits. bestätigt bestätigen eingeräumt confirmé confirme. confirment reconnu confirm admiti. admite. reconoci potwierdz przyzna подтверд призна підтверд визна 확인 인정 시인 確認 認めた 证实 確認 承认 确认
word denied denied. denies. deny. denying. dementier bestreit bestritt dément. démenti nié. desmient desmint negaron zaprzecz опроверг отрица спросту запереч 부인 부정 否定 否認 否认 駁斥
access open open. opened. opens. reopened. reopens. geöffnet öffnet. wiedereröffnet offen. ouvert rouvert rouvre abiert abrió reabri reabr otwart otwar открыт открыл открыл. відкрит відкри 개방 재개방 열렸 開放 再開放 开放 重新开放
access closed closed. closes. shut. geschlossen schließt gesperrt fermé ferme. cerrad cerró cierra zamknię zamyka закрыт закрыл закрыва закрит закри 폐쇄 닫혔 휴교 閉鎖 閉校 休校 关闭 停课 封闭
verdict guilty guilty. convicted. sentenced. schuldig verurteilt coupable condamné culpable condenad condenó winny. winna. winnym. winnych. skazan виновн осужден осуждён приговор винн засуджен 유죄 실형 有罪 判刑 被判
verdict acquitted acquitted. cleared. innocent. freigesprochen freispruch acquitt relaxé innocent absuelt absolvi uniewinni оправдан оправдал виправда 무죄 無罪 无罪
charge charged charged. indicted. angeklagt inculp. inculpé imputad procesad oskarżon обвинен обвинён обвинение звинувач 기소 起訴 起诉 起訴
claim withdrawn withdrawn. withdrew. withdraws. retracted. retracts. revoked. zurückgezogen zurückgenommen widerrufen retiré retire. retirad retiró wycofa odwoła отозва отозван відклика 철회 撤回 撤销 收回
course planned planned. scheduled. geplant angesetzt prévu. prévue. programmé previst programad zaplanowan запланирован намечен запланован призначен 예정 予定 定于 计划
course begun begun. began. begins. started. starts. opened. launched. underway. begonnen begann begannen beginnt gestartet commencé débuté comenz empez inició inicia. rozpoczę zaczą начал. начала. начали. начался началась началось начались почав. почали. почався почалась почалося почалися розпоча 시작 착수 개시 始まった 始まり 開始 开始 启动
course paused paused. suspended. halted. stopped. interrupted. ausgesetzt unterbrochen gestoppt suspendu interrompu suspendid suspendió paraliz interrump wstrzyma zawiesz przerwa приостанов прерван остановл призупин зупинен перерван 중단 정지 中断 停止 暂停 中止
course resumed resumed. resumes. restored. fortgesetzt repris. reprise. reprend reanud wznowi возобнов відновл поновл 재개 복구 再開 復旧 恢复 重启
course postponed postponed. delayed. verschoben vertagt reporté ajourn aplazad aplazó pospuest pospus przełożon odroczon odłożon отложен перенесен перенёс перенесён відклад відкладен перенесен 연기 미뤄 延期 先送り 推迟 延后
course cancelled cancelled. canceled. scrapped. abgesagt gestrichen annulé cancelad canceló anulad odwołan anulowan отменен отменён отменил скасова 취소 取り消 取消 中止に
course ended ended. ends. concluded. finished. completed. beendet abgeschlossen endete. terminé achev conclu. terminad terminó concluy finaliz zakończ завершен завершён завершил закончил завершен завершив завершил закінчи 종료 끝났 마무리 終了 終わった 结束 完成
order lifted lifted. aufgehoben levé. levée. levantad levantó znies zniós uchylon снят. сняты. снял отмене скасовано. знят зняв. 해제 解除 解禁
order imposed imposed. imposes. verhängt imposé impus impuest nałoż введен введён ввел. ввёл. запроваджен введено 부과 발령 発令 科した 实施 施加
contact lost lost. abgebrochen abgerissen perdu. perdue. perdid perdió utracon стратил потерян утрачен втрачен 두절 끊겼 끊긴 끊겨 途絶え 失った 失去 失联
contact regained regained. wiederhergestellt rétabli restablec przywróc восстановл відновлен 복구 回復 恢复
found missing missing. vermisst disparu desaparecid zaginion zaginą пропал пропав зник. зникл 실종 行方不明 失踪
found found found. recovered. gefunden geborgen retrouvé encontrad hallad odnalezi znalezi найден знайден 발견 発見 找到 寻获
office resigned resigned. resigns. dismissed. sacked. zurückgetreten entlassen démissionn limogé dimiti dimisi destituid zrezygnow ustąpi zdymisjon уволен відставк 사임 사퇴 해임 辞任 辞職 解任 辞职 免职
office appointed appointed. elected. ernannt gewählt nommé élu. nombrad elegid mianowan powołan wybran назначен избран призначено обран 임명 선출 任命 選出 当选
truce violated violated. broken. breached. gebrochen violé rompu violad roto. rota. violó naruszon złaman нарушен нарушил порушен порушил 위반 違反 破られ 违反
"""
_PHRASES = (
    (
        r"set free|walked free|let go|auf freiem fuß|freigelassen|ließ(?:en)? .{0,30}frei\b|remis\w* en liberté|en libertad|na wolność|na wolności|на свободу|на свободе|на волю|на волі",
        "custody",
        "released",
    ),
    (
        r"in custody|behind bars|in haft|en détention|bajo custodia|w areszcie|под стражей|під вартою|за решёткой|за ґратами",
        "custody",
        "held",
    ),
    (
        r"called off|broken off|fell through|geplatzt|tombé à l'eau|nie dojdzie do skutku|сорвал|зірва|無くなった|결렬|決裂|破裂",
        "course",
        "cancelled",
    ),
    (r"under ?way|in progress|im gange|en cours|en marcha|w toku|진행 중|進行中", "course", "begun"),
    (
        r"out of service|switched off|außer betrieb|hors service|fuera de servicio|wyłączon\w*|отключен\w*|вимкнен\w*|전원.{0,4}꺼",
        "service",
        "off",
    ),
    (
        r"back in service|in operation|switched on|in betrieb|en service|en servicio|włączon\w*|включен\w*|увімкнен\w*",
        "service",
        "on",
    ),
    (
        r"ruled out|schloss .{0,20}aus\b|exclu(?:t|e|es)?\b|descart\w+|wyklucz\w+|исключ\w+|виключ\w+|배제|排除",
        "answer",
        "rejected",
    ),
    (r"stepped down|step down|tritt .{0,20}zurück|trat .{0,20}zurück", "office", "resigned"),
    (r"steht noch aus|still pending|en suspens", "course", "planned"),
)
_EXACT_OPPOSITE = {
    ("custody", "released"): "held",
    ("life", "dead"): "alive",
    ("life", "alive"): "dead",
    ("access", "open"): "closed",
    ("access", "closed"): "open",
    ("found", "found"): "missing",
    ("found", "missing"): "found",
    ("service", "on"): "off",
    ("service", "off"): "on",
    ("signing", "signed"): "unsigned",
}
_NEGATIONS = set_of("""not no never without cannot nor neither yet failed nicht kein keine keinen keiner nie niemals ne n pas jamais aucun aucune sans
    no nunca jamás sin ningún ninguna nie nigdy bez żaden żadna не нет ни никогда без ні немає ніколи""")
_DENIALS = re.compile(
    r"(?:den(?:y|ies|ied|ying)|refus|dementier|bestreit|bestritt|démen|niega|negó|desmint|desmient|zaprzecz|отриц|опроверг|запереч|спростов)"
)
_COMING = set_of("""will would shall may might could should must can if unless to wird werden soll sollen sollte sollten will wollen würde würden könnte
    könnten kann können muss sera seront va vont doit doivent devrait devraient pourrait pourraient será serán va van debe deben debería podría
    podrían puede zostanie zostaną będzie będą ma mają może mogą будет будут должен должна должны может могут готов готовы если буде будуть
    має мають може можуть готовий готові якщо""")
_CLAUSE = re.compile(
    r"[,;:.!?—–()«»„“”\"]|\b(?:but|while|aber|während|mais|pero|mientras|ale|но|але|а|який|которы\w+)\b"
)
_TOKEN = re.compile(r"[^\W\d_]+(?:['’ʼ-][^\W\d_]+)*|[,;:.!?—–()«»„“”\"]")
_EAST = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_EAST_NOT_BEFORE = re.compile(r"(?:没有|沒有|没|未|尚未|并未|不|拒绝|拒不|無|안\s|미)[^，。、,.]{0,3}\Z")
_EAST_NOT_AFTER = re.compile(
    r"[^、。，,.]{0,4}?(?:지\s?(?:는|도)?\s?(?:않|못)|하지\s|되지\s(?:않|못))|[^、。]{0,9}?(?:ない|なかっ|ません|ておらず|されず|せず|に至らず|を否定|을 부인|를 부인|설을 부인)"
)
_EAST_COMING_BEFORE = re.compile(r"(?:将|將|拟|准备|计划|预计|有望|可能|要求|同意|将于[^，。]{0,8})[^，。、]{0,3}\Z")
_EAST_COMING_AFTER = re.compile(
    r"[^、。，,.]{0,6}?(?:\s?예정|할 것|될 것|하기로|키로|할 계획|할 방침|될 전망|할 준비|할 수|予定|見通し|方針|見込み|意向|する用意|へ(?:\s|\Z|、)|を求め|を要求|要求|요구)"
)
_EVENTS = set_of(
    "talks talk meeting meetings hearing election elections trial vote session round conference ceremony funeral summit rally concert referendum"
)
_NOT_HELD = set_of("a an the that its up out back off on their his her")
REACH = 4


def _tables() -> tuple[dict[str, tuple[str, str]], dict[str, tuple[str, str]], dict[str, tuple[str, str]]]:
    whole: dict[str, tuple[str, str]] = {}
    stems: dict[str, tuple[str, str]] = {}
    east: dict[str, tuple[str, str]] = {}
    for axis, pole, *words in (line.split() for line in _WORDS.strip().splitlines()):
        for word in words:
            table = east if _EAST.match(word) else whole if word.endswith(".") else stems
            table.setdefault(word.rstrip("."), (axis, pole))
    return whole, stems, east


_WHOLE, _STEMS, _EAST_WORDS = _tables()
_EAST_WORD = re.compile("|".join(sorted(map(re.escape, _EAST_WORDS), key=len, reverse=True)))
_PHRASE = re.compile("|".join(f"(?P<p{at}>{pattern})" for at, (pattern, _, _) in enumerate(_PHRASES)))
_SHORTEST, _LONGEST = min(map(len, _STEMS)), max(map(len, _STEMS))


@lru_cache(maxsize=8192)
def statuses_of(text: str) -> frozenset[Status]:
    """The states that a sentence tells of, with their polarity; empty where there are none."""
    _, lower, _ = folded(text)
    found = set(_western(lower))
    if _EAST.search(lower):
        found.update(_eastern(lower))
    return frozenset(found)


def _western(lower: str) -> list[Status]:
    tokens = _TOKEN.findall(lower)
    found: list[Status] = []
    for at, word in enumerate(tokens):
        state = _state_of(word.replace("’", "'"))
        if state and not (word == "held" and _is_event(tokens, at)):
            found.append(_polar(state, *_around(tokens, at)))
    for match in _PHRASE.finditer(lower):
        _, axis, pole = _PHRASES[int((match.lastgroup or "p0")[1:])]
        before = _TOKEN.findall(lower[max(0, match.start() - 60) : match.start()])
        found.append(_polar((axis, pole), *_around([*before, ""], len(before))))
    return found


def _is_event(tokens: list[str], at: int) -> bool:
    """Talks are held too, and opinions."""
    return bool(_EVENTS & set(tokens[max(0, at - 6) : at + 3])) or bool(_NOT_HELD & set(tokens[at + 1 : at + 2]))


@lru_cache(maxsize=8192)
def _state_of(word: str) -> tuple[str, str] | None:
    if word in _WHOLE:
        return _WHOLE[word]
    for length in range(min(_LONGEST, len(word)), _SHORTEST - 1, -1):
        if state := _STEMS.get(word[:length]):
            return state
    return None


def _around(tokens: list[str], at: int) -> tuple[bool, bool]:
    """Is the word at `at` negated or denied, and is it to come? Clauses end where their marks stand."""
    negated = coming = False
    for steps, word in enumerate(reversed(tokens[max(0, at - 2 * REACH) : at])):
        if _CLAUSE.fullmatch(word):
            break
        near = steps < REACH
        negated = (
            negated
            or (near and (word in _NEGATIONS or word.endswith(("n't", "n’t"))))
            or _DENIALS.match(word) is not None
        )
        coming = coming or (near and word in _COMING)
    following = tokens[at + 1 : at + 3]
    negated = negated or "nicht" in following or "pas" in following[:1]
    return negated, coming


def _polar(state: tuple[str, str], negated: bool, coming: bool) -> Status:  # noqa: FBT001  two answers about one word
    axis, pole = state
    if not negated:
        return Status(axis, pole, due=coming)
    if opposite := _EXACT_OPPOSITE.get(state):
        return Status(axis, opposite)
    return Status(axis, pole, holds=False)


def _eastern(lower: str) -> list[Status]:
    found: list[Status] = []
    for match in _EAST_WORD.finditer(lower):
        start, end = match.span()
        negated = _EAST_NOT_BEFORE.search(lower, max(0, start - 7), start) or _EAST_NOT_AFTER.match(lower, end)
        coming = _EAST_COMING_BEFORE.search(lower, max(0, start - 14), start) or _EAST_COMING_AFTER.match(lower, end)
        found.append(_polar(_EAST_WORDS[match.group()], negated is not None, coming is not None))
    return found


def flipped(old: frozenset[Status], new: frozenset[Status]) -> tuple[Status, Status] | None:
    """The state that the new sentence answers otherwise than the old one; None where they agree or speak of other things.

    What was to come and has come is a flip; what has come and is told as to come is none. Of a sentence that gives both
    answers ("held for a year, was freed") the one is taken for new that the other sentence did not give.
    """
    known = {(status.axis, status.pole, status.holds) for status in old if not status.due}
    pairs = [
        (before, after)
        for after in sorted(new - old)
        for before in sorted(old)
        if before.axis == after.axis and (after.axis, after.pole, after.holds) not in known and _turns(before, after)
    ]
    return pairs[0] if pairs else None


def _turns(before: Status, after: Status) -> bool:
    """Does the answer turn? What is only announced turns nothing that is not announced otherwise."""
    same = (before.pole, before.holds) == (after.pole, after.holds)
    return before.due and not after.due if same else before.due or not after.due


# --------------------------------------------------------------------------- announced for a day


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sentence announces: the words that name the day, as they stand in it."""

    when: str


_NEXT_DAY = (
    r"tomorrow|next (?:week|month|year|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|(?:in|within) the coming \w+|later this (?:week|month|year)"
    r"|this (?:coming )?(?:weekend|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|morgen|übermorgen|(?:nächst|kommend)\w* \w+|demain|(?:la semaine|le mois|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) prochaine?"
    r"|mañana|(?:próxim|siguient)\w* \w+|\w+ que viene|jutro|pojutrze|w (?:przyszł|najbliższ)\w+ \w+|завтра|послезавтра|на (?:следующ|будущ|ближайш)\w+ \w+|в (?:следующ|ближайш)\w+ \w+"
    r"|післязавтра|наступн\w+ \w+|найближч\w+ \w+"
)
_NEXT_DAY_EAST = r"내일|모레|다음\s?(?:주|달|주말|해)|내년|明日|あす|来週|来月|来年|翌日|明天|后天|下周[一二三四五六日]?|下星期[一二三四五六日]?|下个?月|明年"
_DAY = (
    r"(?:on |by |until |from )?(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)|(?:am |bis |ab )?(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)"
    r"|(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)|(?:el |este )?(?:lunes|martes|miércoles|jueves|viernes|sábado|domingo)"
    r"|(?:w |we )?(?:poniedziałek|wtorek|środę|czwartek|piątek|sobotę|niedzielę)|(?:в |во )?(?:понедельник|вторник|среду|четверг|пятницу|субботу|воскресенье)"
    r"|(?:у |в )?(?:понеділок|вівторок|середу|четвер|п.ятницю|суботу|неділю)"
)
_DATE = (
    r"\d{1,2}(?:st|nd|rd|th|er|º)?\.? (?:de |of )?(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec|mär|mai|okt|dez|févr|avr|juin|juil|août|déc|ene|abr|ago|dic|stycz|lut|kwie|maj|czerw|lip|sierp|wrze|paźd|listop|grud"
    r"|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек|січ|лют|бере|кві|трав|черв|лип|серп|вер|жов|лис|груд)[^\W\d_]*"
    r"|(?:january|february|march|april|may|june|july|august|september|october|november|december)\.? \d{1,2}\b"
)
_DATE_EAST = r"\d{1,2}[月월]\s?\d{1,2}[日일号]|\d{1,2}[日일号]|周[一二三四五六日]|星期[一二三四五六日天]|[월화수목금토일]요일|[月火水木金土日]曜日?"
_FUTURE = re.compile(
    r"\b(?:will|shall|is to|are to|due|scheduled|set to|expected to|planned|plans to|to be held|slated|wird|werden|soll|sollen|geplant|angesetzt|vorgesehen|sera|seront|doit|doivent|devrait|prévue?s?|aura lieu|auront lieu|se tiendra"
    r"|será|serán|tendrá lugar|está previst\w|se celebrará|previst\w+|zostanie|zostaną|będzie|będą|odbędzie|odbędą|zaplanowan\w+|ma się|mają się|ma zostać|состоится|состоятся|пройд[её]т|пройдут|запланирован\w*|намечен\w*|назначен\w*|будет|будут|начн[её]тся"
    r"|відбудеться|відбудуться|пройде|пройдуть|заплановано|запланован\w*|призначен\w*|буде|будуть|почнеться|має відбутися|мають)\b"
    r"|예정|할 것|될 것|하기로|열린다|계획|予定|見通し|方針|開かれる|始まる|将于|将在|将|定于|计划|拟于|預定|將"
)
_REPORTED = re.compile(
    r"(?:said|says|told|announced|reported|according to|sagte|teilte|erklärte|berichtete|a déclaré|a dit|a annoncé|a indiqué|dijo|anunció|informó|declaró|powiedział\w*|poinformował\w*|ogłosił\w*|сообщил\w*|заявил\w*|сказал\w*|объявил\w*|повідоми\w+|заяви\w+|оголоси\w+)(?: \w+){0,2} \Z"
)
_REPORTED_AFTER = re.compile(
    r"(?: [^\W\d_]+){0,2}? (?:said|told|announced|reported|sagte|teilte|erklärte|mit\b|dijo|anunció|informó|a déclaré|powiedział|poinformował|сообщил|заявил|повідоми|заяви)|(?:に|も)?[^、。]{0,12}(?:発表した|明らかにした|述べた)|[^,.]{0,12}(?:밝혔|말했|발표했)|[^，。]{0,10}(?:表示|宣布|说|称)"
)
_SURE_DAY = re.compile(rf"(?<![^\W\d_])(?:{_NEXT_DAY})(?![^\W\d_])|{_NEXT_DAY_EAST}")
_ANY_DAY = re.compile(rf"(?<![^\W_])(?:{_DATE}|{_DAY})(?![^\W\d_])|{_DATE_EAST}")


@lru_cache(maxsize=4096)
def planned_for(text: str) -> Plan | None:
    """The day that a sentence announces something for; None where it tells what has happened, or names no day to come.

    A weekday or a date counts only with a word of the future before or behind it, and not where it tells when
    somebody spoke.
    """
    plain, lower, _ = folded(text)
    future = _FUTURE.search(lower) is not None
    for match in _SURE_DAY.finditer(lower):
        if future or not _happened(lower):
            return Plan(plain[match.start() : match.end()])
    if not future:
        return None
    for match in _ANY_DAY.finditer(lower):
        if not _REPORTED.search(lower, max(0, match.start() - 50), match.start()) and not _REPORTED_AFTER.match(
            lower, match.end()
        ):
            return Plan(plain[match.start() : match.end()].strip())
    return None


_PAST = re.compile(
    r"\b(?:was|were|had|did|wurde|wurden|hatte|war|waren|était|étaient|avait|fue|fueron|había|został\w*|zostali|był\w*|был\w*|було|були|був|була)\b|었다|았다|했다|됐다|した。|った。|していた"
)


def _happened(lower: str) -> bool:
    return _PAST.search(lower) is not None
