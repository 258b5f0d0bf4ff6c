"""What MLflow loads: a model that takes a frame and gives a frame. This module travels with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.exports import manifest

if TYPE_CHECKING:
    import pandas as pd

    from workbench.predictor.predictor import Predictor

PREDICTION, SCORE = "prediction", "score"


def _load_pyfunc(path: str) -> Model:
    """Load what lies in a folder; MLflow calls it by this name."""
    return Model(manifest.load(Path(path)).predictor)


class Model:
    """A pipeline to MLflow."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def predict(self, model_input: pd.DataFrame) -> pd.DataFrame:
        """Predict the rows of a frame.

        Parameters
        ----------
        model_input
            Has the columns that the pipeline takes; others are left aside. For a forecast a row each step after the
            last that was learned from.

        Returns
        -------
        DataFrame
            Under the same index ``prediction`` and, where the model gives one, ``score``: the probability of the label
            that is predicted, or how anomalous a row is.

        Raises
        ------
        BadRequest
            ``predict.…`` naming all that is wrong with the rows.
        """
        import pandas as pd

        dates = model_input.select_dtypes(include=["datetime", "datetimetz"])
        texts = {str(name): column.map(pd.Timestamp.isoformat, na_action="ignore") for name, column in dates.items()}
        predicted = self._predictor.predict(self._predictor.schema.of_frame(model_input.assign(**texts)))
        made = {PREDICTION: predicted.labels}
        if predicted.scores is not None:
            made[SCORE] = predicted.scores
        return pd.DataFrame(made, index=model_input.index)
