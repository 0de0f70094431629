"""Is a tape, file by file, what its manifest says? The quick part of ``tape.check``: hashes and sums, no rows."""

from makerscope.rewards.difference import Difference, first_difference
from makerscope.tape.manifest import evidence_root, sha256_of
from makerscope.tape.read import Tape


def tampered(tape: Tape) -> Difference | None:
    """The first file that is missing or another than the manifest says, else where the manifest contradicts itself."""
    manifest = tape.manifest
    rows: dict[str, int] = {}
    for item in manifest.files:
        path = tape.path / item.path
        if not path.is_file():
            return Difference(path=f"tape {item.path}", says=item.sha256, follows="no such file")
        found = sha256_of(path)
        if found != item.sha256:
            return Difference(path=f"tape {item.path}", says=item.sha256, follows=f"{found}, the SHA-256 of the file")
        rows[item.table] = rows.get(item.table, 0) + item.rows
    root = evidence_root(manifest.files)
    return first_difference(manifest.evidence_root, root, "tape manifest.json evidence_root") or first_difference(
        manifest.rows, rows, "tape manifest.json rows"
    )
