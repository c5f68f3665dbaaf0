"""What Gradoscope says, in the language of its user.

Source code carries the English sentence; `locale/<language>/*.toml` maps it to a translation with the same
placeholders. A test reads every `say(...)` in the source and fails where a translation is missing or differs.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files

LANGUAGES = ("en", "ko")


def language_of_environment(environment: Mapping[str, str] = os.environ) -> str:
    """The language that LC_ALL, LC_MESSAGES or LANG ask for (the first one set), else English."""
    asked = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "en")
    return asked[:2] if asked[:2] in LANGUAGES else "en"


_current: ContextVar[str] = ContextVar("language", default="en")


def language() -> str:
    """The language in use, "en" or "ko"."""
    return _current.get()


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Speak the language `name` inside the block."""
    token = _current.set(name)
    try:
        yield
    finally:
        _current.reset(token)


@cache
def translations(name: str) -> Mapping[str, str]:
    """Every English sentence of the program with its translation into the language `name`."""
    pages = sorted((files("gradoscope") / "locale" / name).iterdir(), key=lambda page: page.name)
    return {
        english: translated
        for page in pages
        for english, translated in tomllib.loads(page.read_text("utf-8")).items()
        if isinstance(translated, str)
    }


def say(sentence: str, /, **values: object) -> str:
    """The sentence in the language in use, with its `{placeholders}` filled in.

    Examples
    --------
    >>> say("no file at {path}", path="a.csv")
    'no file at a.csv'
    """
    template = sentence if language() == "en" else translations(language()).get(sentence, sentence)
    return template.format(**values) if values else template
