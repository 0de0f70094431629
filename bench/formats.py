"""``python -m bench.formats [QUOTES]``: what a quote table costs as the tape's Parquet and as mapped Arrow IPC.

The rows are those of the tick benchmark's market, as the table ``quotes`` of a tape has them (two clocks, serial,
instrument name, int64 numbers). Parquet is written by the tape's own writer; IPC is uncompressed, with the instrument
as a dictionary. Reading is of all columns, and of the five an as-of join needs; both end with every value in memory.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from bench.common import best_of, machine, pin
from bench.ticks_market import INSTRUMENTS, make
from makerscope.tape.write import parquet_writer, to_arrow

CHUNK = 131_072
NEEDED = ["exchange_time", "instrument", "bid", "ask", "bid_size"]


def as_on_tape(quotes: pl.DataFrame, first: int) -> pl.DataFrame:
    """The benchmark's quotes with the columns of the table ``quotes``: a local clock 0 to 4 ms late, a sequence.

    ``first`` is the serial of the first row.
    """
    names = pl.Series([f"venue:SYMBOL{code}-PERP" for code in range(INSTRUMENTS)])
    late = (pl.col("time").hash(7) % 4_000_000).cast(pl.Int64)
    return quotes.select(
        exchange_time="time",
        local_time=pl.col("time") + late,
        serial=pl.int_range(first, first + pl.len(), dtype=pl.Int64),
        instrument=names.gather(quotes["code"].cast(pl.UInt32)),
        bid=pl.col("bid").cast(pl.Int64),
        bid_size=pl.col("bid_size").cast(pl.Int64),
        ask=pl.col("ask").cast(pl.Int64),
        ask_size=pl.col("ask_size").cast(pl.Int64),
        sequence=pl.int_range(first, first + pl.len(), dtype=pl.Int64) * 3,
    )


def write(folder: Path, source: pl.DataFrame) -> dict[str, float]:
    """Both files, chunk by chunk; seconds of processor time each took."""
    names = pa.dictionary(pa.int32(), pa.string())
    spent = {"parquet": 0.0, "ipc": 0.0}
    schema = to_arrow(as_on_tape(source.head(1), 0), "quotes").schema
    flat = schema.set(schema.get_field_index("instrument"), pa.field("instrument", names))
    words = pa.array([f"venue:SYMBOL{code}-PERP" for code in range(INSTRUMENTS)])
    with (
        parquet_writer(folder / "quotes.parquet", "quotes") as parquet,
        pa.OSFile(str(folder / "tape.arrow"), "wb") as sink,
        pa.ipc.new_file(sink, flat) as ipc,
    ):
        for at in range(0, source.height, CHUNK):
            part = source.slice(at, CHUNK)
            table = to_arrow(as_on_tape(part, at), "quotes")
            start = time.process_time()
            parquet.write_table(table, row_group_size=CHUNK)
            spent["parquet"] += time.process_time() - start
            codes = pa.DictionaryArray.from_arrays(pa.array(part["code"].cast(pl.Int32).to_numpy()), words)
            table = table.set_column(flat.get_field_index("instrument"), flat.field("instrument"), codes)
            start = time.process_time()
            ipc.write_table(table)
            spent["ipc"] += time.process_time() - start
    return spent


def read_ipc(path: Path, columns: list[str]) -> int:
    """Map the file and touch every value of some columns once."""
    table = pa.ipc.open_file(pa.memory_map(str(path))).read_all().select(columns)
    parts = (chunk for column in table.columns for chunk in column.chunks)
    flat = (part.indices if isinstance(part, pa.DictionaryArray) else part for part in parts)
    return sum(int(part.to_numpy(zero_copy_only=True).max()) & 1 for part in flat)


def timed(work: Callable[[], Any]) -> float:
    """Processor seconds of the better of two runs."""
    return best_of(2, work, clock=time.process_time)[0]


def main(quotes: int) -> dict:
    """Sizes in GB of 10^9 bytes, seconds of processor time on one core."""
    pin()
    folder = Path(tempfile.gettempdir()) / f"makerscope-bench-ticks-{quotes}"
    if not (folder / "quotes.arrow").exists():
        make(folder, quotes, quotes // 10)
    spent = write(folder, pl.read_ipc(folder / "quotes.arrow"))
    parquet, ipc = folder / "quotes.parquet", folder / "tape.arrow"
    every = pl.scan_parquet(parquet).collect_schema().names()
    answer = {"quotes": quotes, "machine": machine(), "write_s": spent}
    answer["GB"] = {"parquet": parquet.stat().st_size / 1e9, "ipc": ipc.stat().st_size / 1e9}
    for what, columns in (("all", every), ("five", NEEDED)):
        answer[f"read_{what}_s"] = {
            "parquet": timed(partial(pl.read_parquet, parquet, columns=columns)),
            "ipc": timed(partial(read_ipc, ipc, columns)),
        }
    parquet.unlink(), ipc.unlink()
    return answer


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000_000), indent=2))
