"""Find a C compiler and turn emitted C into a shared library, once: built libraries are kept in the user's cache.

Takes source texts by file name, hands on the path of a library that may be loaded. Knows nothing of what is in them.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import os
import platform
import secrets
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath

from symreg.errors import OutOfTime, ToolMissing

SECONDS_TO_COMPILE = 120
_ATTEMPTS = 3  # to build in a folder that vanishes
ACCURATE = ("-O3", "-std=c11", "-ffp-contract=off", "-fopenmp-simd", "-fno-math-errno", "-fno-trapping-math")
QUICKLY_BUILT = ("-O1",)  # stands last, and the last one counts
SHARED = ("-fPIC", "-shared", "-DSYMREG_SIMD")
VECTOR_MATH = "-DSYMREG_VECTOR_MATH"
ZIG = ("-mcpu=baseline", "-fno-sanitize=undefined")  # zig would aim at this very processor and trap overflow
SUFFIX = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiler:
    """A C compiler that was found to work.

    Args:
        command: What to start, with the arguments that came with it.
        flags: What every build passes.
        libraries: What every build links.
        version: The first line that it says of itself.
        identity: Hash of all that decides what it makes: command, flags, version, target and processor.
    """

    command: tuple[str, ...]
    flags: tuple[str, ...]
    libraries: tuple[str, ...]
    version: str
    identity: str


def build(sources: Mapping[str, str], *, is_fast: bool = True) -> Path:
    """Return a shared library of the C files in `sources` (text by file name; headers beside them), built or kept.

    One that need not be fast takes a third of the time to build.

    A library that was handed out is never changed, replaced or removed, for somebody may have it loaded. A cache folder
    that somebody clears meanwhile is made again.

    Raises:
        ToolMissing: There is no C compiler, or it refuses; with the first error that it prints.
        OutOfTime: The compiler did not end.
    """
    compiler = find_compiler()
    if not is_fast:
        compiler = replace(compiler, flags=(*compiler.flags, *QUICKLY_BUILT))
    texts = (part for name in sorted(sources) for part in (name, sources[name]))
    key = digest(compiler.identity, *compiler.flags, *texts)[:32]
    for _ in range(_ATTEMPTS):
        folder = cache_folder()
        try:
            return _kept(folder, key) or _built(folder, key, compiler, sources)
        except FileNotFoundError:
            if not _is_private(folder):
                cache_folder.cache_clear()
    raise ToolMissing(f"{folder} is removed whenever a library is built in it; set SYMREG_CACHE to another folder")


@cache
def find_compiler() -> Compiler:
    """Return the first C compiler that works: `$CC`, then cc, gcc, clang, then zig's.

    Raises:
        ToolMissing: None does; names what to install.
    """
    chosen = os.environ.get("CC", "").strip()
    if chosen:
        try:
            command = tuple(shlex.split(chosen))
        except ValueError as error:
            raise ToolMissing(f"CC={chosen[:60]!r}: {error}; write a program and its arguments") from None
        found = _probe(command)
        if found is None:
            raise ToolMissing(f"CC={chosen[:60]!r} is not a C compiler that works here; set another, or unset CC")
        return found
    for name in ("cc", "gcc", "clang"):
        if shutil.which(name) and (found := _probe((name,))):
            return found
    if importlib.util.find_spec("ziglang") and (found := _probe((sys.executable, "-m", "ziglang", "cc"))):
        return found
    raise ToolMissing("no C compiler was found (CC, cc, gcc, clang); install one, or: pip install ziglang")


@cache
def cache_folder() -> Path:
    """Return the folder in which libraries are kept: `$SYMREG_CACHE`, else `symreg` in the user's cache folder.

    It must be this user's, and nobody else may be able to write to it: what lies there is loaded and run. Where that
    cannot be had, it is a temporary folder that goes when the process ends.
    """
    for wanted in (_wanted_folder(), None):
        if wanted is not None and _is_private(wanted):
            return wanted
    made = Path(tempfile.mkdtemp(prefix="symreg-"))
    owner = os.getpid()
    atexit.register(lambda: shutil.rmtree(made, ignore_errors=True) if os.getpid() == owner else None)
    return made


def processor() -> str:
    """Return the processor's name, as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}".strip()
    told = {name.strip(): value.strip() for name, colon, value in (line.partition(":") for line in lines) if colon}
    kept = [told[name] for name in ("model name", "cpu family", "model", "stepping", "CPU part") if name in told]
    return " ".join([platform.machine(), *kept])


