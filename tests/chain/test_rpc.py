"""What a node may do to us, and what we say of it."""

import json

import pytest

from makerscope.errors import InputError, NodeError, RefusedError
from makerscope.rewards.rpc import Node, integer
from tests.anvil import CHAIN_ID, address_of, call_of, deploy_token
from tests.proxy import way_to


def test_a_node_answers(node):
    assert integer(node, node.read("eth_chainId")) == CHAIN_ID


def test_a_batch_is_answered_in_order(node):
    calls = [("eth_chainId", ()), ("eth_getBalance", (address_of("maker"), "latest")), ("eth_chainId", ())]
    assert [integer(node, item) for item in node.batch(calls)] == [CHAIN_ID, 100 * 10**18, CHAIN_ID]


def test_where_a_node_takes_no_batches_calls_go_one_by_one(node):
    refusal = json.dumps({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no batches"}}).encode()
    for answer in [(200, refusal), (400, refusal)]:
        with way_to(node) as way:
            way.rule = lambda methods, answer=answer: answer if len(methods) > 1 else "pass"
            calls = [("eth_chainId", ()), ("net_version", ())]
            assert way.node.batch(calls) == [hex(CHAIN_ID), str(CHAIN_ID)]
            assert way.seen == ["eth_chainId", "net_version"] * 2


def test_a_refused_call_of_a_batch_is_refused(node):
    with pytest.raises(RefusedError, match="refuses"):
        node.batch([("eth_chainId", ()), ("eth_nothing", ())])


def test_a_node_that_is_down_is_one_line_without_its_key():
    node = Node(url="http://user:secretpassword@127.0.0.1:9/v3/secretsecret?key=secret", attempts=2, pause=0.01)
    with pytest.raises(NodeError, match=r"^http://127\.0\.0\.1:9: the node does not answer") as raised:
        node.read("eth_chainId")
    assert "secret" not in str(raised.value) + repr(node)


def test_a_read_survives_a_lost_request_and_a_lost_answer(node):
    deeds = iter(["lose the request", "lose the answer", "pass"])
    with way_to(node) as way:
        way.rule = lambda methods: next(deeds)
        assert integer(node, way.node.read("eth_chainId")) == CHAIN_ID


def test_what_must_not_be_repeated_is_tried_once(node):
    with way_to(node) as way:
        way.rule = lambda methods: "lose the answer"
        with pytest.raises(NodeError):
            way.node.once("evm_mine")
        assert way.seen == ["evm_mine"]


@pytest.mark.parametrize("status", [429, 503, 500])
def test_a_busy_node_is_asked_again(node, status):
    answers = iter([(status, b"busy"), "pass"])
    with way_to(node) as way:
        way.rule = lambda methods: next(answers)
        assert integer(node, way.node.read("eth_chainId")) == CHAIN_ID


def test_a_node_over_its_limit_is_asked_again(node):
    over = {"jsonrpc": "2.0", "id": 0, "error": {"code": -32005, "message": "limit exceeded"}}
    answers = iter([(200, json.dumps(over).encode()), "pass"])
    with way_to(node) as way:
        way.rule = lambda methods: next(answers)
        assert integer(node, way.node.read("eth_chainId")) == CHAIN_ID


@pytest.mark.parametrize(
    "text",
    [
        b"", b"<html>", b"[]", b"7", b"null", b"{}", b'{"id":0}', b'{"id":1,"result":"0x1"}', b'{"id":0,"error":"no"}',
        b'{"id":0,"result":{"a":1}}', b'{"id":0,"result":null}', b'{"id":0,"result":"0xzz"}', b'{"id":0,"result":7}',
        b"[" * 2000, b"\xff\xfe",
    ],
)  # fmt: skip
def test_nonsense_is_called_so(node, text):
    with way_to(node) as way:
        way.rule = lambda methods: (200, text)
        with pytest.raises(NodeError, match="the answer holds"):
            integer(way.node, way.node.read("eth_chainId"))


def test_a_key_that_is_missing_is_said_to_be(node):
    with way_to(node) as way:
        way.rule = lambda methods: (401, b"who are you")
        with pytest.raises(RefusedError, match=r"HTTP 401\); want its key"):
            way.node.read("eth_chainId")


def test_a_redirect_is_not_followed(node):
    with way_to(node) as way:
        way.rule = lambda methods: (302, b"")
        with pytest.raises(RefusedError, match="HTTP 302"):
            way.node.read("eth_chainId")


def test_a_nodes_words_are_shown_without_the_key_in_its_address(node):
    with way_to(node) as way:
        error = {"code": -32000, "message": "project 0123456789abcdef is over"}
        way.rule = lambda methods: (200, json.dumps({"id": 0, "error": error}).encode())
        hidden = Node(url=way.node.url + "/v3/0123456789abcdef")
        with pytest.raises(RefusedError, match=r"project \*\*\* is over"):
            hidden.read("eth_chainId")


@pytest.mark.parametrize(
    "url", ["", "localhost:8545", "file:///etc/passwd", "ws://127.0.0.1:1", "http://", "http://a:b"]
)
def test_what_is_no_address_of_a_node_is_refused_unseen(url):
    with pytest.raises(InputError, match=r"is no http address; want such as http://127\.0\.0\.1:8545"):
        Node(url=url)


def test_a_revert_says_why(node):
    token = deploy_token(node, "owner")
    call = {"to": token, "from": address_of("stranger"), "data": call_of("transfer(address,uint256)", token, 1)}
    with pytest.raises(RefusedError, match="reverts: token: balance too small") as raised:
        node.read("eth_call", call, "latest")
    assert raised.value.reverted
    with pytest.raises(RefusedError, match="reverts: without a reason"):
        node.read("eth_call", {"to": token, "data": "0xdeadbeef"}, "latest")
