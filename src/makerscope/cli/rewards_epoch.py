"""``makerscope rewards compute``."""

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from makerscope.cli.amounts import base_units
from makerscope.cli.moments import moment
from makerscope.cli.progress import progress_words
from makerscope.cli.rewards_link import account, named_contract
from makerscope.cli.rewards_table import document_of, draw
from makerscope.cli.seeds import read_seed
from makerscope.errors import InputError
from makerscope.programs.program import Program
from makerscope.programs.program_file import find_program
from makerscope.programs.sampling import check_commitment
from makerscope.rewards.accounts import read_addresses, read_exclusions
from makerscope.rewards.bundle import Bundle, read_bundle, write_bundle
from makerscope.rewards.epoch import Settled, Terms, settle
from makerscope.rewards.screens import ScreenRule
from makerscope.rewards.signature import read_signature, signature_difference
from makerscope.tape.read import Tape

Flag = Parameter(negative="")


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """How points become amounts.

    Attributes:
        cap: the most of one account, in tokens.
        cap_share: the most of one account as a share of the budget, such as 25% or 0.25.
        floor: the least that is paid at all, in tokens.
        above_cap: what is above the cap is shared among the others, or carried to the next epoch.
        below_floor: the same for what is below the floor.
        clauses: clauses of the program on the pool change the budget (apply), or are only reported.
    """

    cap: str | None = None
    cap_share: str | None = None
    floor: str = "0"
    above_cap: Literal["share", "carry"] = "share"
    below_floor: Literal["share", "carry"] = "carry"
    clauses: Literal["report", "apply"] = "report"


SHARING = Sharing()


def compute(
    tape: Path,
    *,
    program: str,
    budget: str,
    decimals: int,
    epoch: int,
    set_: Annotated[list[str] | None, Parameter(name="--set", negative="")] = None,
    token: str | None = None,
    chain_id: int | None = None,
    contract: str | None = None,
    addresses: Path | None = None,
    exclude: Path | None = None,
    screens: Path | None = None,
    previous: Path | None = None,
    seed_file: Path | None = None,
    commitment_: Annotated[str | None, Parameter(name="--commitment")] = None,
    since: str | None = None,
    until: str | None = None,
    sharing: Sharing = SHARING,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("epochs"),
    json_: Annotated[bool, Flag] = False,
) -> None:
    """Score a tape and share out a budget: an epoch's bundle, ready to be signed and posted.

    Args:
        tape: folder of the tape.
        program: a shipped program by name, or its TOML file.
        budget: tokens of this epoch; what the previous epoch left is added.
        decimals: of the token: how many places a token has.
        epoch: its number.
        set_: KEY=VALUE gives a parameter that the program leaves open.
        token: address of the token.
        chain_id: of the chain on which the epoch will be posted.
        contract: the distributor there: its address, or the record that deploy wrote.
        addresses: CSV or TOML of name,address; makers whose names are addresses need none.
        exclude: CSV or TOML of account,reason: who is not paid.
        screens: TOML of thresholds and consequences of the screens for wash trades.
        previous: folder of the bundle of the epoch before.
        seed_file: the seed that was committed to (see rewards seed); else it follows from the tape.
        commitment_: what was published of that seed, to be checked.
        since: start of the epoch (UTC time or seconds); the tape's first event if not given.
        until: end of the epoch.
        sharing: caps and floors.
        out: folder in which epoch-N is written.
        json_: print JSON.
    """
    rule = find_program(program, _parameters(set_ or []))
    before = None if previous is None else _previous(previous)
    carried = 0 if before is None else int(before.remainder)
    address, chain = named_contract(contract)
    seed = None if seed_file is None else read_seed(seed_file)
    if commitment_ is not None:
        if seed is None:
            raise InputError("--commitment", "there is no seed to check against it", "--seed-file")
        check_commitment(seed, commitment_)
    terms = Terms(
        epoch=epoch,
        budget=_positive(base_units("--budget", budget, _decimals(decimals))) + carried,
        carried_in=carried,
        token=None if token is None else account("--token", token),
        token_decimals=decimals,
        chain_id=chain_id if chain_id is not None else chain,
        contract=address,
        cap=None if sharing.cap is None else base_units("--cap", sharing.cap, decimals),
        cap_share=None if sharing.cap_share is None else _share(sharing.cap_share),
        floor=base_units("--floor", sharing.floor, decimals),
        above_cap=sharing.above_cap,
        below_floor=sharing.below_floor,
        clauses=sharing.clauses,
        addresses={} if addresses is None else read_addresses(addresses),
        exclusions={} if exclude is None else read_exclusions(exclude),
        screens=ScreenRule() if screens is None else _screens(screens),
        seed=seed,
        previous=before,
        since=moment("--since", since),
        until=moment("--until", until),
    )
    settled = _settled(Tape.open(tape), rule, terms)
    folder = write_bundle(out, settled.bundle, settled.files)
    if json_:
        print(json.dumps(document_of(settled.bundle, folder), indent=2))  # noqa: T201 - for another program
    else:
        draw(settled.bundle, folder)


def _previous(folder: Path) -> Bundle:
    """The bundle of the epoch before; where it is signed, it must be what was signed."""
    found, signature = read_bundle(folder), read_signature(folder)
    wrong = None if signature is None else signature_difference(found, signature)
    if wrong is not None:
        raise InputError(f"--previous {folder}", f"is not what was signed: {wrong}", "the bundle as it was signed")
    return found


def _settled(tape: Tape, rule: Program, terms: Terms) -> Settled:
    with progress_words() as tell:
        tell("reading the tape")
        return settle(
            tape, rule, terms, progress=lambda name, done, markets: tell(f"scoring {name} ({done + 1} of {markets})")
        )


def _parameters(pairs: list[str]) -> dict[str, str]:
    out: dict[str, str] = {}
    for pair in pairs:
        key, mark, value = pair.partition("=")
        if not mark or not key or key in out:
            raise InputError("--set", f"is {pair!r}", "KEY=VALUE, each key once")
        out[key] = value
    return out


def _positive(amount: int) -> int:
    if not amount:
        raise InputError("--budget", "is 0", "more than 0: an epoch that pays nothing needs no bundle")
    return amount


def _decimals(decimals: int) -> int:
    if not 0 <= decimals <= 77:
        raise InputError("--decimals", f"is {decimals}", "0 to 77")
    return decimals


def _share(text: str) -> Fraction:
    try:
        value = Fraction(Decimal(text.removesuffix("%")))
    except (InvalidOperation, ValueError, OverflowError):
        raise InputError("--cap-share", f"is {text!r}", "a share such as 25% or 0.25") from None
    return value / 100 if text.endswith("%") else value


def _screens(path: Path) -> ScreenRule:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=ScreenRule)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "a TOML file of thresholds") from error
    except msgspec.DecodeError as error:
        raise InputError(path, str(error), "thresholds as in docs/rewards.md") from error
