from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest
from hostile_web import CASES, Case
from hostile_world import Outcome, outcomes

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command makes the certificates")


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcome]:
    """What every case came to, one after the other in one process."""
    return outcomes(tmp_path_factory.mktemp("hostile"), CASES)


def test_there_are_enough_of_them() -> None:
    """At least forty, each with a name of its own."""
    assert len({case.name for case in CASES}) == len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_server_gets_its_answer_in_words_and_the_rest_goes_on(case: Case, met: Mapping[str, Outcome]) -> None:
    """What came of it is told, and a good feed is read right after it by the same process."""
    assert re.search(case.words, met[case.name].words)
    assert met[case.name].goes_on
