"""gradoscope predict: what a trained model says about new rows."""

from pathlib import Path
from typing import Any

import click

from gradoscope.cli.output import print_guesses, print_json
from gradoscope.language import say


@click.command()
@click.argument("model", type=click.Path(path_type=Path), metavar="MODEL_DIR")
@click.argument("data")
@click.option("--separator", metavar="CHAR", help="Separator of a text file (default: guessed).")
@click.option("--encoding", metavar="NAME", help="Encoding of a text file (default: guessed).")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write the CSV there (default: stdout).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--quiet", is_flag=True, help="Print no hints.")
def command(model: Path, data: str, out: Path | None, as_json: bool, quiet: bool, **reading: Any) -> None:
    r"""Predict the rows of DATA with the model in MODEL_DIR, which `train` or `compare` wrote.

    \b
    gradoscope predict studies/tumour/model new-patients.csv --out predictions.csv
    """
    import polars as pl

    from gradoscope.data import load_new_rows
    from gradoscope.files import write_text
    from gradoscope.training import Model

    folder = model / "model" if (model / "study.json").is_file() else model
    trained = Model.load(folder)
    new = load_new_rows(data, trained.preparation, **reading)
    if not quiet:
        print_guesses(new.guesses)
    table = trained.predict(new.inputs).select(pl.Series("row", new.rows), pl.all())
    if as_json:
        print_json({"model": str(folder), "predictions": table.to_dicts()})
    elif out is None:
        click.echo(table.write_csv(), nl=False)
    else:
        write_text(out, table.write_csv())
        click.echo(say("{rows} predictions: {path}", rows=table.height, path=out), err=True)
