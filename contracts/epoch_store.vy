# pragma version 0.4.3
"""
@title Epochs in storage
@license Apache-2.0
@notice What belongs to an epoch stands in seven words, so that a claim reads two of them and writes one.
@dev purse: status (8 bits), paid (120), budget (120). terms: posted at (48), finalised at (48), publisher (160).
     samples: leaf count (64), total (192).
@custom:invariant paid <= budget for every epoch.
"""

ABSENT: constant(uint256) = 0
POSTED: constant(uint256) = 1
FINAL: constant(uint256) = 2
CANCELLED: constant(uint256) = 3
SWEPT: constant(uint256) = 4

MAX_BUDGET: constant(uint256) = 2**120 - 1

_STATUS: constant(uint256) = 2**8 - 1
_TIME: constant(uint256) = 2**48 - 1
_COUNT: constant(uint256) = 2**64 - 1


struct Epoch:
    status: uint256
    program: bytes32
    root: bytes32
    samples_root: bytes32
    samples_total: uint256
    leaf_count: uint256
    budget: uint256
    paid: uint256
    bundle: bytes32
    posted_at: uint256
    publisher: address
    bond: uint256
    finalised_at: uint256


struct Record:
    purse: uint256
    root: bytes32
    terms: uint256
    program: bytes32
    bundle: bytes32
    samples_root: bytes32
    samples: uint256


records: HashMap[uint256, Record]


@view
def _status(epoch: uint256) -> uint256:
    return self.records[epoch].purse & _STATUS


@view
def _posted_at(epoch: uint256) -> uint256:
    return self.records[epoch].terms & _TIME


@view
def _finalised_at(epoch: uint256) -> uint256:
    return self.records[epoch].terms >> 48 & _TIME


@view
def _publisher(epoch: uint256) -> address:
    return convert(self.records[epoch].terms >> 96, address)


@view
def _leaf_count(epoch: uint256) -> uint256:
    return self.records[epoch].samples & _COUNT


@view
def _unpaid(epoch: uint256) -> uint256:
    """
    @notice What of the budget was not paid.
    """
    purse: uint256 = self.records[epoch].purse
    return (purse >> 128) - (purse >> 8 & MAX_BUDGET)


def _move(epoch: uint256, status: uint256):
    """
    @notice Give an epoch another status.
    """
    purse: uint256 = self.records[epoch].purse
    self.records[epoch].purse = purse >> 8 << 8 | status


def _finalise(epoch: uint256):
    """
    @notice Make an epoch final, now.
    """
    self._move(epoch, FINAL)
    self.records[epoch].terms |= block.timestamp << 48


def _pay(epoch: uint256, amount: uint256):
    """
    @notice Book `amount` as paid from a final epoch.
    """
    purse: uint256 = self.records[epoch].purse
    assert purse & _STATUS == FINAL, "reward: epoch is not final"
    assert amount <= (purse >> 128) - (purse >> 8 & MAX_BUDGET), "reward: over budget"
    self.records[epoch].purse = purse + (amount << 8)


def _write(it: Epoch, epoch: uint256):
    """
    @notice Lay down an epoch whose numbers are within their bounds.
    """
    self.records[epoch] = Record(
        purse=it.status | it.paid << 8 | it.budget << 128,
        root=it.root,
        terms=it.posted_at | it.finalised_at << 48 | convert(it.publisher, uint256) << 96,
        program=it.program,
        bundle=it.bundle,
        samples_root=it.samples_root,
        samples=it.leaf_count | it.samples_total << 64,
    )


@view
def _read(epoch: uint256, bond: uint256) -> Epoch:
    """
    @notice The epoch, each number by itself. `bond` is what is held while it is posted.
    """
    it: Record = self.records[epoch]
    status: uint256 = it.purse & _STATUS
    return Epoch(
        status=status,
        program=it.program,
        root=it.root,
        samples_root=it.samples_root,
        samples_total=it.samples >> 64,
        leaf_count=it.samples & _COUNT,
        budget=it.purse >> 128,
        paid=it.purse >> 8 & MAX_BUDGET,
        bundle=it.bundle,
        posted_at=it.terms & _TIME,
        publisher=convert(it.terms >> 96, address),
        bond=bond if status == POSTED else 0,
        finalised_at=it.terms >> 48 & _TIME,
    )
