# pragma version 0.4.3
"""
@title A token that keeps part of a transfer, in parts of ten thousand; none until told
"""

balanceOf: public(HashMap[address, uint256])
fee: public(uint256)


@external
def mint(account: address, amount: uint256):
    self.balanceOf[account] += amount


@external
def approve(spender: address, amount: uint256) -> bool:
    return True


@external
def charge(fee: uint256):
    self.fee = fee


@external
def transfer(receiver: address, amount: uint256) -> bool:
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[receiver] += amount - amount * self.fee // 10_000
    return True


@external
def transferFrom(sender: address, receiver: address, amount: uint256) -> bool:
    self.balanceOf[sender] -= amount
    self.balanceOf[receiver] += amount - amount * self.fee // 10_000
    return True
