"""Paths of the server in what is told: their ends alone are."""

import pytest

from workbench.access.places import without_places


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("No space left on device: /var/lib/workbench/files/a.parquet.", "No space left on device: …/a.parquet."),
        ("denied: '/home/ana/My Tables/of sales.csv'", "denied: '…/of sales.csv'"),
        ('File "/opt/env/lib/python3.11/json/decoder.py", line 3', 'File "…/lib/python3.11/json/decoder.py", line 3'),
        ("/srv/app/workbench/service/loading.py:12: in load", "…/workbench/service/loading.py:12: in load"),
        ("home=/home/ana/.workbench/", "home=…/.workbench"),
        ("It is at file:///srv/tables/sales.csv now", "It is at …/sales.csv now"),
        ("unix:/run/user/1000/workbench.sock", "unix:…/workbench.sock"),
        ("by unix:///run/user/1000/workbench.sock", "by …/workbench.sock"),
        ("The database sqlite:////home/ana/.workbench/workbench.db is away.", "The database …/workbench.db is away."),
        ("at file://localhost/srv/tables/x.csv", "at …/x.csv"),
        ("SQLITE:////home/ana/x/y.db", "…/y.db"),
        ("'sqlite+pysqlite:////home/ana/my homes/workbench.db'", "'…/workbench.db'"),
        ("from '/srv/a/x.csv' to '/srv/a/y.csv'", "from '…/x.csv' to '…/y.csv'"),
    ],
)
def test_of_a_path_the_end_is_left(text, told):
    assert without_places(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/tables/sales.csv answers 404.",
        "Fold 3/10 of 2026/01/02: 1.5 km/h, and/or/none",
        "a/b/c.csv and ../b/c.csv and ~/tables/c.csv",
        "The column '/' and the column '/x'",
        "s3://bucket/folder/table.parquet",
    ],
)
def test_what_is_no_path_of_the_server_stays(text):
    assert without_places(text) == text


def test_what_was_cut_down_stays_as_it_is():
    once = without_places("'/opt/env/lib/python3.11/site-packages/pandas/io/common.py' of /srv/a/b")
    assert without_places(once) == once
