"""What CONTRIBUTING.md tells people to write works as written."""

import re
import subprocess
import sys
from pathlib import Path

AFTERWARDS = """
import jax, numpy
from gradoscope.functions import activations
added = activations["Half-ReLU"]
assert added is activations["halved_rectifier"] is half_relu
assert added([-1.0, 2.0, 6.0]).tolist() == [0.0, 1.0, 3.0]
assert added.derivative([-1.0, 2.0, 6.0]).tolist() == [0.0, 0.5, 0.5]
assert jax.grad(added)(jax.numpy.float32(2.0)) == 0.5
"""


def test_the_example_adds_an_activation(root: Path) -> None:
    block = re.search(r"```python\n(@activation.*?)```", (root / "CONTRIBUTING.md").read_text("utf-8"), re.DOTALL)
    assert block
    code = "from gradoscope.functions.activations.rectifiers import *\n" + block[1] + AFTERWARDS
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
