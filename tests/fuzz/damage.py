"""How files are damaged: by bytes, whatever they mean, and by structure, so that the rest of the file is still read."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import yaml

ODD: tuple[Any, ...] = (
    None, True, "", "x", "no", "\ud800", "机", -1, 0, 1, 2**31, 2**63, 2**64, -(2**63), 1e300, 5e-324, -1e308, 1.5, [], {}, [[]],
    {"a": 1}, "NaN", "../x", "/dev/null", "9" * 5000, [1, 2, 3], "a" * 300,
)  # fmt: skip
"""Values that are of another type, or extreme."""


def by_bytes(raw: bytes, draw: random.Random) -> bytes:
    """Some bytes changed, cut away, repeated or put in."""
    changed = bytearray(raw)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(changed) + 1)
        what = draw.randrange(5)
        if what == 0 and changed:
            changed[at % len(changed)] ^= 1 << draw.randrange(8)
        elif what == 1:
            del changed[at : at + draw.randint(1, 40)]
        elif what == 2:
            changed[at:at] = changed[at : at + draw.randint(1, 40)]
        elif what == 3:
            changed[at:at] = draw.choice([b"\0", b"\xff", b"\n", b"-", b"9" * 30, b"{", b"'", b"nan", b" ", b"\xc2\xa0", b"1e999"])
        else:
            del changed[at:]
    return bytes(changed)


def by_structure(value: Any, draw: random.Random) -> Any:
    """A tree of lists and mappings with something in it replaced, removed, moved or repeated."""
    value = json.loads(json.dumps(value))
    for _ in range(draw.randint(1, 2)):
        holders = [entry for entry in _entries(value) if isinstance(entry, dict | list) and entry]
        if not holders:
            return draw.choice(ODD)
        holder = draw.choice(holders)
        key: Any = draw.choice(list(holder)) if isinstance(holder, dict) else draw.randrange(len(holder))
        what = draw.randrange(5)
        if what == 0:
            del holder[key]
        elif what == 1 and isinstance(holder, list):
            holder.append(holder[key])
        elif what == 1:
            holder[f"{key}x"] = holder[key]
        elif what == 2:
            other = draw.choice(holders)
            holder[key] = json.loads(json.dumps(draw.choice(list(other.values()) if isinstance(other, dict) else other)))
        else:
            holder[key] = draw.choice(ODD)
    return value


def _entries(value: Any) -> list[Any]:
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(entry for item in below for entry in _entries(item))]


def of_json(raw: bytes, draw: random.Random) -> bytes:
    """A JSON file damaged by structure, now and then by bytes, or nested without end."""
    if draw.random() < 0.25:
        return by_bytes(raw, draw)
    if draw.random() < 0.03:
        return b"[" * 100_000
    return json.dumps(by_structure(json.loads(raw), draw)).encode()


def of_yaml(raw: bytes, draw: random.Random) -> bytes:
    """The same of YAML."""
    if draw.random() < 0.25:
        return by_bytes(raw, draw)
    if draw.random() < 0.03:
        return b"[" * 100_000
    damaged = by_structure(yaml.safe_load(raw), draw)
    return yaml.safe_dump(damaged, sort_keys=False, allow_unicode=False).encode()


def of_safetensors(raw: bytes, draw: random.Random) -> bytes:
    """The header damaged by structure, or any bytes."""
    if draw.random() < 0.4:
        return by_bytes(raw, draw)
    length = int.from_bytes(raw[:8], "little")
    header = json.dumps(by_structure(json.loads(raw[8 : 8 + length]), draw)).encode()
    return len(header).to_bytes(8, "little") + header + raw[8 + length :]


Damage = Callable[[bytes, random.Random], bytes]
