"""Linear and step functions."""

from gradoscope.arrays import Array, cast, constant, keeping_nan
from gradoscope.arrays import sign as sign_of
from gradoscope.functions.activation import activation
from gradoscope.functions.facts import Convex, Dead, Increasing, Lipschitz, Moments, Odd, Range, Smooth
from gradoscope.functions.guidance import Guidance, Peers


@activation(
    Range(-float("inf"), float("inf")),
    Increasing(),
    Convex(),
    Odd(),
    Lipschitz(1, at=0),
    Smooth(),
    Moments(mean=0, second=1, slope=1),
    formula=r"f(x) = x",
    textbook="x",
    aliases=("linear", "none"),
    source="-",
    guidance=Guidance(
        use="Output layer for regression; skip connections.",
        strengths=("Passes signals and gradients on unchanged.",),
        weaknesses=("Layers with it alone collapse into one linear map.",),
        pairs_with=("mean_squared_error", "mean_absolute_error", "huber"),
    ),
    peers=Peers("nn.Identity", "linear", "identity", sklearn="identity"),
)
def identity(x: Array) -> Array:
    """The identity.

    Examples
    --------
    >>> float(identity(-2.5))
    -2.5
    """
    return x


@identity.derivative
def _(x: Array) -> Array:
    return keeping_nan(x, constant(x, 1.0))


@activation(
    Range(0, 1),
    Increasing(strictly=False),
    Lipschitz(float("inf"), at=0),
    Smooth(-1, kinks=(0,)),
    Dead(-float("inf"), float("inf")),
    Moments(mean=0.5, second=0.5, slope=0),
    formula=r"f(x) = \begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases}",
    textbook="1 if x > 0 else 0",
    aliases=("heaviside", "binary_step", "unit_step"),
    source="McCulloch & Pitts 1943, Bulletin of Mathematical Biophysics 5",
    guidance=Guidance(
        use="Threshold units of the perceptron; spiking and binary networks with a surrogate gradient.",
        strengths=("The output is a decision: 0 or 1.",),
        weaknesses=("Its derivative is zero everywhere, so gradient descent cannot train through it.",),
        pairs_with=("sigmoid",),
    ),
)
def step(x: Array) -> Array:
    """The unit step: 1 for x > 0, else 0.

    Examples
    --------
    >>> step([-1.0, 0.0, 2.0])
    array([0., 0., 1.])
    """
    return keeping_nan(x, cast(x > 0, x.dtype))


@step.derivative
def _(x: Array) -> Array:
    return keeping_nan(x, constant(x, 0.0))


@activation(
    Range(-1, 1),
    Increasing(strictly=False),
    Odd(),
    Lipschitz(float("inf")),
    Smooth(-1, kinks=(0,)),
    Dead(-float("inf"), float("inf")),
    Moments(mean=0, second=1, slope=0),
    formula=r"f(x) = \operatorname{sign}(x)",
    textbook="sign(x)",
    aliases=("signum", "binarize", "bipolar_step"),
    source="Courbariaux, Hubara, Soudry, El-Yaniv & Bengio 2016, arXiv 1602.02830",
    guidance=Guidance(
        use="Binary networks, with a surrogate gradient.",
        strengths=("The output is a decision: -1 or 1.",),
        weaknesses=("Its derivative is zero everywhere, so gradient descent cannot train through it.",),
        pairs_with=("hinge",),
    ),
    peers=Peers("sign", "ops.sign", "jax.numpy.sign"),
)
def sign(x: Array) -> Array:
    """-1, 0 or 1.

    Examples
    --------
    >>> sign([-3.0, 0.0, 2.0])
    array([-1.,  0.,  1.])
    """
    return sign_of(x)


@sign.derivative
def _(x: Array) -> Array:
    return keeping_nan(x, constant(x, 0.0))
