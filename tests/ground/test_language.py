"""Which language is spoken, and how."""

import pytest

from gradoscope.errors import UsageError
from gradoscope.language import language, language_of_environment, say, speaking


@pytest.mark.parametrize(
    ("environment", "spoken"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "ko_KR.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "ko"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": ""}, "ko"),
    ],
)
def test_the_environment_chooses(environment: dict[str, str], spoken: str) -> None:
    assert language_of_environment(environment) == spoken


def test_a_block_speaks_its_language_even_when_it_fails() -> None:
    with pytest.raises(UsageError, match="ko"), speaking("ko"):
        raise UsageError(language())
    assert language() == "en"


def test_braces_without_values_stay() -> None:
    assert say("{") == "{"
