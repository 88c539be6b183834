"""A proxy before the good worker that GOOD_WORKER names; a fault is one hook.

cmd(command, as_it_was), reply(reply, command, action) and event(event) change what they get in place; False swallows it.
line(line) changes bytes before they are read as JSON.
"""

import copy, hashlib, json, os, signal, struct, subprocess, sys, threading, zlib

W = os.environ["GOOD_WORKER"]
JOBS = (
    "generate_sdxl",
    "generate_sdxl_enhanced",
    "enhanced_sdxl",
    "generate_image",
    "run_inference",
    "structured_inference",
    "batch_generate",
)
LOCK = threading.RLock()
PENDING = []  # (id, action, command)
S = {}  # state of a fault
n = lambda k: k.lower().replace("_", "")


def key(d, name):
    if isinstance(d, dict):
        for k in d:
            if n(k) == n(name):
                return k


def get(d, *names):
    for x in names:
        k = key(d, x)
        if k is None:
            return None
        d = d[k]
    return d


def put(d, name, v):
    k = key(d, name)
    if k is not None:
        d[k] = v


def find(m, name):
    out = []
    if isinstance(m, dict):
        for k, v in list(m.items()):
            if n(k) == n(name):
                out.append((m, k))
            out += find(v, name)
    elif isinstance(m, list):
        for v in m:
            out += find(v, name)
    return out


def num(v):
    return isinstance(v, (int, float)) and not isinstance(v, bool)


def body(m):
    p = get(m, "payload")
    return p if isinstance(p, dict) else m


def action(m):
    a = get(m, "action")
    return a if isinstance(a, str) else ""


def code(r):
    return get(r, "error_details", "code") if isinstance(get(r, "error_details"), dict) else None


def dumps(m):
    return json.dumps(m, separators=(",", ":")).encode() + b"\n"


def out(b):
    with LOCK:
        sys.stdout.buffer.write(b if isinstance(b, bytes) else dumps(b))
        sys.stdout.buffer.flush()


def tell(b):
    try:
        P.stdin.write(b if isinstance(b, bytes) else dumps(b))
        P.stdin.flush()
        return True
    except (BrokenPipeError, ValueError):
        return False


def ask_status(m):
    """The command becomes a get_status in the same envelope: the good worker answers in its place, for `refuse` to rewrite."""
    documented = key(m, "payload") is not None
    for k in list(m):
        if n(k) not in ("action", "payload", "requestid", "sessionid", "attempt", "gpuid"):
            del m[k]
    put(m, "action", "get_status")
    if documented:
        put(m, "payload", {})


def spelt(r, name):
    """A snake name in the dialect of a reply."""
    pascal = "".join(p[:1].upper() + p[1:] for p in name.split("_"))
    return pascal if "Success" in r else pascal[:1].lower() + pascal[1:] if "errorDetails" in r else name


def refuse(r, code, text, retryable=False):
    """The reply is a failure with this code."""
    details = {"code": code, "retryable": retryable, "hint": text, "errors": []}
    put(r, "success", False)
    put(r, "data", None)
    put(r, "error", text)
    put(r, "error_details", {spelt(r, k): v for k, v in details.items()})


class Dup(Exception):
    pass


def strict(pairs):
    d = {}
    for k, v in pairs:
        if k in d:
            raise Dup()
        d[k] = v
    return d


def bad(x):
    raise ValueError(x)


def parse(l):
    try:
        m = json.loads(l.decode("utf-8-sig"), object_pairs_hook=strict, parse_constant=bad)
    except (Dup, ValueError, RecursionError):
        return None
    return m if isinstance(m, dict) else None


# pictures
def pics(r):
    for d, k in find(r, "sha256"):
        if get(d, "path") and key(d, "seed"):
            yield d


def rewrite(d, fn):
    p = get(d, "path")
    try:
        b = open(p, "rb").read()
    except OSError:
        return
    x = fn(b)
    if x is None or x == b:
        return
    open(p + ".part", "wb").write(x)
    os.replace(p + ".part", p)
    put(d, "bytes", len(x))
    put(d, "sha256", hashlib.sha256(x).hexdigest())


def chunks(b):
    o, r = 8, []
    while o < len(b):
        (k,) = struct.unpack(">I", b[o : o + 4])
        r.append([b[o + 4 : o + 8], b[o + 8 : o + 8 + k]])
        o += 12 + k
    return r


def png(cs):
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(v)) + t + v + struct.pack(">I", zlib.crc32(t + v)) for t, v in cs
    )


HEAD = b"prompt_submission\0\0\0\0\0"


def record(b):
    if b[:4] != b"\x89PNG":
        return None
    for t, v in chunks(b):
        if t == b"iTXt" and v.startswith(HEAD):
            return json.loads(v[len(HEAD) :])


def patch(d, fn):
    """fn changes the record of a PNG in place"""

    def f(b):
        if b[:4] != b"\x89PNG":
            return None
        cs = chunks(b)
        for c in cs:
            if c[0] == b"iTXt" and c[1].startswith(HEAD):
                rec = json.loads(c[1][len(HEAD) :])
                fn(rec)
                c[1] = HEAD + json.dumps(rec, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
        return png(cs)

    rewrite(d, f)


def fire(kind, before, after, c=None):
    """Notes what the fault has changed, where FAULT_LOG names a file"""
    if path := os.environ.get("FAULT_LOG"):
        with open(path, "a") as o:
            o.write(json.dumps([kind, before, after, c])[:3000] + "\n")


def nothing(*a):
    return None


def run(cmd=nothing, reply=nothing, event=nothing, line=None):
    global P
    P = subprocess.Popen([W] + sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for s in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, lambda a, f: P.send_signal(a))

    def pump():
        for l in sys.stdin.buffer:
            if line:
                l0 = l
                l = line(l)
                if l != l0:
                    fire("line", repr(l0), repr(l))
            m = parse(l)
            if m is not None:
                was = copy.deepcopy(m)
                i = get(m, "request_id")
                with LOCK:
                    PENDING.append((i, action(m), was))
                try:
                    swallow = cmd(m, was) is False
                except Exception as e:
                    print("faulty worker:", repr(e), file=sys.stderr)
                    m, swallow = was, False
                if swallow:
                    continue
                if dumps(m) != dumps(was):
                    fire("cmd", was, m)
                    l = dumps(m)
            if not tell(l):
                return
        P.stdin.close()

    threading.Thread(target=pump, daemon=True).start()
    for l in P.stdout:
        m = parse(l)
        if m is None:
            out(l)
            continue
        was = copy.deepcopy(m)
        swallow = False
        with LOCK:
            try:
                if key(m, "event") is not None:
                    swallow = event(m) is False
                else:
                    i, c, a = get(m, "request_id"), {}, ""
                    if i is not None or code(m) != "bad_frame":
                        for x in PENDING:
                            if x[0] == i:
                                c, a = x[2], x[1]
                                PENDING.remove(x)
                                break
                    swallow = reply(m, c, a) is False
            except Exception as e:
                print("faulty worker:", repr(e), file=sys.stderr)
                m = was
            if dumps(m) != dumps(was) or swallow:
                fire(
                    "event" if key(was, "event") else "reply",
                    was,
                    None if swallow else m,
                    None if key(was, "event") else c,
                )
            if not swallow:
                out(dumps(m) if dumps(m) != dumps(was) else l)
            after = S.pop("after", None)
            if after:
                out(after)
    sys.stdout.flush()
    os._exit(P.wait())
