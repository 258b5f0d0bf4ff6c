"""One suite for a home that is here and for one that is elsewhere: the same calls, answers and errors."""

import io
from datetime import UTC, datetime

import pandas as pd
import pytest

from workbench import errors

TABLE = b"age,city,buys\n" + b"".join(
    b"%d,%s,%s\n" % (n, b"Rome" if n % 3 else b"", b"ny"[n % 2 :][:1]) for n in range(60)
)


@pytest.fixture
def table(wb, called):
    """A data source of its own, which goes with the test."""
    source = wb.data.upload(io.BytesIO(TABLE), called)
    yield source
    wb.data.delete(source)


@pytest.fixture
def wine(wb):
    return wb.data.sample("wine")


@pytest.fixture
def pipeline(wb, fitted, called):
    return wb.registry.promote(fitted.id, name=called)


def test_a_table_is_uploaded_looked_at_and_read(wb, table):
    assert (table.row_count, table.column_names) == (60, ("age", "city", "buys"))
    assert wb.data.get(table.name) == wb.data.get(table.id) == table
    assert wb.data.head(table, 2) == [{"age": 0, "city": None, "buys": "n"}, {"age": 1, "city": "Rome", "buys": "y"}]
    assert wb.data.values(table, "city") == ["Rome"]
    pd.testing.assert_frame_equal(wb.data.load(table), pd.read_csv(io.BytesIO(TABLE)))
    assert table.name in [line.name for line in wb.data.lines()]


def test_a_file_is_uploaded_with_what_is_said_of_it(wb, called, tmp_path):
    path = tmp_path / f"{called}.csv"
    path.write_text("a;b\n01;2\n02;3\n")
    source = wb.data.upload(path, kinds={"a": "text"}, delimiter=";")
    assert (source.name, source.column("a").kind) == (called, "text")
    assert wb.data.find_content(path) is None
    again = wb.data.retype(source, {"a": "number"})
    assert (again.version, again.column("a").kind) == (2, "number")
    assert [found.version for found in wb.data.versions(called)] == [2, 1]
    wb.data.delete(called)


def test_an_upload_that_is_given_up_leaves_nothing(wb, called):
    with wb.data.begin_upload(f"{called}.csv", file="given up.csv") as upload:
        upload.write(b"a,b\n1,2\n")
        assert (upload.name, upload.file, upload.received) == (called, "given up.csv", 8)
    with pytest.raises(errors.Conflict) as raised:
        upload.finish()
    assert raised.value.code == "data.upload_broken"
    assert called not in [line.name for line in wb.data.lines()]


def test_an_upload_that_lacks_bytes_is_refused(wb, called):
    with wb.data.begin_upload(f"{called}.csv", 100) as upload:
        upload.write(b"a,b\n1,2\n")
        with pytest.raises(errors.BadRequest) as raised:
            upload.finish()
    assert raised.value.code == "data.upload_broken"
    assert called not in [line.name for line in wb.data.lines()]


def test_a_frame_becomes_a_data_source_and_comes_back(wb, called):
    frame = pd.DataFrame({"x": [1.5, None, 3.0], "y": ["a", float("nan"), "ü"], "z": [True, False, True]})
    source = wb.data.add(frame, called)
    pd.testing.assert_frame_equal(wb.data.load(source), frame, check_dtype=False)
    wb.data.delete(source)


def test_a_table_is_profiled(wb, table):
    parts = list(wb.data.profiled(table, target="buys", patience_s=60))
    assert {part.name for part in parts if part.part == "column"} == set(table.column_names)
    profile = wb.data.profile(table, target="buys")
    assert (profile.is_complete, profile.head.rows, profile.target.class_count) == (True, 60, 2)


