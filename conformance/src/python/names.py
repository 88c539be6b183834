"""Names that Python sources read from payloads or write to them, one JSON object a line.

Arguments: files. A payload is what is called so (`payload`, `request`, `reply_data`, …), what is taken out of one by a
constant name, and a dict with the members of an envelope.
"""

import ast
import json
import re
import sys

PAYLOAD = re.compile(
    r"(?:.*_)?(payload|request|command|submission|parameters|params|reply|response|result|frame|envelope|message|body|data)$"
)
ENVELOPE = {"action", "success", "request_id", "error_details", "prompt_submission"}
READERS = {"get", "pop", "setdefault"}


class Names(ast.NodeVisitor):
    """Walks one file."""

    def __init__(self, file):
        self.file = file
        self.scopes = [set()]

    def say(self, kind, node, name=None):
        print(json.dumps({"file": self.file, "line": node.lineno, "kind": kind, "name": name}))

    def is_payload(self, node):
        if isinstance(node, ast.Name):
            return PAYLOAD.match(node.id) is not None or any(node.id in scope for scope in self.scopes)
        if isinstance(node, ast.Attribute):
            return PAYLOAD.match(node.attr) is not None
        if isinstance(node, ast.BoolOp):
            return any(map(self.is_payload, node.values))
        return self.taken(node) is not None

    def taken(self, node):
        """The constant name by which an expression takes something out of a payload."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READERS and node.args:
            holder, key = node.func.value, node.args[0]
        elif isinstance(node, ast.Subscript):
            holder, key = node.value, node.slice
        else:
            return None
        is_name = isinstance(key, ast.Constant) and isinstance(key.value, str)
        return key.value if is_name and self.is_payload(holder) else None

    def visit_FunctionDef(self, node):
        self.scopes.append(set())
        self.generic_visit(node)
        self.scopes.pop()

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Call(self, node):
        if isinstance(node.func, ast.Attribute) and node.func.attr in READERS and node.args:
            self.read(node.func.value, node.args[0], node)
        self.generic_visit(node)

    def visit_Subscript(self, node):
        self.read(node.value, node.slice, node)
        self.generic_visit(node)

    def read(self, holder, key, node):
        if not self.is_payload(holder):
            return
        kind = "write" if isinstance(getattr(node, "ctx", None), ast.Store) else "read"
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            self.say(kind, node, key.value)
        elif isinstance(key, (ast.Name, ast.Attribute, ast.JoinedStr)):
            self.say("computed", node, ast.unparse(key))

    def visit_Compare(self, node):
        is_in = len(node.ops) == 1 and isinstance(node.ops[0], (ast.In, ast.NotIn))
        if is_in and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
            if self.is_payload(node.comparators[0]) and not isinstance(node.comparators[0], ast.Constant):
                self.say("read", node, node.left.value)
        self.generic_visit(node)

    def visit_Assign(self, node):
        self.assigned(node.targets, node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node):
        self.assigned([node.target], node.value)
        self.generic_visit(node)

    def assigned(self, targets, value):
        names = {target.id for target in targets if isinstance(target, ast.Name)}
        default = value.args[1] if isinstance(value, ast.Call) and len(value.args) > 1 else None
        holds_dict = default is None or isinstance(default, ast.Dict)
        if value is not None and self.taken(value) is not None and holds_dict:
            self.scopes[-1] |= names
        if isinstance(value, ast.Dict) and any(map(self.is_payload, targets)):
            self.written(value)

    def visit_Dict(self, node):
        keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
        if keys & ENVELOPE and not getattr(node, "seen", False):
            self.written(node)
        self.generic_visit(node)

    def written(self, node):
        if getattr(node, "seen", False):
            return
        node.seen = True
        for key, value in zip(node.keys, node.values):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                self.say("write", key, key.value)
            if isinstance(value, ast.Dict):
                self.written(value)


for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as source:
        text = source.read()
    try:
        tree = ast.parse(text, path)
    except SyntaxError as error:
        print(json.dumps({"file": path, "line": error.lineno or 1, "kind": "syntax", "name": error.msg}))
        continue
    Names(path).visit(tree)
