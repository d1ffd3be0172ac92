"""Which names a pickle may import, and which belong in no pickle of data.

The safe ones follow what torch's own restricted loader admits
(``torch/_weights_only_unpickler.py``), with numpy's builders of arrays and Python's
containers. They build values and run nothing that the pickle chooses, other than one
another. What is in neither list is unknown, and unknown is not safe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

__all__ = ["Verdict", "verdict_of_name", "worst"]

Verdict = Literal["safe", "unknown", "dangerous"]


def _words(text: str) -> list[str]:
    return text.split()


_TYPES = _words("Double Float Half Long Int Short Char Byte Bool BFloat16")
_STORAGES = [*_TYPES, "ComplexDouble", "ComplexFloat"]
_STORAGES += ["QUInt8", "QInt8", "QInt32", "QUInt4x2", "QUInt2x4"]
_DTYPES = _words(
    "float16 float32 float64 bfloat16 complex32 complex64 complex128 int8 int16 int32 "
    "int64 uint8 uint16 uint32 uint64 bool quint8 qint8 qint32 quint4x2 quint2x4 "
    "float8_e5m2 float8_e4m3fn float8_e5m2fnuz float8_e4m3fnuz"
)
_REBUILD = _words(
    "parameter parameter_with_state qtensor tensor tensor_v2 tensor_v3 sparse_tensor "
    "meta_tensor_no_storage nested_tensor wrapper_subclass device_tensor_from_numpy "
    "device_tensor_from_cpu_tensor"
)
_BUILTINS = _words(
    "bool bytearray bytes complex dict float frozenset int list long range set slice "
    "str tuple unicode xrange"
)
_SAFE = frozenset(
    {
        "collections.OrderedDict",
        "collections.Counter",
        "_codecs.encode",
        "torch.nn.parameter.Parameter",
        "torch.serialization._get_layout",
        "torch.Size",
        "torch.Tensor",
        "torch.device",
        "torch.storage.TypedStorage",
        "torch.storage.UntypedStorage",
        *(f"torch.{name}Storage" for name in _STORAGES),
        *(f"torch.{name}Tensor" for name in _TYPES),
        *(f"torch.{name}" for name in _DTYPES),
        *(f"torch._utils._rebuild_{name}" for name in _REBUILD),
        *(f"{b}.{n}" for b in ("builtins", "__builtin__") for n in _BUILTINS),
        "numpy.ndarray",
        "numpy.dtype",
        *(
            f"numpy.{core}.{name}"
            for core in ("core", "_core")
            for name in (
                "multiarray._reconstruct",
                "multiarray.scalar",
                "numeric._frombuffer",
            )
        ),
    }
)
_SAFE_DTYPE_CLASS = re.compile(r"numpy\.dtypes\.[A-Za-z0-9]+DType")

#: Harmless alone, and part of every object of a class that is not known.
_NEITHER = frozenset({"builtins.object", "__builtin__.object"})

#: Modules of which nothing belongs in a pickle of data.
_DANGEROUS_MODULES = frozenset(
    _words(
        "os posix nt posixpath ntpath subprocess sys builtins __builtin__ runpy pty "
        "socket ssl shutil tempfile glob timeit ctypes _ctypes cffi cProfile profile "
        "pstats trace pdb bdb doctest unittest pytest nose pip setuptools distutils "
        "ensurepip venv functools operator _operator inspect urllib "
        "urllib2 http httplib requests aiohttp httpx ftplib smtplib telnetlib poplib "
        "imaplib nntplib xmlrpc socketserver webbrowser antigravity pydoc pkgutil _io "
        "io codeop code codecs importlib imp zipimport _frozen_importlib "
        "_frozen_importlib_external _imp logging asyncio multiprocessing threading "
        "_thread concurrent signal atexit gc sched pickle _pickle cPickle "
        "dill cloudpickle marshal shelve dbm sqlite3 commands popen2 "
        "cgi idlelib lib2to3 test tkinter turtle linecache fileinput mmap "
        "fcntl resource pwd grp crypt bpython IPython ipykernel ptyprocess pexpect "
        "paramiko fabric sh plumbum psutil"
    )
)
#: Names, and all below them, of modules that have harmless sides as well.
_DANGEROUS_NAMES = _words(
    "torch.load torch.hub torch.jit torch.serialization.load torch.storage."
    "_load_from_bytes torch.utils.cpp_extension torch._inductor torch._dynamo "
    "torch.distributed torch.multiprocessing torch.fx torch.ops torch.classes "
    "torch.package torch.utils.bottleneck torch.utils.collect_env torch.os torch.sys "
    "numpy.load numpy.loads numpy.fromfile numpy.memmap numpy.loadtxt numpy.genfromtxt "
    "numpy.f2py numpy.distutils numpy.testing numpy.ctypeslib numpy.save pandas.eval "
    "pandas.read_pickle pandas.io tensorflow.keras.models.load_model sympy.sympify "
    "jax.experimental joblib.load types.CodeType types.FunctionType "
    "types.MethodType transformers.dynamic_module_utils"
)


def verdict_of_name(name: str) -> Verdict:
    """The verdict over one imported name, ``module.name``."""
    if name in _SAFE or _SAFE_DTYPE_CLASS.fullmatch(name):
        return "safe"
    if name in _NEITHER:
        return "unknown"
    if name.partition(".")[0] in _DANGEROUS_MODULES:
        return "dangerous"
    if any(name == bad or name.startswith(f"{bad}.") for bad in _DANGEROUS_NAMES):
        return "dangerous"
    return "unknown"


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of several verdicts; ``safe`` of none."""
    found = set(verdicts)
    if "dangerous" in found:
        return "dangerous"
    return "unknown" if "unknown" in found else "safe"
