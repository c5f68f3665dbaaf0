"""The few exceptions Gradoscope raises on purpose, each with its exit code.

A message is one clear sentence: what is wrong, where, what was expected, what to do. It is worded with
`gradoscope.language.say`, so that it exists in every language the program speaks.
"""


class GradoscopeError(Exception):
    """Something failed that the user can understand and act on (exit code 1)."""

    exit_code = 1


class UsageError(GradoscopeError):
    """The request makes no sense: unknown name, impossible option, malformed experiment (exit code 2)."""

    exit_code = 2


class DataError(GradoscopeError):
    """The data cannot be used: missing, unreadable, malformed or unfit for the task (exit code 3)."""

    exit_code = 3
