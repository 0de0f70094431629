"""Texts from recordings may hold anything. Shown is what is there: nothing invisible, nothing that moves a cursor."""

from unicodedata import category

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_KEPT = frozenset("\n\t\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}\N{SOFT HYPHEN}")
BOX = "\N{REPLACEMENT CHARACTER}"


def visible(value: object) -> str:
    r"""The text with control, direction-override and unassigned characters shown as a box.

    Examples:
        >>> visible("maker\x1b[31m"), visible("a\u202eb"), visible("ETH")
        ('maker�[31m', 'a�b', 'ETH')
    """
    plain = str(value)
    if plain.isascii() and plain.isprintable():
        return plain
    return "".join(BOX if category(letter) in _HIDDEN and letter not in _KEPT else letter for letter in plain)


def one_row(value: object) -> str:
    r"""As ``visible``, with every run of white space one space.

    Examples:
        >>> one_row("a\n  b")
        'a b'
    """
    return " ".join(visible(value).split())
