"""Trials of a search bear all their parameters in their names; where there is no room for them, a number does."""

from __future__ import annotations


def short_name(model: str, name: str) -> str:
    """Name a model of a board in few words: a trial by the model that is tuned and its number.

    >>> short_name("rf:3", "Random Forest Classifier · n_estimators=100, max_depth=4")
    'Random Forest Classifier, trial 3'
    >>> short_name("rf", "Random Forest Classifier")
    'Random Forest Classifier'
    """
    number = model.rpartition(":")[2]
    base, mark, _ = name.partition(" · ")
    return f"{base}, trial {number}" if mark and number.isdigit() else name
