"""``workbench deploy`` and ``workbench deployment …``: each command once as it should be, and once as it should not."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.conftest import Said
from workbench.cli.main import main

ROW = '{"sepal_length_cm": 6.0, "sepal_width_cm": 3.0, "petal_length_cm": 6.0, "petal_width_cm": 2.2}'
SLUG = "iris-in-a-shell"

Say = Callable[..., Said]


@pytest.fixture
def say(warm, monkeypatch, capsys) -> Say:
    """Run the command in this process, in the home whose service is warm."""
    monkeypatch.setenv("WORKBENCH_HOME", str(warm.settings.home))
    for name in ("WORKBENCH_DATABASE_URL", "WORKBENCH_ARTIFACT_URL"):
        monkeypatch.delenv(name, raising=False)

    def say(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["workbench", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return Said(ended.value.code or 0, *capsys.readouterr())

    return say


@pytest.fixture(scope="module")
def pipelines(warm) -> list[str]:
    """Names of two pipelines of iris; the second always says the same."""
    iris = warm.data.sample("iris")
    runs = [
        warm.runs.submit(iris, target="species", plan="create", model=model, folds=2, seed=1)
        for model in ("nb", "dummy")
    ]
    for run in runs:
        assert run.wait(timeout_s=240).status == "succeeded"
    return [warm.registry.promote(run, name=f"shell-{place}").name for place, run in enumerate(runs)]


@pytest.fixture(scope="module")
def deployed(warm, pipelines) -> Iterator[str]:
    made = warm.deployments.deploy(pipeline=pipelines[0], slug=SLUG)
    yield SLUG
    made.delete()


def test_a_run_is_deployed_asked_and_deleted(say, warm, pipelines):
    run = warm.registry.get(pipelines[1]).run_id
    said = say("deploy", run[-8:], "--slug", "of-a-run", "--access", "public")
    assert said.code == 0
    first, second = said.out.splitlines()
    assert first.startswith("of-a-run is ready: Dummy Classifier at http://127.0.0.1:")
    assert second.startswith("curl -s http://127.0.0.1:")
    assert "Token" not in second
    assert say("deployment", "predict", "of-a-run", ROW).out.split()[0] in ("setosa", "versicolor", "virginica")
    assert say("deployment", "delete", "of-a-run") == Said(0, "", "")
    say("deployment", "show", "of-a-run").refuses("There is no deployment 'of-a-run'")


def test_a_deployment_is_made_as_json(say, pipelines):
    told = say("deploy", "--pipeline", pipelines[0], "--slug", "of-json", "--json").document
    assert (told["slug"], told["status"], told["access"]) == ("of-json", "ready", "workspace")
    assert told["url"].endswith("/api/v1/deployments/of-json/predict")
    say("deployment", "delete", "of-json")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Name a run or a pipeline"),
        (["00000000"], "There is no run"),
        (["--pipeline", "nothing"], "There is no pipeline 'nothing'"),
        (["--pipeline", "shell-0", "--access", "nobody"], "Valid: workspace, api-key, public"),
        (["--pipeline", "shell-0", "--follow", "nobody"], "nobody"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_deployed_is_refused_in_one_sentence(say, deployed, arguments, told):
    say("deploy", *arguments, "--slug", "of-nothing").refuses(told)


def test_a_slug_that_cannot_be_had_is_refused(say, deployed, pipelines):
    say("deploy", "--pipeline", pipelines[0], "--slug", deployed).refuses(f"There is a deployment '{deployed}' already")
    say("deploy", "--pipeline", pipelines[0]).refuses("The slug is")


def test_deployments_are_listed_and_shown(say, warm, deployed, pipelines):
    lines = [line.split() for line in say("deployment", "list").out.splitlines()]
    assert [line[1] for line in lines if line[0] == deployed] == ["ready"]
    assert [record["slug"] for record in say("deployment", "list", "--json").document if record["slug"] == deployed]
    shown = say("deployment", "show", deployed).out
    assert f"pipeline {pipelines[0]}: Naive Bayes for species on iris" in shown
    path = warm.deployments.get(deployed).engine["path"]
    assert f"engine   {path}" in shown
    told = say("deployment", "show", deployed, "--json").document
    assert (told["pipeline"]["name"], told["engine"]["path"]) == (pipelines[0], path)


def test_rows_are_predicted_from_the_line_or_from_standard_input(say, deployed, monkeypatch):
    label, score = say("deployment", "predict", deployed, ROW).out.split()
    assert (label, 0 < float(score) <= 1) == ("virginica", True)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"[{ROW}, {ROW}]"))
    told = say("deployment", "predict", deployed, "--json").document
    assert [one["prediction"] for one in told["predictions"]] == ["virginica"] * 2


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("{", "The rows are not JSON"),
        ("[]", "There are no rows"),
        ('{"colour": "red"}', "'sepal_length_cm' is missing"),
    ],
)
def test_rows_that_do_not_fit_are_refused(say, deployed, rows, told):
    say("deployment", "predict", deployed, rows).refuses(told)


def test_it_is_stopped_and_warmed_once(say, deployed):
    assert say("deployment", "stop", deployed).out == f"{deployed} is stopped\n"
    say("deployment", "stop", deployed).refuses("is stopped and cannot be stopped")
    say("deployment", "predict", deployed, ROW).refuses("is stopped")
    assert say("deployment", "warm", deployed, "--json").document["status"] == "ready"
    say("deployment", "warm", deployed).refuses("is ready and cannot be warmed")


def test_another_pipeline_is_swapped_in_and_back(say, warm, deployed, pipelines):
    old, new = (warm.registry.get(name).id for name in pipelines)
    assert say("deployment", "swap", deployed, pipelines[1], "--why", "to see", "--json").document["pipeline_id"] == new
    assert say("deployment", "rollback", deployed, "--json").document["pipeline_id"] == old
    say("deployment", "swap", deployed, "nothing").refuses("There is no pipeline 'nothing'")
    lines = say("deployment", "history", deployed).out.splitlines()
    assert any("to see" in line for line in lines)
    told = say("deployment", "history", deployed, "--json").document
    assert [line["action"] for line in told[:2]] == ["deployment.swapped", "deployment.swapping"]


def test_what_served_one_pipeline_only_is_not_rolled_back(say, pipelines):
    say("deploy", "--pipeline", pipelines[0], "--slug", "of-one")
    say("deployment", "rollback", "of-one").refuses("has served no other pipeline")
    say("deployment", "delete", "of-one")


def test_a_shadow_is_put_on_reported_and_taken_off(say, warm, deployed, pipelines, eventually):
    say("deployment", "shadow", deployed, "--report").refuses("No pipeline is in the shadow")
    assert say("deployment", "shadow", deployed, pipelines[1]).out == f"{deployed} is ready\n"
    report = ("deployment", "shadow", deployed, "--report")
    assert "no row compared yet" in say(*report).out
    of = warm.deployments.get(deployed)
    eventually(lambda: any(one.role == "shadow" and one.status == "ready" for one in of.predictors()))
    eventually(lambda: say("deployment", "predict", deployed, ROW) and of.shadow_report().compared)
    assert "0.00% of " in say(*report).out
    assert say(*report, "--json").document["agreement"] == 0
    say("deployment", "shadow", deployed, "nothing").refuses("There is no pipeline 'nothing'")
    assert say("deployment", "shadow", deployed, "--json").document["shadow_pipeline_id"] is None


def test_it_is_opened_and_closed(say, deployed):
    assert say("deployment", "open", deployed, "public", "--json").document["access"] == "public"
    assert say("deployment", "open", deployed, "workspace").out == f"{deployed} is ready\n"
    say("deployment", "open", deployed, "nobody").refuses("Valid: workspace, api-key, public")


def test_it_follows_an_alias_and_follows_it_no_more(say, warm, deployed, pipelines):
    warm.registry.aliases.set("shell-champion", pipelines[0])
    assert say("deployment", "follow", deployed, "shell-champion", "--json").document["alias"] == "shell-champion"
    assert say("deployment", "follow", deployed, "--json").document["alias"] is None


def test_traffic_logs_and_a_line_for_a_shell_are_printed(say, warm, deployed, eventually):
    say("deployment", "predict", deployed, ROW)
    eventually(lambda: warm.deployments.get(deployed).traffic())
    assert "p50" in say("deployment", "traffic", deployed).out
    assert say("deployment", "traffic", deployed, "--json").document[-1]["requests"] >= 1
    assert say("deployment", "traffic", deployed, "--minutes", "0").code == 2
    assert say("deployment", "logs", deployed, "-n", "5").code == 0
    assert "$(workbench service token)" in say("deployment", "curl", deployed).out


def test_what_answers_is_exported_into_an_empty_folder_only(say, deployed, tmp_path):
    folder = tmp_path / "exported"
    assert say("deployment", "export", deployed, folder).out == f"{folder}\n"
    assert (folder / "MLmodel").is_file()
    say("deployment", "export", deployed, folder).refuses(str(folder))
    say("deployment", "export", deployed, tmp_path / "other", "--kind", "floppy").refuses("floppy")


def test_a_whole_table_is_predicted_into_a_file(say, deployed, tmp_path):
    path = tmp_path / "predicted.csv"
    assert say("deployment", "batch", deployed, "iris", "--to", path).out == f"{path}\n"
    assert len(pd.read_csv(path)["prediction_label"]) == 150
    told = say("deployment", "batch", deployed, "iris", "--json").document
    assert (told["status"], told["rows_done"], Path(told["path"]).is_file()) == ("succeeded", 150, True)
    say("deployment", "batch", deployed, "nothing").refuses("nothing")
    assert say("deployment", "delete-batch", told["id"]) == Said(0, "", "")
    assert not Path(told["path"]).exists()
    say("deployment", "delete-batch", told["id"]).refuses("There is no batch")


@pytest.mark.parametrize(
    "command",
    [
        *(["show"], ["predict", ROW], ["warm"], ["stop"], ["delete"], ["swap", "shell-1"], ["rollback"], ["shadow"]),
        *(
            ["open", "public"],
            ["follow"],
            ["history"],
            ["traffic"],
            ["logs"],
            ["curl"],
            ["export", "x"],
            ["batch", "iris"],
        ),
    ],
    ids=lambda command: command[0],
)
def test_a_deployment_that_is_not_there_is_said_to_be_none(say, command):
    name, *others = command
    say("deployment", name, "nothing", *others).refuses("There is no deployment 'nothing'")