@pytest.mark.parametrize(
    ("act", "kind", "code"),
    [
        (lambda wb: wb.data.get("no such table"), errors.NotFound, "data.not_found"),
        (lambda wb: wb.data.upload(io.BytesIO(b""), "empty"), errors.BadRequest, "data.empty"),
        (lambda wb: wb.data.upload(io.BytesIO(b"a\n1\n"), "wine"), errors.Conflict, "data.name_taken"),
        (lambda wb: wb.data.upload(io.BytesIO(b"a\n1\n"), "a/b"), errors.BadRequest, "data.name_invalid"),
        (lambda wb: wb.data.upload("/no/such/file.csv"), errors.BadRequest, "data.file_missing"),
        (lambda wb: wb.data.sample("no such sample"), errors.NotFound, "data.unknown_sample"),
        (lambda wb: wb.data.add([], "none"), errors.BadRequest, "data.no_rows"),
        (lambda wb: wb.data.test(3), errors.BadRequest, "data.not_a_table"),
        (lambda wb: wb.runs.get("00000000"), errors.NotFound, "run.not_found"),
        (lambda wb: wb.runs.submit("wine"), errors.BadRequest, "spec.target_missing"),
        (lambda wb: wb.runs.submit("wine", target="cultivar", plan="no"), errors.BadRequest, "spec.unknown_plan"),
        (lambda wb: wb.runs.submit("wine", target="cultivar", seed=object()), errors.BadRequest, "spec.invalid"),
        (lambda wb: wb.runs.records(status="done"), errors.BadRequest, "spec.invalid"),
        (lambda wb: wb.registry.get("no-such"), errors.NotFound, "pipeline.not_found"),
        (lambda wb: wb.registry.aliases.get("no-such"), errors.NotFound, "alias.not_found"),
        (lambda wb: wb.registry.promotions.get("00000000"), errors.NotFound, "promotion.not_found"),
        (lambda wb: wb.deployments.get("no-such"), errors.NotFound, "deployment.not_found"),
        (lambda wb: wb.deployments.check_slug("No"), errors.BadRequest, "deployment.slug_invalid"),
        (lambda wb: wb.deployments.deploy(slug="neither-nor"), errors.BadRequest, "spec.invalid"),
        (lambda wb: wb.deployments.batch("00000000"), errors.NotFound, "batch.not_found"),
        (lambda wb: wb.advisors.get("00000000"), errors.NotFound, "advice.not_found"),
        (lambda wb: wb.advisors.consult("nobody", "wine"), errors.BadRequest, "advice.invalid"),
        (lambda wb: wb.advisors.check_narrator(), errors.BadRequest, "advice.no_model"),
        (lambda wb: wb.workspaces.get("no such"), errors.NotFound, "workspace.not_found"),
        (lambda wb: wb.within(workspace="no such"), errors.NotFound, "workspace.not_found"),
        (lambda wb: wb.within(project="no such"), errors.NotFound, "project.not_found"),
        (lambda wb: wb.projects.create(""), errors.BadRequest, "project.name_invalid"),
        (lambda wb: wb.experiments.get("00000000"), errors.NotFound, "experiment.not_found"),
        (lambda wb: wb.keys.get("00000000"), errors.NotFound, "key.not_found"),
        (lambda wb: wb.keys.create("k", "no:such"), errors.BadRequest, "key.scope_unknown"),
        (lambda wb: wb.accept_invitation("inv_" + "x" * 43), errors.Forbidden, "invitation.invalid"),
    ],
)
def test_what_cannot_be_done_is_the_same_error(wb, wine, act, kind, code):
    with pytest.raises(kind) as raised:
        act(wb)
    assert raised.value.code == code


def test_an_error_keeps_its_hint_and_what_it_is_about(wb, wine):
    with pytest.raises(errors.BadRequest) as raised:
        wb.runs.submit(wine, target="cultivarr")
    assert "cultivar" in raised.value.hint


def test_a_run_is_submitted_watched_and_ranked(wb, wine):
    run = wb.runs.submit(wine, target="cultivar", plan="compare", include=["nb", "dummy"], folds=2, seed=3)
    events = list(run.events())
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert events[-1].kind == "run.closed"
    assert events == list(run.history()) == run.log(limit=5000)
    assert run.last_seq() == len(events)
    record = run.wait(timeout_s=60)
    assert (record.status, record.best, run.status) == ("succeeded", "nb", "succeeded")
    assert [row.model for row in run.rows()] == ["nb", "dummy"]
    board = run.leaderboard(detail=True)
    assert board.loc["nb", "Rank"] == 1
    assert board.loc["nb", "Accuracy"] > board.loc["dummy", "Accuracy"]
    assert run.progress().done == 4
    assert wb.runs.get(run.id).record == record
    assert run.id in [found.id for found in wb.runs.list(source="wine", status=("succeeded",))]
    run.delete()
    with pytest.raises(errors.NotFound):
        wb.runs.get(run.id)


