"""Envelopes: the object around a command, in its documented and its direct form."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from concord_workers.core.actions import Action, actions, find_action
from concord_workers.core.condition import same
from concord_workers.core.dialect_votes import DialectVotes
from concord_workers.core.dictionary import Definition, ObjectShape, dictionary
from concord_workers.core.failure import Failure
from concord_workers.core.hint import Hints
from concord_workers.core.naming import escape, pascal
from concord_workers.core.pointer import MISSING, at
from concord_workers.core.reader import read_sources
from concord_workers.core.reading import ContractWarning, Reading
from concord_workers.core.scalar import named, nearest, pointed, read_scalar, shorten
from concord_workers.core.tally import Tally
from concord_workers.core.tree import Duplicates, Pairs, TreeError, kind_of, parse
from concord_workers.core.violation import Violation

__all__ = ["Command", "Refusal", "read_frame", "unknown_action"]


@dataclass
class Command:
    """A command as it was read. `reading` has its violations; pointers begin at the frame.

    form: `documented` or `direct`. reading.document: the action's fields, canonical (`{"prompt_submission": …}`).
    spelt: members of the envelope as the sender spelt them. around: the dialect of most of their names.
    """

    action: Action
    form: str
    request_id: str | None
    session_id: str | None
    gpu_id: str | None
    attempt: int
    traceparent: str | None
    reading: Reading
    spelt: dict[str, str]
    around: str | None

    def head_pointer(self, snake: str) -> str:
        """The pointer of one of the envelope's members. An absent one is spelt as its siblings are."""
        prop = _head()[1].by_snake[snake]
        return "/" + escape(self.spelt.get(snake) or prop.name(self.around or "snake"))

    @property
    def dialect(self) -> str:
        """The dialect of its reply on stdio, unless `initialize` chose one."""
        return _dialect_of(self.form)

    def sender(self, *pointers: str) -> str:
        """A pointer into the canonical fields as the sender spelt it; of several, the last that was written, or the first."""
        written = (pointer for pointer in reversed(pointers) if at(self.reading.document, pointer) is not MISSING)
        pointer = next(written, pointers[0]) if len(pointers) > 1 else pointers[0]
        return self.reading.places.sender(pointer, dictionary().named(self.action.request).shape)


@dataclass
class Refusal(Exception):
    """A frame that cannot be read as a command; its reply is a failure. form: None where it is unknown."""

    failure: Failure
    request_id: str | None = None
    session_id: str | None = None
    form: str | None = None

    @property
    def dialect(self) -> str | None:
        return _dialect_of(self.form) if self.form is not None else None


def read_frame(content: bytes) -> Command:
    """Reads one frame.

    Raises Refusal: `bad_frame`, `duplicate_field`, or `missing_field`, `unsupported_value`, `unknown_action` of its action.
    """
    try:
        tree = parse(content)
    except TreeError as error:
        raise Refusal(Failure("bad_frame", str(error))) from error
    except Duplicates as found:
        raise _refuse_duplicates(found) from found
    if not isinstance(tree, dict):
        raise Refusal(Failure("bad_frame", f"a frame is a JSON object, not {kind_of(tree)}"))
    opened = _Opened()
    opened.sort(tree.items())
    return opened.command()


def unknown_action(pointer: str, written: str) -> Failure:
    """The failure of an unknown action."""
    near = nearest(written, actions())
    message = f"{shorten(written)} is not an action" + (f"; the nearest is `{near}`" if near else "")
    violation: Violation = {"pointer": pointer, "code": "unknown_action", "message": message}
    if near:
        violation["nearest"] = near
    return Failure.of_violations([violation])


def _dialect_of(form: str | None) -> str:
    return "pascal" if form == "direct" else "snake"


def _refuse_duplicates(found: Duplicates) -> Refusal:
    if not isinstance(found.pairs, Pairs):
        return Refusal(Failure("bad_frame", f"a frame is a JSON object, not {kind_of(found.pairs)}"))
    opened = _Opened()
    opened.sort(found.pairs)
    violations: list[Violation] = [
        # An empty pointer: the name is too long to point at.
        {"pointer": pointer, "code": "duplicate_field", "message": f"{pointed(pointer) or 'a name'} is written twice"}
        for pointer in found.pointers
    ]
    tally = Tally(violations)
    tally.total = found.total
    failure = Failure.of_violations(tally)
    failure.code = "duplicate_field"
    ids = [name for name, _ in found.pairs if _head_name(name) == "request_id"]
    is_twice = len(ids) != len(set(ids))
    return opened.refusal(failure, None if is_twice else opened.values.get("request_id"))


