"""The options page and the surface command on a real option chain."""

import pytest

from makerscope.cli import main
from makerscope.report.build import build
from makerscope.report.pages import document_of
from makerscope.venues.registry import import_recordings

CHAIN = "data/deribit/option_chain_snapshots_2025-12.parquet"


@pytest.fixture
def tape(shared_file, tmp_path):
    return import_recordings([shared_file(CHAIN)], tmp_path / "tape")


def test_a_chain_gets_a_page_with_widths_smiles_and_a_certified_surface(tape):
    card = build(tape)
    assert [item.underlying for item in card.chains] == ["BTC", "ETH"]
    for item in card.chains:
        assert item.snapshots == 4
        assert 0.3 < item.measures["full_width_points"].value < 5
        assert 0.9 < item.measures["coverage"].value <= 1
        assert item.measures["no_bid"].value == pytest.approx(0.024, abs=0.002)
        assert item.surface is not None
        assert item.surface.left == 0
        fitted = [smile for smile in item.smiles if smile.used >= 8]
        assert len(fitted) >= 10
        errors = sorted(smile.rmse for smile in fitted)
        widths = sorted(smile.half_width for smile in fitted)
        assert errors[len(errors) // 2] <= widths[len(widths) // 2]
        assert item.volatility.premiums[0].premium.value is None  # a day and a quarter: no day ahead is known
        assert "4 prices of the index are too few" in item.volatility.forecast.reason
    titles = [page.title for page in document_of(card).pages]
    assert {"BTC options", "ETH options"} <= set(titles)


def test_the_surface_command_prints_expiries_and_a_certificate(tape, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["surface", str(tape.path), "--underlying", "BTC", "--json", str(tmp_path / "surface.json")])
    out = capsys.readouterr().out
    assert stopped.value.code == 0
    assert "certificate: no arbitrage" in out
    assert out.count("svi") >= 10
    assert (tmp_path / "surface.json").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--underlying"),
        (("--underlying", "DOGE"), "is not on this tape"),
        (("--at", "2020-01-01"), "no quotes by then"),
    ],
)
def test_a_surface_that_cannot_be_made_is_one_line(tape, capsys, arguments, said):
    with pytest.raises(SystemExit) as stopped:
        main(["surface", str(tape.path), *arguments])
    err = capsys.readouterr().err
    assert stopped.value.code == 2
    assert err.count("\n") == 1
    assert said in err
