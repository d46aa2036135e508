"""The page floor (flask_floor.py), served the way the helpdesk serves itself. `python -m tests.bench.floor_web PORT`"""
from gevent import monkey

monkey.patch_all()      # as the program itself runs

import sys  # noqa: E402

from gevent.pywsgi import WSGIServer  # noqa: E402

from helpdesk.server import Handler  # noqa: E402
from tests.bench.figures import tool  # noqa: E402


def main() -> None:
    """Serve until the end of this process."""
    sys.path.insert(0, str(tool("flask_floor.py").parent))
    import flask_floor
    WSGIServer(("127.0.0.1", int(sys.argv[1])), flask_floor.app, log=None, handler_class=Handler).serve_forever()


if __name__ == "__main__":
    main()
