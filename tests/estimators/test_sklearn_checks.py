"""Scikit-learn's own checks of an estimator, all of them: nothing is expected to fail."""

from typing import Any

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

import gradoscope

NOT_FOR_US = {  # each of them skips itself
    "check_array_api_input": "inputs of other array libraries need SCIPY_ARRAY_API=1",
    "check_classifiers_multilabel_output_format_decision_function": "with log_loss there is predict_proba instead",
    "check_sample_weights_pandas_series": "needs pandas",
    "check_classifier_data_not_an_array": "needs pandas",
    "check_regressor_data_not_an_array": "needs pandas",
}
CHECKS = [
    pytest.param(
        estimator, check, id="-".join([type(estimator).__name__, check.func.__name__, *map(str, check.keywords)])
    )
    for made in (gradoscope.NetworkClassifier(), gradoscope.NetworkRegressor())
    for estimator, check in estimator_checks_generator(made)
    if check.func.__name__ not in NOT_FOR_US
]


@pytest.mark.filterwarnings("ignore")  # the checks fit some networks that do not converge, on purpose or not
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_check(estimator: Any, check: Any) -> None:
    check(estimator)


def test_all_checks_are_there() -> None:
    assert len(CHECKS) > 100
