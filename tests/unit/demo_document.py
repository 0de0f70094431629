"""An invented report that has every block, and every kind of value that makes drawing hard."""

from math import exp, inf, nan, sin, sqrt

from makerscope.report.document import (
    Attention,
    AttentionItem,
    Bars,
    Cell,
    Column,
    Curve,
    Document,
    Flag,
    Heatmap,
    Leg,
    Lines,
    Mark,
    Missing,
    Note,
    Page,
    Section,
    Series,
    Shade,
    Smile,
    Spot,
    Stat,
    Stats,
    Strip,
    Surface,
    Table,
    Timeline,
    Waterfall,
)
from makerscope.report.numbers import bps, count, money, percent

START = 1_760_130_900_000_000_000
MINUTE = 60_000_000_000
EVIL = '</script><script>alert(1)</script><img src="http://x.invalid/a.png" onerror=alert(2)>'
RTL = "\N{RIGHT-TO-LEFT OVERRIDE}שלום עולם"
LONG = "hyperliquid:" + "VERYLONGSYMBOL" * 7


def noise(seed: int):
    """Invented values in -1..1, the same on every machine."""
    state = seed * 7919 + 1
    while True:
        state = (state * 1103515245 + 12345) % 2**31
        yield 2 * state / 2**31 - 1


def walk(n: int, seed: int, step: float = 1.0, start: float = 0.0) -> list[float]:
    dice, out, at = noise(seed), [], start
    for _ in range(n):
        at += step * next(dice)
        out.append(at)
    return out


def address(index: int) -> str:
    return "0x" + f"{(index + 3) * 0x9E3779B97F4A7C15F39CC0605CEDC834:040x}"[-40:]