def test_events_are_read_from_behind_a_number_on(wb, fitted):
    run = wb.runs.get(fitted.id)
    last = run.last_seq()
    assert [event.seq for event in run.events(after=last - 2)] == [last - 1, last]
    assert list(run.events(after=last, timeout_s=0.5)) == []


def test_a_run_is_cancelled_and_resumed(wb):
    # It takes minutes unless it is ended.
    run = wb.runs.submit(wb.data.sample("breast_cancer"), target="diagnosis", include=["gbc"], folds=200, seed=4)
    next(event for event in run.events() if event.kind == "experiment.fitted")
    run.cancel()
    assert run.wait(timeout_s=60).status == "cancelled"
    resumed = wb.runs.resume(run)
    assert resumed.id != run.id
    resumed.cancel()
    assert resumed.wait(timeout_s=60).is_terminal


def test_a_request_is_checked_and_its_cost_estimated(wb, wine):
    assert wb.runs.check(wine, target="cultivar").findings is not None
    estimate = wb.runs.estimate(wine, target="cultivar", include=["nb", "lr"], folds=3)
    assert estimate.units == 6


def test_runs_are_paged(wb, wine):
    runs = [wb.runs.submit(wine, target="cultivar", plan="setup", seed=seed) for seed in (1, 2, 3)]
    newest = wb.runs.records(limit=2)
    assert [found.id for found in wb.runs.records(limit=1, before=newest[0].id)] == [newest[1].id]
    assert len(wb.runs.list(limit=3)) == 3
    for run in runs:
        run.wait(60)
        run.delete()


def test_a_run_is_reproduced(wb, fitted, tmp_path):
    told = wb.runs.get(fitted.id).reproduce()
    notebook = told.save(tmp_path / "again")
    assert notebook.suffix == ".ipynb"
    assert {path.suffix for path in notebook.parent.iterdir()} == {".ipynb", ".txt", ".parquet"}
    assert told.table.rows == 178


def test_another_model_of_a_run_is_fitted(wb, fitted):
    run = wb.runs.fit_of(fitted.id, "dummy")
    assert run.wait(timeout_s=60).best == "dummy"
    assert wb.runs.fit_of(fitted.id, "nb").id == fitted.id


def test_a_pipeline_is_promoted_read_and_compared(wb, fitted, pipeline, called):
    assert wb.registry.get(called) == wb.registry.get(pipeline.id) == pipeline
    assert pipeline.created_at.tzinfo is not None
    assert called in wb.registry.card(pipeline)
    assert wb.registry.document(pipeline, "schema.json")[0]["name"]
    assert wb.registry.document(pipeline, "no such") is None
    wb.registry.verify(pipeline)
    assert wb.registry.of_run(fitted.id).run_id == fitted.id
    told = wb.registry.compare(pipeline, fitted.id)
    assert (told.same_data, told.a.name, told.b.kind) == (True, called, "run")
    wb.registry.delete(pipeline)
    with pytest.raises(errors.NotFound):
        wb.registry.get(called)


def test_an_alias_is_moved_and_moved_back(wb, fitted, called):
    first, second = (wb.registry.promote(fitted.id, name=f"{called}-{n}") for n in (1, 2))
    alias = f"{called}-a"
    before = datetime.now(UTC)
    wb.registry.aliases.set(alias, first, "the first")
    wb.registry.aliases.set(alias, second)
    assert wb.registry.aliases.get(alias).pipeline_name == second.name
    assert wb.registry.aliases.at(alias, before) is None
    assert wb.registry.aliases.at(alias, datetime.now(UTC)) == second
    assert wb.registry.aliases.rollback(alias, "worse").pipeline_id == first.id
    moves = wb.registry.aliases.history(alias)
    assert [(move.seq, move.to_name, move.why) for move in moves] == [
        (1, first.name, "the first"),
        (2, second.name, ""),
        (3, first.name, "worse"),
    ]
    assert [move.seq for move in wb.registry.aliases.moves_of(second)] == [2, 3]
    wb.registry.aliases.unset(alias)
    assert alias not in [found.name for found in wb.registry.aliases.list()]


