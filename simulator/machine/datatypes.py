"""Number formats that a machine file can name."""

from typing import Literal

OperandType = Literal["int8", "fp8", "fp16", "bf16", "tf32", "fp32"]
AccumulateType = Literal["int32", "fp32"]

BITS: dict[str, int] = {"int8": 8, "fp8": 8, "fp16": 16, "bf16": 16, "tf32": 19, "fp32": 32, "int32": 32}
"""Bits of each format as stored."""

SIGNIFICAND_BITS: dict[str, int] = {"fp8": 4, "fp16": 11, "bf16": 8, "tf32": 11, "fp32": 24}
"""Significand bits, hidden one included, of each floating-point format (fp8 is E4M3)."""
