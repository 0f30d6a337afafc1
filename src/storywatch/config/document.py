"""One file of the configuration: its text, its values, and every fault that is found in it, with its place."""

from __future__ import annotations

import errno
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from storywatch.config.faults import NOT_YET, Fault, did_you_mean, dotted, found, unknown
from storywatch.config.places import Place, places_of

if TYPE_CHECKING:
    from pathlib import Path as FilePath

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from storywatch.config.places import Path
    from storywatch.config.tables import Table

T = TypeVar("T", bound="Table")

LARGEST = 4_000_000  # bytes; nobody writes such a file by hand
SYNTAX_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
TWICE = re.compile(r"Cannot (?:declare \('(.*?)',?\) twice|overwrite a value)")
PLAIN_WORDS = {
    "Invalid value": "expected a value here, such as a text in quotes",
    "Invalid statement": "expected a key or a [table] here",
    "Invalid initial character for a key part": "expected a key here",
    "Illegal character '\\n'": "the text on this line has no closing quote",
    "Unterminated string": "a text before this has no closing quotes",
    "Unescaped '\\' in a string": r"a backslash in a text is written twice, or the text stands in 'single quotes'",
}
PLAIN_TYPES = {
    "string_type": "a text in quotes",
    "bool_type": "true or false",
    "list_type": 'a list such as ["a", "b"]',
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}
SUCH_AS = {"digest": '{ at = "08:00" }', "quiet_hours": '{ from = "23:00", to = "06:30" }'}


