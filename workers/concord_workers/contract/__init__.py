"""The contract in Python: typed values of canonical documents.

`cargo xtask codegen` writes `contract.generated` from `schemas/`: `types` has every document as it is sent, `submission`
the prompt submission after its defaults, `tables` the tables.
"""

from concord_workers.contract.checks import NotCanonicalError
from concord_workers.contract.reading import read, read_effective, read_partial, write

__all__ = ["NotCanonicalError", "read", "read_effective", "read_partial", "write"]
