"""``makerscope vol`` on two months of the Deribit chain."""

import json

import pytest

from makerscope.cli import main
from makerscope.report.build import build
from makerscope.report.pages import document_of
from makerscope.tape.read import Tape
from makerscope.venues import deribit
from tests.recordings import tape_from

DAY = 86_400 * 10**9


@pytest.fixture
def tape(shared_file, tmp_path):
    months = [shared_file(f"data/deribit/option_chain_snapshots_2026-{m}.parquet") for m in ("03", "04")]
    return tape_from(deribit, months, tmp_path / "tape").path


def vol(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["vol", *(str(part) for part in arguments)])
    return stopped.value.code


def test_each_snapshot_is_beside_the_same_days_and_both_premiums_have_intervals(tape, tmp_path, capsys):
    out = tmp_path / "vol.json"
    assert vol(tape, "--horizon", 7, "--json", out) == 0
    assert "BTC, after" in capsys.readouterr().out
    found = json.loads(out.read_text())
    assert set(found["premiums"]) == {"BTC", "ETH"}
    end = max(row["snapshot"] for row in found["rows"])
    start = min(row["snapshot"] for row in found["rows"])
    for row in found["rows"]:
        # nothing is realised over days that the tape does not cover
        assert row["after"] is None or row["snapshot"] + 0.9 * 7 * DAY <= end
        assert row["before"] is None or row["snapshot"] - 0.9 * 7 * DAY >= start
    for both in found["premiums"].values():
        for premium in both.values():
            gap = premium["divergence"]
            assert gap["low"] < gap["value"] < gap["high"]
            assert premium["divergence_size"]["value"] >= abs(gap["value"])


def test_the_page_and_the_command_say_the_same_over_the_horizon_that_fits(tape, tmp_path, capsys):
    out = tmp_path / "vol.json"
    assert vol(tape, "--json", out) == 0
    said = capsys.readouterr().out
    assert "Horizon 7 d" in said
    assert "Best: EWMA, over 60 periods of 12 h" in said
    found, card = json.loads(out.read_text()), build(Tape.open(tape))
    for item in card.chains:
        shown = {row.over: row for row in item.volatility.premiums}
        for over, premium in found["premiums"][item.underlying].items():
            assert shown[over].premium.value == premium["divergence"]["value"]
            assert shown[over].size.value == premium["divergence_size"]["value"]
        assert item.volatility.horizon == 7 * DAY == found["horizon_days"][item.underlying] * DAY
        assert item.volatility.forecast.best == found["forecasts"][item.underlying]["best"]
        page = next(page for page in document_of(card).pages if page.title == f"{item.underlying} options")
        assert {"Implied against realised volatility", "Forecast of realised volatility"} <= {
            section.title for section in page.sections
        }


def test_bad_input_is_one_line(tape, capsys):
    assert vol(tape, "--underlying", "XRP") == 2
    assert capsys.readouterr().err == "makerscope: --underlying XRP: is not on this tape; want one of BTC, ETH\n"
    assert vol(tape, "--horizon", 0) == 2
    assert "more than 0 and at most 730" in capsys.readouterr().err
