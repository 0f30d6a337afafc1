"""The documentation says what is so: commands, options, dependencies and links are compared with the program."""

from __future__ import annotations

import argparse
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from storywatch.cli.parser import build_parser

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
COMMANDS = (ROOT / "docs/reference/commands.md").read_text("utf-8")
FENCE = re.compile(r"^```.*?^```$|^(?: {4}.*\n)+", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]+`")
CALL = re.compile(r"^\s*(?:\S*/)?storywatch ([a-z][a-z-]+)", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
FORBIDDEN = re.compile(
    r"\b(TODO|FIXME|TBD|coming soon|under construction|lorem ipsum|simply|obviously)\b", re.IGNORECASE
)


def commands() -> dict[str, argparse.ArgumentParser]:
    [action] = [a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction)]
    return dict(action.choices)


def section(command: str) -> str:
    found = re.search(rf"^## {re.escape(command)}$(.*?)(?=^## |\Z)", COMMANDS, re.MULTILINE | re.DOTALL)
    assert found, f"docs/reference/commands.md has no section {command!r}"
    return found[1]


def options_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices
            for inner in action.choices.values():
                yield from options_of(inner)
            continue
        long_names = [name for name in action.option_strings if name.startswith("--")]
        if action.option_strings:
            yield from (name for name in long_names if name not in {"--help", "--config"})
        else:
            yield from action.choices or [str(action.metavar or action.dest)]


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("command", commands())
def test_every_command_and_option_is_in_the_reference(command: str) -> None:
    """Whoever looks a command up finds it, with all that can be typed after it."""
    text = section(command)
    assert [option for option in options_of(commands()[command]) if option not in text] == []


def test_the_reference_names_no_command_that_is_not_there() -> None:
    """A command that was removed is removed from the reference too."""
    assert set(re.findall(r"^## ([a-z-]+)$", COMMANDS, re.MULTILINE)) == set(commands())


@pytest.mark.parametrize("command", commands())
def test_the_reference_names_no_option_that_is_not_there(command: str) -> None:
    """An option that was removed is removed from the reference too."""
    told = set(re.findall(r"`(--[a-z-]+)", section(command)))
    assert told <= {*options_of(commands()[command]), "--config", "--help"}


def test_every_make_target_and_variable_is_in_the_reference() -> None:
    """What make can do is told, and nothing that it can't."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    told = (ROOT / "docs/reference/make.md").read_text("utf-8")
    [targets] = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert set(re.findall(r"^\| `make ([a-z-]+)` \| \S", told, re.MULTILINE)) == set(targets.split())
    assert set(re.findall(r"^\| `([A-Z]+)` \|", told, re.MULTILINE)) == set(
        re.findall(r"^([A-Z]+) *\?=", makefile, re.MULTILINE)
    )


def test_every_dependency_has_its_reason() -> None:
    """No package is installed on a user's machine without a reason that is written down."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {re.split(r"[\[<>=~!; ]", line, maxsplit=1)[0] for line in project["dependencies"]}
    design = (ROOT / "docs/explanation/design.md").read_text("utf-8")
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \| \S", design, re.MULTILINE)) == names


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link inside the documentation names a page, and a heading on it, that exists."""
    broken = []
    for link in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_that_is_shown_can_be_typed(page: Path) -> None:
    """No page tells to type what does not exist."""
    text = page.read_text("utf-8")
    shown = FENCE.findall(text) + [code.strip("`") for code in CODE.findall(FENCE.sub("", text))]
    assert {name for code in shown for name in CALL.findall(code)} <= set(commands())


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_words_are_plain(page: Path) -> None:
    """No promises for later, no fuss: what is written is there."""
    text = prose(page)
    assert FORBIDDEN.findall(text) == []
    assert re.findall(r"\w+!(?=\s|$)", text) == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=name_of)
def test_every_page_is_in_the_index(page: Path) -> None:
    """No page of the documentation can be found by accident only."""
    index = ROOT / "docs/README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in LINK.findall(index.read_text("utf-8"))}
    assert page == index or page in linked
