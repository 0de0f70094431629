# pragma version 0.4.3
"""
@title An owner who hands over in two steps
@license Apache-2.0
@notice The new owner must accept; until then nothing changes, so a mistyped address costs nothing.
@custom:invariant The owner is never the zero address.
"""

event OwnershipOffered:
    owner: indexed(address)
    to: indexed(address)


event OwnershipTaken:
    owner: indexed(address)
    before: indexed(address)


owner: public(address)
pending_owner: public(address)


@deploy
def __init__(owner: address):
    assert owner != empty(address), "owner: is the zero address"
    self.owner = owner
    log OwnershipTaken(owner=owner, before=empty(address))


@external
def transfer_ownership(to: address):
    """
    @notice Offer the contract to `to`; the zero address takes an offer back. Owner only.
    """
    self._only_owner()
    self.pending_owner = to
    log OwnershipOffered(owner=msg.sender, to=to)


@external
def accept_ownership():
    """
    @notice Take what was offered.
    """
    assert msg.sender == self.pending_owner, "owner: nothing was offered to the sender"
    before: address = self.owner
    self.owner = msg.sender
    self.pending_owner = empty(address)
    log OwnershipTaken(owner=msg.sender, before=before)


@view
def _only_owner():
    assert msg.sender == self.owner, "owner: the sender is not"
