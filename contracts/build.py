"""Compile the reward distributor into the file that ships with the package: ``python -m contracts.build``.

The file holds the ABI, the creation bytecode, the compiler's version and settings, and a Keccak hash over the
sources, so that anyone can compile again and compare.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from eth_hash.auto import keccak
from vyper.cli.vyper_compile import compile_files
from vyper.compiler.settings import OptimizationLevel, Settings

FOLDER = Path(__file__).parent
SOURCE = FOLDER / "reward_distributor.vy"
ARTIFACT = FOLDER.parent / "src" / "makerscope" / "rewards" / "artifacts" / "reward_distributor.json"
EVM_VERSION = "cancun"


def source_hash() -> str:
    """Keccak-256 over every source in this folder, by name: hash of (name, zero byte, hash of the text) in a row."""
    parts = [path.name.encode() + b"\0" + keccak(path.read_bytes()) for path in sorted(FOLDER.glob("*.vy"))]
    return "0x" + keccak(b"".join(parts)).hex()


def artifact() -> dict[str, Any]:
    """What the file says: compiled now, from the sources as they are."""
    settings = Settings(optimize=OptimizationLevel.GAS, evm_version=EVM_VERSION)
    formats = ("abi", "bytecode", "bytecode_runtime")
    (compiled,) = compile_files([SOURCE], formats, paths=[str(FOLDER)], settings=settings).values()
    return {
        "contract": SOURCE.stem,
        "compiler": f"vyper {version('vyper')}",
        "optimize": "gas",
        "evm_version": EVM_VERSION,
        "sources": source_hash(),
        "abi": compiled["abi"],
        "bytecode": compiled["bytecode"],
        "runtime_bytes": len(compiled["bytecode_runtime"]) // 2 - 1,
    }


def text(found: dict[str, Any]) -> str:
    """The file: one line for each entry of the ABI, so that a change of the interface can be read in a diff."""
    entries = [json.dumps(entry, separators=(",", ":")) for entry in found["abi"]]
    head = [f'  "{key}": {json.dumps(value)}' for key, value in found.items() if key != "abi"]
    return "{\n" + ",\n".join(head) + ',\n  "abi": [\n    ' + ",\n    ".join(entries) + "\n  ]\n}\n"


def main() -> None:
    """Write the file."""
    found = artifact()
    ARTIFACT.parent.mkdir(exist_ok=True)
    partial = ARTIFACT.with_suffix(".json.partial")
    partial.write_text(text(found))
    partial.replace(ARTIFACT)
    sys.stdout.write(f"{found['runtime_bytes']} bytes of code, sources {found['sources']} -> {ARTIFACT}\n")


if __name__ == "__main__":
    main()
