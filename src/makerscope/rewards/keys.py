"""Who signs: a key from an encrypted keystore file or from the environment, never shown and never on a command line.

A command line is kept by the shell and seen by everybody on the machine; the environment and files are not. The key
stands in no message and in no ``repr``: errors here name the file or the variable, and nothing that was in it.
"""

import json
import os
import sys
from dataclasses import dataclass, field
from getpass import getpass
from pathlib import Path

from makerscope.errors import InputError
from makerscope.rewards.hashing import address_bytes, checksum
from makerscope.rewards.signing import Account, LocalAccount, SignableMessage

KEY, KEYSTORE, PASSWORD = "MAKERSCOPE_PRIVATE_KEY", "MAKERSCOPE_KEYSTORE", "MAKERSCOPE_PASSWORD"
LARGEST = 1 << 20  # bytes of a keystore or password file
WANT = f"--keystore FILE (or {KEYSTORE}), or {KEY} in the environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """An account that can sign. Shows its address and nothing else."""

    address: str
    _account: LocalAccount = field(repr=False, compare=False)

    def transaction(self, fields: dict[str, object]) -> tuple[bytes, str]:
        """A signed transaction as raw bytes, and its hash (0x...)."""
        signed = self._account.sign_transaction(fields)  # pyright: ignore[reportArgumentType]
        return bytes(signed.raw_transaction), "0x" + bytes(signed.hash).hex()

    def message(self, message: SignableMessage) -> bytes:
        """The signature of a message (EIP-191, EIP-712): 65 bytes r, s, v."""
        return bytes(self._account.sign_message(message).signature)

    def __reduce__(self) -> str:
        raise TypeError("a signer is not written anywhere")


def signer(keystore: Path | None = None, password_file: Path | None = None) -> Signer:
    """Who signs: the keystore that is named, else the key or the keystore that the environment holds.

    Args:
        keystore: an encrypted keystore file (Web3 Secret Storage, as geth and others write it).
        password_file: holds its password on the first line; else ``MAKERSCOPE_PASSWORD``, else it is asked for.

    Raises:
        InputError: there is no key, it is none, or the password is wrong.
    """
    if keystore is None and os.environ.get(KEY):
        return _from_environment()
    path = keystore or _named_by_environment()
    return _opened(path, _stored(path), _password(path, password_file))


def sender(keystore: Path | None = None, password_file: Path | None = None) -> str:
    """The address of whoever would sign, without the password where the keystore says it."""
    if keystore is None and os.environ.get(KEY):
        return _from_environment().address
    path = keystore or _named_by_environment()
    address = _stored(path).get("address")
    if isinstance(address, str) and len(address.removeprefix("0x")) == 40:
        return checksum(address_bytes("0x" + address.removeprefix("0x").lower(), path))
    return signer(path, password_file).address


def _named_by_environment() -> Path:
    named = os.environ.get(KEYSTORE)
    if not named:
        raise InputError("the signer", "there is no key", WANT)
    return Path(named)


def _from_environment() -> Signer:
    try:
        account = Account.from_key(os.environ[KEY].strip())
    except Exception:  # noqa: BLE001 - whatever a library says of a key may hold it
        account = None
    if account is None:  # outside the handler, so that no other exception hangs on ours
        raise InputError(KEY, "is no private key", "64 hex digits (32 bytes)")
    return Signer(address=account.address, _account=account)


def _stored(path: Path) -> dict[str, object]:
    """The JSON of a keystore file."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(LARGEST))
    except OSError as error:
        raise InputError(f"--keystore {path}", f"cannot be read ({error.strerror})", "a keystore file") from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("crypto", found.get("Crypto")), dict):
        raise InputError(f"--keystore {path}", "is no keystore", "an encrypted keystore file (version 3, JSON)")
    return found


def _password(keystore: Path, file: Path | None) -> str:
    """The password: from a file, the environment, or whoever sits at the terminal."""
    if file is not None:
        try:
            with file.open("rb") as opened:
                return opened.read(LARGEST).decode().split("\n", 1)[0].rstrip("\r")
        except OSError as error:
            raise InputError(f"--password-file {file}", f"cannot be read ({error.strerror})", "a file") from None
        except UnicodeDecodeError:
            text = None
        if text is None:
            raise InputError(f"--password-file {file}", "is no text", "the password on its first line")
    if PASSWORD in os.environ:
        return os.environ[PASSWORD]
    if sys.stdin.isatty():
        return getpass(f"password of {keystore}: ")
    raise InputError(f"--keystore {keystore}", "there is no password", f"--password-file FILE, or {PASSWORD}")


def _opened(path: Path, stored: dict[str, object], password: str) -> Signer:
    wrong = False
    account = None
    try:
        account = Account.from_key(Account.decrypt(stored, password))
    except ValueError as error:
        wrong = "MAC" in str(error)
    except Exception:  # noqa: BLE001, S110 - whatever a library says of a key may hold it
        pass
    if wrong:
        raise InputError(f"--keystore {path}", "the password is wrong", "the keystore's own")
    if account is None:
        raise InputError(f"--keystore {path}", "cannot be decrypted", "an encrypted keystore file (version 3, JSON)")
    return Signer(address=account.address, _account=account)
