"""Several tapes put together as one, such as two venues recorded apart."""

from collections.abc import Callable, Sequence
from pathlib import Path

from makerscope.errors import InputError
from makerscope.tape.events import TIMED
from makerscope.tape.read import Tape
from makerscope.tape.write import ROW_GROUP, TapeWriter


def join_tapes(paths: Sequence[Path], out: Path, progress: Callable[[int], None] = lambda _rows: None) -> Tape:
    """One tape with the events, findings and sessions of several.

    Args:
        paths: the tapes.
        out: folder of the new one.
        progress: told of the rows copied.

    Raises:
        InputError: fewer than two tapes, or an instrument stands on two of them.
        TapeError: one of them is no tape.
    """
    tapes = [Tape.open(path) for path in paths]
    if len(tapes) < 2:
        raise InputError("tape join", f"{'one tape was' if tapes else 'no tape was'} given", "at least two")
    seen: dict[str, Path] = {}
    for tape in tapes:
        for name in tape.instruments:
            if name in seen:
                raise InputError(
                    tape.path, f"instrument {name} stands on {seen[name]} too", "tapes without common instruments"
                )
            seen[name] = tape.path
    with TapeWriter(out, source=" + ".join(tape.manifest.source for tape in tapes)) as writer:
        for tape in tapes:
            _copy(tape, writer, progress)
    return Tape.open(out)


def _copy(tape: Tape, writer: TapeWriter, progress: Callable[[int], None]) -> None:
    for token in tape.tokens.values():
        writer.add_token(token)
    for instrument in tape.instruments.values():
        writer.add_instrument(instrument)
    writer.source_files += tape.manifest.source_files
    for item in tape.manifest.findings:
        writer.find(item.level, item.code, item.text, table=item.table, instrument=item.instrument, count=item.count)
    for row in tape.read("quarantine").iter_rows(named=True):
        writer.keep_quarantined(**row)
    sessions = tape.read("sessions")
    if sessions.height:
        writer.session(sessions)
    for table in TIMED:
        if table == "trades" or not tape.has(table):  # trades are made of fills again, with their new numbers
            continue
        lost = ["serial", "sweep"] if table == "fills" else ["serial"]
        for batch in tape.scan(table).collect_batches(chunk_size=ROW_GROUP, maintain_order=True):
            writer.write(table, batch.drop(lost))
            progress(batch.height)
