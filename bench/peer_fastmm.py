"""FastMM 0.9.0 on its own synthetic market with its own starter strategy: steps a second, as one line of text.

Run by a Python that has it (``pip install 'fastmm-engine[hot]==0.9.0'`` in an environment of its own), never by ours.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main(seconds):
    """Play the starter project twice and print the steps a second of the second, compiled run."""
    with tempfile.TemporaryDirectory() as folder:
        tool = Path(sys.executable).with_name("fastmm")
        subprocess.run([str(tool), "init", "p"], cwd=folder, check=True, capture_output=True)
        sys.path.insert(0, str(Path(folder) / "p"))
        import fastmm  # pyright: ignore[reportMissingImports]
        from strategy import P  # pyright: ignore[reportMissingImports]

        config = fastmm.BacktestConfig.from_toml(Path(folder) / "p" / "config.toml")
        config.duration_s = seconds
        fastmm.run_backtest(config, data="synthetic", strategy=P)
        start = time.perf_counter()
        result = fastmm.run_backtest(config, data="synthetic", strategy=P)
        spent = time.perf_counter() - start
        words = result.summary_table().split()
        steps = next(int(word.removeprefix("steps=")) for word in words if word.startswith("steps="))
        print(steps / spent)


if __name__ == "__main__":
    main(int(sys.argv[1]))
