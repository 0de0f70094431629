# pragma version 0.4.3
"""
@title A contract that acts for whoever asks and takes no coin
"""


@external
def act(target: address, data: Bytes[8192]):
    raw_call(target, data)
