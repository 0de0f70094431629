"""JSON-RPC to an Ethereum node over HTTP: time-outs, patience for reads, and one line where it goes wrong.

The address of a node often holds a paid key: only its scheme, host and port are ever shown. A node that cannot be
reached or whose answer means nothing is a ``NodeError`` (nobody knows what it did), one that answers "no" is a
``RefusedError``.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, NoReturn, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

import msgspec

from makerscope.errors import InputError, NodeError, RefusedError
from makerscope.rewards.reverts import reason_of

Answer = TypeVar("Answer")
Call = tuple[str, tuple[object, ...]]  # a method and its parameters

LARGEST = 64 << 20  # bytes of an answer
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
BUSY_HTTP = frozenset({408, 425, 429, 502, 503, 504})
FAILED_HTTP = 500  # busy too, unless it carries an error of JSON-RPC, as some nodes do
BUSY_CODES = frozenset({-32005, 429})  # "limit exceeded", as EIP-1474 and some providers say it


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Where a node listens, and how patient we are with it.

    Args:
        url: http or https; may hold a key, and is never shown whole.
        timeout: seconds for one request.
        attempts: how often a read is tried.
        pause: seconds before the second attempt; doubles each time.
    """

    url: str = field(repr=False)
    timeout: float = 20.0
    attempts: int = 5
    pause: float = 0.25

    def __post_init__(self) -> None:
        parts = _parts(self.url)
        if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InputError("the node's address", "is no http address", "such as http://127.0.0.1:8545")

    @property
    def name(self) -> str:
        """What may be shown: scheme, host and port, without path, user and password.

        Examples:
            >>> Node(url="https://user:word@node.example/v3/key").name
            'https://node.example'
        """
        parts = urlsplit(self.url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")

    def read(self, method: str, *parameters: object) -> Any:  # noqa: ANN401 - the caller knows the method
        """The result of a method that changes nothing; tried again while the node is away or busy.

        Raises:
            NodeError: the node was away or made no sense at every attempt.
            RefusedError: it answered with an error.
        """
        return patiently(self, lambda: self.once(method, *parameters))

    def once(self, method: str, *parameters: object) -> Any:  # noqa: ANN401 - the caller knows the method
        """The result of a method, tried once: for whatever must not be repeated blindly.

        Raises:
            NodeError: the node was away or made no sense; it may have done what was asked all the same.
            RefusedError: it answered with an error.
        """
        return _result(self, _exchange(self, _request(0, (method, parameters))), 0)

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The results of several reads by one request, in order; one by one where the node takes no batches.

        Raises:
            NodeError: the node was away or made no sense.
            RefusedError: one of the calls was refused.
        """
        if len(calls) < 2:
            return [self.read(method, *parameters) for method, parameters in calls]
        requests = [_request(index, call) for index, call in enumerate(calls)]
        try:
            answers = patiently(self, lambda: _exchange(self, requests))
        except RefusedError:
            answers = None
        if not isinstance(answers, list):
            return [self.read(method, *parameters) for method, parameters in calls]
        known = {item.get("id"): item for item in answers if isinstance(item, dict)}
        return [_result(self, known.get(index), index) for index in range(len(calls))]


def patiently(node: Node, ask: Callable[[], Answer]) -> Answer:
    """What ``ask`` gives, tried again with growing pauses while the node is away or busy."""
    for attempt in range(node.attempts - 1):
        try:
            return ask()
        except NodeError:
            pass
        except RefusedError as error:
            if error.code not in BUSY_CODES:
                raise
        time.sleep(node.pause * 2**attempt)
    return ask()


def integer(node: Node, value: object) -> int:
    """A quantity such as ``0x1f`` as an int; anything else makes no sense.

    Examples:
        >>> integer(Node(url="http://localhost"), "0x1f")
        31
    """
    if not isinstance(value, str) or not value.startswith("0x"):
        nonsense(node, "no quantity where one belongs")
    try:
        return int(value, 16)
    except ValueError:
        nonsense(node, "no quantity where one belongs")


def octets(node: Node, value: object) -> bytes:
    """Data such as ``0x1f00`` as bytes; anything else makes no sense.

    Examples:
        >>> octets(Node(url="http://localhost"), "0x1f00").hex()
        '1f00'
    """
    if not isinstance(value, str) or not value.startswith("0x"):
        nonsense(node, "no data where some belong")
    try:
        return bytes.fromhex(value[2:])
    except ValueError:
        nonsense(node, "no data where some belong")


def nonsense(node: Node, what: str) -> NoReturn:
    """Raise that an answer means nothing."""
    raise NodeError(f"{node.name}: the answer holds {what}; want the JSON-RPC of an Ethereum node")


class _NoRedirect(HTTPRedirectHandler):
    """A post that is sent elsewhere would arrive as a get, without its content."""

    def redirect_request(self, *_: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Follow nothing."""


def _parts(url: str) -> SplitResult | None:
    """An address in its parts; None where it has none."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _opener(node: Node) -> OpenerDirector:
    """No redirects, and no proxy to this very machine."""
    here = urlsplit(node.url).hostname in LOCAL
    return build_opener(_NoRedirect, *([ProxyHandler({})] if here else []))


def _request(number: int, call: Call) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "method": call[0], "params": list(call[1])}


def _exchange(node: Node, content: object) -> object:
    """One HTTP request; its answer as JSON, also where the node wraps an error in an HTTP error."""
    request = Request(  # noqa: S310 - the scheme was checked
        node.url, data=msgspec.json.encode(content), headers={"Content-Type": "application/json"}
    )
    try:
        with _opener(node).open(request, timeout=node.timeout) as answer:
            text = answer.read(LARGEST + 1)
    except HTTPError as error:
        with error:
            return _http_error(node, error.code, error.read(1 << 16))
    except (URLError, HTTPException, OSError) as error:
        why = error.reason if isinstance(error, URLError) else error
        text = getattr(why, "strerror", None) or type(why).__name__
        raise NodeError(f"{node.name}: the node does not answer ({text}); want a node that listens there") from None
    if len(text) > LARGEST:
        nonsense(node, f"more than {LARGEST >> 20} MB")
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        nonsense(node, "no JSON")


def _http_error(node: Node, code: int, text: bytes) -> object:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        found = None
    told = isinstance(found, dict) and isinstance(found.get("error"), dict)
    if told and code not in BUSY_HTTP:
        return found
    if code in BUSY_HTTP or code == FAILED_HTTP:
        raise NodeError(f"{node.name}: the node does not answer (HTTP {code}); want it later")
    want = "its key in the address" if code in {401, 403} else "the JSON-RPC of an Ethereum node"
    raise RefusedError(node.name, f"the node refuses (HTTP {code})", want)


def _result(node: Node, answer: object, number: int) -> object:
    """The result in an answer; its error as ours."""
    if not isinstance(answer, dict):
        nonsense(node, "nothing for what was asked")
    error = answer.get("error")
    if error is not None:
        _refuse(node, error)
    if answer.get("id") != number or "result" not in answer:
        nonsense(node, "nothing for what was asked")
    return answer["result"]


def _refuse(node: Node, error: object) -> NoReturn:
    if not isinstance(error, dict):
        nonsense(node, "an error without its text")
    code = error.get("code") if isinstance(error.get("code"), int) else None
    reason = reason_of(error)
    if reason is not None:
        raise RefusedError(node.name, f"the call reverts: {reason}", code=code, reverted=True)
    words = _discreet(node, str(error.get("message") or "without a word"))
    raise RefusedError(node.name, f"the node refuses: {words}", code=code)


def _discreet(node: Node, text: str) -> str:
    """A node's words without what its address keeps to itself."""
    parts = urlsplit(node.url)
    kept = [parts.username, parts.password, parts.query, *parts.path.split("/"), *parts.query.split("=")]
    for word in sorted((word for word in kept if word and len(word) >= 8), key=len, reverse=True):
        text = text.replace(word, "***")
    return text
