"""The Uniswap v3 reader on tiny minute files with invented values."""

from decimal import Decimal

import pytest

from makerscope.errors import FormatError
from makerscope.tape.events import Token
from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter
from makerscope.venues import uniswap_v3
from makerscope.venues.files import Recording
from tests.recordings import count, tape_from, write

HEADER = ",".join(uniswap_v3.COLUMNS) + "\n"
NAME = f"chain-0x{'5' * 40}-2023-11-14.minute.csv"


def minute(time, *, close=5, open_=5, low=5, high=5, net=0, liquidity=1):
    both = (net, -net, abs(net)) if isinstance(net, int) else (net, net, net)
    return f"2023-11-14 22:{time}:00,{both[0]},{both[1]},{close},{open_},{low},{high},{both[2]},0,{liquidity}\n"


def test_amounts_beyond_64_bits_are_exact(tmp_path):
    large = 10**37 + 1
    tape = tape_from(uniswap_v3, [write(tmp_path, NAME, HEADER + minute(10, net=-large))], tmp_path / "tape")
    row = tape.read("pool_events").row(0, named=True)
    assert (row["net_amount0"], row["net_amount1"], row["in_amount0"]) == (
        Decimal(-large),
        Decimal(large),
        Decimal(large),
    )


def test_minutes_that_contradict_themselves_are_set_aside_but_were_heard(tmp_path):
    text = HEADER + "".join(
        [
            minute(10),
            minute(11, close=7),
            minute(12, low=6, high=4),
            minute(13, net="x"),
            minute(13, close=10**7),
            minute(14),
        ]
    )
    tape = tape_from(uniswap_v3, [write(tmp_path, NAME, text)], tmp_path / "tape")
    assert tape.manifest.rows["pool_events"] == 2
    assert tape.read("quarantine")["line"].to_list() == [5, 6, 3, 4]
    session = tape.read("sessions").row(0, named=True)
    assert (tape.manifest.rows["sessions"], session["events"]) == (1, 4)


def test_tokens_of_an_unknown_pool_are_not_guessed(tmp_path):
    tape = tape_from(uniswap_v3, [write(tmp_path, NAME, HEADER + minute(10))], tmp_path / "tape")
    (pool,) = tape.instruments.values()
    assert (pool.kind, pool.base, pool.quote) == ("pool", f"{pool.symbol} token1", f"{pool.symbol} token0")
    assert count(tape, level="warning", code="unknown pool") == 1
    assert not tape.tokens


def test_a_name_without_a_pool_is_refused(tmp_path):
    with pytest.raises(FormatError, match="its name does not say which pool"):
        tape_from(uniswap_v3, [write(tmp_path, "day.csv", HEADER + minute(10))], tmp_path / "tape")


def test_a_token_that_has_other_base_units_elsewhere_is_named_by_its_chain(tmp_path):
    name = "polygon-0x45dda9cb7c25131df268515131f647d726f50608-x.csv"
    path = write(tmp_path, name, HEADER + minute(10))
    with TapeWriter(tmp_path / "tape", source="test") as tape:
        tape.add_token(Token(token="USDC", decimals=8))
        uniswap_v3.read([Recording(path=path, kind=uniswap_v3.KIND)], tape, lambda _bytes: None)
    made = Tape.open(tmp_path / "tape")
    (pool,) = made.instruments.values()
    assert (pool.base, pool.quote, pool.settle) == ("WETH", "USDC (polygon)", "USDC (polygon)")
    assert made.tokens["USDC (polygon)"].decimals == 6
