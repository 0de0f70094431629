"""Write ``docs/scorecard.schema.json`` again after the scorecard has changed: ``python -m tests.write_schema``."""

import json
from pathlib import Path

from makerscope.report.scorecard import json_schema

if __name__ == "__main__":
    path = Path(__file__).resolve().parents[1] / "docs" / "scorecard.schema.json"
    path.write_text(json.dumps(json_schema(), indent=1) + "\n")