@cache
def _head() -> tuple[Definition, ObjectShape]:
    return dictionary().named("EnvelopeHead"), dictionary().object("EnvelopeHead")


@cache
def _head_names() -> dict[str, tuple[str, str | None]]:
    """Spelling → the envelope's member, and the only dialect that spells it so."""
    return {
        name: (meaning.property.snake, meaning.dialect)
        for name, meaning in _head()[1].names.items()
        if meaning.property is not None
    }


def _head_name(name: str) -> str | None:
    found = _head_names().get(name)
    return found[0] if found else None


@cache
def _clashing(definition: str) -> frozenset[str]:
    """Names that mean a member of the envelope and a field of the command alike."""
    fields = dictionary().object(definition).names
    return frozenset(name for name in _head_names() if name in fields and fields[name].kind == "property")


_PAYLOAD = ("payload", "Payload")
# The hint where `action` has another JSON type.
_ACTION_HINT = 'write a string in quotes, such as "get_status"'


@dataclass
class _Opened:
    """The members of a frame, sorted into those of the envelope and those of the command."""

    action: tuple[str, Any] | None = None
    values: dict[str, Any] = field(default_factory=dict)
    # The envelope's members as they were written, but for `action`.
    heads: list[tuple[str, str, Any]] = field(default_factory=list)
    payload: tuple[str, Any] | None = None
    rest: dict[str, Any] = field(default_factory=dict)
    violations: Tally = field(default_factory=Tally)
    warnings: list[ContractWarning] = field(default_factory=list)
    spelt: dict[str, str] = field(default_factory=dict)
    # The dialects of its names.
    names: DialectVotes = field(default_factory=DialectVotes)

    @property
    def form(self) -> str:
        return "documented" if self.payload is not None else "direct"

    def refusal(self, failure: Failure, request_id: Any) -> Refusal:
        return Refusal(failure, request_id, self.values.get("session_id"), self.form)

    def sort(self, members: Any) -> None:
        names = _head_names()
        for name, tree in members:
            snake, dialect = names.get(name, (None, "pascal" if name == "Payload" else None))
            self.names.count(dialect)
            if snake == "action":
                self._take_action(name, tree)
            elif snake is not None:
                self._member(snake, name, tree, "/" + escape(name))
                self.heads.append((name, snake, tree))
            elif name in _PAYLOAD and tree is None:
                continue
            elif name in _PAYLOAD and self.payload is None:
                self.payload = (name, tree)
            elif name in _PAYLOAD and self.payload is not None:
                self._twice(same(self.payload[1], tree), name, "/" + escape(name))
            else:
                self.rest[name] = tree

    def _member(self, snake: str, name: str, tree: object, pointer: str) -> None:
        """Reads one of the envelope's own members."""
        if tree is None or tree == "":
            return
        prop = _head()[1].by_snake[snake]
        scalar = read_scalar(prop.resolved, tree, lenient=True, hints=Hints(prop.example))
        if scalar.violation is not None:
            kept = {key: value for key, value in scalar.violation.items() if key in ("code", "minimum", "maximum", "hint")}
            message = f"`{name}`: {scalar.violation['message']}"
            self.violations.append(cast("Violation", {"pointer": pointer, **kept, "message": message}))
            return
        if snake in self.values:
            self._twice(self.values[snake] == scalar.value, name, pointer)
        else:
            self.values[snake] = scalar.value
            self.spelt[snake] = pointer[1:]

    def _take_action(self, name: str, tree: object) -> None:
        """Takes `action` in one spelling; a further one must say the same."""
        if self.action is None or self.action[1] in (None, ""):
            self.action = (name, tree)
            self.spelt["action"] = name
        elif tree is not None and tree != "":
            self._twice(same(self.action[1], tree), name, "/" + escape(name))

    def _twice(self, equal: bool, name: str, pointer: str) -> None:
        if equal:
            message = f"`{name}` is written twice, with equal values"
            self.warnings.append({"code": "duplicate_equal", "pointer": pointer, "message": message, "hint": "write it once"})
        else:
            message = f"`{name}` is written twice, with unequal values"
            self.violations.append({"pointer": pointer, "code": "duplicate_field", "message": message})

    def command(self) -> Command:
        action = self._action()
        sources = [self._fields(action)]
        if action.wrapped_in is not None:
            sources += self._unwrap(sources[0], action)
        self._check_request_id(action)
        if action.request == "Nothing" and not sources[0][0] and not self.violations and len(sources) == 1:
            # The commonest commands have no fields; the walk is skipped for them.
            reading = Reading({}, dialect=self.names.most())
            reading.places.senders[""] = sources[0][1]
        else:
            reading = read_sources(action.request, sources, self.violations, self.names)
        reading.warnings = self.warnings + reading.warnings
        values = self.values
        return Command(
            action=action,
            form=self.form,
            request_id=values.get("request_id"),
            session_id=values.get("session_id"),
            gpu_id=values.get("gpu_id"),
            attempt=values.get("attempt", 1),
            traceparent=values.get("traceparent"),
            reading=reading,
            spelt=self.spelt,
            around=self.names.most(),
        )

    def _check_request_id(self, action: Action) -> None:
        """An action may allow fewer characters than an id has: a worker appends to the id of a batch."""
        maximum, said = action.request_id_max, self.values.get("request_id")
        if maximum is None or said is None or len(said) <= maximum:
            return
        name = self.spelt["request_id"]
        message = f"`{name}`: {len(said)} characters; 1..{maximum} are allowed for {action.name}"
        self.violations.append(
            {"pointer": f"/{name}", "code": "out_of_range", "minimum": 1, "maximum": maximum, "message": message}
        )

    def _action(self) -> Action:
        failure: Failure | None = None
        if self.action is None:
            name = "Action" if self.names.most() == "pascal" else "action"
            failure = _violation_of_action(f"/{name}", "missing_field", f"`{name}` is missing")
        else:
            name, written = self.action
            pointer = "/" + escape(name)
            if written is None or written == "":
                failure = _violation_of_action(pointer, "missing_field", f"`{name}` is empty")
            elif not isinstance(written, str):
                message = f"`{name}` is a string, not {kind_of(written)}"
                failure = _violation_of_action(pointer, "unsupported_value", message)
                failure.hint = _ACTION_HINT
            elif (action := find_action(written)) is not None:
                return action
            else:
                failure = unknown_action(pointer, written)
        raise self.refusal(failure, self.values.get("request_id"))

    def _fields(self, action: Action) -> tuple[dict[str, Any], str]:
        """The command's fields and where they stand."""
        if self.payload is None:
            if clashing := _clashing(action.request):
                self._give_to_command(clashing)
            return self.rest, ""
        name, tree = self.payload
        pointer = "/" + escape(name)
        if not isinstance(tree, dict):
            message = f"`{name}` is an object, not {kind_of(tree)}"
            violation: Violation = {
                "pointer": pointer,
                "code": "unsupported_value",
                "message": message,
                "hint": "write an object {…}",
            }
            self.violations.append(violation)
            return {}, pointer
        fields = self._session_inside(tree, name)
        for beside in self.rest:
            message = f"{named(beside)} is unknown beside `payload`"
            self.violations.append({"pointer": "/" + escape(beside), "code": "unknown_field", "message": message})
        return fields, pointer

    def _give_to_command(self, clashing: frozenset[str]) -> None:
        """Gives names of both, such as the `attempt` of `cancel`, to the command: the direct form has one object for both."""
        for name, snake, tree in self.heads:
            if name in clashing:
                pointer = "/" + escape(name)
                self.values.pop(snake, None)
                self.violations.drop(pointer)
                self.warnings = [warning for warning in self.warnings if warning.get("pointer") != pointer]
                self.rest[name] = tree

    def _session_inside(self, members: dict[str, Any], payload: str) -> dict[str, Any]:
        """`payload` is an accepted place of `session_id`."""
        inside = [name for name in members if _head_name(name) == "session_id"]
        for name in inside:
            pointer = f"/{escape(payload)}/{escape(name)}"
            before = "session_id" in self.values
            self.names.count(_head_names()[name][1])
            self._member("session_id", name, members[name], pointer)
            if not before and "session_id" in self.values:
                self.warnings.append(
                    {
                        "code": "accepted_spelling",
                        "pointer": pointer,
                        "message": f"`{name}` was read inside `{payload}`",
                        "hint": "write it beside `action`",
                    }
                )
        return {name: tree for name, tree in members.items() if name not in inside} if inside else members

    def _unwrap(self, source: tuple[dict[str, Any], str], action: Action) -> list[tuple[dict[str, Any], str]]:
        """Fields inside a wrapping object count as written beside it."""
        fields, pointer = source
        known = dictionary().object(action.request).names
        wrapper = action.wrapped_in or ""
        for name in fields:
            if name in (wrapper, pascal(wrapper)) and name not in known and isinstance(fields[name], dict):
                inner = fields[name]
                self.names.count("pascal" if name == pascal(wrapper) else None)
                del fields[name]
                return [(inner, f"{pointer}/{escape(name)}")]
        return []


def _violation_of_action(pointer: str, code: str, message: str) -> Failure:
    return Failure.of_violations([{"pointer": pointer, "code": code, "message": message}])
