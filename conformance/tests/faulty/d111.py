"""LIFE the worker cannot import its package: a line of its own, and exit 1."""

import json
import sys

print(json.dumps({"success": False, "error": "Failed to initialize ML worker", "requires": ["torch"]}), flush=True)
sys.exit(1)
