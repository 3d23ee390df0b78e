"""What a student tries who wants points without an answer, other students' work or the hidden
values, or only trouble.

Each attack leaves every exercise unanswered, so every point is one too many.
"""

import atexit
import json
import os
import subprocess
from pathlib import Path

import classroom_work as work
import nbformat
from classroom_work import attack

MARKER = "aigc-attack"  # in the names of files and processes that must not be there afterwards
_LIBC = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
_LEAVE = _LIBC + "libc.prctl(1, 0, 0, 0, 0)\nfor n in range(1, 65):\n    libc.signal(n, 1)\n"
_LIVE_ON = (
    "if os.fork() == 0:\n    os.setsid()\n    libc.prctl(1, 0, 0, 0, 0)\n    if os.fork() == 0:\n"
    f"        libc.prctl(15, b'{MARKER}', 0, 0, 0)\n        while True:\n            pass\n"
)


_PIPES = (
    "import fcntl, json, os, signal, time\nsignal.setitimer(signal.ITIMER_PROF, 0)\n"
    "signal.setitimer(signal.ITIMER_REAL, 0)\n"
    "pipes = [n for n in range(3, 64) if os.path.exists(f'/proc/self/fd/{n}')"
    " and 'pipe' in os.readlink(f'/proc/self/fd/{n}')]\n"
    "outs = [n for n in pipes if fcntl.fcntl(n, fcntl.F_GETFL) & 3 == os.O_WRONLY]\n"
    "ins = [n for n in pipes if fcntl.fcntl(n, fcntl.F_GETFL) & 3 == os.O_RDONLY]\n"
)


def in_an_answer(body):
    """No exercise answered: the first function has this body, as it takes the time it is given."""

    def change(notebook):
        first, *others = work.codes(notebook)
        work.fill(work.answers_of(notebook)[first], body)
        for name in others:
            work.fill(work.answers_of(notebook)[name], "return None")

    return change


def keeps(place, look):
    """Every function writes what it is given to a place, and a cell prints what is there."""
    body = f"{place}\nreturn None"
    return attack(look, body=body)


def everywhere(source):
    """A cell that tries this with many paths of the teacher and of other students."""
    return attack(
        "import glob, os, shutil\nfound = [p for r in ('/', os.getcwd(), '/tmp', '/root', '/home')"
        " for p in glob.glob(r + '/*') + glob.glob(r + '/**/inbound/*', recursive=True)]\n" + source
    )


def of_marks(change):
    """No exercise answered; every cell's marks are changed."""

    def changed(notebook):
        for cell in notebook.cells:
            change(cell)

    return changed


def markdown(text):
    """No exercise answered; a Markdown cell with this text."""
    return lambda notebook: notebook.cells.append(nbformat.v4.new_markdown_cell(text))


def _claims(cell):
    """Pass every answer off as a test cell worth points, and every test as an answer."""
    marks = cell.metadata.get("nbgrader", {})
    if marks.get("solution"):
        marks.update(grade=True, solution=False, locked=True, points=50)
    elif marks.get("grade"):
        marks.update(grade=False, solution=True, locked=False)


def _takes_a_tests_name(notebook):
    """A cell of one's own bears the name of each test cell, which is gone."""
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.source = "print('✔ right.')"
            cell.metadata["nbgrader"].update(locked=False, solution=True)
    notebook.cells += [
        nbformat.v4.new_code_cell("1 + 1", metadata=cell.metadata)
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    ]


def _many_cells(notebook):
    notebook.cells += [nbformat.v4.new_code_cell("1") for _ in range(20_000)]


def _strange_marks(notebook):
    strange = [[], "x", 3, None, {"grade_id": 3}, {"grade_id": ["x"]}, {"schema_version": 99}]
    for marks in strange:
        cell = nbformat.v4.new_code_cell("1")
        cell.metadata["nbgrader"] = marks
        notebook.cells.append(cell)


