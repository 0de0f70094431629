"""Signatures of epochs: typed data, EAS attestations, and who signed."""

import json
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from makerscope.errors import InputError
from makerscope.rewards.abi import encoder
from makerscope.rewards.attestation import (
    ATTEST,
    NO_HASH,
    SCHEMA,
    EpochClaim,
    digest,
    eas_domain,
    eas_schema_uid,
    eas_typed_data,
    eas_uid,
    epoch_typed_data,
    sign,
    signed_by,
)
from makerscope.rewards.hashing import keccak

PUBLISHER = Account.from_key("0x" + "11" * 32)  # a test key, known to everybody
CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
CLAIM = EpochClaim(
    epoch=3,
    bundle="0x" + "01" * 32,
    program="0x" + "02" * 32,
    evidence="0x" + "03" * 32,
    root="0x" + "04" * 32,
    budget=10**24,
    chain_id=31337,
    contract=CONTRACT,
)


def by_publisher(message):
    return bytes(PUBLISHER.sign_message(message).signature)


def test_the_digest_is_that_of_eip_712_written_out():
    encode = encoder(("bytes32", "uint256", "bytes32", "bytes32", "bytes32", "bytes32", "uint256"))
    kind = keccak(
        b"EpochBundle(uint256 epoch,bytes32 bundle,bytes32 program,bytes32 evidence,bytes32 root,uint256 budget)"
    )
    body = keccak(encode([kind, *CLAIM.values.values()], "message"))
    outer = encoder(("bytes32", "bytes32", "bytes32", "uint256", "address"))
    of_domain = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
    domain = keccak(outer([of_domain, keccak(b"makerscope"), keccak(b"1"), 31337, CONTRACT], "domain"))
    assert digest(epoch_typed_data(CLAIM)) == keccak(b"\x19\x01" + domain + body)


def test_who_signed_is_found_from_the_signature():
    data = epoch_typed_data(CLAIM)
    assert signed_by(data, sign(data, by_publisher)) == PUBLISHER.address


@pytest.mark.parametrize("field", ["epoch", "bundle", "program", "evidence", "root", "budget"])
def test_a_signature_of_anything_else_is_somebody_elses(field):
    signature = sign(epoch_typed_data(CLAIM), by_publisher)
    other = deepcopy(epoch_typed_data(CLAIM))
    other["message"][field] = NO_HASH if field not in ("epoch", "budget") else 4
    assert signed_by(other, signature) != PUBLISHER.address


def test_a_signature_for_another_chain_or_contract_is_somebody_elses():
    signature = sign(epoch_typed_data(CLAIM), by_publisher)
    for key, value in (("chainId", 1), ("verifyingContract", "0x" + "22" * 20)):
        other = deepcopy(epoch_typed_data(CLAIM))
        other["domain"][key] = value
        assert signed_by(other, signature) != PUBLISHER.address


def test_an_epoch_posted_nowhere_is_signed_without_chain_and_contract():
    data = epoch_typed_data(replace(CLAIM, chain_id=None, contract=None))
    assert set(data["domain"]) == {"name", "version"}
    assert signed_by(data, sign(data, by_publisher)) == PUBLISHER.address


@given(st.binary(min_size=60, max_size=70))
def test_bytes_that_are_no_signature_are_one_line_or_a_strangers(raw):
    with suppress(InputError):
        assert signed_by(epoch_typed_data(CLAIM), "0x" + raw.hex()) != PUBLISHER.address


@pytest.mark.parametrize("text", ["", "0x", "0xzz", "hello", "0x" + 129 * "0"])
def test_text_that_is_no_signature_is_refused(text):
    with pytest.raises(InputError, match="signature"):
        signed_by(epoch_typed_data(CLAIM), text)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"epoch": -1}, "epoch claim, epoch"),
        ({"budget": 2**256}, "epoch claim, budget"),
        ({"root": "0x12"}, "epoch claim, root"),
        ({"chain_id": None}, "only one of chain and contract"),
        ({"contract": "0x" + 40 * "0"}, "zero address"),
    ],
)
def test_a_claim_that_no_contract_could_hold_is_refused(change, says):
    with pytest.raises(InputError, match=says):
        replace(CLAIM, **change)


def test_the_signer_of_the_eas_fixture_is_recovered_and_its_message_hashes_alike(shared_file):
    given = json.loads(shared_file("fixtures/proofs/eas_offchain_attestation_v2.json").read_text())
    data = {key: given[key] for key in ("types", "domain", "message")} | {"primaryType": "Attest"}
    parts = given["signature"]
    signature = f"{parts['r']}{parts['s'][2:]}{parts['v']:02x}"
    assert signed_by(data, signature) == given["signer"]
    domain = given["domain"]
    ours = {
        "types": {
            "EIP712Domain": given["types"]["EIP712Domain"],
            "Attest": [{"name": name, "type": kind} for name, kind in ATTEST],
        },
        "primaryType": "Attest",
        "domain": eas_domain(domain["verifyingContract"], domain["version"], domain["chainId"]),
        "message": given["message"],
    }
    assert digest(ours) == digest(data)


def test_the_uid_of_an_eas_attestation_is_that_of_its_sdk():
    # values and UID of the example in the tests of the EAS SDK (offchain utils, version 2)
    message = {
        "version": 2,
        "schema": "0x33e9094830a5cba5554d1954310e4fbed2ef5f859ec1404619adea4207f391fd",
        "recipient": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        "time": 1690299812,
        "expirationTime": 1692891810,
        "revocable": True,
        "refUID": NO_HASH,
        "data": "0x",
        "salt": "0x" + 61 * "0" + "123",
    }
    assert eas_uid(message) == "0x854d8e26b2bbdc3577fc78c6d2f512258fcc9b91a60858985a216c0ef526ee82"


def test_the_eas_attestation_of_an_epoch_says_what_the_claim_says_and_is_the_same_every_time():
    eas = "0xA1207F3BBa224E2c9c3c6D5aF63D0eb1582Ce587"
    args = {"eas": eas, "eas_version": "1.2.0", "chain_id": 1, "time": 1700086400}
    data = eas_typed_data(CLAIM, **args)
    assert data == eas_typed_data(CLAIM, **args)
    message = data["message"]
    assert message["recipient"] == CONTRACT
    words = bytes.fromhex(message["data"][2:])
    assert [int.from_bytes(words[:32]), words[32:64].hex(), int.from_bytes(words[-32:])] == [3, "01" * 32, 10**24]
    assert message["schema"] == eas_schema_uid() == "0x" + keccak(SCHEMA.encode() + bytes(20) + b"\x01").hex()
    assert signed_by(data, sign(data, by_publisher)) == PUBLISHER.address
    assert eas_uid(message).startswith("0x")
