"""The scorecard: one JSON document, drawn as terminal text and as one self-contained HTML file."""