COLLIDING = "{k * (2**61 - 1): 0 for k in range(%d)}"
NEW = {
    # --- outliving the grader
    "lives-on": attack(_LEAVE + _LIVE_ON),
    "lives-on-in-an-answer": in_an_answer(_LEAVE + _LIVE_ON + "return None"),
    "kills-all": attack("import os, signal\nos.kill(-1, signal.SIGKILL)"),
    "kills-its-parents": attack(
        "import os, signal\nfor pid in (*range(1, 5), os.getppid()):\n    try:\n"
        "        os.kill(pid, signal.SIGKILL)\n    except OSError:\n        pass"
    ),
    "traces-the-first-process": attack(
        _LIBC + "print('TRACED', libc.ptrace(16, 1, 0, 0), libc.ptrace(16, os.getppid(), 0, 0))"
    ),
    # --- the line between grader and submission
    "drips": attack(_PIPES + "while True:\n    os.write(outs[-1], b'\\n')\n    time.sleep(0.03)"),
    "fills-its-pipe": attack(
        _PIPES + "w = os.open(f'/proc/self/fd/{ins[-1]}', os.O_WRONLY | os.O_NONBLOCK)\n"
        "try:\n    while True: os.write(w, b'x')\nexcept OSError: pass\n"
        'os.write(outs[-1], b\'{"event": "ready"}\\n\')\ntime.sleep(10**6)'
    ),
    "lists-in-lists": attack(
        _PIPES + 'os.write(outs[-1], b\'{"event": "ready"}\\n\')\n'
        "name = json.loads(os.read(ins[-1], 9999).splitlines()[-1])['name']\n"
        'text = \'{"event": "gave", "name": "%s", "state": "outcomes", "outcomes": [\''
        " % name + ','.join(['[' * 400 + ']' * 400] * 30_000) + ']}\\n'\n"
        "left = text.encode()\nwhile left: left = left[os.write(outs[-1], left):]\nos._exit(0)"
    ),
    "fork-bomb": attack(
        "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError: 0"
    ),
    "sleeps": in_an_answer("import time\ntime.sleep(10**6)"),
    "sleeps-in-a-cell": attack("import time\ntime.sleep(10**6)"),
    "stops-its-clocks": in_an_answer(
        "import signal\nsignal.setitimer(signal.ITIMER_PROF, 0)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0)\nwhile True: pass"
    ),
    "threads-without-end": in_an_answer(
        "import threading\ndef loop():\n    while True: pass\n"
        "for _ in range(30): threading.Thread(target=loop, daemon=True).start()\nloop()"
    ),
    # --- memory and disk
    "shared-mapping": in_an_answer(
        "import mmap\nm = mmap.mmap(-1, 12 * 10**9)\n"
        "for i in range(0, len(m), 4096): m[i] = 1\nwhile True: pass"
    ),
    "sixty-forks": attack(
        "import os, time\nfor _ in range(60):\n    try:\n        if os.fork() == 0:\n"
        "            x = bytearray(10**9)\n            time.sleep(99)\n    except OSError: break\n"
        "time.sleep(99)"
    ),
    "system-v-memory": attack(
        _LIBC + "libc.shmat.restype = ctypes.c_void_p\nfor _ in range(9):\n"
        "    n = libc.shmget(0, 10**9, 0o1600)\n    a = libc.shmat(n, None, 0)\n"
        "    ctypes.memset(a, 1, 10**9) if n >= 0 else print('REFUSED')\n    libc.shmdt(a)"
    ),
    "memory-files": attack(
        "import os\nkept = []\nfor _ in range(200):\n    try:\n        f = os.memfd_create('x')\n"
        "        os.write(f, bytes(19 * 10**6))\n        kept.append(f)\n    except OSError: break"
    ),
    "fills-its-folder": attack(
        "i = 0\nwhile True:\n    open(f'f{i}', 'wb').write(bytes(10**7))\n    i += 1"
    ),
    "fills-shared-memory": attack(
        "i = 0\nwhile True:\n    open(f'/dev/shm/f{i}', 'wb').write(bytes(10**7))\n    i += 1"
    ),
    "nested-folders": attack(
        "import os\nfor _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')"
    ),
    "many-small-files": attack("for i in range(10**6):\n    open(str(i), 'w').close()"),
    "floods-the-pipe": attack(
        "import os\nfor fd in range(3, 30):\n    try:\n"
        "        while True: os.write(fd, b'x' * 10**6)"
        "\n    except OSError: pass"
    ),
    # --- what is not one's own
    "links-in-its-folder": attack(
        "import os\nos.mkdir('d')\nfor p in ('/etc', '/root', '/home', '/tmp', '/usr'):\n"
        "    os.symlink(p, 'd' + p)\nos.chmod('d', 0)"
    ),
    "writes-everywhere": everywhere(
        f"for p in found:\n    try:\n        open(p + '/{MARKER}', 'w').write('x')\n"
        "    except OSError: pass\n    try:\n        os.chmod(p, 0o777)\n    except OSError: pass"
    ),
    "deletes-everywhere": everywhere(
        "for p in found:\n    shutil.rmtree(p, ignore_errors=True)\n    try:\n"
        "        os.remove(p)\n"
        "    except OSError: pass"
    ),
    "reads-everywhere": everywhere(
        "for r, _, names in os.walk('/'):\n    for n in names:\n"
        "        if n in ('gradebook.db', 'nbgrader_config.py') or 'inbound' in r or "
        "'/submitted/' in r or '/source/' in r:\n            print('FOUND', r, n)"
    ),
    "devices": attack(  # but for those that lead nowhere, and terminals of its own
        "import glob, os\nOWN = ('null', 'zero', 'random', 'urandom', 'ptmx')\n"
        "for p in glob.glob('/dev/**', recursive=True):\n"
        "    if p.split('/')[-1] in OWN or '/fd' in p or '/std' in p: continue\n"
        "    try:\n        os.write(os.open(p, os.O_WRONLY), b'x')\n        print('WROTE', p)\n"
        "    except OSError: pass"
    ),
    "terminals": attack(
        _LIBC + "import fcntl\nfor p in ('/dev/tty', '/dev/console', '/dev/pts/0'):\n    try:\n"
        "        fcntl.ioctl(open(p, 'w'), 0x5412, b'x')\n        print('TYPED')\n"
        "    except OSError: pass"
    ),
    "becomes-root": attack(
        "import os\nfor f in (os.setuid, os.setgid):\n    try:\n        f(0)\n"
        "        print('ROOT')\n"
        "    except OSError: pass"
    ),
    "mounts": attack(
        "import subprocess\nfor c in ('mount -t tmpfs x /usr', 'umount /tmp', 'unshare -Urm true',"
        " 'mount -o remount,rw /usr', 'mount --bind /tmp /usr'):\n"
        "    print('DID', c) if subprocess.run(c, shell=True).returncode == 0 else 0"
    ),
    "control-groups": attack(
        "import glob, os\nfor p in glob.glob('/sys/fs/cgroup/**/*', recursive=True) + "
        "glob.glob('/proc/sys/**', recursive=True) + ['/proc/sysrq-trigger']:\n    try:\n"
        "        os.write(os.open(p, os.O_WRONLY), b'1')\n"
        "        print('WROTE', p)\n    except OSError: pass"
    ),
    "network": attack(
        "import socket\nfor a in (('1.1.1.1', 53), ('127.0.0.1', 8888)):\n    try:\n"
        "        socket.create_connection(a, 2)\n        print('CONNECTED')\n"
        "    except OSError: pass"
    ),
    # --- hidden values, carried from one submission to the next
    "leaves-values-in-shared-memory": keeps(
        f"open('/dev/shm/{MARKER}', 'a').write(repr(locals()))",
        f"import os\nif os.path.exists('/dev/shm/{MARKER}'): print('LEFT')",
    ),
    "leaves-values-in-folders": keeps(
        "import os\nfor d in ('/tmp', '/var/tmp', '/run', os.getcwd(), '/dev/shm'):\n"
        f"    try: open(d + '/{MARKER}', 'a').write(repr(locals()))\n    except OSError: pass",
        "import glob\nfor d in ('/tmp', '/var/tmp', '/run', '/dev/shm'):\n"
        f"    if glob.glob(d + '/{MARKER}'): print('LEFT')",
    ),
    "leaves-values-in-messages": keeps(
        "import ctypes\nlibc = ctypes.CDLL(None)\nq = libc.msgget(77, 0o1666)\n"
        "libc.msgsnd(q, b'\\x01' + bytes(7) + repr(locals()).encode()[:99], 99, 0o4000)",
        "import ctypes\nbuf = ctypes.create_string_buffer(200)\nlibc = ctypes.CDLL(None)\n"
        "if libc.msgrcv(libc.msgget(77, 0), buf, 99, 0, 0o4000) > 0: print('LEFT')",
    ),
    "fixes-the-draw": attack(
        "import numpy as np\nclass Fixed:\n    def __getattr__(self, name):\n"
        "        return lambda *a, **k: np.zeros(k.get('size', a[-1] if a else 1))\n"
        "np.random.default_rng = lambda *a, **k: Fixed()"
    ),
    # --- values that are not what they seem
    "colliding-keys": in_an_answer(f"return [{COLLIDING % 2500} for _ in range(60)]"),
    "colliding-set": in_an_answer("return {k * (2**61 - 1) for k in range(300_000)}"),
    "endless-number": in_an_answer("return 7 ** 3_000_000"),
    "endless-text": in_an_answer("return 'x' * 29_000_000"),
    "deep-value": in_an_answer("x = []\nfor _ in range(10**5): x = [x]\nreturn x"),
    "lies-about-its-kind": in_an_answer(
        "import numbers\nclass Lie:\n    __class__ = property(lambda s: float)\n"
        "    def __float__(s): raise SystemExit\n    def __iter__(s): raise KeyboardInterrupt\n"
        "numbers.Real.register(Lie)\nreturn Lie()"
    ),
    "changes-json": attack(
        'import json\njson.dumps = lambda *a, **k: \'{"event": "gave", "state": "right"}\''
    ),
    # --- marks and names of cells
    "claims-to-be-tests": of_marks(_claims),
    "takes-a-tests-name": _takes_a_tests_name,
    "strange-marks": _strange_marks,
    "many-cells": _many_cells,
    "teachers-marks": attack("### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS"),
    "hidden-without-end": attack("### BEGIN HIDDEN TESTS\n" * 8000),
    "solution-marks": attack("### BEGIN SOLUTION\n1\n### END SOLUTION"),
    # --- whoever reads the feedback
    "script": markdown("<script>alert('LIVE')</script> <img src=x onerror=alert('LIVE')>"),
    "script-link": markdown("[click](javascript:alert('LIVE')) <a href='javascript:LIVE()'>x</a>"),
    "script-in-a-frame": markdown(
        "<iframe srcdoc='<script>LIVE()</script>'></iframe><svg onload=LIVE()></svg>"
        "<form action='https://example.org'><input name='LIVE'></form>"
    ),
    "script-in-an-error": attack("raise ValueError(\"<script>alert('LIVE')</script>\")"),
    "endless-markdown": markdown("[" * 60_000 + "`" * 60_001 + "*_" * 30_000),
}


