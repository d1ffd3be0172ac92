"""Pickles are judged by their opcodes; hostile ones are assembled, never loaded."""

from __future__ import annotations

import contextlib
import io
import pickle
import struct
from collections import Counter, OrderedDict, deque
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.catalogers import pickles
from aibom.catalogers.pickle_names import verdict_of_name, worst
from aibom.catalogers.pickles import judge


def calls(name: str, protocol: int = 0) -> bytes:
    """A pickle that imports ``module name`` and calls it with one text."""
    module, _, last = name.partition(" ")
    if protocol < 4:
        start = b"\x80\x02" if protocol else b""
        imported = b"c" + module.encode() + b"\n" + last.encode() + b"\n"
    else:
        start = b"\x80\x04"
        imported = text(module) + text(last) + b"\x93"
    return start + imported + b"(Vx\ntR."


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


#: module name → the least that must be said of it. Those of the scanners' table.
HOSTILE = {
    "os system": "dangerous",
    "posix system": "dangerous",
    "nt system": "dangerous",
    "subprocess Popen": "dangerous",
    "subprocess check_output": "dangerous",
    "builtins eval": "dangerous",
    "builtins exec": "dangerous",
    "builtins compile": "dangerous",
    "builtins getattr": "dangerous",
    "builtins open": "dangerous",
    "builtins __import__": "dangerous",
    "__builtin__ eval": "dangerous",
    "__builtin__ execfile": "dangerous",
    "sys setattr": "dangerous",
    "runpy run_path": "dangerous",
    "runpy _run_code": "dangerous",
    "pty spawn": "dangerous",
    "socket create_connection": "dangerous",
    "shutil rmtree": "dangerous",
    "timeit timeit": "dangerous",
    "timeit repeat": "dangerous",
    "ctypes CDLL": "dangerous",
    "ctypes windll": "dangerous",
    "cProfile run": "dangerous",
    "cProfile runctx": "dangerous",
    "profile run": "dangerous",
    "trace Trace.run": "dangerous",
    "pdb run": "dangerous",
    "bdb Bdb.run": "dangerous",
    "doctest debug_script": "dangerous",
    "pip main": "dangerous",
    "pip._internal main": "dangerous",
    "ensurepip._bootstrap _main": "dangerous",
    "functools partial": "dangerous",
    "functools reduce": "dangerous",
    "operator attrgetter": "dangerous",
    "operator methodcaller": "dangerous",
    "_operator itemgetter": "dangerous",
    "urllib.request urlopen": "dangerous",
    "urllib request.urlretrieve": "dangerous",
    "requests.api get": "dangerous",
    "http.client HTTPSConnection": "dangerous",
    "webbrowser open": "dangerous",
    "pydoc locate": "dangerous",
    "pydoc pipepager": "dangerous",
    "pkgutil resolve_name": "dangerous",
    "_io FileIO": "dangerous",
    "io open": "dangerous",
    "code InteractiveInterpreter": "dangerous",
    "importlib import_module": "dangerous",
    "importlib.machinery SourceFileLoader": "dangerous",
    "logging.config listen": "dangerous",
    "asyncio.unix_events _UnixSubprocessTransport._start": "dangerous",
    "multiprocessing.util spawnv_passfds": "dangerous",
    "marshal loads": "dangerous",
    "types CodeType": "dangerous",
    "types FunctionType": "dangerous",
    "torch load": "dangerous",
    "torch.serialization load": "dangerous",
    "torch.storage _load_from_bytes": "dangerous",
    "torch.hub load": "dangerous",
    "torch os.system": "dangerous",
    "torch._inductor.codecache compile_file": "dangerous",
    "torch.utils.cpp_extension load_inline": "dangerous",
    "numpy load": "dangerous",
    "numpy.testing._private.utils runstring": "dangerous",
    "numpy f2py.crackfortran.getlincoef": "dangerous",
    "pickle loads": "dangerous",
    "dill loads": "dangerous",
    "joblib load": "dangerous",
    "cloudpickle.cloudpickle _make_function": "dangerous",
    "pandas.io.common get_handle": "dangerous",
    "sqlite3 connect": "dangerous",
    "test.support.script_helper assert_python_ok": "dangerous",
    "pkg boot": "unknown",
    "collections namedtuple": "unknown",
    "collections deque": "unknown",
    "copyreg _reconstructor": "unknown",
    "torch.nn.modules.linear Linear": "unknown",
    "__main__ Model": "unknown",
    "torch._utils _rebuild_tensor_v2.__globals__": "unknown",
    "collections OrderedDict.fromkeys": "unknown",
    "builtins dict.fromkeys": "dangerous",
    "numpy.dtypes os.system": "unknown",
}


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(("name", "least"), HOSTILE.items(), ids=HOSTILE)
def test_hostile_names(name: str, least: str, protocol: int) -> None:
    found = judge(io.BytesIO(calls(name, protocol)))
    assert found.verdict == least
    assert found.names == (name.replace(" ", "."),)
    assert not found.doubts


class Plain:
    """An object of a class that nobody knows."""


