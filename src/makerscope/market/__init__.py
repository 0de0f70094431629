"""The simulated world: book, chain, oracle, margin. Compiled functions over arrays; no clock, dice or socket of its own."""
