"""``makerscope rewards seed | compute | sign``: an epoch before it goes anywhere near a chain."""

import json
import os
import time
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from makerscope.cli.amounts import base_units
from makerscope.cli.moments import moment
from makerscope.cli.progress import progress_words
from makerscope.cli.rewards_link import account, named_contract
from makerscope.errors import InputError, OutputError
from makerscope.programs.program import Program
from makerscope.programs.program_file import find_program
from makerscope.programs.sampling import SEED, check_commitment, commitment
from makerscope.report.names import many
from makerscope.report.numbers import utc
from makerscope.rewards import keys
from makerscope.rewards.accounts import read_addresses, read_exclusions
from makerscope.rewards.bundle import SIGNATURE, Bundle, bundle_hash, read_bundle, write_bundle
from makerscope.rewards.bundle_parts import points_of
from makerscope.rewards.epoch import Settled, Terms, settle
from makerscope.rewards.screens import ScreenRule
from makerscope.rewards.signature import read_signature, signature_bytes, signature_difference, signature_of
from makerscope.tape.output import write_whole
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
        _draw(settled.bundle, folder)


def sign(
    bundle: Path,
    *,
    keystore: Path | None = None,
    password_file: Path | None = None,
    eas: str | None = None,
    eas_version: str = "1.2.0",
    again: Annotated[bool, Flag] = False,
) -> None:
    """Sign a bundle as its publisher: EIP-712 typed data beside it, and on request an EAS attestation.

    Args:
        bundle: folder of the bundle.
        keystore: encrypted keystore file; else MAKERSCOPE_PRIVATE_KEY or MAKERSCOPE_KEYSTORE. Keys are no arguments.
        password_file: its password; else MAKERSCOPE_PASSWORD, else it is asked for.
        eas: address of an EAS contract on the bundle's chain: an attestation off the chain is signed too.
        eas_version: version of that contract.
        again: replace a signature that is there.
    """
    read = read_bundle(bundle)
    signed = read_signature(bundle)
    if signed is not None and not again:
        raise InputError(bundle / SIGNATURE, f"is there, by {signed.signer}", "--again to replace it")
    signer = keys.signer(keystore, password_file)
    eas = None if eas is None else account("--eas", eas)
    signature = signature_of(
        read, signer.address, signer.message, eas=eas, eas_version=eas_version, time=int(time.time())
    )
    write_whole(bundle / SIGNATURE, signature_bytes(signature))
    console = Console()
    console.print(f"epoch {read.epoch}, bundle {bundle_hash(read)}", highlight=False, soft_wrap=True)
    console.print(f"signed by {signer.address} -> {bundle / SIGNATURE}", highlight=False, soft_wrap=True)
    if signature.eas is not None:
        console.print(f"EAS attestation {signature.eas.uid}", highlight=False, soft_wrap=True)


def seed(file: Path) -> None:
    """Draw a seed for an epoch to come, and print the commitment to publish before it begins.

    Args:
        file: where the seed is kept, readable by its owner only; keep it secret until the epoch is over.
    """
    drawn = os.urandom(SEED)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as opened:
            opened.write(f"0x{drawn.hex()}\n")
    except FileExistsError:
        raise InputError(file, "exists", "a new file: a seed that was committed to is not overwritten") from None
    except OSError as error:
        raise OutputError(f"{file}: cannot be written ({error.strerror}); want a new file") from error
    print(commitment(drawn))  # noqa: T201 - what is published


def read_seed(file: Path) -> bytes:
    """The 32 bytes of a seed file: raw, or as hex digits.

    Raises:
        InputError: it cannot be read, or holds something else.
    """
    want = "32 bytes, or 64 hex digits, as 'makerscope rewards seed' writes them"
    try:
        with file.open("rb") as opened:
            data = opened.read(256)
    except OSError as error:
        raise InputError(f"--seed-file {file}", f"cannot be read ({error.strerror})", want) from None
    if len(data) == SEED:
        return data
    try:
        raw = bytes.fromhex(data.decode("ascii").strip().removeprefix("0x"))
    except ValueError:
        raw = b""
    if len(raw) != SEED:
        raise InputError(f"--seed-file {file}", "holds no seed", want)
    return raw


def document_of(bundle: Bundle, folder: Path) -> dict[str, object]:
    """What another program wants to know of a bundle that was written."""
    return {
        "folder": str(folder),
        "epoch": bundle.epoch,
        "bundle": bundle_hash(bundle),
        "program": bundle.program.hash,
        "root": bundle.root,
        "budget": bundle.budget,
        "remainder": bundle.remainder,
        "amounts": {row.account: row.amount for row in bundle.amounts},
        "flags": len(bundle.screens.flags),
    }


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


def _draw(bundle: Bundle, folder: Path) -> None:
    console = Console()
    span = f"{utc(int(bundle.tape.since))} to {utc(int(bundle.tape.until))}"
    console.print(f"[bold]epoch {bundle.epoch}[/bold]  {bundle.program.name}, {span}", highlight=False)
    console.print(_table(bundle))
    budget, rest = _tokens(bundle.budget, bundle.token_decimals), _tokens(bundle.remainder, bundle.token_decimals)
    why = f" ({bundle.remainder_reason})" if bundle.remainder_reason else ""
    lines = [f"budget {budget}, remainder {rest}{why}"]
    if int(bundle.carried_in):
        lines.append(f"carried in {_tokens(bundle.carried_in, bundle.token_decimals)}")
    if int(bundle.clause_change):
        lines.append(f"clauses change the budget by {_tokens(bundle.clause_change, bundle.token_decimals)}")
    lines += [f"excluded: {item.maker} ({item.by}): {item.reason}" for item in bundle.exclusions]
    if bundle.screens.flags:
        accused = ", ".join(sorted({f"{flag.account} ({flag.screen})" for flag in bundle.screens.flags}))
        lines.append(f"screens flag {many(len(bundle.screens.flags), 'case')}: {accused}")
    lines += [f"note: {text}" for text in (*bundle.findings, *bundle.screens.findings)]
    lines += [
        f"root   {bundle.root or 'none: nobody is paid'}",
        f"bundle {bundle_hash(bundle)}",
        f"written to {folder}",
    ]
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _table(bundle: Bundle) -> Table:
    """Makers, most points first."""
    grid = Table("maker", "account", "points %", "amount", "share %", box=None, header_style="dim")
    for column in grid.columns[2:]:
        column.justify = "right"
    amounts = {row.account: int(row.amount) for row in bundle.amounts}
    accounts = {row.maker: row.account for row in bundle.scores}
    points, total = points_of(bundle.scores), sum(amounts.values())
    whole = sum(points.values())
    for maker, own in sorted(points.items(), key=lambda item: (-item[1], item[0])):
        amount = amounts.get(accounts[maker] or "", 0)
        grid.add_row(
            maker,
            _short(accounts[maker]),
            _percent(own, whole),
            _tokens(str(amount), bundle.token_decimals),
            _percent(amount, total),
        )
    return grid


def _short(address: str | None) -> str:
    return "-" if address is None else f"{address[:8]}..{address[-6:]}"


def _percent(part: int, whole: int) -> str:
    return f"{Decimal((2 * part * 10_000 + whole) // (2 * whole)).scaleb(-2):.2f}" if whole else "-"


def _tokens(amount: str, decimals: int) -> str:
    """Base units as tokens, with at most six places."""
    value = Decimal(amount).scaleb(-decimals)
    return f"{value:,.6f}".rstrip("0").rstrip(".") if value else "0"


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
