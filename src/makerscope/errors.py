"""Every error that makerscope raises on purpose.

::

    MakerscopeError
    ├── InputError (ValueError)          a file, row or option is not what it should be
    │   ├── FormatError                  a file cannot be read as the format it claims
    │   ├── SchemaError                  a table lacks what its schema promises
    │   ├── SequenceError                book messages do not follow the venue's sequence rule
    │   ├── UntrustedRecordingError      a recording fails the quality gate and ``--force`` was not given
    │   └── RefusedError                 a node or a contract answered: no
    ├── DomainError (ValueError)         an argument lies outside the domain of a formula
    ├── AccountingError (ArithmeticError) integers would overflow, or an identity does not close
    ├── TapeError (ValueError)           a folder is not a tape this version can read
    └── OutputError (OSError)            a result could not be written; nothing was half-written
        └── NodeError                    a node could not be reached, or its answer means nothing

The command line turns each into one line on stderr and exit code 2.
"""


class MakerscopeError(Exception):
    """Root of the tree. ``str()`` of any of them is one line: where, what, what was wanted."""


class InputError(MakerscopeError, ValueError):
    """Something a user gave is not usable.

    Args:
        where: file, line, table or option.
        what: the fact.
        want: what would have been accepted.

    Examples:
        >>> str(InputError("fills.csv line 3", "price is 'abc'", "a decimal number"))
        "fills.csv line 3: price is 'abc'; want a decimal number"
    """

    def __init__(self, where: object, what: str, want: str = "") -> None:
        self.where, self.what, self.want = str(where), what, want
        super().__init__(one_line(f"{where}: {what}" + (f"; want {want}" if want else "")))


class FormatError(InputError):
    """A file cannot be read as the format it claims to be."""


class SequenceError(InputError):
    """Book messages do not follow the venue's sequence rule."""


class UntrustedRecordingError(InputError):
    """A recording fails the quality gate."""


class RefusedError(InputError):
    """A node, or a contract behind it, answered that it will not. ``code`` is the node's, None where it gave none.

    Args:
        where: node or contract.
        what: the fact; a revert in the contract's own words.
        want: what would have been accepted.
        code: of the JSON-RPC error.
        reverted: a contract refused, not the node.
    """

    def __init__(
        self, where: object, what: str, want: str = "", *, code: int | None = None, reverted: bool = False
    ) -> None:
        self.code, self.reverted = code, reverted
        InputError.__init__(self, where, what, want)


class SchemaError(InputError):
    """A table lacks what its schema promises. The facts are attributes, not only prose."""

    def __init__(self, table: str, *, missing: tuple[str, ...] = (), wrong: dict[str, str] | None = None) -> None:
        self.table, self.missing, self.wrong = table, missing, wrong or {}
        parts = [f"column {name!r} is missing" for name in missing]
        parts += [f"column {name!r} {why}" for name, why in self.wrong.items()]
        InputError.__init__(self, f"table {table!r}", ", ".join(parts))


class DomainError(MakerscopeError, ValueError):
    """An argument lies outside the domain of a formula."""


class AccountingError(MakerscopeError, ArithmeticError):
    """Integers would overflow, or an identity that must close does not."""


class TapeError(MakerscopeError, ValueError):
    """A folder is not a tape, or not one this version can read."""


class OutputError(MakerscopeError, OSError):
    """A result could not be written. Nothing half-written is left behind."""


class NodeError(OutputError):
    """A node could not be reached, or its answer means nothing: whether it did what was asked is not known."""


def one_line(text: str) -> str:
    r"""``text`` as one line of at most 600 characters, without anything that a terminal would obey.

    Examples:
        >>> one_line("two\nlines, \x1b[2J")
        'two lines, �[2J'
    """
    flat = "".join([c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(text.split())])
    return flat if len(flat) <= 600 else flat[:597] + "..."
