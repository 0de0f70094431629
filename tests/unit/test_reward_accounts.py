"""Files of addresses and exclusions, and JSON without choices."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.errors import InputError
from makerscope.rewards.accounts import addresses_of, read_addresses, read_exclusions
from makerscope.rewards.canonical import canonical, parse, parse_canonical
from makerscope.rewards.difference import first_difference

ONE, TWO = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"


def written(path, text):
    path.write_text(text)
    return path


def test_csv_and_toml_say_the_same(tmp_path):
    table = written(tmp_path / "a.csv", f"name,address\nswift, {ONE.lower()}\n\nsteady,{TWO}\n")
    toml = written(tmp_path / "a.toml", f'swift = "{ONE}"\nsteady = "{TWO}"\n')
    assert read_addresses(table) == read_addresses(toml) == {"swift": ONE, "steady": TWO}
    assert read_exclusions(written(tmp_path / "x.csv", f'account,reason\n{ONE.lower()},"wash, proposal 193"\n')) == {
        ONE: "wash, proposal 193"
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: is not the header"),
        ("maker,account\n", "line 1: is not the header; want name,address"),
        ("name,address\na,0x12\n", "line 2: address is '0x12'"),
        (f"name,address\na,{ONE.replace('A', 'a', 1)}\n", "line 2: address .* has a wrong checksum"),
        (f"name,address\na,{ONE}\nb,{ONE}\n", "line 3: 0x5aAeb.* is the address of 'a' too"),
        (f"name,address\na,{ONE}\na,{TWO}\n", "line 3: 'a' is there twice"),
        ("name,address\na,0x" + 40 * "0" + "\n", "line 2: is the zero address"),
        (f"name,address\n,{ONE}\n", "line 2: name is empty"),
        ("name,address\na,b,c\n", "line 2: has 3 fields"),
    ],
)
def test_a_bad_file_of_addresses_names_the_line(tmp_path, text, says):
    with pytest.raises(InputError, match=says):
        read_addresses(written(tmp_path / "a.csv", text))


def test_what_is_no_file_or_no_text_is_one_line(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_addresses(tmp_path / "absent.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        read_addresses(tmp_path / "b.csv")
    with pytest.raises(InputError, match="is no TOML"):
        read_addresses(written(tmp_path / "c.toml", "a = "))
    with pytest.raises(InputError, match="is no text"):
        read_addresses(written(tmp_path / "d.toml", "a = 1"))


def test_an_exclusion_wants_a_reason(tmp_path):
    with pytest.raises(InputError, match="without a reason"):
        read_exclusions(written(tmp_path / "x.csv", "account,reason\na,\n"))
    with pytest.raises(InputError, match="excluded twice"):
        read_exclusions(written(tmp_path / "x.csv", f"account,reason\n{ONE},a\n{ONE.lower()},b\n"))


def test_a_name_that_is_an_address_needs_no_file_and_two_names_of_one_address_are_refused():
    assert addresses_of([ONE.lower(), "x"], {}) == {ONE.lower(): ONE}
    with pytest.raises(InputError, match="has the address"):
        addresses_of([ONE.lower(), "x"], {"x": ONE})
    with pytest.raises(InputError, match="maker '0xabc': address is '0xabc'"):
        addresses_of(["0xabc"], {})


def test_canonical_json_is_that_of_rfc_8785():
    # RFC 8785, section 3.2.3: keys in order of their UTF-16 units
    value = {"\u20ac": "a", "\r": "b", "\ufb33": "c", "1": "d", "\U0001f600": "e", "\x80": "f", "ö": "g"}
    assert list(json.loads(canonical(value)).values()) == ["b", "d", "f", "g", "a", "e", "c"]
    # section 3.2.2.2: the shortest escapes
    assert canonical('€$\x0f\nA\'B"\\\\"/') == b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'
    assert canonical([None, True, False, 2**53 - 1, -5]) == b"[null,true,false,9007199254740991,-5]"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


@given(json_values)
def test_canonical_bytes_are_read_as_they_were_written(value):
    data = canonical(value)
    assert parse_canonical(data, "x") == value
    assert canonical(json.loads(data)) == data
    assert first_difference(value, value, "$") is None


@given(json_values, json_values)
def test_values_that_differ_have_a_first_difference(one, other):
    assert (first_difference(one, other, "$") is None) == (canonical(one) == canonical(other))


def test_a_key_that_is_missing_differs_from_any_text():
    assert str(first_difference({}, {"a": "nothing"}, "$")) == "$.a: says nothing; what follows is nothing"


@pytest.mark.parametrize("value", [1.5, float("nan"), 2**53, {1: 2}, b"x", "\ud800", {"a": [1.0]}])
def test_what_has_no_one_text_is_refused(value):
    with pytest.raises(InputError):
        canonical(value)


def test_importing_what_signs_leaves_the_limit_of_recursion_alone():
    code = "import sys; import makerscope.rewards.verify; print(sys.getrecursionlimit())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "1000\n"


@pytest.mark.parametrize("text", [b"[" * 10**6, b'{"a":' * 10**6])
def test_json_that_is_nested_too_deep_is_an_error_and_no_crash(text):
    with pytest.raises(InputError, match="is no JSON"):
        parse(text, "x")
