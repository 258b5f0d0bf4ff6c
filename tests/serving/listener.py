"""A predictor's socket without a predictor behind it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from workbench.serving import wire
from workbench.serving.wire import Answer, Frames


@dataclass
class Listener:
    """Answers each request with its own body unless told what to say, a frame each time it is let to."""

    path: Path
    says: bytes | None = None
    frames: list[list[bytes]] = field(default_factory=list)
    lets: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    answers: bool = True

    def __post_init__(self) -> None:
        self.caller: socket.socket | None = None
        self.is_past_accepting = threading.Event()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        try:
            self.caller, _ = self.listener.accept()
        except OSError:
            # Closed before anybody came.
            return
        finally:
            self.is_past_accepting.set()
        reader = Frames()
        with self.caller as caller, suppress(ConnectionError):
            while received := caller.recv(65536):
                for frame in reader.requests(received):
                    self.frames.append([body for _, body in frame])
                    self.lets.acquire()
                    if not self.answers:
                        return
                    caller.sendall(
                        wire.answers((number, Answer(200, 1, 0, 0, 0, self.says or body)) for number, body in frame)
                    )

    def close(self) -> None:
        # Whoever waits for a caller is woken by this, and not by the closing alone.
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.is_past_accepting.wait(10)
        self.listener.close()
        if self.caller is not None:
            with suppress(OSError):
                self.caller.shutdown(socket.SHUT_RDWR)
        self.lets.release(1000)
        self.thread.join(10)
