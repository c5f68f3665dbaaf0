"""Libraries that Gradoscope can do without."""

from gradoscope.errors import GradoscopeError
from gradoscope.language import say


def missing(library: str, extra: str) -> GradoscopeError:
    """The error for a library that is not installed: one line, with the command that installs it.

    Examples
    --------
    >>> print(missing("PyTorch", "torch"))
    PyTorch is not installed; install it with: pip install 'gradoscope[torch]'
    """
    return GradoscopeError(
        say(
            "{library} is not installed; install it with: pip install 'gradoscope[{extra}]'",
            library=library,
            extra=extra,
        )
    )
