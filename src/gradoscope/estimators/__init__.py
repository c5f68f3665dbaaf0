"""Scikit-learn's interface to training: estimators that take the place of `MLPClassifier` and `MLPRegressor`."""

from gradoscope.estimators.classifier import NetworkClassifier
from gradoscope.estimators.regressor import NetworkRegressor

__all__ = ["NetworkClassifier", "NetworkRegressor"]
