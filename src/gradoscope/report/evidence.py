"""What stands behind the ranking: learning curves, sensitivity to the learning rate, gradients."""

import math

from gradoscope.comparison import Study
from gradoscope.diagnosis.rule import rules as faults
from gradoscope.language import say
from gradoscope.plots.colours import FAINT, GRID, MUTED, SERIES, depth
from gradoscope.plots.differences import paired_differences
from gradoscope.plots.gradient_norms import GradientNorms, gradient_norms
from gradoscope.plots.labels import labels
from gradoscope.plots.learning_curves import TRAINING, VALIDATION, learning_curves
from gradoscope.plots.rates import sensitivity
from gradoscope.plots.reliability import reliability
from gradoscope.plots.style import plain
from gradoscope.plots.svg import panels, svg
from gradoscope.report.parts import NARROW, WIDE, Cell, Column, Key, Line, Part, Picture, Section, Table, Text


def differences(study: Study) -> Section | None:
    """The section of the paired differences; None for a single arm."""
    if len(study.arms) == 1:
        return None
    numbers = paired_differences(study)
    lead = say(
        "Every arm minus the best one. Each small point is one seed: both arms had the same rows, start and batches. "
        "An arm whose interval does not reach zero is different for sure, whichever of all pairs one looks at."
    )
    keys = [Key(say("mean and 95 % interval"), SERIES[0], "dot")]
    if any(gap.beaten for gap in numbers.gaps):
        keys.append(Key(say("surely worse than the best"), SERIES[1], "hollow"))
    keys.append(Key(say("one seed"), MUTED, "run"))
    if study.settings.equivalence is not None:
        keys.append(Key(say("differences that do not matter"), GRID, "line"))
    title = say("Paired differences from the best")
    wide, narrow = (
        svg(numbers.draw(width), name=f"differences-{name}", title=title, description=numbers.sentence())
        for name, width in (("wide", WIDE), ("narrow", NARROW))
    )
    return Section(
        "differences", say("Paired differences"), (Text(lead), Picture(title, tuple(keys), wide=wide, narrow=narrow))
    )


def calibration(study: Study) -> Section | None:
    """The section of the calibration; None where answers have no confidence."""
    numbers = reliability(study)
    if numbers is None:
        return None
    lead = say(
        "How often answers are right (upwards) against how sure the network was of them (to the right), on test rows "
        "of all seeds, in ten bins; the figure is the calibration error. Points below the dashed line show too much "
        "confidence, which a loss can cause although its accuracy is the same."
    )
    titles = [say("Reliability of {name}", name=label.full) for label in numbers.labels]
    sentences = [numbers.sentence(arm) for arm in range(len(titles))]
    drawn = panels(numbers.draw(), name="calibration", titles=titles, descriptions=sentences)
    keys = (
        Key(say("share right; size: share of rows"), SERIES[0], "dot"),
        Key(say("deserved confidence"), FAINT, "thin"),
    )
    return Section(
        "calibration", say("Calibration"), (Text(lead), Picture(say("Reliability"), keys, panels=tuple(drawn)))
    )


def findings(study: Study) -> Section:
    """The section of what diagnosis found."""
    title = say("Findings")
    found = [(label, finding) for r, label in zip(study.arms, labels(study), strict=True) for finding in r.findings]
    if not found:
        return Section("findings", title, (Text(say("No fault was found in the runs of the first seed.")),))
    lead = say(
        "What diagnosis measures in the run of every arm on the first seed. Arms that are not listed have no finding; "
        "a note is harmless here."
    )
    columns = (Column(say("arm")), Column(say("finding")), Column(say("severity")), Column(say("what was measured")))
    lines = tuple(
        Line(
            (
                Cell(label.full, code=True),
                Cell(faults[finding.fault].title()),
                Cell(finding.severity.title),
                Cell(finding.explanation),
            )
        )
        for label, finding in found
    )
    return Section("findings", title, (Text(lead), Table("", columns, lines)))