def _probe(command: tuple[str, ...]) -> Compiler | None:
    """Return what is at `command`, with the flags that it takes, or None if it does not compile C."""
    is_zig = any(Path(part).stem in ("zig", "ziglang") for part in command)
    flags = (*ACCURATE, *SHARED, *(ZIG if is_zig else ()))
    version = _output((*command, "--version"))
    natives: tuple[tuple[str, ...], ...] = ((),) if is_zig else (("-march=native",), ())
    for native in natives:
        # What the compiler predefines is what it aims at: the instruction set, the C library, the processor's features.
        predefined = _output((*command, *flags, *native, "-dM", "-E", "-x", "c", "-"), text="#include <math.h>\n")
        if version is not None and predefined is not None and "#define __STDC__ 1" in predefined:
            break
    else:
        return None
    flags, libraries = (*flags, *native), ["-lm"]
    if sys.platform == "linux":
        libraries.append("-Wl,-z,defs")  # a function that is not there must fail the build, not the call
    if "#define __x86_64__ 1" in predefined and "#define __GLIBC__ " in predefined and not is_zig:
        flags, libraries = (*flags, VECTOR_MATH), ["-lmvec", *libraries]
        if "#define __clang__ 1" in predefined:
            flags = (*flags, "-fveclib=libmvec")  # clang does not read `omp declare simd` of a function it calls
    return Compiler(
        command=command,
        flags=flags,
        libraries=tuple(libraries),
        version=version.splitlines()[0] if version else "",
        identity=digest(*command, *flags, *libraries, version, predefined, processor()),
    )


def _output(command: tuple[str, ...], text: str = "") -> str | None:
    """Return what a command prints, or None if it cannot be started, fails or does not end."""
    try:
        done = _run(command, cwd=None, text=text)
    except (OSError, OutOfTime):
        return None
    return done.stdout if done.returncode == 0 else None


def _run(command: tuple[str, ...], *, cwd: Path | None, text: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C", "SOURCE_DATE_EPOCH": "0"}
    if any(Path(part).stem in ("zig", "ziglang") for part in command):
        for name in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"):
            environment.setdefault(name, str(cache_folder() / "zig"))
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            input=text,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS_TO_COMPILE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise OutOfTime(f"{command[0]} did not end within {SECONDS_TO_COMPILE} s") from None


def _built(folder: Path, key: str, compiler: Compiler, sources: Mapping[str, str]) -> Path:
    """Compile in a folder of its own, then move the library to a name that no library has had."""
    with tempfile.TemporaryDirectory(prefix="build-", dir=folder) as made:
        work = Path(made)
        names = [PurePosixPath(name).name for name in sorted(sources)]
        for name, text in zip(names, (sources[name] for name in sorted(sources)), strict=True):
            (work / name).write_text(text, encoding="utf-8", newline="\n")
        library = work / f"library{SUFFIX}"
        units = [name for name in names if name.endswith(".c")]
        done = _run((*compiler.command, *compiler.flags, *units, "-o", library.name, *compiler.libraries), cwd=work)
        if not work.is_dir():
            raise FileNotFoundError(work)
        if done.returncode != 0 or not library.is_file():
            said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            wrong = [line for line in said if any(word in line for word in ("error:", "undefined"))]
            # The linker's driver says only that the linker failed; what failed stands above it.
            first = next((line for line in wrong if "ld returned" not in line), said[0] if said else "it says nothing")
            raise ToolMissing(f"{' '.join(compiler.command)} does not compile {', '.join(units)}: {first[:300]}")
        name = f"{key}-{hashlib.sha256(library.read_bytes()).hexdigest()}-{secrets.token_hex(4)}{SUFFIX}"
        os.replace(library, folder / name)
    return folder / name


def _kept(folder: Path, key: str) -> Path | None:
    """Return a library of that key whose content is what its name says; a damaged one is left where it is."""
    for path in sorted(folder.glob(f"{key}-*{SUFFIX}")):
        try:
            status, content = path.lstat(), path.read_bytes()
        except OSError:
            continue
        is_ours = stat.S_ISREG(status.st_mode) and status.st_uid == _user(status.st_uid)
        if is_ours and path.name.split("-")[1] == hashlib.sha256(content).hexdigest():
            return path
    return None


def _wanted_folder() -> Path | None:
    chosen = os.environ.get("SYMREG_CACHE", "")
    if chosen:
        return Path(chosen).absolute()
    base = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", "")
    if os.path.isabs(base):
        return Path(base, "symreg")
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home.joinpath(*("Library", "Caches") if sys.platform == "darwin" else (".cache",), "symreg")


def _is_private(folder: Path) -> bool:
    """Make the folder, if need be, and say whether it is this user's alone and can be written to."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except (OSError, ValueError):
        return False
    others_may_write = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and sys.platform != "win32"
    return status.st_uid == _user(status.st_uid) and not others_may_write and os.access(folder, os.W_OK | os.X_OK)


def _user(otherwise: int) -> int:
    """Return this user's number, or `otherwise` on a system without them."""
    return os.geteuid() if hasattr(os, "geteuid") else otherwise


def digest(*parts: str) -> str:
    """Return the SHA-256 of texts, as hexadecimal digits."""
    made = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        made.update(len(data).to_bytes(8, "big") + data)  # lengths: ("ab", "c") is not ("a", "bc")
    return made.hexdigest()
