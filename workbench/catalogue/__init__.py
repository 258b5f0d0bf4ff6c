"""What can be asked for: tasks, plans, models, metrics and options, as plain data.

A kernel validates a request and fills a form from these tables without importing PyCaret. A test holds them against
PyCaret 3.3.2 itself: names, order, defaults and turbo flags are its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from workbench.catalogue.anomaly import ANOMALY
from workbench.catalogue.classification import CLASSIFICATION
from workbench.catalogue.clustering import CLUSTERING
from workbench.catalogue.kinds import Metric, Model, Option, OptionKind, Plan, PlanName, Task, TaskName
from workbench.catalogue.plans import PLANS
from workbench.catalogue.regression import REGRESSION
from workbench.catalogue.time_series import TIME_SERIES

__all__ = [
    "FOLDS",
    "FOLDS_LEAST",
    "FOLDS_MOST",
    "PLANS",
    "SEED",
    "SEED_MOST",
    "SHARES",
    "TASKS",
    "Metric",
    "Model",
    "Option",
    "OptionKind",
    "Plan",
    "PlanName",
    "Task",
    "TaskName",
]

FOLDS = 10
SEED = 42
FOLDS_LEAST, FOLDS_MOST = 2, 200
SEED_MOST = 2**32 - 1

TASKS: Mapping[str, Task] = {task.name: task for task in (CLASSIFICATION, REGRESSION, TIME_SERIES, CLUSTERING, ANOMALY)}

SHARES = frozenset(
    {"train_size", "outliers_threshold", "multicollinearity_threshold", "rare_to_value", "fraction", "point_alpha"}
)
"""Options that are a share: more than 0 and less than 1."""
