"""The application as a whole: ready before it is asked."""

from __future__ import annotations

from pydantic import TypeAdapter


def test_whoever_asks_first_waits_for_no_route_to_be_made(serve, monkeypatch):
    api = serve()
    made = []
    init = TypeAdapter.__init__

    def noting(self, of, *args, **kwargs) -> None:
        made.append(of)
        init(self, of, *args, **kwargs)

    monkeypatch.setattr(TypeAdapter, "__init__", noting)
    # Of the last room, behind all others.
    assert api.ask("/audit")[0] == 200
    assert made == []
