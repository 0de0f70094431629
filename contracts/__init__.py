"""The contracts in Vyper, and how they are compiled (``python -m contracts.build``)."""
