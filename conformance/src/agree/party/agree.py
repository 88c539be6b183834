"""Reads documents from stdin, one question a line, and prints what the workers' reading and generated types say of each."""

import json
import sys

from concord_workers import contract
from concord_workers.core.effective import effective
from concord_workers.core.reader import read
from concord_workers.core.tree import Duplicates, TreeError, parse


def answer(definition: str, text: bytes, canonical: bool) -> dict[str, object]:
    try:
        reading = read(definition, parse(text), canonical=canonical)
    except TreeError as error:
        return {"bad": str(error)}
    except Duplicates as found:
        return {"bad": f"a name stands twice: {found.pointers}"}
    said = {"violations": list(reading.violations), "total": reading.violations.total, "warnings": reading.warnings}
    if reading.violations:
        return said
    try:
        value = contract.write(contract.read(definition, reading.document))
    except contract.NotCanonicalError as error:
        return {**said, "types": str(error)}
    return {**said, "value": value, "effective": effective(definition, reading.document, "gpu")}


def main() -> None:
    for line in sys.stdin.buffer:
        question = json.loads(line)
        row = answer(question["definition"], question["json"].encode(), question["canonical"])
        print(json.dumps(row), flush=True)


main()
