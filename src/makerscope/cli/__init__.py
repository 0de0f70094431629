"""The command line: read, call one library function, write.

Commands are loaded when they are called, so that ``--help`` does not wait for tables and compilers. Any error that
makerscope raises on purpose becomes one line on stderr and exit code 2.
"""

import sys

from cyclopts import App, CycloptsError

import makerscope
from makerscope.cli.secrets import refuse_keys
from makerscope.errors import MakerscopeError, one_line

HELP = "Measure market makers on decentralised derivatives venues, from real recordings."
app = App(name="makerscope", help=HELP, version=makerscope.__version__, suppress_keyboard_interrupt=False)
app.command(
    "makerscope.cli.report:report",
    name="report",
    help="Measure a tape or recordings: terminal, JSON and one HTML file.",
)
app.command("makerscope.cli.importing:import_command", name="import", help="Bring recordings of a venue onto a tape.")
app.command("makerscope.cli.report:compare", name="compare", help="Compare two tapes, two periods or two makers.")
app.command(
    "makerscope.cli.options:surface", name="surface", help="Fit and certify the volatility surface of an option chain."
)
app.command("makerscope.cli.vol:vol", name="vol", help="Implied against realised volatility of an option chain.")
app.command(
    "makerscope.cli.discovery:discovery", name="discovery", help="Where the price is made, in calm and in crisis."
)
app.command(
    "makerscope.cli.block_time:block_time",
    name="block-time",
    help="Does the venue lead or follow, and what would block time change?",
)
tape = App(name="tape", help="Look at a tape, check it, join tapes.")
tape.command("makerscope.cli.tape:info", name="info", help="What a tape holds, and what was wrong with its source.")
tape.command("makerscope.cli.tape:check", name="check", help="Verify hashes, order, ranges and references.")
tape.command("makerscope.cli.tape:head", name="head", help="The first rows of a table.")
tape.command("makerscope.cli.tape:join", name="join", help="Put several tapes together, such as two venues.")
app.command(tape)
app.command("makerscope.cli.replay:replay_command", name="replay", help="Let own agents quote in a recorded market.")
app.command(
    "makerscope.cli.simulate:simulate", name="simulate", help="Play a scenario and write what happened as a tape."
)
app.command(
    "makerscope.cli.scenarios:scenarios",
    name="scenarios",
    help="List or print the shipped scenarios, explain every key.",
)
app.command(
    "makerscope.cli.stress:stress", name="stress", help="Play a scenario with many seeds and compare makers in it."
)
app.command(
    "makerscope.cli.sensitivity:sensitivity",
    name="sensitivity",
    help="Move each number of a maker alone, on the same seeds: which kills it first?",
)
app.command(
    "makerscope.cli.calibrate:calibrate_command", name="calibrate", help="Fit takers to a tape, as TOML of a scenario."
)
app.command(
    "makerscope.cli.facts:facts", name="facts", help="Stylised facts of tapes side by side, recorded and simulated."
)
app.command(
    "makerscope.cli.verify:verify_command", name="verify", help="Recompute everything that an epoch's bundle says."
)
rewards = App(name="rewards", help="Pay makers by a contract that anybody can check: from scores to claims.")
for module, name, text in (
    ("sign", "seed", "Draw a seed for an epoch and print the commitment to it."),
    ("epoch", "compute", "Score a tape and share out a budget: an epoch's bundle."),
    ("sign", "sign", "Sign a bundle as its publisher."),
    ("owner", "deploy", "Deploy a reward distributor and write where it is."),
    ("owner", "appoint", "Name who may post epochs."),
    ("owner", "register", "Make a program and its rules known to the contract."),
    ("money", "fund", "Give the distributor tokens for epochs to come."),
    ("chain", "post", "Post an epoch's root with its bond."),
    ("chain", "challenge", "Find a false sample of a posted epoch and prove it to the contract."),
    ("chain", "finalise", "Make a posted epoch final, once its window is over."),
    ("claim", "claim", "Have accounts paid what a final epoch grants them."),
    ("status", "status", "What a distributor holds and what became of its epochs."),
    ("chain", "sweep", "Take back what nobody claimed of an epoch in time."),
    ("money", "collect", "Fetch the bonds that are due to the signer."),
    ("money", "withdraw", "Take back tokens that no epoch has reserved."),
    ("owner", "cancel", "Cancel a posted epoch inside its window."),
    ("owner", "pause", "Stop new posts, and finalising of what can still be challenged."),
    ("owner", "unpause", "End a pause."),
):
    rewards.command(f"makerscope.cli.rewards_{module}:{name}", name=name, help=text)
app.command(rewards)
app.command(
    "makerscope.cli.score:score",
    name="score",
    help="Score makers under a published incentive rule, or under every one.",
)
app.command(
    "makerscope.cli.programs:programs", name="programs", help="List the incentive rules, or print and explain one."
)
app.command("makerscope.cli.demo:demo", name="demo", help="Simulate a small market, measure it, write its report.")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exit code 0, 1 (a check found problems), 2 (bad input) or 130 (interrupted)."""
    status: object = 0
    given = sys.argv[1:] if arguments is None else arguments
    try:
        refuse_keys(given)
        status = app(arguments, exit_on_error=False, print_error=False)
    except MakerscopeError as error:
        _stop(str(error))
    except CycloptsError as error:
        _stop(one_line(str(error)))
    except BrokenPipeError:  # the reader of our output went away
        sys.stderr.close()
        sys.exit(0)
    except KeyboardInterrupt:
        _stop("interrupted; nothing was half-written", status=130)
    sys.exit(status if isinstance(status, int) else 0)


def _stop(message: str, *, status: int = 2) -> None:
    print(f"makerscope: {message}", file=sys.stderr)  # noqa: T201 - this is the command line
    sys.exit(status)
