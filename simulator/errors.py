"""The exception tree: everything that a user's input can make sparsim raise.

SparsimError
├── ConfigError        a YAML file, a key or a value that cannot be used
├── OperandError       a matrix file that cannot be read as what it claims to be
├── MappingError       a machine that cannot hold the workload at all
├── OutputError        a result folder that exists already or cannot be written
├── WorkerError        a process that died while it worked for this one
├── OutOfMemoryError   more memory than this computer has
└── CheckError         a conservation law that a run broke: a bug in sparsim, never the user's
"""


class SparsimError(Exception):
    """Base of all errors that the command line shows as one message, without a traceback."""


class ConfigError(SparsimError):
    """A YAML file, a key or a value that cannot be used; the message says where and what is allowed."""


class OperandError(SparsimError):
    """A matrix file that cannot be read as what it claims to be."""


class MappingError(SparsimError):
    """A machine that cannot hold a workload, with the reason."""


class OutputError(SparsimError):
    """A result folder that exists already, or cannot be written."""


class WorkerError(SparsimError):
    """A process died while it worked for this one: killed, or out of memory."""


class OutOfMemoryError(SparsimError, MemoryError):
    """What is asked for takes more memory than this computer has; the message says what takes it."""


class CheckError(SparsimError):
    """A conservation law that a run broke. Always a bug in sparsim."""


def require(holds: bool, law: str) -> None:
    """Raise CheckError, which names the law, where a conservation law is broken."""
    if not holds:
        raise broken(law)


def broken(law: str) -> CheckError:
    """A broken conservation law: a bug in sparsim."""
    return CheckError(f"conservation law broken: {law}; this is a bug in sparsim, please report it with the command that shows it")


def stalled(cycles: int) -> CheckError:
    """A tile that takes longer than serving one request after another: something was lost on the way."""
    return broken(f"a tile is not done after {cycles} cycles, in which every request could have been served alone")


def collided(unit: int, cycle: int) -> CheckError:
    """Two words at one unit, where the requests were granted so that none could meet."""
    return broken(f"two words meet at unit {unit} in cycle {cycle}")
