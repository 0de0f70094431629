"""A bundle opened again: the program and the terms that it was settled by, as the objects that settle one."""

from fractions import Fraction

import msgspec

from makerscope.programs.program import Program
from makerscope.rewards.bundle import Bundle
from makerscope.rewards.epoch import Terms


def program_of(bundle: Bundle) -> Program:
    """The program.

    Raises:
        InputError, msgspec.ValidationError: what stands there is none.
    """
    return msgspec.convert(bundle.program.rule, Program, strict=False)


def looks_back(program: Program) -> bool:
    """Whether scores depend on the epoch before."""
    return any(
        group.hysteresis is not None
        or group.gates.judged == "previous"
        or (group.commitment is not None and group.commitment.epochs > 1)
        for group in program.group
    )


def terms_of(bundle: Bundle, previous: Bundle | None) -> Terms:
    """The terms.

    Args:
        bundle: of the epoch.
        previous: of the epoch before, where it is at hand.

    Raises:
        InputError: they make no sense, such as a contract without a chain.
    """
    policy = bundle.policy
    committed = bundle.seed is not None and bundle.seed_commitment is not None
    return Terms(
        epoch=int(bundle.epoch),
        budget=int(bundle.budget) - int(bundle.clause_change),
        carried_in=int(bundle.carried_in),
        token=bundle.token,
        token_decimals=bundle.token_decimals,
        chain_id=None if bundle.chain_id is None else int(bundle.chain_id),
        contract=bundle.contract,
        cap=None if policy.cap is None else int(policy.cap),
        cap_share=None if policy.cap_share is None else Fraction(policy.cap_share),
        floor=int(policy.floor),
        above_cap=policy.above_cap,
        below_floor=policy.below_floor,
        clauses=policy.clauses,
        addresses={row.maker: row.account for row in bundle.scores if row.account is not None},
        exclusions={item.maker: item.reason for item in bundle.exclusions if item.by == "list"},
        screens=bundle.screens.rule,
        seed=bytes.fromhex((bundle.seed or "")[2:]) if committed else None,
        previous=previous,
        since=int(bundle.tape.since),
        until=int(bundle.tape.until),
    )
