"""ASSET a JPEG has no record of its submission."""

from proxy import *


def strip(b):
    if b[:2] != b"\xff\xd8":
        return None
    o, r = 2, b"\xff\xd8"
    while b[o] == 0xFF and b[o + 1] != 0xDA:
        k = struct.unpack(">H", b[o + 2 : o + 4])[0] + 2
        if not (b[o + 1] == 0xFE or 0xE1 <= b[o + 1] <= 0xEF):
            r += b[o : o + k]
        o += k
    return r + b[o:]


def reply(r, c, a):
    for d in pics(r):
        rewrite(d, strip)


run(reply=reply)
