"""A large study, and the same runs by loops over scikit-learn and PyTorch: `python -m benchmarks.study [SEEDS]`.

12 activations, 2 losses, 3 depths and 5 learning rates on the tumour data. The loops are measured on a sample: seconds
per epoch at each depth, judged on the validation rows after every epoch, one thread each. Scaled to the epochs that
the study trained, and divided by the number of processors, as if a loop on each of them lost nothing.
"""

import os
import sys
from collections import Counter
from statistics import mean

import torch
from threadpoolctl import threadpool_limits

from benchmarks.peers import sklearn_epochs, torch_network, torch_training
from benchmarks.race import repeated, seconds_of
from gradoscope.comparison import Settings, Study, compare
from gradoscope.data import load, prepare

ACTIVATIONS = (
    "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "softplus", "mish", "softsign", "hard_swish"
)  # fmt: skip
LOSSES = ("binary_cross_entropy", "mean_squared_error")
DEPTHS = ((64,), (64, 64), (64, 64, 64))
SAMPLED = (torch.nn.ReLU, torch.nn.Tanh, torch.nn.GELU)
EPOCHS = 20  # of a sample


def study(seeds: int) -> Study:
    settings = Settings(hidden=DEPTHS, seeds=tuple(range(seeds)))
    return compare(load("tumour"), activations=ACTIVATIONS, losses=LOSSES, settings=settings)


def loops(settings: Settings) -> dict[tuple[int, ...], dict[str, float]]:
    """Seconds per epoch of each peer at each depth."""
    dataset = load("tumour")
    parts = settings.split(dataset, 0)
    preparation = prepare(dataset, parts.train)
    X, V = (preparation.inputs(dataset.inputs[rows]) for rows in parts[:2])
    y, batch = dataset.target[parts.train].astype("int64"), settings.batch_size
    rows = torch.from_numpy(V)

    def torch_loop(hidden: tuple[int, ...], activation: type[torch.nn.Module]) -> float:
        network = torch_network((X.shape[1], *hidden, 2), activation)
        epoch = torch_training(X, y, network, batch)

        def judged() -> None:
            epoch()
            with torch.no_grad():
                network(rows)

        return seconds_of(repeated(judged, EPOCHS)) / EPOCHS

    def sklearn_loop(hidden: tuple[int, ...]) -> float:
        epoch = sklearn_epochs(X, y, hidden, batch)
        return seconds_of(repeated(lambda: epoch().predict_proba(V), EPOCHS)) / EPOCHS

    torch.set_num_threads(1)
    threadpool_limits(1)
    torch_loop(DEPTHS[0], torch.nn.ReLU)  # the first call warms up
    return {
        hidden: {
            "scikit-learn": sklearn_loop(hidden),
            "PyTorch": mean(torch_loop(hidden, activation) for activation in SAMPLED),
        }
        for hidden in DEPTHS
    }


def main(seeds: int) -> None:
    result: list[Study] = []
    seconds = seconds_of(lambda: result.append(study(seeds)))
    members = result[0].all_members
    epochs = Counter[tuple[int, ...]]()
    for member in members:
        epochs[member.arm.hidden] += member.run.epochs
    print(f"{len(members)} networks, {epochs.total()} epochs: {seconds:.1f} s", flush=True)
    measured, processors = loops(result[0].settings), os.cpu_count() or 1
    for peer in ("scikit-learn", "PyTorch"):
        total = sum(epochs[hidden] * measured[hidden][peer] for hidden in DEPTHS) / processors
        per = ", ".join(f"{1000 * measured[hidden][peer]:.2f}" for hidden in DEPTHS)
        print(f"{peer}: {per} ms per epoch; scaled, on {processors} processors: {total:.0f} s, "
              f"{total / seconds:.1f} times ours")  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
