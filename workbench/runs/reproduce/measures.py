"""How a notebook reads a model's numbers: off what PyCaret prints, or by Workbench's own measures written out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.runs.reproduce.python import literal


@dataclass(frozen=True, slots=True)
class Measures:
    """What a task's numbers take.

    Attributes
    ----------
    imports
        Statements.
    code
        Definitions, after set-up; empty: none.
    numbers
        An expression for a model's numbers; ``{model}`` stands for the model that was made last.
    """

    imports: tuple[str, ...] = ()
    code: str = ""
    numbers: str = 'exp.pull().loc["Mean"]'


def of_run(spec: Mapping[str, Any]) -> Measures:
    """Return what a run's numbers take."""
    truth = spec["options"].get("ground_truth")
    if spec["task"] == "clustering":
        return _clustering(truth)
    if spec["task"] == "anomaly":
        return _anomaly(truth, spec["seed"])
    return _FORECAST if spec["task"] == "time_series" else Measures()


_FORECAST = Measures(
    ("import numpy as np",),
    """# Workbench's own.
def wape(y_true, y_pred, **_):
    return np.abs(np.ravel(y_true) - np.ravel(y_pred)).sum() / np.abs(np.ravel(y_true)).sum() * 100


def bias(y_true, y_pred, **_):
    return np.mean(np.ravel(y_true) - np.ravel(y_pred))


exp.add_metric("wape", "WAPE", wape, greater_is_better=False)
exp.add_metric("bias", "Bias", bias, greater_is_better=False)""",
)


def _clustering(truth: str | None) -> Measures:
    code = """def numbers(model):
    labels = model.labels_
    told = exp.pull().loc[0].to_dict()
    # Workbench's own; -1 is noise.
    told["Clusters"] = len(set(labels) - {-1})
    told["Noise"] = (labels == -1).mean()"""
    if truth is None:
        return Measures(code=f"{code}\n    return told", numbers="numbers({model})")
    known = f"""# The truth is kept from the models, and they are judged by it.
X = exp.X_transformed
truth = pd.Series(pd.factorize(df[{literal(truth)}])[0])[X.index]
truth = truth[truth >= 0]


{code}
    labels = pd.Series(labels, X.index)[truth.index]
    told["Homogeneity"] = homogeneity_score(truth, labels)
    told["Rand Index"] = adjusted_rand_score(truth, labels)
    told["Completeness"] = completeness_score(truth, labels)
    return told"""
    imported = "from sklearn.metrics import adjusted_rand_score, completeness_score, homogeneity_score"
    return Measures((imported,), known, "numbers({model})")


def _anomaly(truth: str | None, seed: int) -> Measures:
    imports = ["import numpy as np", "from scipy.stats import rankdata", "from sklearn.base import clone"]
    code = f'''X = exp.X_transformed


def stability(model):
    """Rank correlation of the scores that rows get from two fits which share these rows and no others."""
    shared, *own = np.array_split(np.random.RandomState({seed}).permutation(len(X)), 3)
    ranks = []
    for rest in own:
        np.random.seed({seed})
        fitted = clone(model).fit(X.iloc[np.concatenate([shared, rest])])
        ranks.append(rankdata(fitted.decision_scores_[: len(shared)]))
    return np.corrcoef(*ranks)[0, 1]


def numbers(model):
    told = {{"Stability": stability(model), "Flagged": (model.labels_ == 1).mean()}}'''
    if truth is None:
        code = f"{code}\n    return told"
    else:
        imports.append("from sklearn.metrics import average_precision_score, roc_auc_score")
        code = f"""# The truth is kept from the models, and they are judged by it.
# Its rarer value is the anomaly; of two that are as frequent, the larger.
truth = df[{literal(truth)}].dropna()
truth = truth == truth.value_counts().sort_index(ascending=False).idxmin()
truth = truth[truth.index.isin(exp.X_transformed.index)]
{code}
    scores = pd.Series(model.decision_scores_, X.index)[truth.index]
    told["AUC"] = roc_auc_score(truth, scores)
    told["Average Precision"] = average_precision_score(truth, rankdata(scores))
    return told"""
    head = "# PyCaret has no measures for this task: these are Workbench's own.\n"
    return Measures(tuple(imports), head + code, "numbers({model})")
