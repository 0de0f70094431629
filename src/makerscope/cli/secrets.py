"""No key on a command line: the shell keeps it, and everybody on the machine can read it there."""

import re
from collections.abc import Sequence

from makerscope.errors import InputError

KEYLIKE = re.compile(r"(?:0x)?[0-9a-fA-F]{64}")
OPTIONS = {
    "key",
    "private-key",
    "privatekey",
    "secret",
    "secret-key",
    "password",
    "passphrase",
    "mnemonic",
    "seed-phrase",
}
FILES = {"keystore", "password-file", "journal", "record"}
NAMES = {"rpc", "contract", "account", "owner", "publisher", "token", "to", "bundle"}
FLAGS = {"dry-run", "json", "again", "replace", "all"}
WHY = "a command line is kept by the shell and seen by everybody on the machine"
WANT = "--keystore FILE, or MAKERSCOPE_PRIVATE_KEY in the environment; a key that stood here is no longer secret"


def refuse_keys(arguments: Sequence[str]) -> None:
    """Refuse a key among the arguments of ``rewards``, without repeating it.

    An option that asks for a key is refused, and so is what looks like a key where no hash belongs. A hash after an
    option of its own, such as ``--program``, is none.

    Raises:
        InputError: there is one.

    Examples:
        >>> refuse_keys(["rewards", "post", "epoch-3", "--program", "0x" + 64 * "1"])
        >>> refuse_keys(["rewards", "post", "epoch-3", "--key", "1234"])
        Traceback (most recent call last):
        makerscope.errors.InputError: --key: keys and passwords are never taken as arguments, for a command line is \
kept by the shell and seen by everybody on the machine; want --keystore FILE, or MAKERSCOPE_PRIVATE_KEY in the \
environment; a key that stood here is no longer secret
    """
    if not arguments or arguments[0] != "rewards":
        return
    before = ""
    for argument in arguments[1:]:
        option, mark, value = argument.partition("=")
        name = option.removeprefix("--").lower().replace("_", "-") if option.startswith("--") else ""
        if name in OPTIONS:
            raise InputError(option, f"keys and passwords are never taken as arguments, for {WHY}", WANT)
        owner = name if mark else before
        looks = KEYLIKE.fullmatch(value if mark and name else argument)
        if looks and (not owner or owner in FILES | NAMES | FLAGS):
            where = f"--{owner}" if owner else "an argument"
            raise InputError(where, f"looks like a private key, which is never taken here, for {WHY}", WANT)
        before = name if not mark else ""
