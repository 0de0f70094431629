# pragma version 0.4.3
"""
@title Claims of what a final epoch grants
@license Apache-2.0
@notice Anyone may have any account paid: a claim sends to the account and nobody else.
@dev That an account was paid is one bit an epoch, 256 epochs a word of that account: a maker who was paid before
     changes a word that is not zero, which is 17,100 gas cheaper.
@custom:invariant Nobody is paid twice for an epoch, and a claim depends on nobody's consent.
"""

import epoch_store
import merkle
import vault

uses: epoch_store
uses: vault


struct Claim:
    epoch: uint256
    account: address
    amount: uint256
    proof: DynArray[bytes32, merkle.MAX_DEPTH]


MAX_CLAIMS: constant(uint256) = 16

_flags: HashMap[address, HashMap[uint256, uint256]]

event Claimed:
    epoch: indexed(uint256)
    account: indexed(address)
    amount: uint256


@external
def claim(epoch: uint256, account: address, amount: uint256, proof: DynArray[bytes32, merkle.MAX_DEPTH]):
    """
    @notice Pay `account` what a final epoch grants; anyone may call.
    @param amount Base units of the token, as in the leaf.
    """
    assert self._pay(epoch, account, amount, proof), "reward: already claimed"


@external
def claim_many(claims: DynArray[Claim, MAX_CLAIMS]):
    """
    @notice Several claims at once. One that was claimed already is left out: nobody can spoil a batch by paying a
            part of it first.
    """
    for each: Claim in claims:
        self._pay(each.epoch, each.account, each.amount, each.proof)


@external
@view
def claimed(epoch: uint256, account: address) -> bool:
    """
    @notice Whether `account` was paid for `epoch`.
    """
    return self._flags[account][epoch >> 8] >> (epoch & 255) & 1 == 1


def _pay(epoch: uint256, account: address, amount: uint256, proof: DynArray[bytes32, merkle.MAX_DEPTH]) -> bool:
    """
    @notice Pay a claim. False, and nothing done, if it was paid before.
    """
    flags: uint256 = self._flags[account][epoch >> 8]
    flag: uint256 = 1 << (epoch & 255)
    if flags & flag != 0:
        return False
    epoch_store._pay(epoch, amount)
    leaf: bytes32 = merkle._claim_leaf(account, amount)
    assert merkle._proves(proof, epoch_store.records[epoch].root, leaf), "reward: proof does not match the root"
    self._flags[account][epoch >> 8] = flags | flag
    log Claimed(epoch=epoch, account=account, amount=amount)
    vault._send(account, amount)
    return True
