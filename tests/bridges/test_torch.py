"""Watching a PyTorch loop: it changes nothing, it sees what was there, and it says what it cannot know."""

import copy
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
import torch
from tests.bridges.loops import BCE, experiment, train, twin_of
from torch import nn
from torch.nn import functional
from torch.nn.modules import module as modules
from torch.optim import optimizer as optimizers

import gradoscope
from gradoscope.diagnosis import Diagnosis, diagnose
from gradoscope.errors import UsageError
from gradoscope.networks import Experiment

HEALTHY = {"hidden": ("relu", "relu"), "epochs": 40}


def same_state(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a.nan_to_num(7.0), b.nan_to_num(7.0)) for a, b in pairs)


def mixed() -> nn.Sequential:
    """Dropout draws random numbers, batch normalisation keeps buffers."""
    return nn.Sequential(
        nn.Linear(2, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 1), nn.Sigmoid()
    )


@pytest.mark.parametrize("make", [torch.optim.SGD, torch.optim.Adam])
def test_watching_changes_no_bit(make: Callable[..., torch.optim.Optimizer]) -> None:
    data = twin_of(experiment(**HEALTHY)).data
    torch.manual_seed(1)
    first = mixed()
    second = copy.deepcopy(first)
    torch.manual_seed(2)
    train(first, make(first.parameters(), lr=0.01), data, 4)
    drawn = torch.get_rng_state()
    torch.manual_seed(2)
    optimizer = make(second.parameters(), lr=0.01)
    scope = gradoscope.watch(second, optimizer)
    train(second, optimizer, data, 4, scope)
    assert same_state(first, second)
    assert torch.equal(drawn, torch.get_rng_state())
    scope.diagnose()
    assert same_state(first, second)
    assert torch.equal(drawn, torch.get_rng_state())


