# pragma version 0.4.3
"""
@title A scored sample: the orders that a maker had in one book at one instant, and what they were said to be worth
@license Apache-2.0
@notice The leaf of a sample is hashed twice. Leaves stand in ascending order of (market, sample, maker).
@dev Prices are ticks, sizes lots, the reference is twice a price in ticks. No scorer takes what is beyond the bounds
     here: such a sample is false, whatever its score says.
@custom:invariant Two samples with one leaf are the same sample (Keccak without collisions).
"""

MAX_ORDERS: constant(uint256) = 16
MAX_PRICE: constant(uint256) = 2**61
MAX_SIZE: constant(uint256) = 2**63 - 1


struct Sample:
    market: uint256
    sample: uint256
    maker: address
    weight: uint256
    reference: uint256
    bid_prices: DynArray[uint256, MAX_ORDERS]
    bid_sizes: DynArray[uint256, MAX_ORDERS]
    ask_prices: DynArray[uint256, MAX_ORDERS]
    ask_sizes: DynArray[uint256, MAX_ORDERS]
    score: uint256


@pure
def _leaf(it: Sample) -> bytes32:
    """
    @notice The leaf of a sample in the sum tree.
    """
    encoded: bytes32 = keccak256(
        abi_encode(
            it.market,
            it.sample,
            it.maker,
            it.weight,
            it.reference,
            it.bid_prices,
            it.bid_sizes,
            it.ask_prices,
            it.ask_sizes,
            it.score,
        )
    )
    return keccak256(abi_encode(encoded))


@pure
def _ascending(first: Sample, second: Sample) -> bool:
    """
    @notice Whether the key of `first` is below that of `second`.
    """
    if first.market != second.market:
        return first.market < second.market
    if first.sample != second.sample:
        return first.sample < second.sample
    return convert(first.maker, uint256) < convert(second.maker, uint256)


@pure
def _in_domain(it: Sample) -> bool:
    """
    @notice Whether these can be the orders of a sample.
    """
    return (
        it.reference > 0
        and it.reference <= 2 * MAX_PRICE
        and self._side_in_domain(it.bid_prices, it.bid_sizes)
        and self._side_in_domain(it.ask_prices, it.ask_sizes)
    )


@pure
def _side_in_domain(prices: DynArray[uint256, MAX_ORDERS], sizes: DynArray[uint256, MAX_ORDERS]) -> bool:
    if len(prices) != len(sizes):
        return False
    for price: uint256 in prices:
        if price > MAX_PRICE:
            return False
    for size: uint256 in sizes:
        if size > MAX_SIZE:
            return False
    return True
