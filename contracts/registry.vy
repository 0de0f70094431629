# pragma version 0.4.3
"""
@title Programs, and who posts for them
@license Apache-2.0
@notice A program is known by the hash of its text. With it stands the root of its rules, one a market, against which a
        sample's score can be checked on chain.
@custom:invariant What is registered of a program never changes.
"""

import two_step_owner

uses: two_step_owner


struct Program:
    registered: bool
    rules_root: bytes32
    markets: uint256
    max_weight: uint256


MAX_WORD: constant(uint256) = 2**63 - 1
MAX_LEAVES: constant(uint256) = 2**32 - 1
MAX_TOTAL: constant(uint256) = 2**192 - 1

publisher: public(address)
programs: public(HashMap[bytes32, Program])

event PublisherNamed:
    publisher: indexed(address)


event Registered:
    program: indexed(bytes32)
    rules_root: bytes32
    markets: uint256
    max_weight: uint256


@external
def set_publisher(publisher: address):
    """
    @notice Name who may post; the zero address: nobody. Owner only.
    """
    two_step_owner._only_owner()
    self._name(publisher)


@external
def register(program: bytes32, rules_root: bytes32, markets: uint256, max_weight: uint256):
    """
    @notice Make a program known, for good. Owner only.
    @param rules_root Merkle root of (market, rule) with each market from 0 to `markets` - 1 once; zero, like the two
           numbers, for a program whose scores cannot be checked on chain.
    @param max_weight Largest weight of a sample: 1, or the nanoseconds of the longest segment.
    """
    two_step_owner._only_owner()
    assert not self.programs[program].registered, "reward: program is registered"
    assert (rules_root == empty(bytes32)) == (markets == 0), "reward: rules and markets do not fit"
    assert (max_weight == 0) == (markets == 0), "reward: weight and markets do not fit"
    assert max_weight <= MAX_WORD, "reward: weight is too large"
    self.programs[program] = Program(registered=True, rules_root=rules_root, markets=markets, max_weight=max_weight)
    log Registered(program=program, rules_root=rules_root, markets=markets, max_weight=max_weight)


def _name(publisher: address):
    self.publisher = publisher
    log PublisherNamed(publisher=publisher)


@view
def _only_fitting(program: bytes32, samples_hash: bytes32, samples_total: uint256, leaf_count: uint256):
    """
    @notice Samples belong to a program with rules, and to no other.
    """
    known: Program = self.programs[program]
    assert known.registered, "reward: program is not registered"
    assert leaf_count <= MAX_LEAVES, "reward: too many samples"
    assert samples_total <= MAX_TOTAL, "reward: total of the samples is too large"
    if known.markets > 0:
        assert leaf_count > 0, "reward: samples are missing"
    else:
        assert samples_hash == empty(bytes32) and samples_total == 0 and leaf_count == 0, "reward: no rule for samples"
