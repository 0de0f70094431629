"""Who acts in the simulated world: makers, takers, hedgers, adversaries, behind one interface."""