def test_a_promotion_is_proposed_acknowledged_and_completed(wb, fitted, called):
    champion, challenger = (wb.registry.promote(fitted.id, name=f"{called}-{n}") for n in (1, 2))
    alias = f"{called}-a"
    wb.registry.aliases.set(alias, champion)
    proposed = wb.registry.promotions.propose(challenger, alias, why="to see")
    assert (proposed.status, proposed.champion_name) == ("waiting", champion.name)
    assert {gate.name for gate in proposed.gates} == {"artifact", "metric", "schema"}
    for gate in proposed.open_gates:
        proposed = wb.registry.promotions.acknowledge(proposed, gate.name, by="Ana")
    done = wb.registry.promotions.complete(proposed)
    assert (done.status, wb.registry.aliases.get(alias).pipeline_id) == ("promoted", challenger.id)
    assert wb.registry.promotions.get(done.id) == done
    assert wb.registry.promotions.list(alias=alias) == [done]


def test_a_pipeline_is_deployed_asked_and_stopped(wb, pipeline, called, tmp_path):
    steps = []
    deployment = wb.deployments.deploy(pipeline=pipeline, slug=called, tell=steps.append)
    assert steps
    sample = deployment.schema()["sample"]
    answer = deployment.predict(sample[:2], request_id="mine")
    assert (len(answer["predictions"]), answer["request_id"], answer["endpoint_slug"]) == (2, "mine", called)
    assert deployment.predict(pd.DataFrame(sample[:1]))["predictions"][0] == answer["predictions"][0]
    with pytest.raises(errors.BadRequest) as raised:
        deployment.predict([{"nothing": 1}])
    assert raised.value.code == "predict.invalid_rows"
    assert (deployment.status, deployment.slug, deployment.pipeline.id) == ("ready", called, pipeline.id)
    assert deployment.engine is not None
    assert called in deployment.curl()
    assert deployment.open_to("public").access == "public"
    assert deployment.shadow(pipeline).shadow_pipeline_id == pipeline.id
    assert deployment.shadow_report().pipeline_id == pipeline.id
    assert deployment.predictors()[0].deployment_id == deployment.id
    assert deployment.id in [found.id for found in wb.deployments.list()]
    assert "deployment.created" in [line.action for line in deployment.history()]
    into = deployment.export(tmp_path / "exported")
    assert (into / "MLmodel").is_file()
    with pytest.raises(errors.Conflict) as raised:
        deployment.export(into)
    assert raised.value.code == "export.failed"
    assert deployment.stop().status == "stopped"
    with pytest.raises(errors.Conflict) as raised:
        deployment.predict(sample[:1])
    assert raised.value.code == "deployment.not_ready"
    assert deployment.warm().status == "ready"
    deployment.delete()
    with pytest.raises(errors.NotFound):
        wb.deployments.get(called)


def test_a_data_source_is_predicted_in_a_batch(wb, wine, pipeline, called):
    deployment = wb.deployments.deploy(pipeline=pipeline, slug=called)
    batch = deployment.batch(wine)
    assert batch.wait(timeout_s=120).status == "succeeded"
    frame = batch.frame()
    assert list(frame.columns[: len(wine.columns)]) == list(wine.column_names)
    assert (len(frame), frame.shape[1] > len(wine.columns)) == (178, True)
    assert batch.path().is_file()
    assert batch.id in [found.id for found in wb.deployments.batches()]
    batch.delete()
    with pytest.raises(errors.NotFound):
        wb.deployments.batch(batch.id)
    deployment.delete()


def test_advisors_are_consulted(wb, wine, fitted):
    told = wb.advisors.explain(fitted.id)
    assert told.verdict.startswith(("A CLEAR WINNER", "NO CLEAR WINNER"))
    assert told.evidence_given is not None
    assert wb.advisors.get(told) == told
    assert wb.advisors.is_over(told.id)
    assert told.id in [one.id for one in wb.advisors.list(fitted.id)]
    assert told.id in [line.id for line in wb.advisors.lines(fitted.id)]
    asked = wb.advisors.analyse(wine, target="cultivar", wait=False)
    assert wb.advisors.wait(asked).verdict.startswith("READY")
    assert wb.advisors.thresholds["drift.psi_retrain"] == 0.4
    assert not wb.advisors.has_narrator


