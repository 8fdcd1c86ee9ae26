"""The server of the notebooks: for this machine alone, for whoever has the token, warm before it opens.

Any page that is open in a browser can send requests to servers on the same machine.  So a
request must carry the token (or the cookie that was given for it), must be addressed to this
machine by its own name, and must not come from another page; websockets the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import io
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from pathlib import Path
from typing import Any

from cascade.common.errors import InputError

HERE = "127.0.0.1"
NAMES = (HERE, "localhost")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def refusal(headers: Iterable[tuple[bytes, bytes]], port: int) -> str:
    """Why a request is none of a page of ours; empty where it may be one.

    Parameters
    ----------
    headers : iterable of (name, value)
        Names in lower case, as ASGI has them.
    port : int
    """
    given: dict[bytes, list[str]] = {}
    for name, value in headers:
        given.setdefault(name, []).append(value.decode("latin-1").lower())
    hosts = {f"{name}:{port}" for name in NAMES}
    if len(given.get(b"host", [])) != 1 or not hosts >= set(given[b"host"]):
        return "the address of this server is another"
    if not {f"http://{host}" for host in hosts} >= set(given.get(b"origin", [])):
        return "another page may not use this server"
    # Whoever follows a link may come from anywhere, but nothing of ours is shown or loaded inside another page.
    elsewhere = not {"same-origin", "none"} >= set(given.get(b"sec-fetch-site", []))
    if elsewhere and given.get(b"sec-fetch-dest") != ["document"]:
        return "another page may not use this server"
    return ""


def _ending_well(send: Send) -> Send:
    """The same, but for the failure to end."""

    async def told(message: Scope) -> None:
        failed = message["type"] == "lifespan.shutdown.failed"
        await send({"type": "lifespan.shutdown.complete"} if failed else message)

    return told


class Guard:
    """An ASGI app before another: what is no request of ours ends here with 403, websockets too."""

    def __init__(self, app: App, port: int) -> None:
        self.app, self.port = app, port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        kind = scope["type"]
        reason = refusal(scope["headers"], self.port) if kind in ("http", "websocket") else ""
        if kind == "lifespan":
            # What is cut short at the end of the server is no error to be told of.
            with contextlib.suppress(asyncio.CancelledError):
                await self.app(scope, receive, _ending_well(send))
        elif not reason:
            await self.app(scope, receive, send)
        elif kind == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        else:
            for message in _plain(403, reason):
                await send(message)


class Front:
    """An ASGI app before another, with pages of its own for whoever the other lets in.

    Who that is the other app says: it is asked for its own first page with the very same headers, and only where it
    answers that with 200 a page of ours is given.
    """

    def __init__(self, app: App, page_of: Callable[[str, str], bytes | None]) -> None:
        self.app, self.page_of = app, page_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        path, query = scope.get("path", ""), scope.get("query_string", b"").decode("latin-1")
        own = scope["type"] == "http" and scope.get("method") == "GET"
        if not own or not (path == "/" or path.startswith("/lessons/")) or "file=" in query:
            await self.app(scope, receive, send)
            return
        heard: list[Message] = []

        async def hear(message: Message) -> None:
            heard.append(message)

        await self.app({**scope, "path": "/", "raw_path": b"/"}, receive, hear)
        let_in = any(m["type"] == "http.response.start" and m["status"] == 200 for m in heard)
        body = await asyncio.to_thread(self.page_of, path, query) if let_in else None
        if body is None:
            if let_in and path != "/":
                heard = _plain(404, "no lesson is called so")
            for message in heard:
                await send(message)
            return
        kept = [h for m in heard if m["type"] == "http.response.start" for h in m["headers"] if h[0] == b"set-cookie"]
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store"), *kept]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _plain(status: int, text: str) -> list[Message]:
    """An answer of one line."""
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    return [
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": text.encode()},
    ]


def check_port(port: int) -> None:
    """Refuse a port that something listens on already.

    Raises
    ------
    InputError
        When it does.
    """
    with socket.socket() as probe:
        if os.name == "posix":
            # As the server will: connections that have ended do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HERE, port))
        except OSError as error:
            raise InputError("--port", port, f"a port that nothing listens on ({error.strerror})") from None


WARMED = ("textbook", "clusters")
"""Models that are solved, simulated and drawn before the notebooks are: single cells, and clusters of them."""

WRITTEN = "| a | b |\n|---|---|\n| 1 | 2 |\n\n```text\nc\n```"


def warm() -> None:
    """Import what the notebooks will: each runs in a thread of its own, and threads that import at once break both.

    A library imports much of itself when it is first used, so each kind of thing that the notebooks do is done once.
    """
    import numba
    import numpy as np

    import cascade

    # Before all others: marimo hooks into the imports of these, and imports the rest of them from there.
    for name in ("matplotlib.pyplot", "IPython", "anywidget", "tqdm.auto", "pandas", "marimo._output.mpl"):
        try:
            importlib.import_module(name)
        except ImportError:
            continue  # not everybody has all of them
    for name in dir(cascade):
        getattr(cascade, name)
    importlib.import_module("cascade.engine.compiled")
    numba.njit(lambda array: array + array)(np.ones(2))  # all else may come from the disk, and compiling imports more
    for name in WARMED:
        model = cascade.load(name)
        str(cascade.exact(model))
        result = cascade.simulate(model, cells=100, seed=1, progress=False)
        for kind in ("png", "svg"):
            cascade.plot.funnel(result).savefig(io.BytesIO(), format=kind)
    with contextlib.suppress(ImportError):
        importlib.import_module("marimo").md(WRITTEN)


def serve(folder: Path, port: int, token: str, *, show: bool) -> None:
    """Serve the notebooks of a folder until an interrupt.

    Parameters
    ----------
    folder : Path
    port : int
    token : str
        What a browser must know once.
    show : bool
        Whether to open one.
    """
    import uvicorn

    from cascade.cli.galleries import Served

    class Guarded(uvicorn.Config):
        """The settings of a server whose app stands behind a guard."""

        def __init__(self, app: Any, **options: Any) -> None:
            super().__init__(Guard(Front(app, Served(folder).answer), port), **options)

    # marimo has no public way to put an app before its own, in all versions alike.
    vars(uvicorn)["Config"] = Guarded
    # The check for updates is the one thing that would leave the machine.
    os.environ["MARIMO_SKIP_UPDATE_CHECK"] = "1"
    from marimo._cli.cli import main

    # Not on a command line that other users of the machine could read.
    options = ["--host", HERE, "--port", str(port), "--token", "--token-password", token]
    arguments = ["--quiet", "run", str(folder), *options, *([] if show else ["--headless"])]
    sys.exit(main(arguments, prog_name="cascade teach", standalone_mode=False))
