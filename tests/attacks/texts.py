"""YAML, JSON and TOML that are small as files and large, deep or odd once they are read."""

from collections.abc import Mapping

from tests.attacks.special import SPECIAL, Attack, written


def _aliases() -> bytes:
    """Nine lines that stand for a thousand million words."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]")
    return "\n".join([*lines, "names: *i"]).encode()


def _merges() -> bytes:
    lines = ["a: &a {x: 1}"]
    for number in range(25):
        lines.append(f"m{number}: &m{number} {{<<: [*{'a' if not number else f'm{number - 1}'}]}}")
    return "\n".join(lines).encode()


YAML: Mapping[str, Attack] = {
    "aliases": written(_aliases),
    "merge keys": written(_merges),
    "deep lists": written(lambda: b"names: " + b"[" * 100_000),
    "deep blocks": written(lambda: b"".join(b" " * n + b"a:\n" for n in range(1300))),
    "a huge number": written(lambda: b"names: " + b"9" * 900_000),
    "a number in base 60": written(lambda: b"names: " + b"1:" * 300_000 + b"1"),
    "a Python object": written(lambda: b"names: !!python/object/apply:os.system [id]"),
    "9 MB": written(lambda: b"names: [" + b"a, " * 3_000_000 + b"a]"),
    "many keys": written(lambda: b"".join(b"k%d: {a: [1]}\n" % n for n in range(60_000))),
    **SPECIAL,
}

JSON: Mapping[str, Attack] = {
    "deep lists": written(lambda: b"[" * 5_000_000),
    "deep objects": written(lambda: b'{"images":' * 900_000),
    "a huge number": written(lambda: b'{"id": ' + b"9" * 9_000_000 + b"}"),
    "a huge exponent": written(lambda: b'{"id": 1e999999999, "version": -1e999999999}'),
    "no numbers": written(lambda: b'{"id": NaN, "version": Infinity, "shapes": [NaN]}'),
    "a list": written(lambda: b"[]"),
    "a number": written(lambda: b"7"),
    "a text": written(lambda: b'"\\u001b]0;title\\u0007"'),
    "a lone surrogate": written(lambda: b'{"id": "\\ud800", "\\ud800": "\\ud800"}'),
    "9 MB of lists": written(lambda: b"[" + b"[]," * 3_000_000 + b"[]]"),
    "9 MB of objects": written(lambda: b"[" + b'{"a":1},' * 1_100_000 + b"{}]"),
    "9 MB of keys": written(
        lambda: b"{" + b",".join(b'"%d":[]' % n for n in range(800_000)) + b"}"
    ),
    "another alphabet": written(lambda: '{"id": 1}'.encode("utf-16")),
    "escapes": written(lambda: b'{"\\u001b[2Jx": "\\u001b]0;title\\u0007"}'),
    **SPECIAL,
}

TOML: Mapping[str, Attack] = {
    "deep lists": written(lambda: b"place = " + b"[" * 100_000),
    "deep tables": written(lambda: b"x = " + b"{a = " * 100_000),
    "deep keys": written(lambda: b"a" + b".a" * 100_000 + b" = 1"),
    "a huge number": written(lambda: b"price = " + b"9" * 1_000_000),
    "no number": written(lambda: b"price = nan"),
    "9 MB": written(lambda: b"".join(b"k%d = 1\n" % n for n in range(800_000))),
    "escapes": written(lambda: b'"\\u001b]0;title\\u0007" = "\\u001b[2J"'),
    **SPECIAL,
}
