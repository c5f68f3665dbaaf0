"""Hold the races named on the command line, or all of them; exit 1 where an expected ratio was missed."""

import sys
from importlib import import_module
from pkgutil import iter_modules
from statistics import median

from benchmarks import races
from benchmarks.race import Race, Result, hold


def show(race: Race, results: list[Result]) -> bool:
    """Print the table of one race; whether everything expected was reached."""
    print(f"{race.title}\n  {'Gradoscope':<24}{median(results[0].our_seconds):10.4f} s")
    for result in results:
        print(result.line())
    lines, reached = race.remarks({"Gradoscope": results[0].our_seconds, **{r.peer.name: r.seconds for r in results}})
    print(*lines, sep="\n", end="\n\n" if lines else "\n", flush=True)
    return reached and all(result.reached for result in results)


def main(asked: list[str]) -> int:
    """Hold the races; the exit code."""
    known = [module.name for module in iter_modules(races.__path__)]
    if unknown := set(asked) - set(known):
        print(f"No race is called {', '.join(sorted(unknown))}. Known are: {', '.join(known)}.", file=sys.stderr)
        return 2
    missed = False
    for name in asked or known:
        race = import_module(f"benchmarks.races.{name}").race()
        missed |= not show(race, hold(race))
    return int(missed)


sys.exit(main(sys.argv[1:]))
