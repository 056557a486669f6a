"""The HTTP server on loopback and its request log."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.standin.algolia import AlgoliaState
from tests.standin.coveo import CoveoState
from tests.standin.faults import Fault, Faults
from tests.standin.http import Reply, Request, error
from tests.standin.keypair import KeyPairState


@dataclass(frozen=True)
class Seen:
    """One request as it arrived, and the status it got (0: the connection was dropped)."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    status: int


class StandIn:
    """The server with its three services. Use it as a context manager; `url` is its base address."""

    def __init__(self, *, seed: int = 1, port: int = 0, ssl_context: Any = None) -> None:
        self.coveo = CoveoState(seed=seed)
        self.keypair = KeyPairState(seed=seed)
        self.algolia = AlgoliaState(seed=seed)
        self.faults = Faults()
        self.latency_s = 0.0
        self.seen: list[Seen] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _handler(self))
        if ssl_context is not None:
            self._server.socket = ssl_context.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "https" if ssl_context is not None else "http"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Base address without a trailing slash."""
        return f"{self._scheme}://localhost:{self._server.server_address[1]}"

    def __enter__(self) -> StandIn:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: Request) -> Reply:
        """Ask the service that owns the path."""
        with self._lock:
            try:
                for service in (self.coveo, self.keypair, self.algolia):
                    reply = service.answer(request)
                    if reply is not None:
                        return reply
            except Reply as reply:
                return reply
        return Reply(404, error("NOT_FOUND", "No such route."))

    def mutations(self) -> list[tuple[str, str]]:
        """Method and path of every request that was not a GET."""
        return [(s.method, s.path) for s in self.seen if s.method != "GET"]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what some tests are about."""


def _handler(stand_in: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body go out in two writes; without this each answer waits for a delayed ACK (40 ms).
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            request = _read(self)
            time.sleep(stand_in.latency_s)
            fault = stand_in.faults.take(request)
            reply = _apply(stand_in, request, fault)
            status = reply.status if reply else 0
            stand_in.seen.append(
                Seen(request.method, request.path, request.query, request.headers, request.body, status)
            )
            if fault and fault.call:
                fault.call()
            if reply is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            _send(self, reply)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Quiet: the log is `StandIn.seen`."""

    return Handler


def _read(handler: BaseHTTPRequestHandler) -> Request:
    parts = urlsplit(handler.path)
    length = int(handler.headers.get("Content-Length") or 0)
    headers = {name.lower(): value for name, value in handler.headers.items()}
    return Request(
        handler.command, parts.path, dict(parse_qsl(parts.query)), headers, handler.rfile.read(length)
    )


def _apply(stand_in: StandIn, request: Request, fault: Fault | None) -> Reply | None:
    """Carry the request out unless a fault comes first; None means: drop the connection."""
    if fault is None:
        return stand_in.answer(request)
    time.sleep(fault.latency_s)
    replaced = fault.reply()
    if fault.after or not (fault.drop or replaced):
        real = stand_in.answer(request)
        return None if fault.drop else (replaced or real)
    return None if fault.drop else replaced


def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    body = reply.payload()
    handler.send_response(reply.status)
    for name, value in {"Content-Type": "application/json", **reply.headers}.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
