"""The broken configurations of tests/data/config/broken.toml, and the page that shows them.

python tests/unit/config/broken_configs.py           writes docs/reference/config-errors.md anew
python tests/unit/config/broken_configs.py --show    what is said now, where broken.toml expects something else
"""

from __future__ import annotations

import tempfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from storywatch.config import load_config
from storywatch.errors import ConfigError

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests/data/config"
PAGE = ROOT / "docs/reference/config-errors.md"
INTRO = """\
# What storywatch says of a broken configuration

`storywatch check`, and every command that reads the configuration, names each fault with its file, line, column and
key, all of them at once, and ends with exit status 2. A service that is told to reload keeps the configuration that
it has. A value that could hold a password or a key is never repeated.

This page is made from the cases that the tests hold it to: `python tests/unit/config/broken_configs.py`.
"""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A good configuration with some files replaced, removed or spoilt, and the faults that must come of it."""

    title: str
    faults: list[str]
    files: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    encoding: str = "utf-8"
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, directory: Path) -> Path:
        """The configuration as files in a directory."""
        config = directory / "config"
        for path in (DATA / "good").rglob("*"):
            if path.is_file():
                place = config / path.relative_to(DATA / "good")
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(path.read_bytes())
        for name in (*self.missing, *self.folders):
            (config / name).unlink()
        for name in self.folders:
            (config / name).mkdir()
        for name, text in self.files.items():
            (config / name).parent.mkdir(parents=True, exist_ok=True)
            (config / name).write_bytes(text.encode(self.encoding))
        return config

    def complaints(self, directory: Path) -> list[str]:
        """What the program says, with paths as if it ran in the directory; nothing if it is content."""
        try:
            load_config(self.write(directory), environ=self.environ)
        except ConfigError as error:
            return [fault.replace(f"{directory}/", "") for fault in error.faults]
        return []


def cases() -> list[Case]:
    return [Case(**case) for case in tomllib.loads((DATA / "broken.toml").read_text("utf-8"))["case"]]


def page() -> str:
    parts = [INTRO]
    for case in cases():
        parts.append(f"## {case.title}\n")
        parts.extend(f"`config/{name}` is not there.\n" for name in case.missing)
        parts.extend(f"`config/{name}` is a directory.\n" for name in case.folders)
        for name, text in case.files.items():
            shown = "" if case.encoding == "utf-8" else f", saved as {case.encoding.upper()}"
            parts.append(f"`config/{name}`{shown}\n\n```toml\n{text.rstrip()}\n```\n")
        parts.extend(f"With `{name}={value}` in the environment.\n" for name, value in case.environ.items())
        parts.append("```text\n" + "\n".join(case.faults) + "\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    import sys

    if "--show" in sys.argv:
        for case in cases():
            with tempfile.TemporaryDirectory() as folder:
                said = case.complaints(Path(folder))
            if said != case.faults:
                sys.stdout.write(f"{case.title}\n" + "".join(f"  {line}\n" for line in said))
    else:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(page(), "utf-8")
