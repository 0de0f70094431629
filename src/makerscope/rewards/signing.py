"""What we use of eth-account, with Python's limit of recursion as it was before.

Importing it raises that limit to 100,000 (for pairings of elliptic curves, which nobody here computes). With that limit
JSON of a stranger that is nested a hundred thousand deep ends the process by overflowing its stack, where it should be
an error. So it is imported here and nowhere else.
"""
# ruff: noqa: E402 - the limit must be read before the import and put back after it

import sys

_LIMIT = sys.getrecursionlimit()

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_account.signers.local import LocalAccount

sys.setrecursionlimit(_LIMIT)

__all__ = ["Account", "LocalAccount", "SignableMessage", "encode_typed_data"]