def makers_table(n: int, limit: int | None = 12) -> Table:
    dice = noise(5)
    rows = []
    for index in range(n):
        edge = 4 * next(dice)
        volume = 5e7 / (index + 1) ** 1.1
        rows.append(
            (
                Cell(address(index)[:8] + "…" + address(index)[-4:], href=f"maker-{index}"),
                Cell(money(volume), volume, bar=True),
                Cell(percent(0.3 / (index + 1)), 0.3 / (index + 1)),
                Cell(bps(edge, unit=False), edge, "bad" if edge < -2 else "good" if edge > 2 else ""),
                Cell(bps(edge / 2, unit=False), edge / 2),
                Cell(percent(0.99 - index / 400), 0.99 - index / 400),
                Cell(
                    "—" if index % 7 == 3 else count(9000 // (index + 1)),
                    None if index % 7 == 3 else 9000 // (index + 1),
                ),
                Cell("too few fills" if index > 40 else "", tone="muted"),
            )
        )
    columns = (
        Column("maker", "left"),
        Column("volume, USDC", help="what the maker traded, both sides"),
        Column("share"),
        Column("capture, bps", help="half spread earned against the mid at the trade"),
        Column("markout 5 s, bps"),
        Column("uptime"),
        Column("fills"),
        Column("remark", "left"),
    )
    return Table(columns, tuple(rows), "Makers by volume", limit=limit)


def overview(makers: int) -> Page:
    return Page(
        "overview",
        "Overview",
        "hyperliquid:ETH, 2025-10-10 21:15 to 22:15 UTC (1 h)",
        Stat("net of all makers", money(-24_690.4, "USDC"), "after fees, before funding", "bad"),
        "Overview",
        (
            Section(
                "Verdict",
                "The book thinned out for eleven minutes and three makers carried the rest of the hour.",
                (
                    Stats(
                        (
                            Stat("fills", "184,576", "41,204 aggressor orders"),
                            Stat("traded", "412.6M", "USDC"),
                            Stat("half spread", "0.41 bps", "time-weighted"),
                            Stat("depth ±10 bps", "3.12M", "USDC, both sides"),
                            Stat("recorded", "81.4%", "2 outages", "warn"),
                            Stat("liquidations", "1,204", "88.1M USDC", "bad"),
                        )
                    ),
                    Note("Everything below is measured where the recorder listened."),
                ),
            ),
            Section(
                "What needs attention",
                "Worst first; each line leads to the page that shows it.",
                (
                    Attention(
                        (
                            AttentionItem(
                                "bad", "0x3d1e…c834", "lost 12.4 bps per fill while quoting 4% of the hour", "maker-1"
                            ),
                            AttentionItem(
                                "warn", "recording", "was silent for 6 min 12 s while trades went on elsewhere", "data"
                            ),
                            AttentionItem(
                                "info", "fees", "are known for takers only; net figures leave them out", "nowhere"
                            ),
                        )
                    ),
                ),
            ),
            Section(
                "Makers, ranked",
                "Ranked by what a maker's fills were worth five seconds later, not by volume.",
                (makers_table(makers), makers_table(4, limit=None)),
            ),
        ),
    )


def market() -> Page:
    n = 3_000
    times = tuple(START + i * 1_200_000_000 for i in range(n))
    mid = walk(n, 1, 0.6, 3_912.0)
    spread = [0.4 + 0.2 * abs(v) for v in walk(n, 2, 0.05)]
    spike = [5.0 if i == 1711 else v for i, v in enumerate(spread)]
    outage = (
        Shade(START + 20 * MINUTE, START + 26 * MINUTE, "recorder silent"),
        Shade(START + 41 * MINUTE, START + 42 * MINUTE, "recorder silent"),
    )
    hours = tuple(START // 3_600_000_000_000 * 3_600_000_000_000 + h * 3_600_000_000_000 for h in range(72))
    dice = noise(11)
    return Page(
        "market",
        "Market quality",
        "How tight, deep and resilient the book was",
        group="Market",
        sections=(
            Section(
                "Price and spread",
                "The middle of the book, and half the spread; hatched is when nobody listened.",
                (
                    Lines("Mid", times, (Series("mid", tuple(mid)),), "USDC", outage),
                    Lines(
                        "Half spread",
                        times,
                        (
                            Series("quoted", tuple(spike)),
                            Series(
                                "effective",
                                tuple(None if i % 50 < 4 else v * 0.8 for i, v in enumerate(spread)),
                                "step",
                            ),
                        ),
                        "bps",
                        outage,
                        zero_line=True,
                        height=140,
                    ),
                ),
            ),
            Section(
                "Depth",
                "What rests within ten basis points, on each side.",
                (
                    Lines(
                        "Bid depth",
                        times,
                        (Series("bid", tuple(1e6 + 9e5 * sin(i / 300) for i in range(n)), "area"),),
                        "USDC",
                        height=110,
                    ),
                    Lines(
                        "Imbalance",
                        times[::100],
                        (
                            Series(
                                "imbalance",
                                tuple(sin(i / 3) for i in range(30)),
                                low=tuple(sin(i / 3) - 0.3 for i in range(30)),
                                high=tuple(sin(i / 3) + 0.3 for i in range(30)),
                            ),
                            Series("trades", tuple(sin(i) if i % 3 else None for i in range(30)), "dots"),
                        ),
                        "share",
                        zero_line=True,
                        height=110,
                    ),
                ),
                columns=2,
            ),
            Section(
                "When and where",
                "Half spread by hour of the recording, and depth by distance from the mid.",
                (
                    Heatmap(
                        "Half spread by market",
                        (),
                        ("ETH", "BTC", "SOL", "HYPE"),
                        tuple(
                            tuple(None if h in (30, 31) else abs(next(dice)) + m for h in range(72)) for m in range(4)
                        ),
                        "bps",
                        times_ns=hours,
                    ),
                    Heatmap(
                        "Net buying",
                        tuple(f"{h:02d}:00" for h in range(24)),
                        ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
                        tuple(tuple(3e6 * next(dice) for _ in range(24)) for _ in range(7)),
                        "USDC",
                        diverging=True,
                    ),
                    Bars(
                        "Depth by distance",
                        ("1 bps", "2 bps", "5 bps", "10 bps", "25 bps"),
                        (
                            Series("bid", (1e5, 2.5e5, 9e5, 1.7e6, 3e6)),
                            Series("ask", (1.2e5, 2.2e5, 8e5, 1.9e6, 2.8e6)),
                        ),
                        "USDC",
                        horizontal=False,
                    ),
                ),
            ),
        ),
    )


def maker_page(index: int) -> Page:
    n = 600
    times = tuple(START + i * 6_000_000_000 for i in range(n))
    dice = noise(index + 100)
    uptime = tuple(None if 200 <= i < 260 else 1.0 if next(dice) > -0.6 else 0.5 + next(dice) / 2 for i in range(n))
    horizons = ("100 ms", "1 s", "5 s", "30 s", "1 min", "5 min")
    markout = tuple(0.75 - 0.35 * i + 0.1 * next(dice) for i in range(6))
    edge = 2.01 - index % 5
    return Page(
        f"maker-{index}",
        address(index),
        "rank " + str(index + 1) + " by volume",
        Stat("net, USDC", money(edge * 1000, signed=True), "4,576 fills", "good" if edge > 0 else "bad"),
        "Makers",
        (
            Section(
                "Where the result came from",
                "What the quotes earned against the mid, what the mid did afterwards, and what the venue charged.",
                (
                    Waterfall(
                        (
                            Leg("spread captured", 2010.0, "+2,010", 1700.0, 2300.0),
                            Leg("adverse selection", -1377.4, "−1,377", -2100.0, -600.0),
                            Leg("inventory", -12.4, "−12.4", -400.0, 380.0),
                            Leg("fees", -266.2, "−266"),
                            Leg("rebates", 0.0, "0"),
                            Leg("funding", None, "—", note="not measurable: the recording has no funding rates"),
                            Leg("net", 353.9, "+354", -500.0, 1200.0, "total"),
                            Leg(
                                "residual",
                                0.0004,
                                "+0.0004",
                                kind="residual",
                                note="rounding of 4,576 fills to base units",
                            ),
                        )
                    ),
                ),
            ),
            Section(
                "Markouts",
                "Gain per fill against the mid a while later; the band holds 95% of resampled recordings.",
                (
                    Curve(
                        "Markout",
                        horizons,
                        (
                            Series(
                                "all",
                                markout,
                                low=tuple(v - 0.3 for v in markout),
                                high=tuple(v + 0.3 for v in markout),
                            ),
                            Series("buys", (*(v + 0.5 for v in markout[:4]), None, None)),
                        ),
                        "bps",
                    ),
                    Bars(
                        "Fills by place",
                        ("inside", "at the touch", "behind", "through"),
                        (
                            Series(
                                "share", (3.0, 81.0, 11.0, 5.0), low=(2.0, 78.0, 9.0, 4.0), high=(4.0, 84.0, 13.0, 6.0)
                            ),
                        ),
                        "%",
                    ),
                ),
                columns=2,
            ),
            Section(
                "Through time",
                "Inventory, running result, and when both sides were quoted.",
                (
                    Lines(
                        "Inventory",
                        times,
                        (Series("inventory", tuple(walk(n, index, 3.0)), "step"),),
                        "ETH",
                        (Shade(times[200], times[260], "recorder silent"),),
                        zero_line=True,
                        height=120,
                    ),
                    Strip("Both sides quoted", times, uptime),
                ),
            ),
        ),
        compact=index >= 10,
    )


TENORS = (("1 d", 1), ("2 d", 2), ("7 d", 7), ("14 d", 14), ("30 d", 30), ("60 d", 60), ("90 d", 90), ("180 d", 180))
DELTAS = ("10 put", "25 put", "40 put", "50", "40 call", "25 call", "10 call")


def vol(k: float, days: int) -> float:
    """An invented smile in percent: steeper, and higher in its wings, the nearer the expiry."""
    near = exp(-sqrt(days) / 6)
    return 46 - 6 * near + (18 + 45 * near) * (sqrt((k - 0.05) ** 2 + 0.01) - 0.45 * k)


def smile(name: str, days: int, seed: int, **more) -> Smile:
    dice = noise(seed)
    width = 0.09 * sqrt(days)
    x = tuple(round(width * (i - 9) / 5 + 0.01 * next(dice) * width, 4) for i in range(19))
    half = tuple(0.4 + 2.2 * abs(k / width) ** 2 + 0.2 * abs(next(dice)) for k in x)
    mid = tuple(vol(k, days) + 0.3 * next(dice) for k in x)
    bid = tuple(None if i in (0, 1, 17) else m - h for i, (m, h) in enumerate(zip(mid, half, strict=True)))
    ask = tuple(
        None if i == 18 else m + h * (9 if i == 2 else 1) for i, (m, h) in enumerate(zip(mid, half, strict=True))
    )
    mids = tuple(None if a is None or b is None else m for m, a, b in zip(mid, bid, ask, strict=True))
    grid = tuple(width * (i - 40) / 20 for i in range(81))
    return Smile(
        name,
        x,
        bid,
        ask,
        mids,
        grid,
        tuple(vol(k, days) for k in grid),
        "vol %",
        marks=(Mark(x[5], mid[5] + 5, "mark price, 3.1 above the ask"),),
        **more,
    )


def surface(title: str = "Implied volatility", spots: bool = True, hole: bool = True) -> Surface:
    x = tuple((i - 20) / 50 for i in range(41))
    dice = noise(77)
    return Surface(
        title,
        x,
        tuple(float(i) for i in range(8)),
        tuple(
            tuple(
                None if hole and ((t > 5 and i < 6) or (t, i) in {(3, 20), (0, 40)}) else vol(k, days)
                for i, k in enumerate(x)
            )
            for t, (_, days) in enumerate(TENORS)
        ),
        "%",
        "log-moneyness",
        "expiry",
        y_labels=tuple(name for name, _ in TENORS),
        spots=tuple(
            Spot(k, float(t), None if i == 12 else vol(k, days) + 2 * next(dice))
            for t, (_, days) in enumerate(TENORS)
            for i, k in enumerate(x)
            if i % 4 == 0
        )
        if spots
        else (),
    )


def options() -> Page:
    n = 1_440
    times = tuple(START + i * MINUTE for i in range(n))
    dice = noise(31)
    burst = {300: 4.2, 301: 6.8, 302: 5.1, 318: 3.4, 700: 3.3, 1210: 9.4}
    return Page(
        "options",
        "Options",
        "Surface, smiles, coverage and withdrawals",
        group="Market",
        sections=(
            Section("Surface", "The fitted surface with the quotes it was fitted to.", (surface(),)),
            Section(
                "Smiles",
                "Bars reach from bid to ask; the line is the fit.",
                tuple(
                    smile(name, days, days, x_name="log-moneyness", legend=index == 0)
                    for index, (name, days) in enumerate(TENORS[:6])
                ),
                columns=3,
            ),
            Section(
                "Width and coverage",
                "By delta and tenor.",
                (
                    Heatmap(
                        "Quoted width",
                        DELTAS,
                        tuple(name for name, _ in TENORS[:6]),
                        tuple(
                            tuple(None if (i, j) in {(0, 6), (5, 0)} else 12 * abs(next(dice)) + 0.4 for j in range(7))
                            for i in range(6)
                        ),
                        "vol points",
                        show_values=True,
                    ),
                    Heatmap(
                        "Error against the fit",
                        DELTAS,
                        tuple(name for name, _ in TENORS[:6]),
                        tuple(tuple(None if i == j == 2 else 2 * next(dice) for j in range(7)) for i in range(6)),
                        "vol points",
                        diverging=True,
                        show_values=True,
                    ),
                    Heatmap(
                        "Coverage",
                        DELTAS,
                        tuple(name for name, _ in TENORS[:6]),
                        tuple(tuple(None if i == 3 else abs(next(dice)) for _ in range(7)) for i in range(6)),
                        "share",
                    ),
                    Heatmap(
                        "Quotes",
                        DELTAS,
                        tuple(name for name, _ in TENORS[:6]),
                        tuple(tuple(3e5 * abs(next(dice)) for _ in range(7)) for _ in range(6)),
                        "",
                        show_values=True,
                    ),
                ),
                columns=2,
            ),
            Section(
                "Withdrawals",
                "How far quoting was from its own baseline.",
                (
                    Timeline(
                        "Withdrawal score",
                        times,
                        tuple(None if 900 <= i < 930 else burst.get(i, abs(next(dice)) * 2) for i in range(n)),
                        3.0,
                        (
                            Flag(times[301], "38% of series without a bid"),
                            Flag(times[318], "width 3.4 times its baseline"),
                            Flag(times[1210], "71% of series without a bid or an ask"),
                        ),
                        "deviations",
                        (Shade(times[900], times[930], "recorder silent"),),
                    ),
                ),
            ),
        ),
    )


def hard_options() -> Section:
    hour = tuple(START + i * MINUTE for i in range(60))
    return Section(
        "Hard options",
        EVIL,
        (
            Surface("No surface", (), (), ()),
            Surface("Unknown surface", (0.0, 1.0), (0.0,), ((None, nan),), "%"),
            Surface("One point", (0.0,), (0.0,), ((5.0,),), "%", EVIL, RTL, (EVIL,), (LONG[:40],)),
            Surface("One expiry", (0.0, 1.0, 4.0), (0.0,), ((5.0, None, 7.0),), "%", "strike", "expiry"),
            Surface("Flat and huge", (1e9, 2e9), (1e-9, 2e-9), ((1e300, 1e300), (1e300, 1e300)), "", "x", "y"),
            Surface(
                "Strikes",
                tuple(60_000.0 + 2_500 * i for i in range(12)),
                (0.1, 0.2, 0.9),
                tuple(tuple(float((i - 5) ** 2 + j) if (i + j) % 5 else inf for i in range(12)) for j in range(3)),
                "%",
                "strike",
                "years",
                spots=(Spot(50_000.0, 0.5, -20.0), Spot(80_000.0, 0.15, 9.0), Spot(80_000.0, 0.15, None)),
            ),
            Smile("No quotes", (), (), ()),
            Smile("Unknown quotes", (1.0,), (None,), (nan,), unit="%"),
            Smile("One quote", (1.0,), (50.0,), (52.0,), unit="%"),
            Smile("Bids only " + EVIL, (1.0, 2.0), (50.0, 60.0), (None, inf), unit="%", marks=(Mark(3.0, None, EVIL),)),
            Smile(
                "Line only",
                (),
                (),
                (),
                fit_x=(60_000.0, 62_500.0, 65_000.0, 70_000.0),
                fit=(50.0, None, 48.0, 49.0),
                x_name="strike",
                unit="%",
            ),
            Timeline("No times", (), ()),
            Timeline("Unknown score", hour, (None,) * 60, 3.0, (Flag(hour[5], EVIL),)),
            Timeline("One minute", hour[:1], (4.0,), 3.0, (Flag(hour[0], RTL),), height=90),
            Timeline(
                "All over it, flags everywhere",
                hour,
                tuple(5.0 + i % 7 for i in range(60)),
                3.0,
                (*(Flag(hour[5 * i], f"moment {i}") for i in range(12)), Flag(hour[-1] + MINUTE, LONG)),
                height=90,
            ),
            Timeline("No threshold", hour, tuple(float(i % 7) for i in range(60)), None, height=90),
            Heatmap("One value", ("a",), ("b",), ((0.0,),), show_values=True),
            Heatmap("Too many to print", tuple("abcdefghijkl"), ("b",), ((1.0,) * 12,), show_values=True),
            Heatmap("Huge and tiny", ("a", "b"), ("b",), ((1e-12, 1e300),), show_values=True),
        ),
    )


def hard() -> Page:
    hour = tuple(START + i * MINUTE for i in range(60))
    none = (None,) * 60
    mixed = Series("buys", (None, 1.0, None, -0.5), low=(None, 0.5, None, -0.9), high=(None, 1.5, None, None))
    return Page(
        "data",
        "Hard cases " + EVIL,
        RTL,
        group="Data",
        sections=(
            Section(
                "Nothing, one, too much",
                "Charts without values say so; a single point is a dot.",
                (
                    Lines("All unknown", hour, (Series("x", none),), "bps"),
                    Lines("No points", (), (), "bps"),
                    Lines("One point", hour[:1], (Series("x", (5.0,)),), "bps", height=90),
                    Lines("Constant", hour, (Series("x", (0.0,) * 60),), "bps", height=90),
                    Lines("Huge", hour, (Series("x", tuple(1e300 * (-1) ** i for i in range(60))),), "USDC", height=90),
                    Lines("Tiny", hour, (Series("x", tuple(1e-12 * i for i in range(60))),), "ETH", height=90),
                    Lines(
                        "NaN and infinities",
                        hour,
                        (Series("x", tuple((nan, inf, -inf, 1.0 * i)[i % 4] for i in range(60))),),
                        "",
                        height=90,
                    ),
                    Lines(
                        "Tight prices",
                        hour,
                        (Series("x", tuple(61_234.5 + 0.1 * (i % 5) for i in range(60))),),
                        "USDC",
                        height=90,
                    ),
                    Lines(
                        "Only an outage known",
                        hour,
                        (Series("x", (None,) * 58 + (1.0, 2.0)),),
                        "",
                        (Shade(hour[0], hour[50], EVIL),),
                        height=90,
                    ),
                    Curve("One place", ("1 s",), (Series("x", (1.0,), low=(0.5,), high=(1.5,)),), "bps"),
                    Curve("With gaps", ("1 s", "5 s", "1 min", "5 min"), (mixed,), "bps"),
                    Curve("Unknown", ("1 s",), (Series("x", (None,)),), "bps"),
                    Bars(
                        "Long names",
                        (LONG, EVIL, RTL),
                        (Series(LONG, (1.0, -2.0, None)), Series("y", (0.0, 1e-9, 1e9))),
                        "USDC",
                    ),
                    Bars("No bars", (), (), "USDC"),
                    Bars(
                        "Upright",
                        tuple(f"bucket number {i}" for i in range(40)),
                        (Series("x", tuple(float(i - 20) for i in range(40))),),
                        "USDC",
                        horizontal=False,
                    ),
                    Heatmap("Nothing", (), (), ()),
                    Heatmap("One cell", ("a",), (LONG,), ((1.0,),), "bps"),
                    Heatmap(
                        "Many rows",
                        tuple(str(i) for i in range(30)),
                        tuple(f"row {i}" for i in range(60)),
                        tuple(tuple(float((i * j) % 7) for i in range(30)) for j in range(60)),
                        "",
                    ),
                    Strip("Nothing heard", hour, none),
                    Strip("One bucket", hour[:1], (0.4,)),
                    Waterfall(()),
                    Waterfall(
                        (
                            Leg(LONG, None, "—", note="not measurable: " + LONG),
                            Leg("tiny", 1e-12, "1.00e−12"),
                            Leg("net", 1e9, "1,000,000,000", kind="total"),
                        )
                    ),
                ),
            ),
            Section(
                "Words",
                EVIL,
                (
                    Note(EVIL, "bad"),
                    Note("Careful.", "warn"),
                    Note("By the way.", "info"),
                    Note("All well.", "good"),
                    Note("Small print.", "muted"),
                    Missing("Queue position", "the recording has no order ids"),
                    Missing(EVIL, RTL),
                    Attention(()),
                    Stats(()),
                    Stats((Stat(LONG, LONG, LONG, "warn"),)),
                    Table((Column("name", "left"), Column("value")), (), "No rows"),
                    Table(
                        tuple(Column(f"column {i}", "left" if i == 0 else "right") for i in range(16)),
                        (tuple(Cell(f"{i * 1234567:,}", i * 1234567) for i in range(16)),) * 3,
                        "Wide",
                    ),
                    Table(
                        (Column("name", "left"), Column("value")),
                        (
                            (Cell(LONG, href="overview"), Cell("−1", -1.0, bar=True)),
                            (Cell(EVIL), Cell("3", 3.0, bar=True)),
                            (Cell(RTL), Cell("—")),
                        ),
                        "Long names",
                    ),
                ),
            ),
            hard_options(),
            Section("", "", ()),
        ),
    )


def demo(makers: int = 300, pages: int = 6) -> Document:
    """The invented report."""
    return Document(
        "hyperliquid:ETH, the hour of the cascade",
        "2025-10-10 21:15 to 22:15 UTC, from 3 recordings",
        "FORCED: this recording failed the quality gate",
        (
            overview(makers),
            market(),
            *(maker_page(i) for i in range(pages)),
            options(),
            hard(),
            Page("empty", "Empty page", group="Data"),
        ),
        "Made with makerscope 0.1.0 from a tape with evidence root 4f2c…9a. Invented data.",
    )
