"""``makerscope rewards seed | sign``: what is drawn before an epoch, and who stands behind it after."""

import os
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from makerscope.cli.rewards_link import account
from makerscope.errors import InputError, OutputError
from makerscope.programs.sampling import SEED, commitment
from makerscope.rewards import keys
from makerscope.rewards.bundle import SIGNATURE, bundle_hash, read_bundle
from makerscope.rewards.signature import read_signature, signature_bytes, signature_of
from makerscope.tape.output import write_whole

Flag = Parameter(negative="")


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
