"""The exception tree: everything that a user's input can make sparsim raise.

SparsimError
├── ConfigError        a YAML file, a key or a value that cannot be used
├── OperandError       a matrix file that cannot be read as what it claims to be
├── MappingError       a machine that cannot hold the workload at all
├── OutputError        a result folder that exists already or cannot be written
├── WorkerError        a process that died while it worked for this one
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


class CheckError(SparsimError):
    """A conservation law that a run broke. Always a bug in sparsim."""
