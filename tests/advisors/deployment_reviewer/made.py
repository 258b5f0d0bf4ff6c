"""A pipeline that is fine, and single things about it that are otherwise."""

from __future__ import annotations

from typing import Any

from workbench.advisors.deployment_reviewer.evidence import (
    Artifact,
    LiveColumn,
    Measured,
    Reviewed,
    ReviewEvidence,
    Rival,
    Served,
    Version,
)
from workbench.advisors.examination import (
    Calibration,
    CalibrationBin,
    Confusion,
    Examination,
    Importance,
    InputColumn,
    Interval,
    Preparation,
    SegmentScore,
)
from workbench.advisors.table import Found, Look

COLUMNS = ("age", "income", "city", "visits")


def measured(mean: float, reach: float = 0.03, std: float = 0.02) -> Measured:
    return Measured(mean=mean, std=std, low=mean - reach, high=mean + reach, folds=(mean,) * 5)


REVIEWED = Reviewed(
    name="loans-lr",
    pipeline_id="p1",
    run_id="r1",
    model="rf",
    model_name="Random Forest Classifier",
    kinds=("rf",),
    task="classification",
    target="default",
    plan="compare",
    sort="Accuracy",
    metrics={"Accuracy": measured(0.82), "AUC": measured(0.88), "MCC": measured(0.62)},
    folds=5,
    test_ratio=0.25,
    rows_learned=700,
    rows_held_out=300,
    columns=COLUMNS,
    classes={"no": 400, "yes": 300},
)
REGRESSOR = REVIEWED.model_copy(
    update={
        "task": "regression",
        "sort": "R2",
        "metrics": {"R2": measured(0.7), "RMSE": measured(55.0, 2.0), "MAE": measured(40.0, 2.0)},
        "classes": {},
        "target_mean": 300.0,
        "target_std": 100.0,
    }
)
EXAMINATION = Examination(
    task="classification",
    target="default",
    metric="Accuracy",
    rows_learned=700,
    rows_held_out=300,
    rows_examined=300,
    rows_sampled=700,
    held_out={"Accuracy": 0.81, "AUC": 0.87, "MCC": 0.6},
    learned={"Accuracy": 1.0, "AUC": 1.0, "MCC": 1.0},
    held_out_interval=Interval(low=0.77, high=0.85),
    learned_interval=Interval(low=1.0, high=1.0),
    classes={"no": 0.57, "yes": 0.43},
    baseline={"Accuracy": 0.57},
    beyond_baseline=Interval(low=0.2, high=0.3),
    importances=tuple(
        Importance(column=name, drop=drop, std=0.01)
        for name, drop in zip(COLUMNS, (0.1, 0.08, 0.05, 0.02), strict=True)
    ),
    calibration=Calibration(
        of="yes",
        bins=(CalibrationBin(rows=300, predicted=0.4, observed=0.41),),
        error=0.03,
        expected=0.03,
        error_by_chance=0.05,
        brier=0.15,
        p=0.5,
    ),
    confusion=Confusion(labels=("no", "yes"), matrix=((145, 25), (32, 98))),
    segments=(),
    segment_metric="Accuracy",
    preparation=Preparation(
        columns=tuple(
            InputColumn(
                name=name,
                kind="text" if name == "city" else "number",
                missing_learned=0.0,
                missing_held_out=0.0,
                filled_by="SimpleImputer",
                encoded_by="OneHotEncoder" if name == "city" else "",
                answers_gap=True,
                answers_unknown=True if name == "city" else None,
                unknown_held_out=0.0 if name == "city" else None,
            )
            for name in COLUMNS
        ),
        steps={"numerical_imputer": "SimpleImputer"},
        estimator="RandomForestClassifier",
    ),
)
RIVALS = (
    Rival(model="lr", name="Logistic Regression", kinds=("lr",), status="scored", score=0.74, is_separable=True),
    Rival(model="dummy", name="Dummy Classifier", kinds=("dummy",), status="scored", score=0.57, is_separable=True),
)
REQUEST = {"data": "s1", "task": "classification", "target": "default", "plan": "compare", "sort": "Accuracy"}
CLEAN = ReviewEvidence(
    subject="pipeline",
    reviewed=REVIEWED,
    rivals=RIVALS,
    look=Look(request={name: value for name, value in REQUEST.items() if name != "data"}),
    examination=EXAMINATION,
    artifact=Artifact(size_bytes=1_000_000, verifies=True),
    versions=(Version(library="scikit-learn", made="1.4.2", now="1.4.2"),),
    request=REQUEST,
)
SERVED = Served(slug="loans", status="ready", requests=500, p50_ms=1.0, p95_ms=2.5, engine="compiled", days_served=2.0)


def reviewed(**changed: Any) -> Reviewed:
    return REVIEWED.model_copy(update=changed)


def examined(**changed: Any) -> Examination:
    return EXAMINATION.model_copy(update=changed)


def found(code: str, severity: str, *columns: str, **changed: Any) -> Look:
    """Return a look at the table with one finding, which the request that was put together mends."""
    told = Found(code=code, severity=severity, columns=columns, message=f"{code} of {columns}.", **changed)  # type: ignore[arg-type]
    mended = {"task": "classification", "target": "default", "plan": "compare", "sort": "Accuracy"}
    if told.is_mended:
        mended["setup"] = {"ignore_features": list(columns)}  # type: ignore[assignment]
    return Look(findings=(told,), request=mended)


def segment(column: str, value: str, **changed: Any) -> SegmentScore:
    known: dict[str, Any] = {
        "kind": "value",
        "rows": 100,
        "score": 0.81,
        "elsewhere": 0.81,
        "p": 0.9,
        "p_corrected": 1.0,
    }
    return SegmentScore(column=column, value=value, **(known | changed))


def live(name: str, **changed: Any) -> LiveColumn:
    return LiveColumn(**({"name": name, "rows": 500, "missing": 0.0, "missing_learned": 0.0} | changed))


def prepared(name: str, **changed: Any) -> Examination:
    """Return the examination with one input column that is otherwise."""
    preparation = EXAMINATION.preparation
    assert preparation is not None
    columns = tuple(
        column.model_copy(update=changed) if column.name == name else column for column in preparation.columns
    )
    return examined(preparation=preparation.model_copy(update={"columns": columns}))
