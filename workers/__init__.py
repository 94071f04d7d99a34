"""The processes that claim tasks, reduce them and publish their rows."""

import sys

from app.errors import OperatorError
from workers.process.kernel_cache import use_cache_folder

# Before any module declares a kernel: numba chooses the folder of a kernel's compiled code when it is declared.
try:
    use_cache_folder()
except OperatorError as error:
    # `python -m workers` imports the package before its main function, which tells errors, is there.
    if sys.argv[:1] != ["-m"]:
        raise
    print(f"workers: {error}", file=sys.stderr)
    sys.exit(error.exit_status)
