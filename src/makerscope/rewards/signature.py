"""``signature.json``: who signed a bundle, with what was signed, beside the bundle it signs."""

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from makerscope.errors import InputError
from makerscope.rewards.attestation import (
    NO_HASH,
    EpochClaim,
    Sign,
    TypedData,
    eas_typed_data,
    eas_uid,
    epoch_typed_data,
    sign,
    signed_by,
)
from makerscope.rewards.bundle import SIGNATURE, Bundle, bundle_hash, read_file
from makerscope.rewards.canonical import MOST, canonical, parse_canonical
from makerscope.rewards.difference import Difference, first_difference


class Attested(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An EAS attestation off the chain."""

    typed_data: dict[str, Any]
    signature: str
    uid: str


class Signature(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who signed, what (EIP-712 typed data), and the signature; on request an EAS attestation by the same key."""

    signer: str
    typed_data: dict[str, Any]
    signature: str
    eas: Attested | None


def claim_of(bundle: Bundle) -> EpochClaim:
    """What is signed of a bundle. The root of an epoch that pays nobody is zero."""
    return EpochClaim(
        epoch=int(bundle.epoch),
        bundle=bundle_hash(bundle),
        program=bundle.program.hash,
        evidence=f"0x{bundle.tape.evidence_root}",
        root=bundle.root or NO_HASH,
        budget=int(bundle.budget),
        chain_id=None if bundle.chain_id is None else int(bundle.chain_id),
        contract=bundle.contract,
    )


def signature_of(
    bundle: Bundle, signer: str, key: Sign, *, eas: str | None = None, eas_version: str = "1.2.0", time: int = 0
) -> Signature:
    """Sign a bundle.

    Args:
        bundle: what is signed.
        signer: address of the key.
        key: signs a message.
        eas: address of an EAS contract on the bundle's chain, for an attestation too.
        eas_version: of that contract.
        time: of the attestation, seconds since 1970.

    Raises:
        InputError: an attestation is asked for and the bundle names no chain.
    """
    claim = claim_of(bundle)
    data = epoch_typed_data(claim)
    attested = None
    if eas is not None:
        if claim.chain_id is None:
            raise InputError("EAS attestation", "the bundle names no chain", "a bundle with chain id and contract")
        typed = eas_typed_data(claim, eas=eas, eas_version=eas_version, chain_id=claim.chain_id, time=time)
        attested = Attested(typed_data=typed, signature=sign(typed, key), uid=eas_uid(typed["message"]))
    return Signature(signer=signer, typed_data=data, signature=sign(data, key), eas=attested)


def signature_bytes(signature: Signature) -> bytes:
    """The content of ``signature.json``; large numbers in it are text, which EIP-712 takes as well."""
    return canonical(_texts(msgspec.to_builtins(signature)))


def read_signature(folder: Path) -> Signature | None:
    """The signature beside a bundle, None where it is not signed.

    Raises:
        InputError: the file is damaged.
    """
    where = folder / SIGNATURE
    if not where.exists():
        return None
    try:
        return msgspec.convert(parse_canonical(read_file(folder, SIGNATURE), where), Signature)
    except msgspec.ValidationError as error:
        raise InputError(where, str(error), "the file as 'makerscope rewards sign' wrote it") from error


def signature_difference(bundle: Bundle, signature: Signature) -> Difference | None:
    """Where a signature signs something else than the bundle, or is not by whom it says.

    Whether its signer is who should sign is for the reader to say.
    """
    claim = claim_of(bundle)
    wrong = _other_claim(signature.typed_data, _texts(epoch_typed_data(claim)), f"{SIGNATURE} typed_data")
    wrong = wrong or _other_signer(signature.typed_data, signature.signature, signature.signer, SIGNATURE)
    if wrong or signature.eas is None:
        return wrong
    domain, message = (signature.eas.typed_data.get(part) or {} for part in ("domain", "message"))
    try:
        ours = eas_typed_data(
            claim,
            eas=str(domain.get("verifyingContract")),
            eas_version=str(domain.get("version")),
            chain_id=claim.chain_id or 0,
            time=int(message.get("time", 0)),
        )
    except (InputError, ValueError) as error:
        return Difference(path=f"{SIGNATURE} eas.typed_data", says=str(error), follows="an EAS attestation")
    return (
        first_difference(signature.eas.typed_data, _texts(ours), f"{SIGNATURE} eas.typed_data")
        or _other_signer(signature.eas.typed_data, signature.eas.signature, signature.signer, f"{SIGNATURE} eas")
        or first_difference(signature.eas.uid, eas_uid(ours["message"]), f"{SIGNATURE} eas.uid")
    )


def _other_claim(says: TypedData, follows: TypedData, path: str) -> Difference | None:
    """The first difference; the hash of the bundle last, for whatever differs changes that too."""

    def known(data: TypedData) -> TypedData:
        message = data.get("message")
        if not isinstance(message, dict):
            return data
        return data | {"message": {key: value for key, value in message.items() if key != "bundle"}}

    return first_difference(known(says), known(follows), path) or first_difference(says, follows, path)


def _other_signer(data: TypedData, signature: str, signer: str, path: str) -> Difference | None:
    try:
        found = signed_by(data, signature)
    except InputError as error:
        return Difference(path=f"{path}.signature", says=str(error), follows=f"a signature by {signer}")
    return None if found == signer else Difference(path=f"{path}.signer", says=signer, follows=found)


def _texts(value: Any) -> Any:  # noqa: ANN401 - typed data holds anything
    """Integers that not every JSON reader keeps as text, all through."""
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(item) for item in value]
    return str(value) if isinstance(value, int) and abs(value) > MOST else value
