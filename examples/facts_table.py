"""The table of docs/stylised-facts.md from the JSON of ``makerscope facts``: its one argument."""

import json
import sys
from pathlib import Path

ROWS = {
    "excess kurtosis of returns, 1 s": "kurtosis_1s",
    "10 s": "kurtosis_10s",
    "1 min": "kurtosis_1m",
    "5 min": "kurtosis_5m",
    "Hill's tail index, 1 s": "tail_index_1s",
    "volatility, annual": "volatility",
    "autocorrelation of returns, 1 s": "return_acf_1s",
    "of absolute returns, 1 s apart": "abs_return_acf_1s",
    "of absolute returns, 10 s apart": "abs_return_acf_10s",
    "of absolute returns, 30 s apart": "abs_return_acf_30s",
    "clustering dies after, s": "clustering_dies",
    "trades a second": "trades_per_s",
    "Hill's tail index of sizes": "size_tail_index",
    "Fano factor of trades, 1 s": "fano_1s",
    "Fano factor, 10 s": "fano_10s",
    "Fano factor, 1 min": "fano_1m",
    "autocorrelation of signs, 1 trade apart": "sign_acf_1",
    "10 trades apart": "sign_acf_10",
    "50 trades apart": "sign_acf_50",
    "its exponent": "sign_memory_exponent",
    "spread, median, bps": "spread_p50",
    "spread, 90 %, bps": "spread_p90",
    "smaller best size, 10 %, USD": "depth_p10",
    "smaller best size, median": "depth_p50",
    "smaller best size, 90 %": "depth_p90",
    "response to a trade, 0.1 s, bps": "response_100ms",
    "response, 1 s": "response_1s",
    "response, 10 s": "response_10s",
    "its exponent by size, 1 s": "impact_exponent_1s",
    "spread after a large trade over the usual, 0.1 s": "spread_after_100ms",
    "spread after, 1 s": "spread_after_1s",
    "spread after, 10 s": "spread_after_10s",
    "depth after it over the usual, 0.1 s": "depth_after_100ms",
    "depth after, 1 s": "depth_after_1s",
    "depth after, 10 s": "depth_after_10s",
    "half-life of a dent in depth, s": "depth_half_life",
}


def text_of(measure: dict) -> str:
    """Three digits, thousands as k, a dash where it is not known."""
    if measure["value"] is None:
        return "—"
    value = measure["value"] / (1e9 if measure["unit"] == "ns" else 1.0)
    size = abs(value)
    places = next((n for least, n in ((100, 0), (10, 1), (1, 2), (0.01, 3)) if size >= least), 4 if size else 0)
    shown = f"{size / 1000:.{0 if size >= 9999.5 else 1}f}k" if size >= 1000 else f"{size:.{places}f}"
    return ("−" if value < 0 else "") + shown


def table_of(tapes: list[dict]) -> str:
    """Markdown: a row a fact, a column a tape."""
    head = ["| | " + " | ".join(Path(item["tape"]).name for item in tapes) + " |", "|---|" + "---:|" * len(tapes)]
    rows = [
        "| " + " | ".join([title, *(text_of(t["measures"][key]) for t in tapes)]) + " |" for title, key in ROWS.items()
    ]
    return "\n".join(head + rows)


if __name__ == "__main__":
    print(table_of(json.loads(Path(sys.argv[1]).read_text())["tapes"]))
