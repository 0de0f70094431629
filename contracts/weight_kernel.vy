# pragma version 0.4.3
"""
@title How the weight of an order falls with its distance
@license Apache-2.0
@notice Distances, limits, rates and weights are in pico: 10**12 is one. Every division floors. The definition is that
        of `makerscope.programs.sample_rule`, and tests hold the two against each other.
@custom:invariant A weight never rises with the distance.
"""

UNIT: constant(uint256) = 10**12
LN2: constant(uint256) = 693_147_180_560
TERMS: constant(uint256) = 16
HALVINGS: constant(uint256) = 40
BANDS: constant(uint256) = 8

FLAT: constant(uint256) = 0
LINEAR: constant(uint256) = 1
QUADRATIC: constant(uint256) = 2
INVERSE: constant(uint256) = 3
EXPONENTIAL: constant(uint256) = 4
BANDED: constant(uint256) = 5


@pure
def _decay(x: uint256) -> uint256:
    """
    @notice `exp(-x)`, by sixteen terms of the series below ln 2 and halvings above.
    """
    halvings: uint256 = x // LN2
    if halvings >= HALVINGS:
        return 0
    rest: uint256 = x % LN2
    left: uint256 = UNIT
    for i: uint256 in range(TERMS):
        left = UNIT - rest * left // (UNIT * (TERMS - i))
    return left >> halvings


@pure
def _banded(distance: uint256, edges: uint256[BANDS], weights: uint256[BANDS]) -> uint256:
    """
    @notice The weight of the first band whose upper edge is beyond `distance`; edges that are not used are 0.
    """
    for i: uint256 in range(BANDS):
        if distance < edges[i]:
            return weights[i]
    return 0
