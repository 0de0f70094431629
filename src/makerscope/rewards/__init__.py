"""Scores to integer amounts: budgets, Merkle roots, signed bundles, the contract that pays and the chain client."""
