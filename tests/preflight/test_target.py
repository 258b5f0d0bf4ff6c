"""Classes that are too rare for the folds, or too common."""

from __future__ import annotations

import numpy as np


def test_a_class_with_fewer_training_rows_than_folds_is_named_with_a_mend(look, honest):
    frame = honest()
    frame.loc[:7, "y"] = "maybe"
    (finding,) = look(frame).of("target.rare")
    assert (finding.severity, finding.columns) == ("warning", ("y",))
    assert finding.evidence == {"classes": {"maybe": 8}, "folds": 10}
    assert "Class 'maybe' of 'y' has fewer rows to train on than there are folds, 5 against 10" in finding.message
    assert finding.mend.changes == {"folds": 5}
    assert look(frame, folds=5).of("target.rare") == ()


def test_a_class_that_no_two_folds_could_share_has_no_mend(look, honest):
    frame = honest()
    frame.loc[:1, "y"] = "maybe"
    (finding,) = look(frame).of("target.rare")
    assert finding.mend is None


def test_a_class_of_nearly_all_rows_is_warned_of_where_accuracy_ranks(look, honest, random):
    frame = honest().assign(y=np.where(random.random(400) < 0.07, "ill", "well"))
    share = (frame["y"] == "well").mean()
    (finding,) = look(frame).of("target.imbalance")
    assert (finding.severity, finding.evidence["class"]) == ("warning", "well")
    assert f"{share:.1%}" in finding.message
    assert finding.mend.changes == {"sort": "MCC"}
    (finding,) = look(frame, sort="MCC").of("target.imbalance")
    assert (finding.severity, finding.mend) == ("note", None)
