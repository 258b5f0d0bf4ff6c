"""A language model's provider on this machine: it speaks the protocols, and says what a test has it say."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One answer: what a model says, or what else comes over the wire in its place."""

    says: Any = None
    status: int = 200
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False
    refusal: str | None = None
    finish: str | None = None
    is_empty: bool = False


Script = Callable[[dict[str, Any]], Reply]


class Provider(ThreadingHTTPServer):
    """Answers `/v1/chat/completions` and `/v1/messages`; the last reply of a script is repeated."""

    daemon_threads = True
    # A client that hangs up in the middle of an answer is no fault of the test.
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: list[Reply | Script] = [Reply(says="")]
        self.requests: list[dict[str, Any]] = []
        self.raw: list[str] = []
        self.keys: list[str | None] = []
        self.released = threading.Event()

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        """Base URL of the OpenAI protocol."""
        return f"{self.root}/v1"

    def script(self, *replies: Reply | Script) -> None:
        self.replies = list(replies)

    @property
    def wire(self) -> str:
        """All that was ever sent here, escapes undone."""
        return "\n".join(json.dumps(json.loads(text), ensure_ascii=False) for text in self.raw)


class _Handler(BaseHTTPRequestHandler):
    server: Provider
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        asked = json.loads(text)
        provider = self.server
        provider.raw.append(text)
        provider.keys.append(self.headers.get("x-api-key") or self.headers.get("Authorization"))
        found = provider.replies[min(len(provider.requests), len(provider.replies) - 1)]
        provider.requests.append(asked)
        reply = found(asked) if callable(found) else found
        if reply.hangs:
            provider.released.wait(30)
            self.close_connection = True
            return
        is_anthropic = self.path.startswith("/v1/messages")
        body = reply.body if reply.body is not None else json.dumps(_body(asked, reply, is_anthropic)).encode()
        self.send_response(reply.status)
        for name, value in ({"Content-Type": "application/json"} | dict(reply.headers)).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _body(asked: dict[str, Any], reply: Reply, is_anthropic: bool) -> dict[str, Any]:
    if reply.status >= 400:
        return {"type": "error", "error": {"type": "error", "message": "no", "code": None}}
    return _message(asked, reply) if is_anthropic else _completion(asked, reply)


def _completion(asked: dict[str, Any], reply: Reply) -> dict[str, Any]:
    text = reply.says if isinstance(reply.says, str) else json.dumps(reply.says)
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": reply.refusal}
    finish = "stop"
    if asked.get("tools") and not isinstance(reply.says, str):
        call = {"name": asked["tools"][0]["function"]["name"], "arguments": text}
        message |= {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": call}]}
        finish = "tool_calls"
    if reply.refusal:
        message["content"] = None
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": asked["model"],
        "choices": []
        if reply.is_empty
        else [{"index": 0, "message": message, "finish_reason": reply.finish or finish}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
    }


def _message(asked: dict[str, Any], reply: Reply) -> dict[str, Any]:
    content: list[dict[str, Any]]
    if isinstance(reply.says, str):
        content = [{"type": "text", "text": reply.says}]
    else:
        content = [{"type": "tool_use", "id": "toolu_1", "name": asked["tools"][0]["name"], "input": reply.says}]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": [] if reply.is_empty else content,
        "stop_reason": reply.finish or ("end_turn" if isinstance(reply.says, str) else "tool_use"),
        "stop_sequence": None,
        "usage": {"input_tokens": 1000, "output_tokens": 100},
    }


@contextmanager
def serving() -> Iterator[Provider]:
    provider = Provider()
    thread = threading.Thread(target=provider.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.released.set()
        provider.shutdown()
        provider.server_close()
        thread.join()
