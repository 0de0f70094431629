"""Many simulations of one question: paired seeds, stress, sweeps, and what they say about makers."""
