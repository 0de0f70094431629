# pragma version 0.4.3
"""
@title The tokens, and what of them no epoch has reserved
@license Apache-2.0
@notice Tokens that answer nothing are taken as ERC-20; one that takes a fee is refused when it is given. Tokens sent
        here without `fund` count for nothing.
@custom:invariant The token balance is at least the unreserved amount plus the unpaid budgets of posted and final epochs.
"""

from ethereum.ercs import IERC20

import two_step_owner

uses: two_step_owner

TOKEN: public(immutable(IERC20))

unreserved: public(uint256)

event Funded:
    sender: indexed(address)
    amount: uint256


event Withdrawn:
    amount: uint256


@deploy
def __init__(token: address):
    """
    @param token An ERC-20 that takes no fee and does not change balances by itself.
    """
    assert token.is_contract, "reward: token is not a contract"
    TOKEN = IERC20(token)


@external
def fund(amount: uint256):
    """
    @notice Give tokens for rewards to come.
    """
    before: uint256 = staticcall TOKEN.balanceOf(self)
    assert extcall TOKEN.transferFrom(msg.sender, self, amount, default_return_value=True), "reward: transfer failed"
    assert staticcall TOKEN.balanceOf(self) == before + amount, "reward: token takes a fee"
    self.unreserved += amount
    log Funded(sender=msg.sender, amount=amount)


@external
def withdraw(amount: uint256):
    """
    @notice Take back what no epoch has reserved. Owner only.
    """
    two_step_owner._only_owner()
    assert amount <= self.unreserved, "reward: amount is reserved"
    self.unreserved -= amount
    log Withdrawn(amount=amount)
    self._send(msg.sender, amount)


def _reserve(amount: uint256):
    assert amount <= self.unreserved, "reward: budget is not funded"
    self.unreserved -= amount


def _release(amount: uint256):
    self.unreserved += amount


def _send(receiver: address, amount: uint256):
    assert extcall TOKEN.transfer(receiver, amount, default_return_value=True), "reward: transfer failed"
