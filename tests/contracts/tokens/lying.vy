# pragma version 0.4.3
"""
@title A token that, once told to, answers False and moves nothing
"""

balanceOf: public(HashMap[address, uint256])
lies: public(bool)


@external
def mint(account: address, amount: uint256):
    self.balanceOf[account] += amount


@external
def approve(spender: address, amount: uint256) -> bool:
    return True


@external
def lie(now: bool):
    self.lies = now


@external
def transfer(receiver: address, amount: uint256) -> bool:
    if self.lies:
        return False
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[receiver] += amount
    return True


@external
def transferFrom(sender: address, receiver: address, amount: uint256) -> bool:
    if self.lies:
        return False
    self.balanceOf[sender] -= amount
    self.balanceOf[receiver] += amount
    return True
