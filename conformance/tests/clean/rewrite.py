"""A worker without a fault that writes, or is written to, in another way: a proxy before the worker that GOOD_WORKER names.

    rewrite.py replies:crlf [ARGUMENT OF THE WORKER ...]
    rewrite.py commands:order,blanks [ARGUMENT OF THE WORKER ...]

A way changes the bytes of a line and never what it says; numbers keep their digits but for `numbers`. A line that is no
frame, or that has a name twice, passes as it is.
"""

import json
import os
import queue
import random
import re
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal

SLOW_SECONDS = 0.02
# A longer line is no frame: it stays as it was.
FRAME_BYTES_MAX = 16 << 20


class Number(str):
    """A number as it was written."""


class Twice(ValueError):
    """A name that an object has twice: what it says depends on the reader."""


def members(pairs):
    """An object; one with a name twice is refused."""
    if len(dict(pairs)) < len(pairs):
        raise Twice
    return dict(pairs)


def parse(text):
    """The object of a line, or None: what is no frame is left as it is."""
    try:
        value = json.loads(
            text.decode("utf-8-sig"),
            object_pairs_hook=members,
            parse_int=Number,
            parse_float=Number,
            parse_constant=lambda _: 1 / 0,
        )
    except (ValueError, RecursionError, ZeroDivisionError):
        return None
    return value if isinstance(value, dict) else None


# Strings: what each encoder escapes. `\u` needs two units beyond the first plane.
def units(character):
    """A character as System.Text.Json escapes it: upper-case digits, a pair of surrogates beyond the first plane."""
    wide = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{wide[i]:02X}{wide[i + 1]:02X}" for i in range(0, len(wide), 2))


SHORT = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def default_encoder(text):
    """System.Text.Json's default: all but plain ASCII, and what HTML reads, is escaped."""
    return re.sub(r"[^ !#-%(-*,-;=?-\[\]^_a-~]", lambda m: SHORT.get(m[0]) or units(m[0]), text)


def all_escaped(text):
    """Every character, in names too."""
    return "".join(map(units, text))


def python_ascii(text):
    """Python's default: lower-case digits."""
    return json.dumps(text)[1:-1]


def solidus(text):
    """PHP's default for `/`, and the rest as it is."""
    return relaxed(text).replace("/", "\\/")


def relaxed(text):
    """UnsafeRelaxedJsonEscaping: no more than JSON asks for."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def other_form(number):
    """A double without `.0`, else with an exponent. Integers have no fraction in the contract."""
    if not re.fullmatch(r"-?\d+\.\d+", number):
        return number
    if float(number) == int(float(number)):
        return number.split(".")[0]
    return f"{Decimal(number):E}"


class Style:
    """How a line is written."""

    def __init__(self, ways):
        unknown = set(ways) - WAYS.keys()
        if unknown:
            sys.exit(f"no such way to write: {', '.join(sorted(unknown))}; there are {', '.join(WAYS)}")
        self.ways = ways
        self.random = random.Random(1)
        self.escape = next((WAYS[way] for way in ways if WAYS[way]), relaxed)

    def line(self, line):
        """The line, written in this way."""
        # Escaped, one byte is six.
        is_too_long = "all-escaped" in self.ways and 6 * len(line) > FRAME_BYTES_MAX
        value = parse(line) if self.ways and not is_too_long else None
        if value is None:
            return line
        end = "\r\n" if "crlf" in self.ways else "\n"
        edge = " \t" if "blanks" in self.ways else ""
        bom = b"\xef\xbb\xbf" if line.startswith(b"\xef\xbb\xbf") else b""
        return bom + (edge + self.value(value) + edge + end).encode("utf-8", "surrogatepass")

    def value(self, value):
        if isinstance(value, dict):
            pairs = [(k, v) for k, v in value.items() if v is not None or "no-nulls" not in self.ways]
            if "order" in self.ways:
                pairs.reverse()
            if "shuffled" in self.ways:
                self.random.shuffle(pairs)
            colon = "\t: " if "blanks" in self.ways else ":"
            return self.items("{}", [f'"{self.escape(k)}"{colon}{self.value(v)}' for k, v in pairs])
        if isinstance(value, list):
            return self.items("[]", [self.value(v) for v in value])
        if isinstance(value, Number):
            return other_form(value) if "numbers" in self.ways else value
        if isinstance(value, str):
            return f'"{self.escape(value)}"'
        return json.dumps(value)

    def items(self, brackets, items):
        blank = "  " if "blanks" in self.ways else ""
        return f"{brackets[0]}{blank}{f' ,{blank}'.join(items) if blank else ','.join(items)}{blank}{brackets[1]}"

    def pieces(self, line):
        """The parts in which it is flushed: cut in a character, and before its end."""
        if "pieces" not in self.ways or len(line) < 4:
            return [line]
        cuts = sorted({0, 1, len(line) // 3, len(line) // 2, len(line) - 1, len(line)})
        return [line[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]


WAYS = {
    "plain": None,
    "order": None,
    "shuffled": None,
    "crlf": None,
    "pieces": None,
    "blanks": None,
    "no-nulls": None,
    "numbers": None,
    "slow": None,
    "escapes": default_encoder,
    "all-escaped": all_escaped,
    "ascii": python_ascii,
    "solidus": solidus,
    "relaxed": relaxed,
}


def passed_on(source, style, write):
    """Every line of the source, written in this way. A slow one is late by so much, however many wait."""
    due = queue.SimpleQueue()

    def writer():
        while (item := due.get()) is not None:
            at, line = item
            time.sleep(max(0.0, at - time.monotonic()))
            for piece in style.pieces(line):
                write(piece)

    thread = threading.Thread(target=writer)
    thread.start()
    late = SLOW_SECONDS if "slow" in style.ways else 0.0
    for line in source:
        due.put((time.monotonic() + late, style.line(line) if line.endswith(b"\n") else line))
    due.put(None)
    thread.join()


def writing(stream):
    """A function that writes and flushes, and that minds no closed pipe: the exit status says it."""

    def write(piece):
        try:
            stream.write(piece)
            stream.flush()
        except (BrokenPipeError, ValueError):
            pass

    return write


def main():
    side, ways = sys.argv[1].split(":")
    asked = ways.split(",")
    to_worker, from_worker = (Style(asked if side == name else []) for name in ("commands", "replies"))
    worker = subprocess.Popen([os.environ["GOOD_WORKER"], *sys.argv[2:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: worker.send_signal(number))

    def feed():
        passed_on(sys.stdin.buffer, to_worker, writing(worker.stdin))
        worker.stdin.close()

    threading.Thread(target=feed, daemon=True).start()
    passed_on(worker.stdout, from_worker, writing(sys.stdout.buffer))
    os._exit(worker.wait())


if __name__ == "__main__":
    main()
