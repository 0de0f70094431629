"""A key signs, and nobody ever sees it."""

import copy
import json
import pickle
import traceback

import pytest
from eth_account import Account

from makerscope.errors import InputError
from makerscope.rewards import keys
from tests.anvil import address_of, key_of

SECRET = key_of("owner")
WORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    for name in (keys.KEY, keys.KEYSTORE, keys.PASSWORD):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def keystore(tmp_path):
    path = tmp_path / "keystore.json"
    path.write_text(json.dumps(Account.encrypt(SECRET, WORD, kdf="pbkdf2", iterations=2)))
    return path


@pytest.mark.parametrize("text", [SECRET, SECRET[2:], f" {SECRET}\n", SECRET.upper().replace("0X", "0x")])
def test_a_key_from_the_environment_signs(monkeypatch, text):
    monkeypatch.setenv(keys.KEY, text)
    assert keys.signer().address == address_of("owner")


def test_a_keystore_opens_by_a_password_from_a_file_or_the_environment(monkeypatch, keystore, tmp_path):
    file = tmp_path / "password"
    file.write_text(WORD + "\n")
    assert keys.signer(keystore, file).address == address_of("owner")
    monkeypatch.setenv(keys.PASSWORD, WORD)
    assert keys.signer(keystore).address == address_of("owner")
    monkeypatch.setenv(keys.KEYSTORE, str(keystore))
    assert keys.signer().address == address_of("owner")


def test_a_keystore_that_is_named_goes_before_a_key_in_the_environment(monkeypatch, keystore):
    monkeypatch.setenv(keys.KEY, key_of("stranger"))
    monkeypatch.setenv(keys.PASSWORD, WORD)
    assert keys.signer(keystore).address == address_of("owner")


def test_a_password_is_asked_for_at_a_terminal_only(monkeypatch, keystore):
    with pytest.raises(InputError, match="there is no password; want --password-file FILE"):
        keys.signer(keystore)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr(keys, "getpass", lambda prompt: WORD)
    assert keys.signer(keystore).address == address_of("owner")


def test_without_a_key_it_says_where_one_would_come_from():
    with pytest.raises(InputError, match=r"there is no key; want --keystore FILE .*MAKERSCOPE_PRIVATE_KEY"):
        keys.signer()


def all_of(error: BaseException) -> str:
    """Everything a program that fails may print of an error."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))


@pytest.mark.parametrize("text", [SECRET + "00", SECRET[:-2], "0x" + "0" * 64, "0x" + "f" * 64, "g" * 64, "é" * 64])
def test_what_is_no_key_is_not_shown(monkeypatch, text):
    monkeypatch.setenv(keys.KEY, text)
    with pytest.raises(InputError, match=r"^MAKERSCOPE_PRIVATE_KEY: is no private key; want 64 hex digits") as raised:
        keys.signer()
    assert text not in all_of(raised.value)
    assert text[2:20] not in str(raised.value)


def test_a_wrong_password_is_said_to_be_wrong_and_is_not_shown(monkeypatch, keystore):
    monkeypatch.setenv(keys.PASSWORD, "a wrong word")
    with pytest.raises(InputError, match=r"keystore\.json: the password is wrong") as raised:
        keys.signer(keystore)
    assert "a wrong word" not in all_of(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", SECRET, '{"crypto": 7}', '{"crypto": {}, "version": 3}', '{"version": 1, "crypto": {}}',
        '{"crypto": {"kdf": "scrypt", "cipher": "none", "kdfparams": {}, "mac": "zz"}, "version": 3}',
    ],
)  # fmt: skip
def test_what_is_no_keystore_is_one_line_without_what_was_in_it(monkeypatch, tmp_path, text):
    monkeypatch.setenv(keys.PASSWORD, WORD)
    path = tmp_path / "keystore.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"is no keystore|cannot be decrypted") as raised:
        keys.signer(path)
    assert SECRET not in all_of(raised.value)
    assert WORD not in all_of(raised.value)


def test_a_keystore_that_is_absent_or_a_folder_is_said_to_be(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            keys.signer(path)


def test_a_password_file_that_is_absent_or_no_text_is_said_to_be(keystore, tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        keys.signer(keystore, tmp_path / "none")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is no text"):
        keys.signer(keystore, tmp_path / "bytes")


def test_a_signer_shows_its_address_and_nothing_else(monkeypatch):
    monkeypatch.setenv(keys.KEY, SECRET)
    signer = keys.signer()
    assert repr(signer) == f"Signer(address={address_of('owner')!r})" == str(signer)
    for write in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not written anywhere"):
            write(signer)
