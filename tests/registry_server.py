"""A server on this machine that answers as the registry's API does: pages, 404, 429, delays, broken bodies."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from registry_records import V2

PAGE = 100


def numbered(number: int) -> dict[str, Any]:
    """The small record under another number."""
    tree = deepcopy(V2)
    tree["protocolSection"]["identificationModule"]["nctId"] = f"NCT{number:08}"
    return tree


class Registry:
    """What the server has, what it was asked, and what it answers next instead of what it has."""

    def __init__(self, count: int = 250) -> None:
        self.trials = {f"NCT{number:08}": numbered(number) for number in range(1, count + 1)}
        self.asked: list[str] = []
        self.instead: list[tuple[int, dict[str, str], bytes]] = []
        self.delay = 0.0
        self.same_token = False

    def answer(self, target: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for what is asked."""
        self.asked.append(target)
        time.sleep(self.delay)
        if self.instead:
            return self.instead.pop(0)
        split = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        if split.path == "/api/v2/studies":
            return 200, {}, json.dumps(self.page(query)).encode()
        found = self.trials.get(split.path.removeprefix("/api/v2/studies/"))
        return (404, {}, b"NCT number not found") if found is None else (200, {}, json.dumps(found).encode())

    def page(self, query: dict[str, str]) -> dict[str, Any]:
        """One page of an answer, with the token of the next where there is one."""
        ids = query.get("filter.ids")
        found = [self.trials[each] for each in (ids.split(",") if ids else self.trials) if each in self.trials]
        start, size = int(query.get("pageToken", "0")), int(query["pageSize"])
        made: dict[str, Any] = {"studies": found[start : start + size]}
        if self.same_token:
            made["nextPageToken"] = "0"
        elif start + size < len(found):
            made["nextPageToken"] = str(start + size)
        return made


@contextmanager
def served(registry: Registry) -> Iterator[str]:
    """The address at which a registry answers while the block runs."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = registry.answer(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            with suppress(ConnectionError):  # who asked may have given up
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody needs to see what was asked."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = False  # so that closing waits for every answer
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/v2"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
