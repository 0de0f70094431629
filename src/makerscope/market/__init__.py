"""The simulated world: book, chain, oracle, margin; compiled functions without a clock, dice or socket of their own."""
