"""gradoscope train on several devices, as a user meets it; equality is tested in tests/training."""

import pytest

QUICK = ("--hidden", "4", "--epochs", "2", "--batch-size", "16", "--quiet")


def test_a_network_trains_on_the_devices_asked_for(gradoscope) -> None:
    ended = gradoscope("train", "iris", *QUICK, "--devices", "1")
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--devices", "99"), "99 devices"),
        (("--processes", "2"), "--coordinator"),
        (("--coordinator", "127.0.0.1:1", "--processes", "2", "--process", "2"), "from 0 to 1"),
    ],
)
def test_what_cannot_be_is_one_sentence(gradoscope, wrong: tuple[str, ...], said: str) -> None:
    ended = gradoscope("train", "iris", *QUICK, *wrong)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert said in ended.err