@dataclass(slots=True, kw_only=True)
class Document:
    """A file as it was read. `usable` is false where it tells nothing that other files could be held to."""

    file: FilePath
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[Path, Place] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    usable: bool = True

    def fault(self, path: Path, message: str, *, at_value: bool = False) -> None:
        """Something is wrong at a path; at its value rather than at its key where that helps."""
        place = self._place(path)
        line, column = place.value if at_value else place.key
        self.faults.append(Fault(file=str(self.file), line=line, column=column, key=dotted(path), message=message))

    def table(self, key: str) -> dict[str, Any]:
        """A table of tables, such as [feeds]; empty where it is missing or something else, which is a fault."""
        value = self.data.get(key, {})
        if isinstance(value, dict):
            return value
        self.fault((key,), f"expected a table, found {found(value)}", at_value=True)
        self.usable = False
        return {}

    def check(self, model: type[T], written: Any, *, at: Path = ()) -> T | None:
        """A table as its model has it; None, with all its faults noted, where it is wrong."""
        before = len(self.faults)
        table: T | None = None
        try:
            table = model.model_validate(written)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                self._explain(model, detail, at=at)
        self._contradict(model, written, at=at)
        return table if len(self.faults) == before else None

    def _contradict(self, model: type[Table], written: Any, *, at: Path) -> None:
        if not isinstance(written, dict):
            return
        for key, message in model.contradictions(written):
            self.fault((*at, key) if key else at, message)
        for name, info in model.model_fields.items():
            inner = table_in(info)
            if inner is not None:
                key = info.alias or name
                self._contradict(inner, written.get(key), at=(*at, key))

    def _explain(self, model: type[Table], detail: ErrorDetails, *, at: Path) -> None:
        *parents, last = loc = detail["loc"] or ("",)
        path = (*at, *loc) if detail["loc"] else at
        given = detail["input"]
        match detail["type"]:
            case "extra_forbidden":
                table = table_at(model, tuple(parents))
                self.fault(path, NOT_YET if last in table.reserved else unknown(str(last), keys_of(table)))
            case "missing":
                info = field_of(table_at(model, tuple(parents)), str(last))
                self.fault(path, f"missing: {lower_first(info.description or '')}")
            case "literal_error":
                allowed = [one.strip("'") for one in re.split(", | or ", detail["ctx"]["expected"])]
                hint = did_you_mean(given, allowed) if isinstance(given, str) else ""
                options = " or ".join(f'"{one}"' for one in allowed)
                self.fault(path, f"expected {options}, found {found(given)}{hint}", at_value=True)
            case "too_short":
                self.fault(path, "expected at least one, found an empty list", at_value=True)
            case "value_error":
                self.fault(path, str(detail["ctx"]["error"]), at_value=True)
            case kind:
                example = f" such as {SUCH_AS[last]}" if last in SUCH_AS else ""
                self.fault(path, f"expected {PLAIN_TYPES[kind]}{example}, found {found(given)}", at_value=True)

    def _place(self, path: Path) -> Place:
        """Of the path, or of the nearest table around it that the file shows."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(key=(1, 1), value=(1, 1)))


def load_document(file: FilePath) -> Document:
    """Read a file. Whatever keeps it from being read is a fault of it."""
    document = Document(file=file)
    text = load_text(document, file)
    if text is not None:
        text = text.removeprefix("\ufeff").replace("\r\n", "\n")
        try:
            document.data = tomllib.loads(text)
            document.places = places_of(text)
        except ValueError as error:  # besides its own error, what Python says of a number with too many digits
            document.faults.append(syntax_fault(file, text, str(error)))
        except RecursionError:
            document.faults.append(Fault(file=str(file), message="not TOML that can be read: nested too deep"))
    document.usable = not document.faults
    return document


def load_text(document: Document, file: FilePath) -> str | None:
    """The text of a UTF-8 file, or None with the reason as a fault of the document."""
    try:
        data = load_bytes(file)
        return data.decode()
    except FileNotFoundError:
        reason, line, column = "no such file", 0, 0
    except IsADirectoryError:
        reason, line, column = "is a directory, expected a file", 0, 0
    except OSError as error:
        reason, line, column = f"can't be read: {error.strerror}", 0, 0
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = len(data[data.rfind(b"\n", 0, error.start) + 1 : error.start].decode()) + 1
        reason = "not UTF-8: save the file as UTF-8"
    document.faults.append(Fault(file=str(file), line=line, column=column, message=reason))
    return None


def load_bytes(file: FilePath) -> bytes:
    """All of a file, or OSError where it is too large to be one of ours."""
    with file.open("rb") as source:
        data = source.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise OSError(errno.EFBIG, f"larger than {LARGEST // 1_000_000} MB")
    return data


def syntax_fault(file: FilePath, text: str, message: str) -> Fault:
    """What the parser said, at the place that it named."""
    place = SYNTAX_PLACE.search(message)
    words = SYNTAX_PLACE.sub("", message)
    if place and place[1]:
        line, column = int(place[1]), int(place[2])
    else:
        line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
    twice = TWICE.match(words)
    if twice:
        key = (twice[1] or "").replace("', '", ".")
        words = f"{key or 'the same key'} is there twice"
    else:
        words = PLAIN_WORDS.get(words) or words[:1].lower() + words[1:]
    return Fault(file=str(file), line=line, column=column, message=f"not TOML: {words}")


# --------------------------------------------------------------------------- looking into the models


def keys_of(model: type[Table]) -> list[str]:
    """The keys of a table as they are written."""
    return [info.alias or name for name, info in model.model_fields.items()]


def field_of(model: type[Table], key: str) -> FieldInfo:
    """The field behind a key."""
    return next(info for name, info in model.model_fields.items() if (info.alias or name) == key)


def table_in(info: FieldInfo) -> type[Table] | None:
    """The model of a field that is a table, optional or not."""
    kinds: tuple[Any, ...] = (info.annotation, *get_args(info.annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)  # type: ignore[return-value]  # every model here is a Table


def table_at(model: type[Table], path: Path) -> type[Table]:
    """The model of the table at a path inside a model."""
    for key in path:
        model = table_in(field_of(model, str(key))) or model
    return model


def lower_first(text: str) -> str:
    """A sentence as it goes on after a colon, without its full stop."""
    return (text[:1].lower() + text[1:]).rstrip(".")
