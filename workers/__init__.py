"""The processes that claim tasks, reduce them and publish their rows."""

from workers.process.kernel_cache import use_cache_folder

# Before any module declares a kernel: numba chooses the folder of a kernel's compiled code when it is declared.
use_cache_folder()