# --- files: (folder that was handed in, teaching folder) -> None, as the student could do it


def _link_to_the_teachers(folder: Path, teaching: Path) -> None:
    (path,) = folder.glob("*.ipynb")
    path.unlink()
    path.symlink_to(teaching / "source" / path.stem / path.name)


def _folder_is_a_link(folder: Path, teaching: Path) -> None:
    (name,) = (path.stem for path in folder.glob("*.ipynb"))
    folder.rename(folder.with_name(f".{folder.name}"))
    folder.symlink_to(teaching / "source" / name, target_is_directory=True)


def _links_beside(folder: Path, teaching: Path) -> None:
    (folder / "notes.txt").symlink_to(teaching / "gradebook.db")
    (folder / "more").symlink_to(teaching, target_is_directory=True)


def _link_to_zeros(folder: Path, teaching: Path) -> None:
    (folder / "zeros.txt").symlink_to("/dev/zero")


def _pipes(folder: Path, teaching: Path) -> None:
    os.mkfifo(folder / "pipe.txt")
    (path,) = folder.glob("*.ipynb")
    path.unlink()
    os.mkfifo(path)


def _deep_json(folder: Path, teaching: Path) -> None:
    (path,) = folder.glob("*.ipynb")
    path.chmod(0o644)
    path.write_text('{"cells": ' + "[" * 100_000 + "]" * 100_000 + "}")


