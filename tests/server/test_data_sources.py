"""Tables over HTTP: sent in pieces, broken off, too large, listed a page at a time, fetched again."""

from __future__ import annotations

import io
import re
import socket
from typing import Any
from urllib.parse import quote

import pandas as pd
import pytest

from tests.server.calling import refuses

CSV = b"size,kind\n" + b"".join(b"%d,%s\n" % (place, b"a" if place % 3 else b"b") for place in range(200))


@pytest.fixture(scope="module")
def sent(owner) -> Any:
    """A table that was sent."""
    answer = owner.ask("POST", "/data-sources/upload?name=sent&file=sent.csv", CSV)
    assert answer.status == 201, answer.body
    return answer.body


def test_a_table_that_is_sent_in_pieces_is_the_table(owner, sent):
    pieces = (CSV[start : start + 7] for start in range(0, len(CSV), 7))
    told = owner.ask("POST", "/data-sources/upload?name=in-pieces&file=sent.csv", pieces)
    assert (told.status, told.body["sha256"]) == (201, sent["sha256"])


def test_what_is_fetched_is_what_was_sent(owner, sent):
    answer = owner.ask("GET", f"/data-sources/{sent['id']}/table?format=csv")
    assert pd.read_csv(io.StringIO(answer.body)).equals(pd.read_csv(io.BytesIO(CSV)))


def test_a_connection_that_breaks_off_leaves_neither_row_nor_file(owner, warm, eventually):
    state = warm.service.state()
    before = {path.name for path in warm.settings.files.iterdir()}
    caller = socket.create_connection(("127.0.0.1", state.api_port), timeout=30)
    line = "POST /api/v1/data-sources/upload?name=broken&file=broken.csv HTTP/1.1"
    head = f"{line}\r\nHost: x\r\nX-Workbench-Token: {state.api_token}\r\n"
    caller.sendall(f"{head}Content-Length: {len(CSV)}\r\n\r\n".encode() + CSV[:100])
    eventually(lambda: {path.name for path in warm.settings.files.iterdir()} - before)
    caller.close()
    eventually(lambda: {path.name for path in warm.settings.files.iterdir()} <= before)
    refuses(owner.ask("GET", "/data-sources/broken"), 404, "data.not_found")


def test_what_is_no_table_is_refused_and_leaves_nothing(owner):
    told = owner.ask("POST", "/data-sources/upload?name=noise&file=noise.csv", b"\x00\x01\x02")
    refuses(told, 400, "data.not_a_table")
    refuses(owner.ask("GET", "/data-sources/noise"), 404, "data.not_found")


def test_a_taken_name_is_refused(owner, sent):
    refuses(owner.ask("POST", "/data-sources/upload?name=sent&file=sent.csv", CSV), 409, "data.name_taken")


@pytest.mark.parametrize("query", ["kinds=nothing", "kinds=%5B1%5D", "options=%7B%22name%22%3A1%7D"])
def test_a_parameter_that_is_not_what_it_should_be_is_named(owner, query):
    answer = owner.ask("POST", f"/data-sources/upload?name=never&file=never.csv&{query}", CSV)
    refuses(answer, 422, "request.malformed")
    assert answer.body["detail"].startswith(f"query.{query.partition('=')[0]}")


def test_options_that_are_arguments_of_the_engine_are_refused(owner):
    answer = owner.ask("POST", "/data-sources", {"what": [{"a": 1}], "options": {"tell": 1}})
    refuses(answer, 422, "request.malformed")


def test_a_list_is_told_a_page_at_a_time_and_whole(owner, sent):
    owner.ask("POST", "/samples/iris")
    owner.ask("POST", "/samples/wine")
    whole = [one["id"] for one in owner.ask("GET", "/data-sources").body]
    told, path = [], "/data-sources?limit=1&facts=false"
    while path:
        answer = owner.ask("GET", path)
        told += [one["id"] for one in answer.body]
        following = re.fullmatch(r'<(\?.+)>; rel="next"', answer.headers["Link"] or "")
        path = f"/data-sources{following[1]}" if following else ""
    assert told == whole
    assert len(whole) > 2


@pytest.mark.parametrize("cursor", ["x", "%FF", "eHg", "💥"])
def test_a_cursor_that_no_list_gave_is_refused(owner, cursor):
    refuses(owner.ask("GET", f"/data-sources?cursor={quote(cursor)}"), 422, "request.malformed")


def test_what_the_caller_has_is_not_sent_again(owner, sent):
    first = owner.ask("GET", f"/data-sources/{sent['id']}")
    again = owner.ask("GET", f"/data-sources/{sent['id']}", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body, again.headers["ETag"]) == (304, "", first.headers["ETag"])
    assert owner.ask("GET", f"/data-sources/{sent['id']}", **{"If-None-Match": '"other"'}).status == 200


def test_a_key_reads_no_file_of_the_machine(owner, warm):
    shown = {"X-Workbench-Key": warm.keys.create("no-files", ["data:write"]).secret}
    asked = {"what": "/etc/passwd", "name": "passwords"}
    owner_less = type(owner)(warm.service.state().api_port, None)
    refuses(owner_less.ask("POST", "/data-sources", asked, **shown), 403, "access.denied")
    refuses(owner_less.ask("POST", "/data-sources/test", {"what": asked["what"]}, **shown), 403, "access.denied")
    owner_less.close()
