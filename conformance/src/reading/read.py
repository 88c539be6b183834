"""Reads a canonical document from stdin as a definition, and prints the value or the refusal. Arguments: the definition,
and the member that holds the document, if it is not the whole.
"""

import json
import sys

from concord_workers import contract


def main() -> None:
    definition, member = sys.argv[1:]
    try:
        document = json.loads(sys.stdin.buffer.read())
        document = document[member] if member else document
        value = contract.write(contract.read(definition, document))
    except (ValueError, KeyError, TypeError) as error:
        json.dump({"refused": str(error)}, sys.stdout)
    else:
        json.dump({"value": value}, sys.stdout)


main()