def _odd_json(folder: Path, teaching: Path) -> None:
    (path,) = folder.glob("*.ipynb")
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"] = {"a": [notebook["cells"]], "metadata": 3}
    path.chmod(0o644)
    path.write_text(json.dumps(notebook))


def _huge(folder: Path, teaching: Path) -> None:
    (path,) = folder.glob("*.ipynb")
    path.chmod(0o644)
    with path.open("ab") as file:
        file.write(b" " * 30_000_000)


def nest(folder: Path, deep: int = 1_100) -> None:
    """Make folders in folders, deeper than Python's own functions go."""
    at = os.open(folder, os.O_RDONLY)
    for _ in range(deep):
        os.mkdir("d", dir_fd=at)
        deeper = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = deeper
    os.close(at)


def _deep_folders(folder: Path, teaching: Path) -> None:
    nest(folder)
    # Deeper than pytest's own clearing up goes.
    atexit.register(subprocess.run, ["rm", "-rf", str(folder)])


def _timestamp_is_a_folder(folder: Path, teaching: Path) -> None:
    (folder / "timestamp.txt").unlink()
    (folder / "timestamp.txt").mkdir()


def _page_of_ones_own(folder: Path, teaching: Path) -> None:
    (folder / "summary.html").write_text("<script>alert('LIVE')</script>")
    (folder / "more").mkdir()
    (folder / "more" / "page.svg").write_text("<svg onload='LIVE()'/>")


