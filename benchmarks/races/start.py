"""How long `gradoscope --help` takes, beside an interpreter that does nothing and scikit-learn's import."""

import subprocess
import sys
from functools import partial

from benchmarks.race import Peer, Race


def python(code: str, *arguments: str) -> None:
    """Run `code` in a new interpreter."""
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, stdout=subprocess.DEVNULL)


def race() -> Race:
    """The race."""
    return Race(
        "gradoscope --help",
        partial(python, "from gradoscope.cli import main; main()", "--help"),
        (
            Peer("python, doing nothing", partial(python, "")),
            Peer("import sklearn", partial(python, "import sklearn.neural_network"), at_least=3),
        ),
    )
