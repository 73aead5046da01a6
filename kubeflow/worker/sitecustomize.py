"""Start-up of every Python in the image: lets data validation load in Beam's workers.

tensorflow_data_validation 1.16 imports a module that tfx_bsl no longer has. `import tfx` puts an
empty one in its place, but a worker unpickles a step of StatisticsGen without it. Costs nothing:
no library is imported here.
"""

import importlib.util
import sys
import types

_GONE = "tfx_bsl.arrow.sql_util"


class _Finder:
    """Finds the module that is gone, after all others have failed to."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        return importlib.util.spec_from_loader(name, _Finder) if name == _GONE else None

    @staticmethod
    def create_module(spec):
        return types.ModuleType(spec.name)

    @staticmethod
    def exec_module(module):
        pass


sys.meta_path.append(_Finder)
