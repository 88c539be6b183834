"""Names that Python sources read from payloads or write to them, one JSON object a line.

Arguments: files. A payload is what is called so (`payload`, `request`, `reply_data`, …), what is taken out of one by a
constant name, and a dict with the members of an envelope. A variable that is called so but bound to a part of something else
(an item of a table, an attribute of a library's object) is none.
"""

import ast
import json
import re
import sys
import tokenize

PAYLOAD = re.compile(
    r"(?:.*_)?(payload|request|command|submission|parameters|params|reply|response|result|frame|envelope|message|body|data)$"
)
ENVELOPE = {"success", "request_id", "error_details", "prompt_submission", "payload"}
READERS = {"get", "pop", "setdefault"}
ITEMS = {"items", "values", "keys"}


class Names(ast.NodeVisitor):
    """Walks one file."""

    def __init__(self, file):
        self.file = file
        # Variables that hold payloads, by their values; variables that hold something else; variables that hold constants.
        self.scopes = [set()]
        self.others = [set()]
        self.constants = [{}]

    def say(self, kind, node, name=None, beside=()):
        print(json.dumps({"file": self.file, "line": node.lineno, "kind": kind, "name": name, "beside": list(beside)}))

    def is_payload(self, node):
        if isinstance(node, ast.Name):
            return self.is_payload_name(node.id)
        if isinstance(node, ast.Attribute):
            # What a call returns is an object of its own: `inspect.signature(f).parameters`.
            return PAYLOAD.match(node.attr) is not None and not isinstance(node.value, ast.Call)
        if isinstance(node, ast.BoolOp):
            return any(map(self.is_payload, node.values))
        return self.taken(node) is not None

    def is_payload_name(self, name):
        """The innermost scope that binds a name decides; a parameter is what it is called."""
        for payloads, others in zip(reversed(self.scopes), reversed(self.others)):
            if name in payloads:
                return True
            if name in others:
                return False
        return PAYLOAD.match(name) is not None

    def is_part_of_other(self, value):
        """Whether a value is taken out of something that is no payload."""
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "getattr" and value.args:
            return not self.is_payload(value.args[0])
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in READERS:
            return not self.is_payload(value.func.value) and not self.names_payload(value.args[:1])
        if isinstance(value, ast.Subscript):
            return not self.is_payload(value.value) and not self.names_payload([value.slice])
        if isinstance(value, ast.Attribute):
            return not self.is_payload(value.value) and not self.is_payload(value)
        return False

    def names_payload(self, keys):
        """Whether a constant key is itself called as payloads are: `fields["parameters"]`."""
        return any(isinstance(key, ast.Constant) and isinstance(key.value, str) and PAYLOAD.match(key.value) for key in keys)

    def bound_in_turn(self, target, values):
        """`for … in …`: items of something that is no payload are none either, whatever they are called."""
        if isinstance(values, ast.Call) and isinstance(values.func, ast.Attribute) and values.func.attr in ITEMS:
            values = values.func.value
        names = {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}
        if not self.is_payload(values):
            self.others[-1] |= names
            self.scopes[-1] -= names
        constants = self.constant_names(values)
        if isinstance(target, ast.Name) and constants is not None:
            self.constants[-1][target.id] = constants

    def constant_names(self, node):
        """The strings of a tuple or a list of constants, or of a variable that holds one."""
        if isinstance(node, ast.Name):
            return next((scope[node.id] for scope in reversed(self.constants) if node.id in scope), None)
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)) and node.elts:
            values = [item.value for item in node.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)]
            return values if len(values) == len(node.elts) else None
        return None

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
        self.within_scope(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def within_scope(self, node):
        for stack, new in ((self.scopes, set()), (self.others, set()), (self.constants, {})):
            stack.append(new)
        # A comprehension says its items after what it makes of them.
        for part in getattr(node, "generators", []):
            self.bound_in_turn(part.target, part.iter)
        self.generic_visit(node)
        for stack in (self.scopes, self.others, self.constants):
            stack.pop()

    def visit_ListComp(self, node):
        self.within_scope(node)

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp

    def visit_For(self, node):
        self.bound_in_turn(node.target, node.iter)
        self.generic_visit(node)

    visit_AsyncFor = visit_For

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
        elif isinstance(key, ast.Name) and self.constant_names(key) is not None:
            names = self.constant_names(key)
            for name in names:
                self.say(kind, node, name, names)
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
            self.others[-1] -= names
        elif value is not None and self.is_part_of_other(value):
            self.others[-1] |= names
            self.scopes[-1] -= names
        constants = self.constant_names(value) if value is not None else None
        if constants is not None:
            self.constants[-1] |= dict.fromkeys(names, constants)
        if isinstance(value, ast.Dict) and any(map(self.is_payload, targets)):
            self.written(value)

    def visit_Dict(self, node):
        keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
        named = [value for key, value in zip(node.keys, node.values) if isinstance(key, ast.Constant) and key.value == "action"]
        # A row about a command may say its action too; one that is sent names it.
        is_command = any(isinstance(value, ast.Constant) for value in named)
        if (keys & ENVELOPE or is_command) and not getattr(node, "seen", False):
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
    try:
        # By the encoding that the file declares.
        with tokenize.open(path) as source:
            text = source.read()
        Names(path).visit(ast.parse(text, path))
    except SyntaxError as error:
        print(json.dumps({"file": path, "line": error.lineno or 1, "kind": "syntax", "name": error.msg, "beside": []}))
    except (ValueError, RecursionError) as error:
        print(json.dumps({"file": path, "line": 1, "kind": "syntax", "name": str(error), "beside": []}))
# Whoever says nothing has read nothing.
print(json.dumps({"file": "", "line": 0, "kind": "end", "name": str(len(sys.argv) - 1), "beside": []}))
