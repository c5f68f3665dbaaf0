"""Real images in the IDX format: Debian's dataset-fashion-mnist, installed by `make test`."""

from dataclasses import replace

from gradoscope.comparison import compare, default_settings
from gradoscope.data import load


def test_fashion_mnist_reaches_what_its_size_allows() -> None:
    dataset = load("fashion-mnist")
    settings = replace(default_settings(dataset), hidden=((128,),), epochs=8, seeds=(0,), learning_rates=(0.003,))
    study = compare(dataset, activations=["relu", "gelu"], settings=settings)
    rows = study.rows
    assert (rows.train, rows.validation, rows.test) == (48_000, 12_000, 10_000)
    assert study.arms[0].score.mean >= 0.87
