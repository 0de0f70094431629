"""Who stands behind an epoch: its signature as typed data (EIP-712), and the same as an EAS attestation off the chain.

Typed data shows a wallet, and whoever signs with it, what is signed. The domain binds the signature to one contract on
one chain; an epoch that is posted nowhere has a domain without both. An EAS attestation (Ethereum Attestation Service,
off-chain, version 2) says the same to readers of that format; its salt is the hash of the bundle, so that signing again
gives the same attestation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from makerscope.errors import InputError
from makerscope.rewards.abi import encoder
from makerscope.rewards.hashing import ZERO_ADDRESS, address_bytes, checksum, hash_bytes, hex_of, keccak, whole
from makerscope.rewards.signing import Account, SignableMessage, encode_typed_data

Sign = Callable[[SignableMessage], bytes]
TypedData = dict[str, Any]
NAME, VERSION = "makerscope", "1"
CLAIM = (
    ("epoch", "uint256"),
    ("bundle", "bytes32"),
    ("program", "bytes32"),
    ("evidence", "bytes32"),
    ("root", "bytes32"),
    ("budget", "uint256"),
)
SCHEMA = ",".join(f"{kind} {name}" for name, kind in CLAIM)
DOMAIN = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
ATTEST = (
    ("version", "uint16"),
    ("schema", "bytes32"),
    ("recipient", "address"),
    ("time", "uint64"),
    ("expirationTime", "uint64"),
    ("revocable", "bool"),
    ("refUID", "bytes32"),
    ("data", "bytes"),
    ("salt", "bytes32"),
)
NO_HASH = "0x" + 64 * "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochClaim:
    """What is signed. Hashes are ``0x`` and 64 hex digits; ``chain_id`` and ``contract`` are both None or both not."""

    epoch: int
    bundle: str
    program: str
    evidence: str
    root: str
    budget: int
    chain_id: int | None = None
    contract: str | None = None

    def __post_init__(self) -> None:
        """Refuse what no contract could hold.

        Raises:
            InputError: a value is malformed or out of range.
        """
        for name, kind in CLAIM:
            (hash_bytes if kind == "bytes32" else whole)(getattr(self, name), f"epoch claim, {name}")
        if (self.chain_id is None) != (self.contract is None):
            raise InputError("epoch claim", "names only one of chain and contract", "both or neither")
        if self.contract is not None:
            address_bytes(self.contract, "contract", zero=False)
            whole(self.chain_id, "chain id")

    @property
    def values(self) -> dict[str, str | int]:
        """The signed values by name."""
        return {name: getattr(self, name) for name, _ in CLAIM}


def epoch_typed_data(claim: EpochClaim) -> TypedData:
    """The claim as EIP-712 typed data, ready for any wallet.

    Examples:
        >>> claim = EpochClaim(epoch=3, bundle=NO_HASH, program=NO_HASH, evidence=NO_HASH, root=NO_HASH, budget=100)
        >>> data = epoch_typed_data(claim)
        >>> data["primaryType"], data["domain"], digest(data).hex()[:16]
        ('EpochBundle', {'name': 'makerscope', 'version': '1'}, 'a04ace3692a1dcef')
    """
    domain: dict[str, Any] = {"name": NAME, "version": VERSION}
    if claim.contract is not None:
        domain |= {"chainId": claim.chain_id, "verifyingContract": claim.contract}
    return _typed(domain, "EpochBundle", CLAIM, claim.values)


def eas_schema_uid(schema: str = SCHEMA, resolver: str = ZERO_ADDRESS, *, revocable: bool = True) -> str:
    """The UID under which a schema is registered: ``keccak(schema ++ resolver ++ revocable)``."""
    return hex_of(keccak(schema.encode() + address_bytes(resolver, "resolver") + bytes([revocable])))


def eas_typed_data(claim: EpochClaim, *, eas: str, eas_version: str, chain_id: int, time: int) -> TypedData:
    """The claim as an EAS off-chain attestation, version 2, about the claim's contract.

    Args:
        claim: what is attested.
        eas: address of the EAS contract whose domain is used.
        eas_version: that contract's version, such as ``1.2.0``.
        chain_id: of that contract.
        time: seconds since 1970.
    """
    kinds = [kind for _, kind in CLAIM]
    message = {
        "version": 2,
        "schema": eas_schema_uid(),
        "recipient": claim.contract or ZERO_ADDRESS,
        "time": whole(time, "time of the attestation", bits=64),
        "expirationTime": 0,
        "revocable": True,
        "refUID": NO_HASH,
        "data": hex_of(encoder(kinds)(list(claim.values.values()), "epoch claim")),
        "salt": claim.bundle,
    }
    return _typed(eas_domain(eas, eas_version, chain_id), "Attest", ATTEST, message)


def eas_domain(eas: str, version: str, chain_id: int) -> dict[str, Any]:
    """The EIP-712 domain of attestations off the chain."""
    contract = checksum(address_bytes(eas, "EAS contract", zero=False))
    return {"name": "EAS Attestation", "version": version, "chainId": chain_id, "verifyingContract": contract}


def eas_uid(message: Mapping[str, Any]) -> str:
    """The UID of an off-chain attestation of version 2: the hash of its packed values, without the attester.

    Source:
        EAS SDK, ``Offchain.getOffchainUID`` (the schema enters as the bytes of its text).
    """
    where = "attestation"
    return hex_of(
        keccak(
            whole(message["version"], where).to_bytes(2, "big")
            + str(message["schema"]).encode()
            + address_bytes(message["recipient"], where)
            + address_bytes(ZERO_ADDRESS, where)
            + whole(message["time"], where).to_bytes(8, "big")
            + whole(message["expirationTime"], where).to_bytes(8, "big")
            + bytes([bool(message["revocable"])])
            + hash_bytes(message["refUID"], where)
            + bytes.fromhex(str(message["data"])[2:])
            + hash_bytes(message["salt"], where)
            + bytes(4)
        )
    )


def digest(data: TypedData) -> bytes:
    """The 32 bytes that are signed: ``keccak(0x1901 ++ domain separator ++ hash of the message)``."""
    message = _signable(data)
    return keccak(b"\x19" + message.version + message.header + message.body)


def sign(data: TypedData, signer: Sign) -> str:
    """The signature of typed data: 65 bytes r, s, v as ``0x`` text."""
    return hex_of(signer(_signable(data)))


def signed_by(data: TypedData, signature: str) -> str:
    """The address whose key made a signature of typed data.

    Raises:
        InputError: it is no signature, or no key can have made it.
    """
    want = "65 bytes r, s, v as 0x and 130 hex digits"
    message = _signable(data)
    try:
        raw = bytes.fromhex(signature.removeprefix("0x"))
    except ValueError:
        raw = b""
    if len(raw) != 65:
        raise InputError("signature", f"is {signature[:20]!r}, {len(signature)} characters", want)
    try:
        return Account.recover_message(message, signature=raw)
    except (ValueError, ValidationError, BadSignature) as error:
        raise InputError("signature", f"cannot be one ({error})", want) from error


def _typed(
    domain: dict[str, Any], primary: str, fields: tuple[tuple[str, str], ...], message: Mapping[str, Any]
) -> TypedData:
    return {
        "types": {
            "EIP712Domain": [{"name": name, "type": DOMAIN[name]} for name in domain],
            primary: [{"name": name, "type": kind} for name, kind in fields],
        },
        "primaryType": primary,
        "domain": domain,
        "message": dict(message),
    }


def _signable(data: TypedData) -> SignableMessage:
    try:
        return encode_typed_data(full_message=data)
    except (ValueError, TypeError, KeyError, ValidationError) as error:
        raise InputError("typed data", f"cannot be hashed ({error})", "EIP-712 typed data") from error
