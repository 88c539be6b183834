"""A gateway without a fault whose bodies are written in another way (`rewrite.py`): a proxy before the good one.

rewrite_http.py WAY {address} GATEWAY serve --listen {inner} ...
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "faulty"))

from gateway import run  # noqa: E402
from rewrite import Style  # noqa: E402

style = Style(sys.argv.pop(1).split(","))
run(lambda _, body: style.line(body))
