"""Pages before and after an edit, in ten languages: a hundred that changed in looks, a hundred that changed in meaning.

The places, people and events are invented; the texts were written for this. `change_of` runs a pair through the
reader that reads the web's pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from storywatch.core.versions import Change, Version, what_changed
from storywatch.parse.page import parse_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

URL = "https://harbor-times.example/news/fire"


@dataclass(frozen=True, kw_only=True)
class Tongue:
    """One article in one language and the ways in which it may be edited: `(before, after)` where words change."""

    lang: str
    charset: str  # that its pages had before UTF-8
    title: str
    paragraphs: tuple[str, ...]
    number: tuple[str, str]
    money: tuple[str, str]
    day: tuple[str, str]
    negation: tuple[str, str]
    status: tuple[str, str]
    name: tuple[str, str]
    added: str
    correction: str
    new_title: str
    updated: tuple[str, str]
    ago: tuple[str, str]
    related: tuple[str, ...]
    ad: str
    cookies: str
    more: str
    comments: tuple[str, str]


TONGUES = (
    Tongue(
        lang="en",
        charset="windows-1252",
        title="Fire at the grain terminal of Sandvik injures 14 workers",
        paragraphs=(
            "A fire at the grain terminal of Sandvik injured 14 workers on Tuesday evening, the fire brigade said.",
            "The flames broke out in the third silo and spread to the conveyor belt within minutes. “We heard a bang and ran,” a crane driver said.",
            "The damage is put at 30 million crowns. The terminal will open again on 12 May, the harbour board said.",
            "The harbour board has confirmed the cause of the fire. The plant manager was arrested on Wednesday morning.",
            "The investigation is led by Anders Holmgren, who has worked for the district for nine years.",
            "Neighbours were told to keep their windows shut until the smoke had gone. Schools in the east of the town stayed open.",
        ),
        number=("injured 14 workers", "injured 19 workers"),
        money=("30 million crowns", "45 million crowns"),
        day=("on 12 May", "on 26 May"),
        negation=("has confirmed the cause", "has not confirmed the cause"),
        status=("was arrested", "was released"),
        name=("Anders Holmgren", "Sofia Lindqvist"),
        added="A second silo collapsed in the night, and the quay was closed to all ships.",
        correction="Correction: An earlier version of this article said that the fire broke out in the second silo.",
        new_title="Manager of the Sandvik grain terminal held after silo fire",
        updated=("Updated 14 April 2026, 18:05 CET", "Updated 15 April 2026, 07:40 CET"),
        ago=("3 hours ago", "14 hours ago"),
        related=(
            "Ferry to the islands cancelled for a week",
            "Town council argues about the new bridge",
            "Record harvest in the north of the district",
        ),
        ad="Advertisement",
        cookies="We use cookies to improve your experience. By continuing you accept our cookie policy.",
        more="Read more: Ferry to the islands cancelled for a week",
        comments=("23 comments", "147 comments"),
    ),
    Tongue(
        lang="de",
        charset="iso-8859-1",
        title="Brand im Getreidehafen von Sandvik verletzt 14 Arbeiter",
        paragraphs=(
            "Bei einem Brand im Getreidehafen von Sandvik sind am Dienstagabend 14 Arbeiter verletzt worden, wie die Feuerwehr mitteilte.",
            "Die Flammen brachen im dritten Silo aus und griffen binnen Minuten auf das Förderband über. „Wir hörten einen Knall und rannten“, sagte ein Kranführer.",
            "Der Schaden wird auf 30 Millionen Kronen geschätzt. Das Terminal soll am 12. Mai wieder öffnen, teilte die Hafenbehörde mit.",
            "Die Hafenbehörde hat die Ursache des Brandes bestätigt. Der Betriebsleiter wurde am Mittwochmorgen festgenommen.",
            "Die Ermittlungen leitet Anders Holmgren, der seit neun Jahren für den Bezirk arbeitet.",
            "Die Anwohner sollten ihre Fenster geschlossen halten, bis der Rauch abgezogen war. Die Schulen im Osten der Stadt blieben offen.",
        ),
        number=("14 Arbeiter verletzt", "19 Arbeiter verletzt"),
        money=("30 Millionen Kronen", "45 Millionen Kronen"),
        day=("am 12. Mai", "am 26. Mai"),
        negation=("hat die Ursache des Brandes bestätigt", "hat die Ursache des Brandes nicht bestätigt"),
        status=("wurde am Mittwochmorgen festgenommen", "wurde am Mittwochmorgen freigelassen"),
        name=("Anders Holmgren", "Sofia Lindqvist"),
        added="In der Nacht stürzte ein zweites Silo ein, und der Kai wurde für alle Schiffe gesperrt.",
        correction="Korrektur: In einer früheren Fassung hieß es, das Feuer sei im zweiten Silo ausgebrochen.",
        new_title="Betriebsleiter des Hafens von Sandvik nach Silobrand in Haft",
        updated=("Stand: 14.04.2026, 18:05 Uhr", "Stand: 15.04.2026, 07:40 Uhr"),
        ago=("vor 3 Stunden", "vor 14 Stunden"),
        related=(
            "Fähre zu den Inseln fällt eine Woche aus",
            "Stadtrat streitet über die neue Brücke",
            "Rekordernte im Norden des Bezirks",
        ),
        ad="Anzeige",
        cookies="Wir verwenden Cookies, um Ihnen ein besseres Angebot zu machen. Mit der Nutzung akzeptieren Sie unsere Cookies.",
        more="Lesen Sie auch: Fähre zu den Inseln fällt eine Woche aus",
        comments=("23 Kommentare", "147 Kommentare"),
    ),
    Tongue(
        lang="fr",
        charset="iso-8859-15",
        title="Un incendie au terminal céréalier de Sandvik blesse 14 ouvriers",
        paragraphs=(
            "Un incendie au terminal céréalier de Sandvik a blessé 14 ouvriers mardi soir, ont indiqué les pompiers.",
            "Les flammes ont pris dans le troisième silo et gagné le tapis roulant en quelques minutes. « Nous avons entendu une explosion et couru », a dit un grutier.",
            "Les dégâts sont estimés à 30 millions de couronnes. Le terminal doit rouvrir le 12 mai, a annoncé le conseil du port.",
            "Le conseil du port a confirmé la cause de l’incendie. Le directeur du site a été arrêté mercredi matin.",
            "L’enquête est dirigée par Anders Holmgren, qui travaille pour le district depuis neuf ans.",
            "Les riverains ont été priés de garder leurs fenêtres fermées jusqu’à la fin des fumées. Les écoles de l’est de la ville sont restées ouvertes.",
        ),
        number=("a blessé 14 ouvriers", "a blessé 19 ouvriers"),
        money=("30 millions de couronnes", "45 millions de couronnes"),
        day=("le 12 mai", "le 26 mai"),
        negation=("a confirmé la cause", "n’a pas confirmé la cause"),
        status=("a été arrêté mercredi", "a été libéré mercredi"),
        name=("Anders Holmgren", "Sofia Lindqvist"),
        added="Un deuxième silo s’est effondré dans la nuit, et le quai a été fermé à tous les navires.",
        correction="Rectificatif : une version précédente de cet article situait le départ du feu dans le deuxième silo.",
        new_title="Le directeur du terminal de Sandvik en garde à vue après le feu du silo",
        updated=("Mis à jour le 14 avril 2026 à 18h05", "Mis à jour le 15 avril 2026 à 07h40"),
        ago=("il y a 3 heures", "il y a 14 heures"),
        related=(
            "Le ferry pour les îles annulé pendant une semaine",
            "Le conseil municipal divisé sur le nouveau pont",
            "Récolte record dans le nord du district",
        ),
        ad="Publicité",
        cookies="Nous utilisons des cookies pour améliorer votre visite. En poursuivant, vous acceptez notre utilisation des cookies.",
        more="À lire aussi : Le ferry pour les îles annulé pendant une semaine",
        comments=("23 commentaires", "147 commentaires"),
    ),
    Tongue(
        lang="es",
        charset="iso-8859-1",
        title="Un incendio en la terminal de granos de Sandvik deja 14 obreros heridos",
        paragraphs=(
            "Un incendio en la terminal de granos de Sandvik dejó 14 obreros heridos el martes por la noche, informaron los bomberos.",
            "Las llamas surgieron en el tercer silo y alcanzaron la cinta transportadora en pocos minutos. «Oímos un estallido y corrimos», dijo un gruista.",
            "Los daños se estiman en 30 millones de coronas. La terminal reabrirá el 12 de mayo, según la junta del puerto.",
            "La junta del puerto ha confirmado la causa del incendio. El director de la planta fue detenido el miércoles por la mañana.",
            "La investigación la dirige Anders Holmgren, que trabaja para el distrito desde hace nueve años.",
            "Se pidió a los vecinos que mantuvieran cerradas las ventanas hasta que se fuera el humo. Las escuelas del este de la ciudad siguieron abiertas.",
        ),
        number=("dejó 14 obreros heridos", "dejó 19 obreros heridos"),
        money=("30 millones de coronas", "45 millones de coronas"),
        day=("el 12 de mayo", "el 26 de mayo"),
        negation=("ha confirmado la causa", "no ha confirmado la causa"),
        status=("fue detenido el miércoles", "fue liberado el miércoles"),
        name=("Anders Holmgren", "Sofia Lindqvist"),
        added="Un segundo silo se derrumbó durante la noche y el muelle quedó cerrado para todos los barcos.",
        correction="Fe de errores: una versión anterior de este artículo situaba el origen del fuego en el segundo silo.",
        new_title="Preso el director de la terminal de Sandvik tras el fuego del silo",
        updated=("Actualizado el 14 de abril de 2026 a las 18:05", "Actualizado el 15 de abril de 2026 a las 07:40"),
        ago=("hace 3 horas", "hace 14 horas"),
        related=(
            "El ferry a las islas, cancelado durante una semana",
            "El ayuntamiento discute sobre el nuevo puente",
            "Cosecha récord en el norte del distrito",
        ),
        ad="Publicidad",
        cookies="Utilizamos cookies para mejorar su visita. Si continúa, acepta el uso de cookies.",
        more="Lea también: El ferry a las islas, cancelado durante una semana",
        comments=("23 comentarios", "147 comentarios"),
    ),
    Tongue(
        lang="pl",
        charset="iso-8859-2",
        title="Pożar w terminalu zbożowym w Sandvik, 14 robotników rannych",
        paragraphs=(
            "W pożarze terminalu zbożowego w Sandvik zostało rannych 14 robotników, podała we wtorek wieczorem straż pożarna.",
            "Płomienie pojawiły się w trzecim silosie i w kilka minut objęły taśmociąg. „Usłyszeliśmy huk i uciekliśmy”, powiedział operator dźwigu.",
            "Straty szacuje się na 30 milionów koron. Terminal zostanie otwarty ponownie 12 maja, podał zarząd portu.",
            "Zarząd portu potwierdził przyczynę pożaru. Kierownik zakładu został w środę rano aresztowany.",
            "Śledztwo prowadzi Anders Holmgren, który pracuje dla okręgu od dziewięciu lat.",
            "Mieszkańców poproszono o zamknięcie okien, dopóki dym nie zniknie. Szkoły na wschodzie miasta były czynne.",
        ),
        number=("rannych 14 robotników", "rannych 19 robotników"),
        money=("30 milionów koron", "45 milionów koron"),
        day=("12 maja", "26 maja"),
        negation=("Zarząd portu potwierdził przyczynę", "Zarząd portu nie potwierdził przyczyny"),
        status=("został w środę rano aresztowany", "został w środę rano zwolniony"),
        name=("Anders Holmgren", "Sofia Lindqvist"),
        added="W nocy zawalił się drugi silos, a nabrzeże zamknięto dla wszystkich statków.",
        correction="Sprostowanie: w poprzedniej wersji tekstu podaliśmy, że ogień pojawił się w drugim silosie.",
        new_title="Kierownik terminalu w Sandvik w areszcie po pożarze silosu",
        updated=("Aktualizacja: 14 kwietnia 2026, godz. 18:05", "Aktualizacja: 15 kwietnia 2026, godz. 07:40"),
        ago=("3 godziny temu", "14 godzin temu"),
        related=(
            "Prom na wyspy odwołany na tydzień",
            "Rada miasta spiera się o nowy most",
            "Rekordowe zbiory na północy okręgu",
        ),
        ad="Reklama",
        cookies="Używamy plików cookie, aby ułatwić korzystanie z serwisu. Korzystając z niego, wyrażasz na to zgodę na cookies.",
        more="Czytaj też: Prom na wyspy odwołany na tydzień",
        comments=("23 komentarze", "147 komentarzy"),
    ),
    Tongue(
        lang="ru",
        charset="windows-1251",
        title="При пожаре на зерновом терминале в Сандвике пострадали 14 рабочих",
        paragraphs=(
            "При пожаре на зерновом терминале в Сандвике во вторник вечером пострадали 14 рабочих, сообщили пожарные.",
            "Огонь вспыхнул в третьем силосе и за несколько минут перекинулся на конвейер. «Мы услышали хлопок и побежали», рассказал крановщик.",
            "Ущерб оценивают в 30 миллионов крон. Терминал откроется снова 12 мая, сообщило управление порта.",
            "Управление порта подтвердило причину пожара. Директор предприятия в среду утром был арестован.",
            "Расследованием руководит Андерс Хольмгрен, который работает в округе девять лет.",
            "Жителей попросили не открывать окна, пока не рассеется дым. Школы на востоке города работали.",
        ),
        number=("пострадали 14 рабочих", "пострадали 19 рабочих"),
        money=("30 миллионов крон", "45 миллионов крон"),
        day=("12 мая", "26 мая"),
        negation=("Управление порта подтвердило", "Управление порта не подтвердило"),
        status=("был арестован", "был освобождён"),
        name=("Андерс Хольмгрен", "Софья Линдквист"),
        added="Ночью обрушился второй силос, и причал закрыли для всех судов.",
        correction="Исправление: в предыдущей версии говорилось, что огонь вспыхнул во втором силосе.",
        new_title="Директор терминала в Сандвике задержан после пожара в силосе",
        updated=("Обновлено 14 апреля 2026 в 18:05", "Обновлено 15 апреля 2026 в 07:40"),
        ago=("3 часа назад", "14 часов назад"),
        related=(
            "Паром на острова отменён на неделю",
            "Городской совет спорит о новом мосте",
            "Рекордный урожай на севере округа",
        ),
        ad="Реклама",
        cookies="Мы используем файлы cookie, чтобы сайт был удобнее. Продолжая, вы соглашаетесь на использование cookie.",
        more="Читайте также: Паром на острова отменён на неделю",
        comments=("23 комментария", "147 комментариев"),
    ),
    Tongue(
        lang="uk",
        charset="windows-1251",
        title="Під час пожежі на зерновому терміналі в Сандвіку постраждали 14 робітників",
        paragraphs=(
            "Під час пожежі на зерновому терміналі в Сандвіку у вівторок увечері постраждали 14 робітників, повідомили пожежники.",
            "Вогонь спалахнув у третьому силосі й за кілька хвилин перекинувся на конвеєр. «Ми почули вибух і побігли», розповів кранівник.",
            "Збитки оцінюють у 30 мільйонів крон. Термінал відкриється знову 12 травня, повідомило управління порту.",
            "Управління порту підтвердило причину пожежі. Директора підприємства в середу вранці заарештували.",
            "Розслідуванням керує Андерс Гольмгрен, який працює в окрузі дев’ять років.",
            "Мешканців попросили не відчиняти вікон, доки не розвіється дим. Школи на сході міста працювали.",
        ),
        number=("постраждали 14 робітників", "постраждали 19 робітників"),
        money=("30 мільйонів крон", "45 мільйонів крон"),
        day=("12 травня", "26 травня"),
        negation=("Управління порту підтвердило", "Управління порту не підтвердило"),
        status=("в середу вранці заарештували", "в середу вранці звільнили"),
        name=("Андерс Гольмгрен", "Софія Ліндквіст"),
        added="Уночі обвалився другий силос, і причал закрили для всіх суден.",
        correction="Виправлення: у попередній версії йшлося про те, що вогонь спалахнув у другому силосі.",
        new_title="Директора терміналу в Сандвіку затримали після пожежі в силосі",
        updated=("Оновлено 14 квітня 2026 о 18:05", "Оновлено 15 квітня 2026 о 07:40"),
        ago=("3 години тому", "14 годин тому"),
        related=(
            "Пором на острови скасовано на тиждень",
            "Міська рада сперечається про новий міст",
            "Рекордний урожай на півночі округу",
        ),
        ad="Реклама",
        cookies="Ми використовуємо файли cookie, щоб сайт був зручнішим. Продовжуючи, ви погоджуєтеся на використання cookie.",
        more="Читайте також: Пором на острови скасовано на тиждень",
        comments=("23 коментарі", "147 коментарів"),
    ),
    Tongue(
        lang="ja",
        charset="shift_jis",
        title="サンドビク港の穀物倉庫で火災、作業員14人が負傷",
        paragraphs=(
            "サンドビク港の穀物倉庫で火曜日の夜に火災があり、作業員14人が負傷したと消防が発表した。",
            "火は三番目のサイロから出て、数分のうちにベルトコンベヤーへ燃え広がった。「爆発音を聞いて逃げた」とクレーンの運転手は話した。",
            "被害額は3000万クローネと見積もられている。港湾局によると、倉庫は5月12日に再開する予定だ。",
            "港湾局は出火の原因を確認した。工場長は水曜日の朝に逮捕された。",
            "捜査を指揮するのは、この地区で九年間働いているアンデシュ・ホルムグレン検事だ。",
            "近くの住民は煙が消えるまで窓を閉めるよう求められた。町の東側の学校は授業を続けた。",
        ),
        number=("作業員14人が負傷した", "作業員19人が負傷した"),
        money=("3000万クローネ", "4500万クローネ"),
        day=("5月12日", "5月26日"),
        negation=("出火の原因を確認した", "出火の原因を確認していない"),
        status=("水曜日の朝に逮捕された", "水曜日の朝に釈放された"),
        name=("アンデシュ・ホルムグレン", "ソフィア・リンドクヴィスト"),
        added="夜には二つ目のサイロが崩れ落ち、岸壁はすべての船に対して閉鎖された。",
        correction="訂正：以前の記事では、火は二番目のサイロから出たとしていました。",
        new_title="サンドビク港の倉庫長を拘束、サイロ火災をめぐり",
        updated=("更新：2026年4月14日 18時05分", "更新：2026年4月15日 7時40分"),
        ago=("3時間前", "14時間前"),
        related=("島へのフェリーが一週間の運休", "新しい橋をめぐり町議会が対立", "北部で記録的な豊作"),
        ad="広告",
        cookies="当サイトではクッキーを使用しています。閲覧を続けると、クッキーの使用に同意したものとみなします。",
        more="あわせて読みたい：島へのフェリーが一週間の運休",
        comments=("23件のコメント", "147件のコメント"),
    ),
    Tongue(
        lang="zh",
        charset="gb18030",
        title="桑德维克港粮食码头起火，14名工人受伤",
        paragraphs=(
            "消防部门表示，桑德维克港粮食码头星期二晚上起火，造成14名工人受伤。",
            "大火从第三座筒仓烧起，几分钟内蔓延到传送带。“我们听到一声巨响就跑了”，一名吊车司机说。",
            "损失估计为3000万克朗。港务局表示，码头将于5月12日重新开放。",
            "港务局已确认起火原因。工厂经理星期三早上被逮捕。",
            "负责调查的是在该区工作了九年的安德斯·霍尔姆格伦检察官。",
            "附近居民被要求在烟雾散去之前关好窗户。城东的学校照常上课。",
        ),
        number=("造成14名工人受伤", "造成19名工人受伤"),
        money=("3000万克朗", "4500万克朗"),
        day=("5月12日", "5月26日"),
        negation=("港务局已确认起火原因", "港务局没有确认起火原因"),
        status=("星期三早上被逮捕", "星期三早上获释"),
        name=("安德斯·霍尔姆格伦", "索菲亚·林奎斯特"),
        added="夜里第二座筒仓倒塌，码头对所有船只关闭。",
        correction="更正：本文此前版本称大火从第二座筒仓烧起。",
        new_title="桑德维克码头经理因筒仓大火被拘留",
        updated=("更新时间：2026年4月14日 18:05", "更新时间：2026年4月15日 07:40"),
        ago=("3小时前", "14小时前"),
        related=("前往群岛的渡轮停航一周", "市议会为新桥争论不休", "北部粮食创纪录丰收"),
        ad="广告",
        cookies="本网站使用cookie以改善您的体验。继续浏览即表示您同意使用cookie。",
        more="延伸阅读：前往群岛的渡轮停航一周",
        comments=("23条评论", "147条评论"),
    ),
    Tongue(
        lang="ko",
        charset="euc-kr",
        title="산드비크 항구 곡물 창고에 불, 노동자 14명 부상",
        paragraphs=(
            "산드비크 항구의 곡물 창고에서 화요일 밤 불이 나 노동자 14명이 다쳤다고 소방 당국이 밝혔다.",
            "불은 세 번째 사일로에서 시작돼 몇 분 만에 컨베이어 벨트로 번졌다. “폭발음을 듣고 달아났다”고 크레인 기사가 말했다.",
            "피해액은 3000만 크로네로 추산된다. 창고는 5월 12일에 다시 문을 연다고 항만청이 밝혔다.",
            "항만청은 화재 원인을 확인했다. 공장장은 수요일 아침 체포됐다.",
            "수사는 이 지역에서 구 년 동안 일한 안데르스 홀름그렌 검사가 지휘한다.",
            "주민들은 연기가 사라질 때까지 창문을 닫아 달라는 요청을 받았다. 도시 동쪽의 학교들은 수업을 계속했다.",
        ),
        number=("노동자 14명이 다쳤다고", "노동자 19명이 다쳤다고"),
        money=("3000만 크로네", "4500만 크로네"),
        day=("5월 12일", "5월 26일"),
        negation=("화재 원인을 확인했다", "화재 원인을 확인하지 않았다"),
        status=("수요일 아침 체포됐다", "수요일 아침 석방됐다"),
        name=("안데르스 홀름그렌", "소피아 린드크비스트"),
        added="밤사이 두 번째 사일로가 무너졌고 부두는 모든 선박에 폐쇄됐다.",
        correction="정정: 이전 기사에서는 불이 두 번째 사일로에서 시작됐다고 보도했습니다.",
        new_title="사일로 화재로 산드비크 창고 책임자 구금",
        updated=("입력 2026년 4월 14일 18:05", "입력 2026년 4월 15일 07:40"),
        ago=("3시간 전", "14시간 전"),
        related=("섬으로 가는 여객선 일주일 운항 중단", "새 다리를 두고 시의회 갈등", "북부 지역 기록적인 풍작"),
        ad="광고",
        cookies="이 사이트는 쿠키를 사용합니다. 계속 이용하면 쿠키 사용에 동의하는 것으로 간주합니다.",
        more="관련기사: 섬으로 가는 여객선 일주일 운항 중단",
        comments=("댓글 23", "댓글 147"),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One page before and after."""

    lang: str
    kind: str
    before: bytes
    after: bytes
    charset: str = "utf-8"  # of `after`, as its server says


