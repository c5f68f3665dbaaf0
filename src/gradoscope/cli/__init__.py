"""The command line: parse, call one public function, print. One file per command, imported when it is called."""

from gradoscope.cli.program import main

__all__ = ["main"]
