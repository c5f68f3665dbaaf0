"""Formulas for the terminal: LaTeX read aloud in Unicode.

It knows what the catalogue writes (fractions, roots, powers, indices, cases, Greek, named functions), not all of LaTeX.
"""

import re

WIDE = "\N{EM SPACE}"
SYMBOLS = {
    "infty": "∞", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "in": "∈", "sim": "∼", "to": "→",
    "cdot": "·", "times": "×", "pm": "±", "ell": "ℓ", "sum": "Σ", "prod": "Π", "int": "∫", "langle": "⟨",
    "rangle": "⟩", "odot": "⊙", "partial": "∂", "nabla": "∇", "approx": "≈", "dots": "…", "ldots": "…", "cdots": "…",
    "lfloor": "⌊", "rfloor": "⌋", "quad": WIDE, "qquad": WIDE, "left": "", "right": "", "top": "ᵀ", "mid": "|",
    "setminus": "∖", "cap": "∩", "cup": "∪", "neq": "≠", "ll": "≪", "gg": "≫", "forall": "∀", "subset": "⊂",
    "notin": "∉", "bigl": "", "bigr": "",
}  # fmt: skip
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ",
    "Theta": "Θ", "Lambda": "Λ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}
PLAIN = (
    "operatorname",
    "text",
    "mathrm",
    "mathbf",
    "mathbb",
    "mathcal",
    "mathit",
    "boldsymbol",
)  # what they set is text
SPACES = {",": " ", ";": " ", ":": " ", " ": " ", "!": "", "|": "‖", "{": "{", "}": "}", "%": "%", "_": "_"}
RAISED = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzαβγδθ*",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵅᵝᵞᵟᶿ*",
        strict=True,
    )
)
LOWERED = dict(zip("0123456789+-−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
CASES = re.compile(r"(.*?)\\begin\{cases\}(.*?)\\end\{cases\}(.*)", re.DOTALL)
TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\s+|.", re.DOTALL)
POWER = "[" + re.escape("".join({*RAISED.values(), *LOWERED.values()})) + "]*"
JOINS = frozenset("+-−=,.;:)]}<>≤≥∈|⟩&/∼≈·×‖")


def formula_text(latex: str) -> str:
    r"""The formula on one line.

    Examples
    --------
    >>> formula_text(r"\sigma(x) = \frac{1}{1 + e^{-x}}")
    'σ(x) = 1/(1 + e⁻ˣ)'
    >>> formula_text(r"f(x) = \begin{cases} x & x > 0 \\ a x & x \le 0 \end{cases}")
    'f(x) = {x if x > 0; a x if x ≤ 0}'
    """
    parts = CASES.fullmatch(latex)
    if parts is None:
        return _plain(latex)
    cases = "; ".join(" if ".join(pair) for pair in _pairs(parts[2]))
    return _tidy(f"{_plain(parts[1])} {{{cases}}}{_plain(parts[3])}")


def formula_lines(latex: str) -> tuple[str, ...]:
    r"""The formula for a page; each case stands on a line of its own.

    Examples
    --------
    >>> print("\n".join(formula_lines(r"f(x) = \begin{cases} x & x > 0 \\ a x & x \le 0 \end{cases}")))
    f(x) = ⎧ x    if x > 0
           ⎩ a x  if x ≤ 0
    """
    parts = CASES.fullmatch(latex)
    if parts is None:
        return (_plain(latex),)
    before, after, pairs = _plain(parts[1]), _plain(parts[3]), _pairs(parts[2])
    width = max(len(pair[0]) for pair in pairs)
    texts = ["  if ".join((pair[0].ljust(width), *pair[1:])) for pair in pairs]
    middle = (len(texts) - 1) // 2
    braces = ["⎧", *("⎨" if place == middle else "⎪" for place in range(1, len(texts) - 1)), "⎩"]
    lines = [
        f"{before if place == middle else ' ' * len(before)} {brace} {text}"
        for place, (brace, text) in enumerate(zip(braces, texts, strict=True))
    ]
    return (*lines[:-1], f"{lines[-1]}{after}")


def _pairs(body: str) -> list[list[str]]:
    """The rows of a `cases` block: value and condition."""
    rows = [row for row in body.split(r"\\") if row.strip()]
    return [[_plain(cell) for cell in row.split("&")] for row in rows]


def _plain(latex: str) -> str:
    return _tidy(_Reader(latex).until(""))


def _tidy(text: str) -> str:
    """Single spaces, none before a closing bracket, two for a wide one."""
    single = re.sub(r" (?=[,)])", "", re.sub(r" +", " ", text))
    return re.sub(f" ?{WIDE}+ ?", "  ", single).strip()


class _Reader:
    """Reads LaTeX from left to right."""

    def __init__(self, latex: str) -> None:
        self.tokens = TOKEN.findall(latex)
        self.place = 0

    def until(self, end: str) -> str:
        """What stands before the token `end` ("": before the end of the formula)."""
        parts: list[str] = []
        while self.place < len(self.tokens) and self.tokens[self.place] != end:
            parts.append(self._one(self.tokens[self._next()]))
        self.place += 1
        return "".join(parts)

    def _next(self) -> int:
        self.place += 1
        return self.place - 1

    def argument(self) -> str:
        """The braces, or the single token, that a command takes."""
        while self.tokens[self.place].isspace():
            self.place += 1
        token = self.tokens[self._next()]
        return self.until("}") if token == "{" else self._one(token)

    def _one(self, token: str) -> str:
        match token:
            case "{":
                return self.until("}")
            case "^":
                return _script(self.argument(), RAISED, "^")
            case "_":
                return _script(self.argument(), LOWERED, "_")
            case "-":
                return "−"
            case _ if token.startswith("\\"):
                return self._command(token[1:])
        return " " if token.isspace() else token

    def _command(self, name: str) -> str:
        if name == "frac":
            return self._fraction()
        if name == "sqrt":
            inner = self.argument().strip()
            return f"√{inner}" if len(inner) == 1 else f"√({inner})"
        if name in PLAIN:
            return self.argument()
        if name in ACCENTS:
            letter, accent = self.argument(), ACCENTS[name]
            return f"{letter}{accent}" if len(letter) == 1 else f"{name}({letter})"
        return next(known[name] for known in (SYMBOLS, GREEK, SPACES, {name: name}) if name in known)

    def _fraction(self) -> str:
        above, below = _grouped(self.argument()), _grouped(self.argument())
        ahead = next((token for token in self.tokens[self.place :] if not token.isspace()), ")")
        ends = ahead in JOINS or SYMBOLS.get(ahead[1:], "?") in JOINS or ahead in (r"\right", r"\quad")
        return f"{above}/{below}" if ends else f"({above}/{below})"


def _script(text: str, letters: dict[str, str], mark: str) -> str:
    """A power or an index, raised or lowered where Unicode has all of its letters."""
    if all(letter in letters for letter in text):
        return "".join(letters[letter] for letter in text)
    return f"{mark}{text}" if len(text) == 1 else f"{mark}({text})"


def _grouped(text: str) -> str:
    """In brackets, unless it is one number, letter, power, norm, root or call."""
    inner = text.strip()
    simple = re.fullmatch(rf"[\w.∞]+{POWER}|√\w|[|‖][^|‖]*[|‖]{POWER}", inner)
    return inner if simple or _one_bracket(inner) else f"({inner})"


def _one_bracket(text: str) -> bool:
    """Whether it is a name or a root or a power with one pair of brackets, as in exp(x) or √(x + 1) or e^(−x/2)."""
    if not re.fullmatch(rf"[\w√^]*\(.*\){POWER}", text):
        return False
    start, end, depth = text.index("("), text.rindex(")"), 0
    for letter in text[start:end]:
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return False
    return True
