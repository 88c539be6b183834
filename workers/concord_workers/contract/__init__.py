"""The contract in Python: `read` makes the types of `contract.generated.types` of canonical documents.

`contract.generated` is written by `cargo xtask codegen` from `schemas/`; `contract.generated.tables` has the tables.
"""

from concord_workers.contract.checks import NotCanonicalError
from concord_workers.contract.reading import read, write

__all__ = ["NotCanonicalError", "read", "write"]