def learning(study: Study) -> Section:
    """The section of the learning curves."""
    numbers = learning_curves(study)
    lead = say(
        "Loss on training and validation rows after every epoch, at the chosen learning rate. "
        "A validation loss that rises while the training loss falls shows overfitting."
    )
    if len({arm.loss for arm in numbers.arms}) > 1:
        lead += " " + say("Losses of different kinds cannot be compared with each other, only within a kind.")
    keys = (
        Key(say("validation, median"), VALIDATION, "line"),
        Key(say("training, median"), TRAINING, "line"),
        Key(say("single runs"), MUTED, "thin"),
        Key(say("epoch whose parameters were kept"), VALIDATION, "run"),
    )
    titles = [say("Learning curves of {name}", name=arm.label.full) for arm in numbers.arms]
    drawn = panels(numbers.draw(), name="learning", titles=titles, descriptions=[a.sentence() for a in numbers.arms])
    picture = Picture(say("Loss over epochs"), keys, panels=tuple(drawn))
    return Section("learning", say("Learning curves"), (Text(lead), picture))


def rates(study: Study) -> Section:
    """The section of the learning rates."""
    title = say("Learning rates")
    if len(study.settings.learning_rates) == 1:
        only = plain(study.settings.learning_rates[0])
        return Section(
            "rates", title, (Text(say("All arms were trained at the one learning rate {rate}.", rate=only)),)
        )
    numbers = sensitivity(study)
    lead = say(
        "Mean validation score over the seeds at every learning rate of the grid. "
        "A flat line is an arm that forgives a badly chosen rate."
    )
    if study.settings.tune.names:
        lead += " " + say("What else is tuned is chosen anew for every rate.")
    keys = [
        Key(say("this arm"), SERIES[0], "line"),
        Key(say("chosen most often"), SERIES[0], "ring"),
        Key(say("the other arms"), FAINT, "thin"),
    ]
    if not all(math.isfinite(value) for value in numbers.scores.flat):
        keys.append(Key(say("no finite score"), MUTED, "cross"))
    titles = [say("Score of {name} over learning rates", name=label.full) for label in numbers.labels]
    sentences = [numbers.sentence(arm) for arm in range(len(titles))]
    drawn = panels(numbers.draw(), name="rates", titles=titles, descriptions=sentences)
    picture = Picture(say("Validation score over learning rates"), tuple(keys), panels=tuple(drawn))
    return Section("rates", title, (Text(lead), picture))


def gradients(study: Study) -> Section:
    """The section of the gradients."""
    numbers = gradient_norms(study)
    lead = say(
        "How strongly the loss pulls at the weights of each layer: norm of the gradient, median over the runs. "
        "Where the first layer lies far below the output, gradients fade on their way back; "
        "lines that climb show gradients that explode. "
        "Where epochs are short, not every one is measured after the first eight: in between, the lines are level."
    )
    if len({len(layers) for layers in study.settings.tune.hidden}) > 1:
        lead += " " + say("Of every arm, the runs of the depth that was chosen most often.")
    titles = [say("Gradient norms of {name}", name=label.full) for label in numbers.labels]
    sentences = [numbers.sentence(arm) for arm in range(len(titles))]
    drawn = panels(numbers.draw(), name="gradients", titles=titles, descriptions=sentences)
    picture = Picture(say("Gradient norm of each layer over epochs"), _layer_keys(numbers), panels=tuple(drawn))
    parts: tuple[Part, ...] = (Text(lead), picture)
    return Section("gradients", say("Gradients"), parts)


def _layer_keys(numbers: GradientNorms) -> tuple[Key, ...]:
    """One entry per layer where all networks have the same few layers, else the two ends."""
    depths = {norms.shape[1] for norms in numbers.norms}
    layers = max(depths)
    colours = depth(layers)
    if layers == 1:
        return (Key(say("output layer"), colours[0], "line"),)
    if len(depths) > 1 or layers > 6:
        ends = (Key(say("first layer"), colours[0], "line"), Key(say("output layer"), colours[-1], "line"))
        return (ends[0], Key(say("layers between"), colours[layers // 2], "line"), ends[1])
    hidden = (Key(say("layer {number}", number=n), colour, "line") for n, colour in enumerate(colours[:-1], 1))
    return (*hidden, Key(say("output layer"), colours[-1], "line"))
