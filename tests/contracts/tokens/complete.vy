# pragma version 0.4.3
"""
@title A token with all of ERC-20 and a reason for every refusal; its supply is given to whoever deploys it
@custom:invariant The sum of all balances is `totalSupply`.
"""

from ethereum.ercs import IERC20

implements: IERC20

name: public(String[32])
symbol: public(String[8])
decimals: public(uint8)
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
refused: public(HashMap[address, bool])


@deploy
def __init__(name: String[32], symbol: String[8], decimals: uint8, supply: uint256):
    """
    @param supply Base units.
    """
    self.name = name
    self.symbol = symbol
    self.decimals = decimals
    self.totalSupply = supply
    self.balanceOf[msg.sender] = supply
    log IERC20.Transfer(sender=empty(address), receiver=msg.sender, value=supply)


@external
def transfer(receiver: address, amount: uint256) -> bool:
    """
    @notice Move `amount` base units of the caller to `receiver`.
    """
    self._move(msg.sender, receiver, amount)
    return True


@external
def transferFrom(sender: address, receiver: address, amount: uint256) -> bool:
    """
    @notice Move `amount` base units of `sender`, who allowed the caller to, to `receiver`.
    """
    assert self.allowance[sender][msg.sender] >= amount, "token: not allowed"
    self.allowance[sender][msg.sender] -= amount
    self._move(sender, receiver, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Allow `spender` to move `amount` base units of the caller.
    """
    self.allowance[msg.sender][spender] = amount
    log IERC20.Approval(owner=msg.sender, spender=spender, value=amount)
    return True


@external
def refuse(account: address):
    """
    @notice Let `account` receive nothing any more, as tokens with a list of blocked accounts do.
    """
    self.refused[account] = True


@internal
def _move(sender: address, receiver: address, amount: uint256):
    assert self.balanceOf[sender] >= amount, "token: balance too small"
    assert receiver != empty(address), "token: nobody to receive it"
    assert not self.refused[receiver], "token: the receiver is refused"
    self.balanceOf[sender] -= amount
    self.balanceOf[receiver] += amount
    log IERC20.Transfer(sender=sender, receiver=receiver, value=amount)
