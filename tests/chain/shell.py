"""The command line as somebody uses it: by role, with the key in the environment; role None has no key."""

import json

import pytest

from makerscope.cli import main
from makerscope.rewards import keys
from tests.anvil import CHAIN_ID, key_of


class Shell:
    """``run`` gives exit code, stdout and stderr; ``good`` insists on success and gives JSON."""

    def __init__(self, monkeypatch, capsys, node):
        self.monkeypatch, self.capsys, self.url = monkeypatch, capsys, node.url

    def verified(self, bundle, tape):
        """What a second party, which has no key, finds with tape and chain at hand."""
        self.monkeypatch.delenv(keys.KEY, raising=False)
        with pytest.raises(SystemExit):
            main(["verify", str(bundle), "--tape", str(tape), "--rpc", self.url, "--json"])
        return json.loads(self.capsys.readouterr().out)

    def run(self, role, *arguments, rpc=None):
        self.monkeypatch.delenv(keys.KEY, raising=False)
        if role is not None:
            self.monkeypatch.setenv(keys.KEY, key_of(role))
        self.monkeypatch.setenv("MAKERSCOPE_RPC", rpc or self.url)
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main(["rewards", *(str(item) for item in arguments)])
        out = self.capsys.readouterr()
        assert role is None or key_of(role)[2:] not in out.out + out.err
        return stopped.value.code, out.out, out.err

    def good(self, role, *arguments, rpc=None):
        code, out, err = self.run(role, *arguments, "--json", rpc=rpc)
        assert (code, err) == (0, ""), err
        return json.loads(out)

    def sent(self, role, *arguments, rpc=None):
        """The transactions that were really sent."""
        found = self.good(role, *arguments, rpc=rpc)["transactions"]
        return [item for item in found if item["sent"]]

    def bad(self, role, *arguments, rpc=None):
        code, out, err = self.run(role, *arguments, rpc=rpc)
        assert (code, out) == (2, ""), (code, out, err)
        assert err.startswith("makerscope: ")
        assert err.count("\n") == 1
        return err.removeprefix("makerscope: ").strip()


HERE = ("--chain-id", CHAIN_ID)
