from __future__ import annotations

import json
from zoneinfo import ZoneInfo

from builders import a_development, linker_to
from messages import a_digest, a_gist

from storywatch.core.model import Severity
from storywatch.notify.body import body_of
from storywatch.notify.render import MOST_GISTS, digest_letter
from storywatch.notify.weight import weightiest

NIGHT = [
    a_gist(
        development=a_development(headline=f"News {number}", severity=Severity.MAJOR if number > 97 else Severity.MINOR)
    )
    for number in range(100)
]


def test_what_is_major_is_named_however_much_came_before_it() -> None:
    """A long night brings more than a message holds: by mail, chat and webhook what goes is minor, and is counted."""
    letter = digest_letter(a_digest(*NIGHT), linker=linker_to("http://127.0.0.1:8480"), zone=ZoneInfo("UTC"))
    told = [brief.headline for chapter in letter.chapters for brief in chapter.briefs]
    assert told == [*(f"News {number}" for number in range(MOST_GISTS - 2)), "News 98", "News 99"]
    assert letter.briefs_left == 80
    data = json.loads(body_of(a_digest(*NIGHT), linker=linker_to("http://127.0.0.1:8480")))["data"]
    named = [one["development"]["headline"] for one in data["developments"]]
    assert named == [*(f"News {number}" for number in range(len(named) - 2)), "News 98", "News 99"]
    assert data["left_out"]["developments"] == 100 - len(named)


def test_where_there_is_room_the_order_stays() -> None:
    """A story is told in its order, whatever weighs more."""
    assert weightiest(NIGHT, 100) == NIGHT
    assert weightiest(NIGHT[::-1], 3) == NIGHT[:96:-1]
    assert weightiest([], 3) == []