SAFE = {
    "numbers and texts": {"a": [1, 2.5, "b", b"c", None, True, (), {1}]},
    "containers": OrderedDict(a=Counter("aab"), b=frozenset({1}), c=bytearray(b"x")),
    "complex": complex(1, 2),
    "range and slice": [range(3), slice(1, 2)],
    "shared": [[1]] * 5,
}


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("value", SAFE.values(), ids=SAFE)
def test_what_python_writes_of_plain_values_is_safe(
    value: object, protocol: int
) -> None:
    found = judge(io.BytesIO(pickle.dumps(value, protocol)))
    assert (found.verdict, found.doubts) == ("safe", ())


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "value", [deque([1]), Fraction(1, 2), Plain()], ids=["deque", "fraction", "plain"]
)
def test_objects_of_other_classes_are_unknown(value: object, protocol: int) -> None:
    assert judge(io.BytesIO(pickle.dumps(value, protocol))).verdict == "unknown"


def tensor_pickle() -> bytes:
    """A state dict as torch writes it: a tensor over a storage by persistent id."""
    storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\1\0\0\x000X\3\0\0\0cpuK\4tQ"
    tensor = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage
    tensor += b"K\0K\4\x85K\1\x85\x89ccollections\nOrderedDict\n)RtR"
    return (
        b"\x80\x02ccollections\nOrderedDict\n)Rq\0(X\6\0\0\0weight"
        + tensor
        + b"u}X\x09\0\0\0_metadatacollections\nOrderedDict\n)Rsb."
    ).replace(b"_metadatacollections", b"_metadataccollections")


def test_a_state_dict_is_safe_for_torch_only() -> None:
    data = tensor_pickle()
    assert judge(io.BytesIO(data), torch=True).verdict == "safe"
    alone = judge(io.BytesIO(data))
    assert alone.verdict == "unknown"
    assert alone.doubts == ("refers to what its loader holds (persistent id)",)


MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


def legacy(main: bytes, rest: bytes = b"\0\1\2\3" * 9) -> bytes:
    version, info, keys = b"\x80\x02M\xe9\x03.", b"\x80\x02}.", b"\x80\x02].."[:-1]
    return MAGIC + version + info + main + keys + rest


LEGACY = {
    "weights": (legacy(tensor_pickle()), "safe"),
    "a call in the fourth": (legacy(calls("os system", 2)), "dangerous"),
    "a call in place of the first": (
        calls("os system", 2) + legacy(b"N."),
        "dangerous",
    ),
    "cut in the fourth": (legacy(tensor_pickle())[:120], "unknown"),
    "no magic, and storages": (legacy(b"N.")[len(MAGIC) :], "unknown"),
}


@pytest.mark.parametrize(("data", "verdict"), LEGACY.values(), ids=LEGACY)
def test_files_of_old_torch(data: bytes, verdict: str) -> None:
    assert judge(io.BytesIO(data)).verdict == verdict


OS = b"cos\nsystem\n"
#: bytes → verdict, and a word of the doubt
OPAQUE = {
    "empty": (b"", "unknown", "broken"),
    "no pickle": (b"hello world", "unknown", "broken"),
    "never stops": (b"\x80\x02N", "unknown", "broken"),
    "breaks after its call": (OS + b"(Vx\ntR\xff", "dangerous", "broken"),
    "text after it": (b"N.rubbish", "unknown", "broken"),
    "a second pickle": (b"N." + calls("os system"), "dangerous", ""),
    "a second one at the end of many": (
        b"N." * 40 + calls("os system"),
        "dangerous",
        "",
    ),
    "a name from a list": (
        b"\x80\x04]" + text("os") + text("system")[:0] + b"N\x93.",
        "unknown",
        "computed",
    ),
    "a name through the memo": (
        b"\x80\x04" + text("os") + b"\x940" + text("system") + b"\x940h\0h\1\x93.",
        "dangerous",
        "",
    ),
    "a name by DUP": (b"\x80\x04" + text("os") + b"2\x93.", "dangerous", ""),
    "a name of bytes": (b"\x80\x04C\x02osC\x06system\x93.", "unknown", "computed"),
    "an empty name": (
        b"\x80\x04" + text("os") + text("") + b"\x93.",
        "unknown",
        "comp",
    ),
    "a name of half letters": (b"c\xff\nx\n.", "unknown", "broken"),
    "a name with a backslash": (
        b"cc\\x6flections\nOrderedDict\n.",
        "unknown",
        "backslash",
    ),
    "a name with a blank": (b"cos system\nx\n.", "unknown", "computed"),
    "an endless name": (
        b"\x80\x04" + text("o" * 9000) + text("x") + b"\x93.",
        "unknown",
        "comp",
    ),
    "the registry": (b"\x80\x02\x82\x01.", "unknown", "registry"),
    "the registry, far": (b"\x80\x02\x84\x01\0\0\0.", "unknown", "registry"),
    "a call of a value": (b"\x80\x02N)R.", "unknown", "calls what"),
    "a call of what was made": (
        b"\x80\x02ccollections\nOrderedDict\n)R)R.",
        "unknown",
        "calls what",
    ),
    "an object of a value": (b"(N)o.", "unknown", "calls what"),
    "INST": (b"(Vx\nios\nsystem\n.", "dangerous", ""),
    "OBJ": (b"(" + OS + b"Vx\no.", "dangerous", ""),
    "NEWOBJ": (b"\x80\x02" + OS + b")\x81.", "dangerous", ""),
    "NEWOBJ_EX": (b"\x80\x04" + OS + b")}\x92.", "dangerous", ""),
    "a class that is changed": (
        b"\x80\x02ctorch\nTensor\n}X\1\0\0\0aNsb.",
        "unknown",
        "changes what",
    ),
    "a persistent id": (b"Px\n.", "unknown", "persistent"),
    "a buffer elsewhere": (b"\x80\x05\x97.", "unknown", "buffers"),
    "a memo that is not there": (b"\x80\x02h\x05.", "unknown", "broken"),
    "a stack that is empty": (b"\x80\x02R.", "unknown", "broken"),
    "a mark that is missing": (b"\x80\x02Nt.", "unknown", "broken"),
    "four gigabytes": (b"\x80\x03B\xff\xff\xff\xffx", "unknown", "argument"),
    "exabytes": (b"\x80\x04\x8e" + b"\xff" * 7 + b"\x10x", "unknown", "argument"),
    "a line without end": (b"S'" + b"a" * 200_000, "unknown", "line"),
    "a number without end": (b"L" + b"9" * 60_000 + b"L\n.", "unknown", "broken"),
    "many names": (
        b"\x80\x02" + b"".join(b"cm\nn%d\n0" % n for n in range(600)) + b"N.",
        "unknown",
        "names",
    ),
}