FAULTS = {
    "vanishing-gradient": {"hidden": ("sigmoid",) * 8, "optimizer": "sgd", "rate": 0.1, "epochs": 15},
    "wrong-output-activation": {"hidden": ("relu",), "output": "softmax", "epochs": 15},
    "learning-rate-too-high": {"hidden": ("relu", "relu"), "optimizer": "sgd", "rate": 100.0, "epochs": 30},
    "healthy": HEALTHY,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_first_finding_is_that_of_the_network_trained_here(fault: str) -> None:
    twin = twin_of(experiment(**FAULTS[fault]))
    scope = gradoscope.watch(twin.model, twin.optimizer)
    train(twin.model, twin.optimizer, twin.data, twin.experiment.training.epochs, scope)
    seen, here = scope.diagnose(), diagnose(twin.experiment)
    assert seen.healthy is here.healthy is (fault == "healthy")
    if fault != "healthy":
        assert seen.findings[0].fault == here.findings[0].fault == fault


def test_the_signals_are_those_of_the_loop() -> None:
    twin = twin_of(experiment(**HEALTHY, optimizer="sgd", rate=0.5))
    weight = twin.model[0].weight
    inputs, targets = map(torch.from_numpy, twin.data.train[:2])
    gradients, sizes = [], []
    with gradoscope.watch(twin.model) as scope:
        for _ in range(4):  # the first four steps are all measured
            twin.optimizer.zero_grad()
            functional_loss = nn.BCELoss()(twin.model(inputs), targets)
            functional_loss.backward()
            assert weight.grad is not None
            gradients.append(float(weight.grad.norm()))
            twin.optimizer.step()
            sizes.append(float(weight.detach().norm()))
    watched = scope.watched
    assert watched.layers == ("0", "2", "4")
    np.testing.assert_allclose(watched.signals.gradient_norm[:, 0], gradients, rtol=1e-5)
    np.testing.assert_allclose(watched.signals.weight_norm[:, 0], sizes, rtol=1e-5)
    np.testing.assert_allclose(watched.signals.update_ratio[:, 0], 0.5 * np.array(gradients) / sizes, rtol=1e-3)
    assert watched.train_loss[-1] == pytest.approx(float(functional_loss.detach()))


class Net(nn.Module):
    """As many people write it: the layers in the constructor, functions in forward."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(2, 16), nn.Linear(16, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.view(x.size(0), -1)
        x = functional.dropout(functional.leaky_relu(self.hidden(x), 0.1), 0.1, self.training)
        logits: torch.Tensor = self.out(x)
        return logits


def test_a_forward_of_its_own_is_followed() -> None:
    twin, model = twin_of(experiment(**HEALTHY)), Net()
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    scope = gradoscope.watch(model, optimizer, functional.binary_cross_entropy_with_logits)
    train(model, optimizer, twin.data, 30, scope, loss=scope.loss)
    found = scope.diagnose()
    assert found.healthy
    assert found.score is not None
    assert found.score.validation > 0.9


class Residual(nn.Module):
    def __init__(self, units: int) -> None:
        super().__init__()
        self.inner, self.skip, self.out = nn.Linear(2, units), nn.Linear(2, units, bias=False), nn.Linear(units, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.out(self.skip(x) + torch.relu(self.inner(x))))


def glimpsed(model: nn.Module, rate: float = 0.5, epochs: int = 40) -> Diagnosis:
    twin = twin_of(experiment(**HEALTHY))
    optimizer = torch.optim.SGD(model.parameters(), rate, momentum=0.9)
    scope = gradoscope.watch(model, optimizer)
    before = [parameter.clone() for parameter in model.parameters()]
    train(model, optimizer, twin.data, epochs, scope)
    after = [parameter.clone() for parameter in model.parameters()]
    found = scope.diagnose()
    assert all(torch.equal(one, other) for one, other in zip(after, model.parameters(), strict=True))
    assert not all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    return found


def test_what_cannot_be_translated_is_judged_by_what_is_seen() -> None:
    torch.manual_seed(0)
    found = glimpsed(Residual(16))
    assert found.healthy
    assert found.score is not None
    assert found.score.validation > found.score.baseline + 0.2
    assert found.outcome is not None
    reason, left = found.outcome.split(" Not judged: ")
    assert reason.startswith("The model is judged by its signals, units and answers, because add is not known here")
    assert "Unscaled inputs" in left
    assert "No learning" not in left


def test_dead_units_of_a_function_are_seen() -> None:
    torch.manual_seed(0)
    model = Residual(16)
    with torch.no_grad():
        model.inner.bias.fill_(-100.0)
        model.skip.weight.zero_()
        model.out.weight.zero_()
    model.skip.weight.requires_grad_(False)
    found = glimpsed(model, 0.001, 8)
    assert [finding.fault for finding in found.findings if finding.stands][:2] == ["dead-units", "no-learning"]
    assert found.findings[0].where == "relu 1"
    assert found.findings[0].evidence["dead"] == 1.0


class Words(nn.Module):
    """Numbers of words, as many as a batch has."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.out = nn.Embedding(10, 4), nn.Linear(4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.words(x).mean(1))


def test_rows_of_different_lengths() -> None:
    model = Words()
    optimizer, loss = torch.optim.SGD(model.parameters(), 0.1), nn.BCEWithLogitsLoss()
    with gradoscope.watch(model, optimizer, loss) as scope:
        for length in (3, 5, 3):
            optimizer.zero_grad()
            loss(model(torch.arange(2 * length).reshape(2, length) % 10), torch.tensor([[0.0], [1.0]])).backward()
            optimizer.step()
    found = scope.diagnose()
    assert found.healthy
    assert found.score is None
    assert "Scores are not known, because rows of different lengths were seen." in str(found.outcome)


class Pictures(nn.Module):
    """Convolution and a skip connection over the same two inputs, spread over a small picture."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.act, self.out = nn.Conv2d(1, 8, 1), nn.Sigmoid(), nn.Linear(16, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        picture = x[:, None, :, None]
        return torch.sigmoid(self.out(self.act(self.first(picture)).flatten(1)))


def test_saturated_channels_are_seen() -> None:
    torch.manual_seed(0)
    model = Pictures()
    with torch.no_grad():
        model.first.bias.fill_(30.0)
    found = glimpsed(model, 0.01, 8)
    faults = {finding.fault: finding for finding in found.findings if finding.stands}
    assert faults["saturated-units"].where == "act"
    assert "no-learning" in faults


def test_a_loop_that_applies_the_activation_itself() -> None:
    twin = twin_of(experiment(**HEALTHY))
    model = twin.model[:-1]
    optimizer = torch.optim.Adam(model.parameters(), 0.01)

    def squashed(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        value: torch.Tensor = BCE(torch.sigmoid(output).squeeze(1), target[:, 0])
        return value

    scope = gradoscope.watch(model, optimizer)
    train(model, optimizer, twin.data, 40, scope, loss=squashed)
    assert scope.diagnose().healthy


def test_softmax_twice() -> None:
    twin = twin_of(experiment(**HEALTHY))
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2), nn.Softmax(dim=1))
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    scope = gradoscope.watch(model, optimizer)
    loss = nn.CrossEntropyLoss()
    train(model, optimizer, twin.data, 20, scope, loss=lambda output, y: loss(output, y[:, 0].long()))
    first = scope.diagnose().findings[0]
    assert first.fault == "wrong-output-activation"
    assert "twice" in first.explanation


@pytest.mark.filterwarnings("ignore:Using a target size")
def test_outputs_and_targets_of_different_shapes() -> None:
    twin, model = twin_of(experiment(**HEALTHY)), nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer, loss = torch.optim.SGD(model.parameters(), 0.1), nn.MSELoss()
    scope = gradoscope.watch(model, optimizer)
    train(model, optimizer, twin.data, 5, scope, loss=lambda output, y: loss(output, y[:, 0]))
    found = {finding.fault: finding.explanation for finding in scope.diagnose().findings}
    assert "(32, 32)" in found["wrong-loss"]


def test_nan_is_named_and_breaks_nothing() -> None:
    twin = twin_of(experiment(**HEALTHY))
    scope = gradoscope.watch(twin.model, twin.optimizer)
    inputs, targets = map(torch.from_numpy, twin.data.train[:2])
    with scope:
        for step in range(6):
            twin.optimizer.zero_grad()
            (nn.MSELoss()(twin.model(inputs), targets) * (float("nan") if step == 2 else 1.0)).backward()
            twin.optimizer.step()
    assert scope.non_finite is not None
    assert scope.non_finite.step == 3
    assert scope.non_finite.layer == "0"
    assert "non-finite" in [finding.fault for finding in scope.diagnose().findings]


def hooks(model: nn.Module, optimizer: torch.optim.Optimizer, loss: nn.Module) -> int:
    everywhere = [modules._global_forward_hooks, optimizers._global_optimizer_post_hooks]  # noqa: SLF001
    own = [model._forward_hooks, loss._forward_hooks, optimizer._optimizer_step_pre_hooks]  # noqa: SLF001
    return sum(map(len, [*everywhere, *own]))


@pytest.mark.parametrize("given", [True, False])
def test_an_exception_leaves_no_hook(given: bool) -> None:
    twin, loss = twin_of(experiment(**HEALTHY)), nn.BCELoss()
    watch = partial(gradoscope.watch, twin.model, *((twin.optimizer, loss) if given else ()))
    before = hooks(twin.model, twin.optimizer, loss)
    with suppress(KeyboardInterrupt), watch():
        assert hooks(twin.model, twin.optimizer, loss) > before
        raise KeyboardInterrupt
    assert hooks(twin.model, twin.optimizer, loss) == before


def test_a_compiled_model() -> None:
    twin, loss = twin_of(experiment(**HEALTHY)), nn.BCELoss()
    compiled = torch.compile(twin.model, backend="eager")
    scope = gradoscope.watch(compiled, twin.optimizer, loss)
    train(compiled, twin.optimizer, twin.data, 40, scope, loss=loss)
    assert scope.diagnose().healthy


def test_batches_that_are_written_to_one_place() -> None:
    twin = twin_of(experiment(**HEALTHY))
    inputs, targets = (torch.from_numpy(array)[:256] for array in twin.data.train[:2])
    x, y = torch.empty(32, 2), torch.empty(32, 1)
    with gradoscope.watch(twin.model, twin.optimizer) as scope:
        for first in range(0, 512, 32):
            x.copy_(inputs[first % 256 : first % 256 + 32])
            y.copy_(targets[first % 256 : first % 256 + 32])
            twin.optimizer.zero_grad()
            nn.BCELoss()(twin.model(x), y).backward()
            twin.optimizer.step()
    seen = np.concatenate([batch.inputs for batch in scope._settled().batches])  # noqa: SLF001
    np.testing.assert_array_equal(seen[:256], inputs.numpy())


def test_without_a_step_there_is_nothing_to_say() -> None:
    with gradoscope.watch(mixed()) as scope:
        pass
    with pytest.raises(UsageError, match="No step of training was watched"):
        scope.diagnose()


def test_what_is_no_model() -> None:
    with pytest.raises(UsageError, match="Experiment is neither"):
        gradoscope.watch(object.__new__(Experiment))


@pytest.mark.parametrize(("module", "library"), [("torch", "PyTorch"), ("keras", "Keras")])
def test_a_missing_library_is_one_line(module: str, library: str) -> None:
    code = f"""
import sys
class Absent:
    def find_spec(name, path=None, target=None):
        if name == {module!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent)
import gradoscope.bridges.{module}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert last.endswith(f"{library} is not installed; install it with: pip install 'gradoscope[{module}]'")
