"""Write the example `tumour-korean`: scikit-learn's breast cancer data as people's files are.

Korean headers in CP949, a patient number, categories, a yes/no column, and missing cells in three spellings.
Run `python tools/make_tumour_korean.py`; the file is the same every time.
"""

import csv
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer

FILE = Path(__file__).parents[1] / "src" / "gradoscope" / "data" / "examples" / "tumour-cp949.csv"
NUMBERS = {
    "반지름": "mean radius",
    "질감": "mean texture",
    "둘레": "mean perimeter",
    "매끄러움": "mean smoothness",
    "대칭성": "mean symmetry",
    "오목함": "mean concavity",
    "프랙탈차원": "mean fractal dimension",
}
MISSING = ("", "NA", "?")
SHARE_MISSING = 0.03


def in_thirds(values: np.ndarray, names: tuple[str, str, str]) -> list[str]:
    """The name of the third in which each value lies."""
    return [names[int(third)] for third in np.digitize(values, np.quantile(values, [1 / 3, 2 / 3]))]


def main() -> None:
    """Write the file."""
    data = load_breast_cancer()
    raw = dict(zip(data.feature_names.tolist(), data.data.T, strict=True))
    rng = np.random.default_rng(949)
    columns = {name: [f"{value:g}" for value in raw[origin]] for name, origin in NUMBERS.items()}
    columns["크기"] = in_thirds(raw["mean area"], ("작음", "중간", "큼"))
    columns["윤곽"] = in_thirds(raw["mean compactness"], ("고름", "보통", "거침"))
    for name in ("질감", "오목함", "윤곽"):
        for row in np.flatnonzero(rng.random(len(data.target)) < SHARE_MISSING):
            columns[name][row] = MISSING[row % len(MISSING)]
    columns["오목점"] = ["예" if value > 0.03 else "아니오" for value in raw["mean concave points"]]
    columns["진단"] = ["양성" if benign else "악성" for benign in data.target]
    patients = [f"P{number:04d}" for number in range(1, len(data.target) + 1)]
    with FILE.open("w", encoding="cp949", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["환자번호", *columns])
        writer.writerows(zip(patients, *columns.values(), strict=True))


if __name__ == "__main__":
    main()
