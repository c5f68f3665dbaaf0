"""What a function is for, and what the other libraries call it."""

from collections.abc import Iterator
from dataclasses import dataclass

from gradoscope.language import language, translations


@dataclass(frozen=True)
class Guidance:
    """When to use a function: English sentences, translated where they are shown.

    `use` says what it is for; `pairs_with` names functions of the catalogues that belong with it; `differs` says how
    the other libraries' functions of the same name, or their defaults, differ.
    """

    use: str
    strengths: tuple[str, ...] = ()
    weaknesses: tuple[str, ...] = ()
    pairs_with: tuple[str, ...] = ()
    differs: str = ""

    def sentences(self) -> Iterator[str]:
        """Every sentence that is shown to a person, in English."""
        yield self.use
        yield from self.strengths
        yield from self.weaknesses
        if self.differs:
            yield self.differs

    def spoken(self) -> "Guidance":
        """The same guidance in the language in use."""
        if language() == "en":
            return self
        known = translations(language())
        return Guidance(
            known.get(self.use, self.use),
            tuple(known.get(sentence, sentence) for sentence in self.strengths),
            tuple(known.get(sentence, sentence) for sentence in self.weaknesses),
            self.pairs_with,
            known.get(self.differs, self.differs),
        )


@dataclass(frozen=True)
class Peers:
    """What the other libraries call a function ("" where they lack it)."""

    torch: str = ""
    keras: str = ""
    jax: str = ""
    optax: str = ""
    sklearn: str = ""


NO_PEERS = Peers()