def _names_that_write_to_terminals(folder: Path, teaching: Path) -> None:
    (folder / "\x1b]0;LIVE\x07\x1b[2Jnote.txt").write_text("x")
    (folder / "two\nlines.txt").write_text("x")
    (folder / "\x1b[31mlink.txt").symlink_to("/etc/passwd")


def _without_its_secret(folder: Path, teaching: Path) -> None:
    (folder / "submission_secret.txt").unlink()


FILES = {
    "deep-folders": _deep_folders,
    "timestamp-is-a-folder": _timestamp_is_a_folder,
    "page-of-ones-own": _page_of_ones_own,
    "names-that-write-to-terminals": _names_that_write_to_terminals,
    "without-its-secret": _without_its_secret,
    "link-to-the-teachers": _link_to_the_teachers,
    "folder-is-a-link": _folder_is_a_link,
    "links-beside": _links_beside,
    "link-to-zeros": _link_to_zeros,
    "pipes": _pipes,
    "deep-json": _deep_json,
    "odd-json": _odd_json,
    "huge-file": _huge,
}
NEW |= {kind: (lambda notebook: None) for kind in FILES}
ATTACKS = work.ATTACKS | NEW
# What comes back to those who are refused, and why: they have no feedback.
REFUSED = {
    "link-to-the-teachers": "was not handed in",
    "folder-is-a-link": "",  # never collected, as if nothing had been handed in
    "endless-markdown": "",  # graded; its page would take for ever to write
    "pipes": "was not handed in",
    "deep-json": "cannot be read",
    "odd-json": "cannot be read",
    "huge-file": "was not handed in",
    "many-cells": "cells",
    "teachers-marks": "teacher's copy",
    "hidden-without-end": "teacher's copy",
    "solution-marks": "teacher's copy",
}