@pytest.mark.parametrize(("data", "verdict", "doubt"), OPAQUE.values(), ids=OPAQUE)
def test_what_cannot_be_told_is_not_safe(data: bytes, verdict: str, doubt: str) -> None:
    found = judge(io.BytesIO(data))
    assert found.verdict == verdict
    assert any(doubt in told for told in found.doubts) or not doubt


def test_bounds_on_opcodes_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    long = b"\x80\x02" + b"N0" * 1000 + b"N."
    assert judge(io.BytesIO(long)).verdict == "safe"
    monkeypatch.setattr(pickles, "MAX_OPCODES", 100)
    assert judge(io.BytesIO(long)).doubts == ("more opcodes than are read",)
    monkeypatch.setattr(pickles, "MAX_OPCODES", 10_000)
    monkeypatch.setattr(pickles, "MAX_BYTES", 100)
    assert judge(io.BytesIO(long)).doubts == ("longer than is read",)


@given(st.binary(max_size=400))
def test_any_bytes_have_a_verdict(data: bytes) -> None:
    assert judge(io.BytesIO(data)).verdict in ("safe", "unknown", "dangerous")


@given(
    st.sampled_from([calls("os system", 0), calls("os system", 4), tensor_pickle()]),
    st.integers(0, 200),
    st.binary(max_size=8),
)
def test_damage_is_judged_too(data: bytes, place: int, damage: bytes) -> None:
    changed = data[:place] + damage + data[place + len(damage) :]
    assert judge(io.BytesIO(changed), torch=True).verdict in (
        "safe",
        "unknown",
        "dangerous",
    )


OPCODES = st.lists(
    st.sampled_from(
        [
            *(b"N", b"(", b")", b"]", b"}", b"0", b"1", b"2", b"t", b"R", b"b", b"o"),
            *(b"s", b"u", b"a", b"e", b"Q", b"q\0", b"h\0", b"\x94", b"\x81", b"\x93"),
            *(text("os"), text("system"), b"cos\nsystem\n"),
            b"ccollections\nOrderedDict\n",
        ]
    ),
    max_size=40,
)


@given(OPCODES)
def test_no_program_that_imports_system_is_called_less(parts: list[bytes]) -> None:
    data = b"\x80\x04" + b"".join(parts) + b"."
    found = judge(io.BytesIO(data), torch=True)
    if found.verdict == "safe":
        # Python's own unpickler, with a lookup that runs nothing, agrees.
        assert imported_by_python(data) <= {"collections.OrderedDict"}


def imported_by_python(data: bytes) -> set[str]:
    """What Python's unpickler asks for; nothing is imported for it, and nothing run."""
    asked = set()

    class Asking(pickle._Unpickler):  # type: ignore[name-defined, misc]
        def find_class(self, module: str, name: str) -> object:
            asked.add(f"{module}.{name}")
            return OrderedDict

        def persistent_load(self, pid: object) -> object:
            return None

    # What a broken pickle raises is its own affair.
    with contextlib.suppress(Exception):
        Asking(io.BytesIO(data)).load()
    return asked


def test_the_worst_counts() -> None:
    assert worst([]) == "safe"
    assert worst(["safe", "unknown"]) == "unknown"
    assert worst(["unknown", "dangerous", "safe"]) == "dangerous"
    assert verdict_of_name("numpy.dtypes.Float32DType") == "safe"
