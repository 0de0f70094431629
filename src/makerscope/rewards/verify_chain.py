"""The step of verifying that asks the chain: what is posted there is what the bundle says."""

from makerscope.rewards.bundle import bundle_hash
from makerscope.rewards.case import Case, Found, Skipped
from makerscope.rewards.difference import first_difference
from makerscope.rewards.distributor import Status, distributor_at
from makerscope.rewards.hashing import hex_of
from makerscope.rewards.posting import registered_as
from makerscope.rewards.signature import read_signature

NOTHING = "0x" + 64 * "0"


def posted(case: Case) -> Found:
    """Figures, token and rules as the contract has them. The budget that is posted is the sum of the amounts.

    Raises:
        NodeError: the node cannot be reached.
        InputError: it is on another chain, or there is no distributor at the contract's address.
    """
    said = case.bundle
    if case.node is None:
        return Skipped("no node is given (--rpc)")
    if said.contract is None or said.chain_id is None:
        return Skipped("the bundle names no contract")
    it = distributor_at(case.node, said.contract, chain_id=int(said.chain_id))
    (epoch,) = it.epochs([int(said.epoch)])
    if epoch.status == Status.ABSENT:
        return Skipped(f"epoch {said.epoch} is not posted at {it.address}")
    name = registered_as(bytes.fromhex(said.program.hash[2:]), bytes.fromhex((said.rules_root or NOTHING)[2:]))
    program = it.program(name)
    ours = {
        "amount": str(sum(int(row.amount) for row in said.amounts)),
        "bundle": bundle_hash(said),
        "program": hex_of(name),
        "root": said.root or NOTHING,
        "samples count": said.samples.count if said.samples else "0",
        "samples root": said.samples.root if said.samples else NOTHING,
        "samples total": said.samples.total if said.samples else "0",
        "token": said.token or it.token,
    }
    theirs = {
        "amount": str(epoch.budget),
        "bundle": hex_of(epoch.bundle),
        "program": hex_of(epoch.program),
        "root": hex_of(epoch.root),
        "samples count": str(epoch.leaf_count),
        "samples root": hex_of(epoch.samples_root),
        "samples total": str(epoch.samples_total),
        "token": it.token,
    }
    wrong = first_difference(ours, theirs, "chain")
    if wrong is None and program.markets:
        rules = {"markets": str(len(said.rules)), "root": said.rules_root}
        wrong = first_difference(
            rules, {"markets": str(program.markets), "root": hex_of(program.rules_root)}, "chain rules"
        )
    signature = read_signature(case.folder)
    by = "" if signature is None or signature.signer == epoch.publisher else f", which {signature.signer} signed"
    return wrong or f"{epoch.status.name.lower()}, posted by {epoch.publisher}{by}; paid {epoch.paid} of {epoch.budget}"
