# pragma version 0.4.3
"""
@title A token that calls back in the middle of a transfer, before and after the balances move
"""

balanceOf: public(HashMap[address, uint256])
target: address
data: Bytes[8192]
calls: public(uint256)
passed: public(uint256)


@external
def mint(account: address, amount: uint256):
    self.balanceOf[account] += amount


@external
def approve(spender: address, amount: uint256) -> bool:
    return True


@external
def plan(target: address, data: Bytes[8192]):
    """
    @notice What is called in every transfer from now on; nothing, if the target is the zero address.
    """
    self.target = target
    self.data = data


@external
def transfer(receiver: address, amount: uint256) -> bool:
    self._call_back()
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[receiver] += amount
    self._call_back()
    return True


@external
def transferFrom(sender: address, receiver: address, amount: uint256) -> bool:
    self._call_back()
    self.balanceOf[sender] -= amount
    self.balanceOf[receiver] += amount
    self._call_back()
    return True


def _call_back():
    target: address = self.target
    if target == empty(address):
        return
    self.target = empty(address)
    self.calls += 1
    if raw_call(target, self.data, revert_on_failure=False):
        self.passed += 1
    self.target = target
