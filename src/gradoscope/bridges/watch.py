"""The one door to a watch over a training loop, whatever the library."""

from typing import Any

from gradoscope.bridges.watching import Scope
from gradoscope.errors import UsageError
from gradoscope.language import say


def watch(model: Any, optimizer: Any = None, loss: Any = None, *, validation: Any = None) -> Scope:
    """Watch a training loop, and say afterwards why the model does not learn.

    Parameters
    ----------
    model
        A PyTorch module or a Keras model.
    optimizer
        Of PyTorch: whose steps are watched; None finds the one that moves the model.
    loss
        Of PyTorch: the loss; None finds a loss module of `torch.nn` when it is called. A function such as
        `torch.nn.functional.cross_entropy` is to be given here and called as `scope.loss(output, target)`.
    validation
        Inputs and targets that are not trained on; None takes those that are seen in evaluation.

    Returns
    -------
    TorchScope or Watch
        For a `with` statement around the loop (Keras: around `fit`, or as one of its callbacks); then
        `scope.diagnose()`, `scope.watched`.

    Raises
    ------
    UsageError
        The model is neither.

    Examples
    --------
    >>> import torch, gradoscope
    >>> _ = torch.manual_seed(0)
    >>> inputs = torch.randn(200, 2)
    >>> targets = (inputs.prod(1, keepdim=True) > 0).float()
    >>> model = torch.nn.Sequential(
    ...     torch.nn.Linear(2, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1), torch.nn.Softmax(dim=1)
    ... )
    >>> optimizer, loss = torch.optim.Adam(model.parameters(), lr=0.01), torch.nn.BCELoss()
    >>> with gradoscope.watch(model, optimizer) as scope:
    ...     for epoch in range(5):
    ...         for x, y in zip(inputs.split(32), targets.split(32)):
    ...             optimizer.zero_grad()
    ...             loss(model(x), y).backward()
    ...             optimizer.step()
    >>> diagnosis = scope.diagnose()
    >>> diagnosis.healthy, diagnosis.findings[0].fault
    (False, 'wrong-output-activation')
    """
    libraries = {kind.__module__.partition(".")[0] for kind in type(model).__mro__}
    if "keras" in libraries:
        from gradoscope.bridges.keras import Watch

        return Watch(model, validation=validation)
    if "torch" in libraries:
        from gradoscope.bridges.torch import TorchScope

        return TorchScope(model, optimizer, loss, validation)
    raise UsageError(
        say("watch takes a PyTorch module or a Keras model; {kind} is neither.", kind=type(model).__name__)
    )
