"""Python's jsonschema on the files under schemas/, with a registry of them by `$id`."""

import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

registry: Registry = Registry()
documents = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(Path(sys.argv[1]).glob("*_schema.json"))]
for document in documents:
    registry = registry.with_resource(document["$id"], Resource.from_contents(document))
count = 0
for document in documents:
    for name, definition in document["$defs"].items():
        validator = Draft202012Validator({"$ref": f"{document['$id']}#/$defs/{name}"}, registry=registry)
        for example in definition.get("examples", []):
            validator.validate(example)
        # Nothing is that long a text: every reference on the way is followed.
        list(validator.iter_errors({"no": "such", "document": [None]}))
        count += 1
assert count > 100, count
print(f"{count} definitions of {len(documents)} files resolve")
