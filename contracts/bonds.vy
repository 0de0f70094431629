# pragma version 0.4.3
"""
@title Bonds in the chain's own coin, fetched by whom they are due to
@license Apache-2.0
@notice Nothing is sent when a bond falls due: it is credited, and fetched later. So nobody can hold up a challenge or
        a finalisation by refusing the coin, and a contract that refuses it may name another receiver.
@custom:invariant The contract's coin is at least one bond for each posted epoch plus all credits.
"""

PUBLISHER_BOND: public(immutable(uint256))

credits: public(HashMap[address, uint256])

event Credited:
    account: indexed(address)
    amount: uint256


event Collected:
    account: indexed(address)
    receiver: indexed(address)
    amount: uint256


@deploy
def __init__(publisher_bond: uint256):
    """
    @param publisher_bond Bond of a post, in wei.
    """
    PUBLISHER_BOND = publisher_bond


@external
def collect(receiver: address) -> uint256:
    """
    @notice Send the sender's credit to `receiver`.
    @return What was sent, in wei.
    """
    amount: uint256 = self.credits[msg.sender]
    assert amount > 0, "bond: nothing is due to the sender"
    self.credits[msg.sender] = 0
    log Collected(account=msg.sender, receiver=receiver, amount=amount)
    sent: bool = raw_call(receiver, b"", value=amount, revert_on_failure=False)
    assert sent, "bond: the receiver refuses the coin"
    return amount


def _credit(account: address):
    """
    @notice Credit one bond that was held.
    """
    self.credits[account] += PUBLISHER_BOND
    log Credited(account=account, amount=PUBLISHER_BOND)
