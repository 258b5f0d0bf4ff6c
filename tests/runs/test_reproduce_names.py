"""Whatever stands in a name or a text of a user's, in a notebook it stays a text."""

from __future__ import annotations

import ast
import io
import json

import pandas as pd
import pytest
from markdown_it import MarkdownIt

from workbench.access.actor import owner
from workbench.data.sources import Sources
from workbench.errors import BadRequest
from workbench.recipe import Recipe
from workbench.requests import resolve
from workbench.run import Run
from workbench.runs import ending, events, lookup, queue
from workbench.runs.queue import SourceIdentity
from workbench.runs.reproduce.python import literal
from workbench.runs.reproduce.text import escaped
from workbench.runs.scores import store_score
from workbench.store.tables import RunRow

HOSTILE = [
    '"); __import__("os").system("true"); ("',
    "'''); raise SystemExit #",
    '"""\\',
    "\\",
    "\\n\\",
    "{__import__('os')} {0} %s %(x)s",
    "</script><img src=x onerror=alert(1)>",
    "[a](javascript:alert(1)) ![b](c) <http://d>",
    "| # * _ ~~x~~ `y` $z$ \\(z\\) \\[z\\] &lt;b&gt;",
    "# heading",
    "- item",
    "1. item",
    "> quoted",
    "=====",
    "a\u2028import os\u2029",
    "ﬁ\u00a0𝐱",
]


@pytest.fixture
def told(store):
    """Make a run in which every name and text is made of one word, and return its notebook's cells."""

    def told(word: str, task: str) -> list[tuple[str, str]]:
        def name(of_what: str) -> str:
            return f"{word} {of_what}"

        frame = pd.DataFrame(
            {
                name("a"): range(12),
                name("b"): ["low", name("level")] * 6,
                name("c"): [row % 5 for row in range(12)],
                name("t"): ["no", name("yes"), "no"] * 4 if task != "time_series" else range(12),
                name("d"): [f"2024-01-{row + 1:02}" for row in range(12)],
            }
        )
        text = io.BytesIO(frame.to_csv(index=False).encode())
        source = Sources(store).upload(text, name("table").replace("/", "|").replace("\\", "|"))
        a, b, c, t, d = source.column_names
        asked = {"task": task, "plan": "compare"} | _asked(task, a, b, c, t, d, name)
        _, spec = resolve(store, Sources(store), source, asked)
        identity = SourceIdentity(source.id, source.name, source.sha256)
        run = queue.submit(store, identity, spec, by=name("user"), snapshot={}, service_is_warm=True)
        field = [model.id for model in _models(task)]
        with store.database.write() as session:
            row = session.get_one(RunRow, run.id)
            row.field = [[model, name(model), Recipe(model=model).as_dict()] for model in field]
            store_score(session, run.id, field[0], 0, "failed", reason=name("reason"))
            notices = {"notices": [name("notice")], "train_rows": 9, "test_rows": 3}
            events.append(session, run.id, "experiment.fitted", name("fitted"), payload=notices)
        ending.finish(store, run.id, "failed", name("error"))
        notebook = json.loads(Run(store.on_behalf_of(owner("ada")), run.id).reproduce().notebook)
        Sources(store).delete(source.id)
        return [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]

    return told


def _models(task):
    from workbench.catalogue import TASKS

    return TASKS[task].turbo[:2]


def _asked(task, a, b, c, t, d, name):
    if task == "clustering":
        return {"setup": {"ignore_features": [a], "rare_to_value": 0.1, "rare_value": name("rare")},
                "options": {"ground_truth": t, "num_clusters": 2}}  # fmt: skip
    if task == "anomaly":
        return {"setup": {"numeric_features": [a], "ignore_features": [d]}, "options": {"ground_truth": t}}
    if task == "time_series":
        return {"target": t, "folds": 2, "setup": {"index": d, "ignore_features": [a, b, c]}}
    levels = {b: ["low", name("level")]}
    setup = {"ordinal_features": levels, "group_features": {name("group"): [a, c]}, "date_features": [d]}
    return {"target": t, "folds": 2, "setup": setup | {"fold_strategy": "groupkfold", "fold_groups": c}}


def skeleton(cells: list[tuple[str, str]]) -> list[str]:
    """What is left of a notebook without its texts: the shape of its code and of its Markdown."""
    return [_shape_of_code(text) if kind == "code" else _shape_of_prose(text) for kind, text in cells]


def _shape_of_code(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


def _shape_of_prose(text: str) -> str:
    shape: list[str] = []
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text):
        for part in token.children if token.type == "inline" else [token]:
            if not (part.type == "text" and shape and shape[-1] == "text"):
                shape.append(part.type)
    return " ".join(shape)


TASKS = ["classification", "time_series", "clustering", "anomaly"]


@pytest.mark.parametrize("task", TASKS)
def test_a_notebook_has_the_same_shape_whatever_its_names_are(task, told):
    plain = skeleton(told("plain", task))
    broken = [word for word in HOSTILE if skeleton(told(word, task)) != plain]
    assert broken == []


@pytest.mark.parametrize("text", [*HOSTILE, "\x00\x7f\x85", "\u202egpj\u202c\U000e0001", "\ud800", "a" * 300])
def test_a_text_is_written_as_itself_on_one_line_and_in_letters_that_are_seen(text):
    written = literal(text)
    assert ast.literal_eval(written) == text
    assert written.isprintable()


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, True]}, [], {}, [[1], ["x" * 90, "y" * 90]], -0.0, 1e300])
def test_data_is_written_as_itself(value):
    assert ast.literal_eval(literal(value)) == value


def test_what_is_no_data_is_not_written():
    with pytest.raises(TypeError):
        literal([object()])


def test_markdown_reads_nothing_into_a_text():
    for word in HOSTILE:
        assert _shape_of_prose(f"It is {escaped(word)}.") == "paragraph_open text paragraph_close"
        assert "\\\\" not in escaped(word)


@pytest.mark.parametrize(
    "base",
    [
        {"kind": "model", "model": "rf", "params": {'max_depth=3); __import__("os").system("true"); dict(x': 1}},
        {"kind": "model", "model": 'rf = 1; __import__("os")'},
        {"kind": "foo"},
        {"kind": "stack"},
    ],
)
def test_a_recipe_that_was_stored_before_recipes_were_checked_is_not_written_as_code(base, store, submit):
    run = submit(plan="create", model="rf")
    with store.database.write() as session:
        row = session.get_one(RunRow, run.id)
        row.spec = row.spec | {"bases": [base]}
    assert lookup.get(store, run.id).status == "queued"
    with pytest.raises(BadRequest) as caught:
        Run(store.on_behalf_of(owner("ada")), run.id).reproduce()
    assert caught.value.code == "spec.invalid"


def test_a_set_up_option_that_no_task_has_is_not_written_as_code(store, submit):
    run = submit()
    with store.database.write() as session:
        row = session.get_one(RunRow, run.id)
        row.spec = row.spec | {"setup": {"x=1); print(": True}}
    with pytest.raises(BadRequest, match="is no name of a parameter"):
        Run(store.on_behalf_of(owner("ada")), run.id).reproduce()
