"""From deployment to the last claim on a real chain, by the command line alone, with a lie on the way."""

import json
from pathlib import Path

from makerscope.rewards.rpc import integer
from tests.anvil import COIN, address_of, ask, deploy_token, later
from tests.chain.bundles import AMOUNTS, samples, with_a_lie, write_bundle
from tests.chain.shell import HERE

DAY = 86_400


def balance(node, token, role):
    return ask(node, token, "balanceOf(address)", address_of(role))


def test_an_epoch_from_deployment_to_sweep(node, shell, tmp_path):
    token = deploy_token(node, "owner")
    terms = ("--token", token, "--bond", "0.1", "--window", "2d", "--claim-period", "30d", *HERE)
    (deployed,) = shell.sent("owner", "deploy", *terms)
    record = json.loads(Path("reward-distributor.json").read_text())
    contract = record["contract"]
    assert (record["owner"], record["token"].lower()) == (address_of("owner"), token.lower())
    assert record["transaction"] == deployed["transaction"]
    assert shell.sent("owner", "deploy", *terms) == [], "it is deployed already"

    false = write_bundle(tmp_path / "false" / "epoch-3", contract=contract, leaves=with_a_lie(samples()))
    true = write_bundle(tmp_path / "true" / "epoch-3", contract=contract)
    assert len(shell.sent("owner", "register", true)) == 1
    assert shell.sent("owner", "register", true) == []
    here = ("--contract", "reward-distributor.json")
    assert len(shell.sent("owner", "appoint", address_of("publisher"), *here)) == 1
    assert [item["what"].split()[0] for item in shell.sent("owner", "fund", "2000", *here)] == ["allow", "give"]
    assert len(shell.sent("publisher", "post", false)) == 1

    assert "gives the root" in shell.bad("challenger", "challenge", true), "other samples prove nothing of these"
    (challenged,) = shell.sent("challenger", "challenge", false)
    assert "sample 11 (market 0, 3" in challenged["what"]
    before = integer(node, node.read("eth_getBalance", address_of("challenger"), "latest"))
    (collected,) = shell.sent("challenger", "collect", *here)
    after = integer(node, node.read("eth_getBalance", address_of("challenger"), "latest"))
    assert after - before == COIN // 10 - int(collected["fee"])

    assert "has no publisher" in shell.bad("publisher", "post", true), "who lied has lost the role"
    shell.sent("owner", "appoint", address_of("publisher"), *here)
    assert len(shell.sent("publisher", "post", true)) == 1
    assert shell.sent("challenger", "challenge", true) == []
    assert "window is open" in shell.bad("stranger", "finalise", true)
    later(node, 2 * DAY)
    assert "is posted" in shell.bad("stranger", "claim", true)
    assert len(shell.sent("stranger", "finalise", true)) == 1
    assert shell.sent("stranger", "finalise", true) == []

    assert len(shell.sent("maker", "claim", true)) == 1, "one's own"
    assert balance(node, token, "maker") == AMOUNTS["maker"]
    assert len(shell.sent("stranger", "claim", true, "--all")) == 1, "all the others, in one transaction"
    assert [balance(node, token, role) for role in AMOUNTS] == list(AMOUNTS.values())
    assert shell.sent("stranger", "claim", true, "--all") == []

    status = shell.good("stranger", "status", true)
    (epoch,) = status["epochs"]
    assert (epoch["status"], epoch["paid"], epoch["budget"]) == ("final", *[str(sum(AMOUNTS.values()))] * 2)
    assert epoch["is_this_bundle"] is True
    assert "claim period is not over" in shell.bad("stranger", "sweep", true)
    later(node, 30 * DAY)
    assert len(shell.sent("stranger", "sweep", true)) == 1
    assert shell.good("stranger", "status", *here)["epochs"][0]["status"] == "swept"
    assert len(shell.sent("publisher", "collect", *here)) == 1, "the bond of the true post"
    rest = 2_000_000_000 - sum(AMOUNTS.values())
    assert len(shell.sent("owner", "withdraw", rest, "--base", *here)) == 1
    assert balance(node, token, "owner") == 10**15 - sum(AMOUNTS.values())