def test_a_key_is_made_rotated_and_revoked(wb, called):
    issued = wb.keys.create(called, ["runs:read", "data:read"], days=None, requests_per_minute=10)
    assert issued.secret.startswith("pck_")
    assert wb.keys.get(issued.key.id) == issued.key
    replaced = wb.keys.rotate(issued.key)
    assert replaced.key.replaces_id == issued.key.id
    assert wb.keys.get(issued.key.id).status == "revoked"
    assert wb.keys.revoke(replaced.key).status == "revoked"
    assert {issued.key.id, replaced.key.id} <= {key.id for key in wb.keys.list(limit=1000)}


def test_a_workspace_is_made_entered_and_left(everywhere, called):
    made = everywhere.workspaces.create(called)
    assert made in everywhere.workspaces.list()
    other = everywhere.within(workspace=called)
    assert other.workspaces.current() == made
    assert other.data.list() == []
    assert other.me().workspace == called
    member = other.workspaces.set_role(f"{called}-ana", "viewer")
    assert member in other.workspaces.members()
    invited = other.workspaces.invite(f"{called}-ben", "editor", days=1)
    assert invited.invitation in other.workspaces.invitations()
    joined = other.accept_invitation(invited.code)
    assert (joined.user, str(joined.role), joined.workspace.name) == (f"{called}-ben", "editor", called)
    assert joined.key.secret.startswith("pck_")
    other.workspaces.remove(f"{called}-ben")
    other.workspaces.remove(f"{called}-ana")
    assert everywhere.workspaces.rename(called, f"{called} again").name == f"{called} again"
    everywhere.workspaces.delete(made.id)
    assert made.id not in [found.id for found in everywhere.workspaces.list()]


def test_a_project_has_runs_of_its_own(wb, wine, called):
    project = wb.projects.create(called)
    run = wb.within(project=called).runs.submit(wine, target="cultivar", plan="setup", seed=9)
    run.wait(60)
    assert [found.id for found in wb.runs.records(project=called)] == [run.id]
    assert wb.projects.get(called).run_count == 1
    experiment = wb.experiments.list(called)[0]
    assert (experiment.project_id, wb.experiments.get(experiment.id)) == (project.id, experiment)
    assert wb.experiments.rename(experiment.id, called).name == called
    assert wb.experiments.leaderboard(experiment.id) == []
    run.delete()
    assert wb.projects.rename(called, f"{called} again").id == project.id


def test_the_models_of_an_experiment_are_ranked(wb, fitted):
    boards = [wb.experiments.leaderboard(one.id, limit=1000) for one in wb.experiments.list(limit=1000)]
    of_run = next(board for board in boards if fitted.id in [one.run_id for one in board])
    assert [one.row.rank for one in of_run] == sorted(one.row.rank for one in of_run)


def test_what_was_done_is_in_the_audit_log(wb, called):
    wb.projects.create(called)
    line = wb.audit.list(action="project.created", limit=1)[0]
    assert (line.by, line.outcome) == (wb.user, "done")
    assert called in line.message
    assert wb.audit.list(action="project.created", before=line.seq + 1, limit=1) == [line]
    told = wb.audit.verify()
    assert told.is_whole
    assert wb.audit.verify((told.head_seq, told.head_sha256)).is_whole


def test_the_audit_log_is_exported(wb, called, tmp_path):
    wb.projects.create(called)
    lines = list(wb.audit.export(action="project.created"))
    assert any(called in line for line in lines)
    path = wb.audit.export(tmp_path / "audit.csv", "csv", action="project.created")
    assert called in path.read_text()


def test_a_filter_that_is_none_exports_nothing(wb):
    with pytest.raises(TypeError, match="misspelt"):
        wb.audit.export(misspelt="x")


def test_a_format_that_is_none_is_refused_at_once(wb):
    with pytest.raises(errors.BadRequest) as raised:
        wb.audit.export(format="zzz")
    assert raised.value.code == "export.failed"
