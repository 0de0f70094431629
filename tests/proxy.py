"""A way to a node that breaks when it is told to: before a request is passed on, or after, when the answer is lost."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Literal
from urllib.request import ProxyHandler, Request, build_opener

from makerscope.rewards.rpc import Node

Deed = Literal["pass", "lose the request", "lose the answer"] | tuple[int, bytes]  # or an HTTP answer of its own
Rule = Callable[[list[str]], Deed]  # what to do with a request, by the methods in it


@dataclass
class Way:
    """``rule`` may be changed while it is used; ``seen`` counts requests by method."""

    node: Node
    rule: Rule = lambda methods: "pass"
    seen: list[str] = field(default_factory=list)


@contextmanager
def way_to(node: Node) -> Iterator[Way]:
    state = Way(node=node)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            content = json.loads(body)
            methods = [item["method"] for item in (content if isinstance(content, list) else [content])]
            state.seen += methods
            deed = state.rule(methods)
            if deed == "lose the request":
                return self.connection.close()
            if isinstance(deed, tuple):
                status, answer = deed
            else:
                request = Request(node.url, data=body, headers={"Content-Type": "application/json"})
                with build_opener(ProxyHandler({})).open(request) as found:
                    status, answer = found.status, found.read()
            if deed == "lose the answer":
                return self.connection.close()
            with suppress(ConnectionError):  # who asked may be gone
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            return None

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.node = Node(url=f"http://127.0.0.1:{server.server_port}", attempts=3, pause=0.02)
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
