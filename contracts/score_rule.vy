# pragma version 0.4.3
"""
@title What a sample is worth under a rule
@license Apache-2.0
@notice The same whole numbers as `makerscope.programs.sample_rule`, whose docstring is the definition: distance and
        weight of each order, the sum of each side, and one number from both. Distances and weights are in pico
        (10**12 is one), values in millionths of the quote currency or of a contract, gaps in half ticks.
@dev The kernel of ticks behind the best price (6) is for scoring off chain alone and is refused here. A scorer off chain
     computes in signed words of 64 bits and gives up where a number does not fit; here such a sample has no score.
@custom:invariant With a rule that `SampleRule` accepts, nothing here reverts on any sample in its domain.
"""

import sample
import weight_kernel

UNIT: constant(uint256) = 10**12
LARGEST: constant(uint256) = 2**63 - 1
BANDS: constant(uint256) = 8

MIN: constant(uint256) = 0
SUM: constant(uint256) = 1
SOFTMIN: constant(uint256) = 2
PRESENCE: constant(uint256) = 3
EXCESS: constant(uint256) = 4


struct Rule:
    kernel: uint256
    reducer: uint256
    limit: uint256
    closed: uint256
    rate: uint256
    nearest: uint256
    absolute: uint256
    by_value: uint256
    num: uint256
    den: uint256
    min_value: uint256
    divisor: uint256
    low: uint256
    high: uint256
    comparable: uint256
    cap: uint256
    edges: uint256[BANDS]
    weights: uint256[BANDS]


struct Side:
    fits: bool
    score: uint256
    value: uint256


@pure
def _leaf(market: uint256, rule: Rule) -> bytes32:
    """
    @notice The leaf of a market's rule in the tree of a program's rules.
    """
    return keccak256(abi_encode(keccak256(abi_encode(market, rule))))


@pure
def _score(rule: Rule, of: sample.Sample) -> (bool, uint256):
    """
    @notice Score of a sample that is in its domain; whether it has one, and which.
    """
    assert rule.kernel <= weight_kernel.BANDED, "score_rule: kernel is not one of the chain's"
    assert rule.reducer <= EXCESS, "score_rule: reducer is unknown"
    bids: Side = self._side(rule, of.reference, True, of.bid_prices, of.bid_sizes)
    asks: Side = self._side(rule, of.reference, False, of.ask_prices, of.ask_sizes)
    if not bids.fits or not asks.fits:
        return False, 0
    found: uint256 = self._reduce(rule, of.reference, bids, asks)
    if found > LARGEST:
        return False, 0
    return True, (min(found, rule.cap) if rule.cap > 0 else found)


@pure
def _side(
    rule: Rule,
    reference: uint256,
    is_bid: bool,
    prices: DynArray[uint256, sample.MAX_ORDERS],
    sizes: DynArray[uint256, sample.MAX_ORDERS],
) -> Side:
    """
    @notice Sums of the scores and of the values of the orders of one side that count.
    """
    side: Side = empty(Side)
    base: uint256 = rule.absolute if rule.absolute > 0 else reference
    for i: uint256 in range(len(prices), bound=sample.MAX_ORDERS):
        gap: uint256 = self._gap(reference, 2 * prices[i], is_bid, rule.nearest)
        distance: uint256 = gap * UNIT // base
        if rule.limit > 0 and distance >= rule.limit:
            if rule.closed == 0 or gap * UNIT > rule.limit * base:
                continue
        counted: uint256 = sizes[i] * prices[i] if rule.by_value != 0 else sizes[i]
        value: uint256 = counted * rule.num // rule.den
        if max(counted, value) > LARGEST:
            return side
        if value < rule.min_value:
            continue
        score: uint256 = value * self._weight(rule, distance, gap, base) // UNIT
        side.score += score
        side.value += value
    side.fits = max(side.score, side.value) <= LARGEST
    return side


@pure
def _gap(reference: uint256, twice_price: uint256, is_bid: bool, nearest: uint256) -> uint256:
    """
    @notice How far an order stands behind the reference, half ticks; one through it stands at it.
    """
    if is_bid and reference > twice_price:
        return max(reference - twice_price, nearest)
    if not is_bid and twice_price > reference:
        return max(twice_price - reference, nearest)
    return nearest


@pure
def _weight(rule: Rule, distance: uint256, gap: uint256, base: uint256) -> uint256:
    """
    @notice Weight of an order that counts.
    """
    if rule.kernel == weight_kernel.FLAT:
        return UNIT
    if rule.kernel == weight_kernel.INVERSE:
        return UNIT * base // gap
    if rule.kernel == weight_kernel.EXPONENTIAL:
        return weight_kernel._decay(distance * rule.rate // UNIT)
    if rule.kernel == weight_kernel.BANDED:
        return weight_kernel._banded(distance, rule.edges, rule.weights)
    linear: uint256 = (rule.limit - distance) * UNIT // rule.limit
    return linear if rule.kernel == weight_kernel.LINEAR else linear * linear // UNIT


@pure
def _reduce(rule: Rule, reference: uint256, bids: Side, asks: Side) -> uint256:
    """
    @notice One number from both sides.
    """
    less: uint256 = min(bids.score, asks.score)
    if rule.reducer == MIN:
        return less
    if rule.reducer == SUM:
        return bids.score + asks.score
    if rule.reducer == SOFTMIN:
        if reference < rule.low or reference > rule.high:
            return less
        return max(less, max(bids.score, asks.score) * UNIT // rule.divisor)
    if rule.reducer == EXCESS:
        return less + (max(bids.score, asks.score) - less) * UNIT // rule.divisor
    if less == 0:
        return 0
    if rule.comparable > 0:
        smaller: uint256 = min(bids.value, asks.value)
        if (max(bids.value, asks.value) - smaller) * UNIT > rule.comparable * smaller:
            return 0
    return UNIT
