"""Write the module tables of ``ARCHITECTURE.md`` again, from the modules: ``python -m tests.write_architecture``."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "makerscope"
PACKAGES = (
    "",
    "tape",
    "kernels",
    "pricing",
    "market",
    "models",
    "venues",
    "metrics",
    "agents",
    "sim",
    "programs",
    "rewards",
    "report",
    "lab",
    "cli",
)
START, END = "<!-- modules -->", "<!-- end of modules -->"


def sentence(path: Path) -> str:
    """The first sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    first = " ".join(text.split("\n\n")[0].split())
    return re.split(r"(?<=[.?])\s", first)[0].replace("|", "\\|")


def modules(package: str) -> list[Path]:
    """The modules of a package, without sub-packages."""
    return sorted(path for path in (SOURCE / package).glob("*.py") if path.name not in ("__init__.py", "__main__.py"))


def tables() -> str:
    """One table a package."""
    parts = []
    for package in PACKAGES:
        if package:
            parts.append(f"### {package}\n\n{sentence(SOURCE / package / '__init__.py')}\n")
        rows = [f"| `{path.stem}` | {sentence(path)} |" for path in modules(package)]
        parts.append("| module | one sentence |\n|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def rewritten(text: str) -> str:
    """The page with its tables made again."""
    before, rest = text.split(START)
    return before + START + "\n\n" + tables() + "\n" + END + rest.split(END)[1]


if __name__ == "__main__":
    page = ROOT / "ARCHITECTURE.md"
    page.write_text(rewritten(page.read_text()))