def html_of(
    tongue: Tongue, paragraphs: tuple[str, ...], *, title: str = "", charset: str = "utf-8", **parts: str
) -> bytes:
    """A page as an outlet makes it. `parts`: what stands above the text, in it, behind it, beside it and at its foot."""
    title = title or tongue.title
    body = "".join(f"<p>{escape(text, quote=False)}</p>\n" for text in paragraphs)
    half = body.find("</p>\n", len(body) // 2) + len("</p>\n")
    body = body[:half] + parts.get("within", "") + body[half:]
    boxes = parts.get("boxes", "<aside><h3>…</h3></aside>")
    page = (
        f'<!doctype html><html lang="{tongue.lang}"><head><meta charset="{charset}"><title>{escape(title)} | Harbor Times</title>'
        f'<meta property="og:title" content="{escape(title)}"><meta property="og:type" content="article"></head><body>'
        f'<nav><a href="/">Harbor Times</a><a href="/news">News</a></nav><main><article><h1>{escape(title)}</h1>'
        f"{parts.get('above', '')}{parts.get('text', body)}{parts.get('behind', '')}</article>{boxes}</main>"
        f"<footer>{parts.get('foot', '© 2026')}</footer></body></html>"
    )
    return page.encode(charset, "xmlcharrefreplace")


# --------------------------------------------------------------------------- looks


def _links(tongue: Tongue, *, turned: bool = False, tracked: str = "") -> str:
    lines = tongue.related[::-1] if turned else tongue.related
    items = "".join(f'<li><a href="/news/{number}{tracked}">{line}</a></li>' for number, line in enumerate(lines))
    return f'<div class="box"><h3>{tongue.more}</h3><ul>{items}</ul></div>'


def _restyled(tongue: Tongue) -> str:
    """The same words, as another program writes them: other elements, blanks, marks in the middle of sentences."""
    out = []
    for number, text in enumerate(tongue.paragraphs):
        marked = escape(text, quote=False)
        middle = len(text) // 2
        if " " in text:
            middle = text.index(" ", middle)
            marked = (
                f"{escape(text[:middle], quote=False)}\n   <strong>{escape(text[middle + 1 :], quote=False)}</strong>"
            )
        out.append(f'<p class="css-{number}x9" data-i="{number}">\n  {marked}\n</p>')
    return "\n\n".join(out)


def _typeset(text: str) -> str:
    """Other quotation marks, blanks that don't break, other dashes."""
    swaps = {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "’": "'", "「": "『", "」": "』"}
    text = "".join(swaps.get(sign, sign) for sign in text)
    return text.replace("30 ", "30\u00a0").replace("14 ", "14\u00a0").replace(" - ", " – ").replace("12 ", "12\u202f")


def _noise(tongue: Tongue) -> Iterator[tuple[str, Callable[[], tuple[bytes, bytes]]]]:
    text = tongue.paragraphs

    def page(**parts: str) -> bytes:
        return html_of(tongue, text, **parts)

    def line(words: str) -> str:
        return f"<p>{words}</p>"

    yield (
        "time",
        lambda: (
            page(above=f'<time datetime="2026-04-14T18:05">18:05</time>{line(tongue.updated[0])}'),
            page(above=f'<time datetime="2026-04-15T07:40">07:40</time>{line(tongue.updated[1])}'),
        ),
    )
    yield "ago", lambda: (page(above=line(tongue.ago[0])), page(above=line(tongue.ago[1])))
    yield "related", lambda: (page(), page(within=_links(tongue), behind=_links(tongue, turned=True)))
    yield "advertisement", lambda: (page(), page(within=line(tongue.ad), behind=line(tongue.ad)))
    yield "quotes", lambda: (page(), html_of(tongue, tuple(map(_typeset, text)), title=_typeset(tongue.title)))
    yield (
        "boxes",
        lambda: (
            page(boxes=_links(tongue) + line(tongue.comments[0]), behind=line(tongue.comments[0])),
            page(boxes=line(tongue.comments[1]) + _links(tongue, turned=True), behind=line(tongue.comments[1])),
        ),
    )
    yield "markup", lambda: (page(), page(text=_restyled(tongue)))
    yield "cookies", lambda: (page(), page(behind=line(tongue.cookies), foot=line(tongue.cookies)))
    yield (
        "links",
        lambda: (
            page(within=f'<p><a href="/news/0">{tongue.more}</a></p>'),
            page(
                within=f'<p><a href="/news/0?utm_source=box">{tongue.more}</a></p>',
                behind=_links(tongue, tracked="?utm_campaign=spring"),
            ),
        ),
    )
    yield "charset", lambda: (page(), html_of(tongue, text, charset=tongue.charset))


def noise_pairs() -> list[Pair]:
    """Ten kinds in ten languages that say what they said."""
    pairs = []
    for tongue in TONGUES:
        for kind, make in _noise(tongue):
            before, after = make()
            charset = tongue.charset if kind == "charset" else "utf-8"
            pairs.append(Pair(lang=tongue.lang, kind=kind, before=before, after=after, charset=charset))
    return pairs


# --------------------------------------------------------------------------- meaning


def _swapped(tongue: Tongue, words: tuple[str, str]) -> tuple[str, ...]:
    old, new = words
    assert sum(old in text for text in tongue.paragraphs) == 1, (tongue.lang, old)
    return tuple(text.replace(old, new) for text in tongue.paragraphs)


def meaning_pairs() -> list[Pair]:
    """Ten kinds in ten languages that say something else."""
    pairs = []
    for tongue in TONGUES:
        text = tongue.paragraphs
        edited = {
            kind: html_of(tongue, _swapped(tongue, getattr(tongue, kind)))
            for kind in ("number", "money", "day", "negation", "status", "name")
        }
        edited["added"] = html_of(tongue, (*text[:2], tongue.added, *text[2:]))
        edited["removed"] = html_of(tongue, (*text[:4], *text[5:]))
        edited["correction"] = html_of(tongue, (*text, tongue.correction))
        edited["title"] = html_of(tongue, text, title=tongue.new_title)
        before = html_of(tongue, text)
        pairs += [Pair(lang=tongue.lang, kind=kind, before=before, after=after) for kind, after in edited.items()]
    return pairs


def change_of(pair: Pair) -> tuple[Change, ...]:
    """What the reader and the comparison find between the two pages."""
    old = parse_page(pair.before, url=URL, content_type="text/html; charset=utf-8")
    new = parse_page(pair.after, url=URL, content_type=f"text/html; charset={pair.charset}")
    return what_changed(
        Version(title=old.title, paragraphs=old.paragraphs),
        Version(title=new.title, paragraphs=new.paragraphs),
        correction=new.correction,
        corrected=old.correction,
    )
