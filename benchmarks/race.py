"""A race: the same work done by Gradoscope and by its peers, taking turns so that a busy machine is busy for all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Peer:
    """Another way to do the same work.

    `run` does it once. `at_least` is how many times faster Gradoscope is expected to be.
    """

    name: str
    run: Callable[[], object]
    at_least: float = 0.0


def nothing_to_add(seconds: dict[str, tuple[float, ...]]) -> tuple[list[str], bool]:
    """No remarks."""
    return [], True


@dataclass(frozen=True)
class Race:
    """What is done (`title`), by Gradoscope (`ours`) and by its peers; the first, untimed round warms everybody up.

    `remarks` looks at the seconds of each round by name ("Gradoscope" and the peers') and returns further lines of the
    table, and whether what they expect was reached.
    """

    title: str
    ours: Callable[[], object]
    peers: tuple[Peer, ...]
    rounds: int = 5
    warm_up: bool = True
    remarks: Callable[[dict[str, tuple[float, ...]]], tuple[list[str], bool]] = nothing_to_add


@dataclass(frozen=True)
class Result:
    """Seconds of the peer and of Gradoscope, round by round."""

    peer: Peer
    seconds: tuple[float, ...]
    our_seconds: tuple[float, ...]

    @property
    def ratios(self) -> list[float]:
        """How many times longer the peer took, in each round."""
        return [theirs / ours for theirs, ours in zip(self.seconds, self.our_seconds, strict=True)]

    @property
    def reached(self) -> bool:
        """Whether the expected ratio was reached."""
        return median(self.ratios) >= self.peer.at_least

    def line(self) -> str:
        """One line of the table."""
        low, high = min(self.ratios), max(self.ratios)
        expected = f", expected at least {self.peer.at_least:g}" if self.peer.at_least else ""
        return (
            f"  {self.peer.name:<24}{median(self.seconds):10.4f} s   {median(self.ratios):6.2f} times ours"
            f" ({low:.2f} to {high:.2f}){expected}{'' if self.reached else '  MISSED'}"
        )


def repeated(work: Callable[[], object], times: int) -> Callable[[], None]:
    """`work` so many times in a row.

    A turn must be much longer than the fifth of a second for which the idle threads of another library may spin on.
    """

    def turn() -> None:
        for _ in range(times):
            work()

    return turn


def seconds_of(work: Callable[[], object]) -> float:
    """Wall-clock seconds that `work` takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def hold(race: Race) -> list[Result]:
    """Run the race: in every round, everybody once."""
    lanes: Sequence[Callable[[], object]] = [race.ours, *(peer.run for peer in race.peers)]
    if race.warm_up:
        for lane in lanes:
            lane()
    rounds = [[seconds_of(lane) for lane in lanes] for _ in range(race.rounds)]
    ours, *theirs = zip(*rounds, strict=True)
    return [Result(peer, seconds, ours) for peer, seconds in zip(race.peers, theirs, strict=True)]
