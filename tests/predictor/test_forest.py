"""Trees that are laid flat say what scikit-learn's say, to the last bit."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from workbench.predictor.booster import Booster
from workbench.predictor.forest import Forest

pytestmark = pytest.mark.filterwarnings("ignore")


def of(estimator) -> Forest:
    return Forest.of([tree.tree_ for tree in estimator.estimators_])


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    rows = random.normal(size=(300, 6))
    return rows, (rows[:, 0] * rows[:, 1] > 0).astype(int) + (rows[:, 2] > 1)


def on_thresholds(estimator, rows):
    """Give each row a value that is the very threshold of a node, rounded as rows are."""
    thresholds = np.concatenate([tree.tree_.threshold for tree in estimator.estimators_])
    return np.random.default_rng(4).choice(thresholds, rows.shape)


@pytest.mark.parametrize("kind", [RandomForestClassifier, ExtraTreesRegressor])
def test_rows_on_either_side_of_a_threshold_and_on_it_go_where_scikit_learn_sends_them(kind, rows):
    estimator = kind(20, random_state=0).fit(*rows)
    asked = np.concatenate([rows[0], on_thresholds(estimator, rows[0]), rows[0] * 1000])
    said = of(estimator).total(asked) / 20
    expected = estimator.predict_proba(asked) if kind is RandomForestClassifier else estimator.predict(asked)[:, None]
    assert (said == expected).all()


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_gaps_go_where_scikit_learn_sends_them_whether_it_met_any_or_not(share, rows):
    random = np.random.default_rng(5)
    X, y = rows
    estimator = RandomForestClassifier(20, random_state=0).fit(np.where(random.random(X.shape) < share, np.nan, X), y)
    asked = np.where(random.random(X.shape) < 0.3, np.nan, X)
    assert (of(estimator).total(asked) / 20 == estimator.predict_proba(asked)).all()


def test_a_tree_that_was_grown_best_first_is_walked_too(rows):
    estimator = DecisionTreeClassifier(max_leaf_nodes=9, random_state=0).fit(*rows)
    assert (Forest.of([estimator.tree_]).total(rows[0]) == estimator.predict_proba(rows[0])).all()


def test_a_tree_of_one_leaf_says_the_same_of_every_row(rows):
    estimator = DecisionTreeClassifier().fit(rows[0], np.ones(300))
    assert (Forest.of([estimator.tree_]).total(rows[0]) == 1).all()


def test_many_rows_are_walked_as_few_are(rows):
    forest = of(RandomForestClassifier(5, random_state=0).fit(*rows))
    many = np.tile(rows[0], (40, 1))
    assert (forest.total(many) == np.tile(forest.total(rows[0]), (40, 1))).all()


def boosted(rows, classes: int, **params) -> lightgbm.Booster:
    X, y = rows
    target = {0: y * 1.5, 2: y > 0, 3: y}[classes]
    kind = lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor
    return kind(n_estimators=12, verbose=-1, n_jobs=1, **params).fit(X, target).booster_


@pytest.mark.parametrize("classes", [0, 2, 3])
@pytest.mark.parametrize("share", [0.0, 0.2])
def test_boosted_trees_say_what_lightgbm_says_of_gaps_and_thresholds_too(classes, share, rows):
    random = np.random.default_rng(6)
    X, y = rows
    booster = boosted((np.where(random.random(X.shape) < share, np.nan, X), y), classes)
    thresholds = booster.trees_to_dataframe().threshold.dropna().to_numpy()
    asked = np.concatenate([X, random.choice(thresholds, X.shape), np.where(random.random(X.shape) < 0.3, np.nan, X)])
    assert (Booster.of(booster).predict(asked) == booster.predict(asked)).all()


@pytest.mark.parametrize(
    "params", [{"objective": "poisson"}, {"linear_tree": True}, {"zero_as_missing": True}, {"boosting_type": "rf"}]
)
def test_boosted_trees_of_a_kind_that_nobody_knows_are_left_to_lightgbm(params, rows):
    more = {"bagging_freq": 1, "bagging_fraction": 0.5} if "boosting_type" in params else {}
    assert Booster.of(boosted(rows, 0, **params, **more)) is None
