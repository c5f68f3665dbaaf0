"""Frozen dataclasses from and to plain tables (TOML, JSON): the one place that checks keys and types of a file."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from difflib import get_close_matches
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from gradoscope.errors import UsageError
from gradoscope.language import say

T = TypeVar("T")


class Table(dict[str, float]):
    """Numbers by name, in a value that nothing changes and that can therefore be a key."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


def nearest(name: str, names: object) -> str:
    """The sentence that ends an error about an unknown name: the nearest names, or all of them."""
    known = sorted(str(each) for each in names)  # type: ignore[attr-defined]
    close = get_close_matches(name, known, n=3, cutoff=0.5)
    if close:
        return say("Did you mean {names}?", names=", ".join(close))
    return say("Known are: {names}.", names=", ".join(known))


def read(kind: type[T], table: Mapping[str, Any], place: str) -> T:
    """The dataclass `kind` filled from `table`.

    Parameters
    ----------
    kind
        A dataclass; its field types are int, float, bool, str, mappings, dataclasses, unions and tuples of these.
        A dataclass with a classmethod `from_text` may also be written as a plain string.
    table
        Keys and values, as a TOML or JSON file gives them.
    place
        Where the table stands, for messages: "experiment.toml, [network]".

    Raises
    ------
    UsageError
        Unknown or missing key, or a value that is wrong; the message names the place and the key.
    """
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            hint = nearest(key, known)
            raise UsageError(say("{place}: unknown key {key!r}. {hint}", place=place, key=key, hint=hint))
    for name, field in known.items():
        if name not in table and _required(field):
            raise UsageError(say("{place}: the key {key!r} is missing.", place=place, key=name))
    values = {key: _value(hints[key], value, f"{place}: {key}") for key, value in table.items()}
    try:
        return kind(**values)
    except UsageError as error:  # what the values mean is checked by their class, which does not know the place
        raise UsageError(f"{place}: {error}") from None


def write(record: Any) -> dict[str, Any]:
    """The table of a dataclass, without the fields that hold their default; `read` gives the record back."""
    table = {field.name: getattr(record, field.name) for field in fields(record)}
    kept = [f for f in fields(record) if _required(f) or table[f.name] != _default(f)]
    return {field.name: _plain(table[field.name]) for field in kept}


def _required(field: "Field[Any]") -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _default(field: "Field[Any]") -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        text = getattr(value, "to_text", None)
        return (text() if text else None) or write(value)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return dict(value) if isinstance(value, Mapping) else value


def _value(kind: Any, value: Any, place: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(kind), value, place)
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_value(get_args(kind)[0], each, f"{place}[{i}]") for i, each in enumerate(value))
    if is_dataclass(kind) and isinstance(kind, type):
        if isinstance(value, kind):
            return value
        if isinstance(value, str) and hasattr(kind, "from_text"):
            return kind.from_text(value)
        if isinstance(value, Mapping):
            return read(kind, value, place)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, Mapping):
        inside = get_args(kind)[1]
        return {
            key: each if inside is object else _value(inside, each, f"{place}: {key}") for key, each in value.items()
        }
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type) and isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    raise UsageError(say("{place} is {value!r}; expected {kind}.", place=place, value=value, kind=_name(kind)))


def _one_of(kinds: tuple[Any, ...], value: Any, place: str) -> Any:
    if value is None and types.NoneType in kinds:
        return None
    for kind in kinds:
        if kind is not types.NoneType and type(value) is kind:
            return value
    return _value(next(kind for kind in kinds if kind is not types.NoneType), value, place)


def _name(kind: Any) -> str:
    words = {int: say("a whole number"), float: say("a number"), str: say("a text"), bool: say("true or false")}
    return words.get(kind, say("a table or a list"))
