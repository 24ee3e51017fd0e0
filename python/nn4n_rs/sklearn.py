"""Networks as estimators of scikit-learn."""

import os
import tempfile

import numpy as np

from . import _models
from ._arrays import needs
from ._task import Task
from ._training import train

needs("sklearn", "sklearn", "nn4n_rs.sklearn")

from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin  # noqa: E402
from sklearn.utils import check_random_state  # noqa: E402
from sklearn.utils.multiclass import check_classification_targets  # noqa: E402
from sklearn.utils.validation import check_is_fitted, validate_data  # noqa: E402


class _Estimator(BaseEstimator):
    """What both have in common.

    ``X`` is (trials, steps, channels), or (trials, features), whose features are held for ``steps`` steps. Channels are
    scaled to mean 0 and standard deviation 1. ``model`` is a description such as ``EI(50)``; without one it is
    ``Vanilla(units)``.
    """

    def __init__(
        self, units=50, model=None, updates=500, learning_rate=0.003, batch_size=32, steps=5, random_state=None
    ):
        self.units = units
        self.model = model
        self.updates = updates
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.steps = steps
        self.random_state = random_state

    def _fit(self, X, targets):
        self.mean_ = X.mean(axis=tuple(range(X.ndim - 1)))
        spread = X.std(axis=tuple(range(X.ndim - 1)))
        self.scale_ = np.where(spread > 0, spread, 1.0)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        model = self.model if self.model is not None else _models.Vanilla(self.units, sigma_rec=0.0, tau=40.0)
        with tempfile.TemporaryDirectory(prefix="nn4n-") as folder:
            path = os.path.join(folder, "trials.npz")
            np.savez(path, inputs=self._inputs(X), targets=targets, dt=20.0)
            task = Task("data/npz", path=path)
            run = train(
                model,
                task,
                out=os.path.join(folder, "run"),
                seed=seed,
                progress=False,
                updates=self.updates,
                learning_rate=self.learning_rate,
                batch_size=min(self.batch_size, len(X)),
                validation={"every": self.updates},
                stop={"never": True},
            )
            self.network_ = run.network
        self.network_._given_task = None
        self.n_iter_ = run.updates
        return self

    def _inputs(self, X):
        scaled = (X - self.mean_) / self.scale_
        held = scaled if X.ndim == 3 else np.repeat(scaled[:, None, :], self.steps, axis=1)
        return np.ascontiguousarray(held, dtype=np.float32)

    def _outputs(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, allow_nd=True, dtype=np.float64)
        return self.network_.run(self._inputs(X), plant=False).outputs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.non_deterministic = False
        return tags


class NetworkClassifier(ClassifierMixin, _Estimator):
    """A network that names the class of trials at their last step."""

    def fit(self, X, y):
        X, y = validate_data(self, X, y, allow_nd=True, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y: has one class, {self.classes_[0]!r}; a classifier needs 2 classes or more")
        return self._fit(X, labels.astype(np.int64))

    def decision_function(self, X):
        """Outputs at the last step (trials, classes); of two classes the difference (trials)."""
        last = self._outputs(X)[:, -1]
        return last[:, 1] - last[:, 0] if len(self.classes_) == 2 else last

    def predict_proba(self, X):
        """Probability of each class at the last step (trials, classes)."""
        last = self._outputs(X)[:, -1].astype(np.float64)
        return last / last.sum(axis=1, keepdims=True)

    def predict(self, X):
        """The class of each trial."""
        last = self._outputs(X)[:, -1]
        return self.classes_[last.argmax(axis=1)]


class NetworkRegressor(RegressorMixin, _Estimator):
    """A network whose output at the last steps of trials is a number, or several."""

    def fit(self, X, y):
        X, y = validate_data(self, X, y, allow_nd=True, dtype=np.float64, multi_output=True, y_numeric=True)
        columns = y.reshape(len(y), -1)
        self._is_one = y.ndim == 1
        self.y_mean_, spread = columns.mean(axis=0), columns.std(axis=0)
        self.y_scale_ = np.where(spread > 0, spread, 1.0)
        steps = X.shape[1] if X.ndim == 3 else self.steps
        scaled = (columns - self.y_mean_) / self.y_scale_
        return self._fit(X, np.repeat(scaled[:, None, :], steps, axis=1).astype(np.float32))

    def predict(self, X):
        """The numbers at the last step of each trial."""
        last = self._outputs(X)[:, -1].astype(np.float64) * self.y_scale_ + self.y_mean_
        return last[:, 0] if self._is_one else last

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        return tags
