"""Sets of small grey pictures: glyphs, MNIST and Fashion-MNIST, or a folder of one's own.

>>> train, test = choose("glyphs", 20000, 2000)                     # made here
>>> train, test = choose("mnist", 20000, 2000)  # fetched once, verified  # doctest: +SKIP
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import time
import urllib.error
import urllib.request
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageOps
from torchvision import datasets
from torchvision.transforms import v2

from aigc_course.core import files as core_files
from aigc_course.core import paths
from aigc_course.core.arguments import (
    check_argument,
    checked,
    describe,
    instance,
    one_of,
    optional,
    whole,
)
from aigc_course.core.errors import CourseError
from aigc_course.data.images import glyphs

# The files are fetched here and not by torchvision: its addresses of Fashion-MNIST are plain http,
# and it tries http where https fails.
SETS = {
    "mnist": (
        datasets.MNIST,
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        tuple("0123456789"),
    ),
    "fashion_mnist": (
        datasets.FashionMNIST,
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        (
            "T-shirt",
            "trousers",
            "pullover",
            "dress",
            "coat",
            "sandal",
            "shirt",
            "sneaker",
            "bag",
            "boot",
        ),
    ),
}
"""Name -> (torchvision's class, address of its files, names of its classes)."""

# Bytes of a file at most, seconds to wait for a server, seconds for a whole file.
_LARGEST, _SECONDS, _IN_ALL = (
    64_000_000,
    30,
    900,
)
_ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"}
_CALLED = {"mnist": "digits", "fashion_mnist": "pieces of clothing"}

HELD_OUT = 20
"""The least number of pictures of a folder that are held out."""
LEAST = 150
"""Pictures that a folder must have: those held out, and 128, the largest batch of a lesson."""


class Pictures(NamedTuple):
    """A set of pictures with their classes.

    Attributes:
        images: (N, 1, H, W) float32 in [0, 1]; 28 x 28 unless another size was asked for.
        labels: (N,) int64, index into `names`.
        names: of the classes.
        factors: from which they were drawn, as `glyphs.sample` gives them; empty for photographed
            or scanned pictures.
        what: what they show, in the plural, for texts about them, such as "digits".
    """

    images: torch.Tensor
    labels: torch.Tensor
    names: tuple[str, ...]
    factors: dict[str, np.ndarray]
    what: str = "pictures"


@checked(n_train=whole(1), n_test=whole(1), classes=whole(1))
def choose(name: str, n_train: int, n_test: int, *, classes: int = 1) -> tuple[Pictures, Pictures]:
    """Return (training set, held-out set) of one of the course's picture sets.

    Args:
        name: "glyphs" (made here), "mnist" or "fashion_mnist" (fetched once), or the path of a
            folder of pictures, of which a tenth is held out, 20 at least.
        n_train: pictures to train on; a set that has fewer gives all of them.
        n_test: pictures held out; a set that has fewer gives all of them.
        classes: how many classes a folder must have at least; 2 for a judge, which tells them
            apart.

    Raises:
        CourseError: there is no such set or folder, it is not here and cannot be fetched, or the
            folder cannot be used as it is.
    """
    if isinstance(name, str) and name == "glyphs":
        return tuple(
            _of_glyphs(glyphs.sample(n, seed=seed)) for n, seed in ((n_train, 1), (n_test, 2))
        )
    if isinstance(name, str) and name in SETS:
        train, test = load(name, download=True)
        return _first(train, n_train), _first(test, n_test)
    if not isinstance(name, str | Path) or not str(name) or not _path(name).is_dir():
        known = "'glyphs', 'mnist', 'fashion_mnist', or the full path of a folder of pictures"
        raise CourseError(f"name must be {known}, not {describe(name)}.")
    pictures = folder(name, classes=classes, least=LEAST)
    order = torch.randperm(len(pictures.images), generator=torch.Generator().manual_seed(0))
    cut = max(HELD_OUT, len(order) // 10)
    return tuple(_rows(pictures, part) for part in (order[cut:][:n_train], order[:cut][:n_test]))


@checked(root=optional(instance(str, Path)))
def load(
    name: str, root: str | Path | None = None, download: bool = False
) -> tuple[Pictures, Pictures]:
    """Load MNIST or Fashion-MNIST as (training set, test set), with every file verified.

    Args:
        name: "mnist" or "fashion_mnist".
        root: folder laid out as torchvision does, with `MNIST/raw/*.gz` in it; None is `datasets/`
            in `core.paths.cache()`.
        download: fetch what is missing, over https only.

    Source: LeCun et al. (1998); Xiao, Rasul and Vollgraf (2017), "Fashion-MNIST".

    Raises:
        CourseError: a file is missing, altered or cannot be fetched.
    """
    kind, address, names = SETS[check_argument("name", name, one_of(*SETS))]
    root = _path(root) if root else paths.cache() / "datasets"
    raw, old = (root / kind.__name__ / part for part in ("raw", "processed"))
    way = f"call load({name!r}, download=True), or go on with the default 'glyphs'"
    if not download and not raw.is_dir():  # looked for before the lock makes a folder there
        raise CourseError(f"There is no {raw}; {way}.")
    with core_files.lock(raw.parent):
        for file, md5 in kind.resources:
            packed = raw / file
            if not packed.is_file() and not download:
                raise CourseError(f"There is no {packed}; {way}.")
            if not packed.is_file():
                core_files.write_atomically(packed, _fetch(address + file, md5, packed))
            _unpack(packed, md5)
    if old.exists():  # torchvision would read these files instead, unverified
        way = "delete that folder, and load the set again"
        raise CourseError(f"{old} holds files of an old torchvision: {way}.")
    sets = [kind(str(root), train=train, download=False) for train in (True, False)]
    return tuple(
        Pictures(part.data[:, None].float() / 255, part.targets.long(), names, {}, _CALLED[name])
        for part in sets
    )


@checked(path=instance(str, Path), size=whole(4, 1024), classes=whole(1), least=whole(1))
def folder(path: str | Path, size: int = 28, *, classes: int = 1, least: int = 20) -> Pictures:
    """Read a folder of pictures, made grey and square; subfolders, if any, are the classes.

    The whole folder is read first, so that one message names everything wrong with it.

    Args:
        path: of the folder.
        size: height and width of the result; the longer side is cropped at both ends. Transparent
            parts become white, photos are rotated as their camera recorded, hidden files are left
            out.
        classes: how many classes there must be at least; with 2 or more every picture must lie in a
            subfolder.
        least: how many pictures there must be at least.

    Raises:
        CourseError: pictures cannot be read, there are too few of them, or too few classes.
    """
    path = _path(path)
    files, images, unreadable = _files(path), {}, {}
    for file in files:
        try:
            images[file] = _square(_open(file), size)
        except _UnreadableError as error:
            unreadable[file] = str(error)
    problems = [
        *_reading_problems(path, unreadable, len(files)),
        *_size_problems(len(images), least),
        *_class_problems(path, files, classes),
    ]
    if problems:
        raise CourseError(f"{path} cannot be used as it is. {' '.join(problems)}")
    kinds = [_class_of(path, file) for file in images]
    names = tuple(sorted(set(kinds)))
    labels = torch.tensor([names.index(kind) for kind in kinds])
    return Pictures(torch.stack(list(images.values())), labels, names, {})


def _files(path: Path) -> list[Path]:
    """Return the pictures in a folder and its subfolders, without hidden ones."""
    return sorted(
        file
        for file in path.rglob("*")
        if file.suffix.lower() in _ENDINGS
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )


def _class_of(path: Path, file: Path) -> str:
    """Return the name of the subfolder that a picture lies in, "" where it lies in none."""
    return file.relative_to(path).parts[0] if file.parent != path else ""


def _reading_problems(path: Path, unreadable: dict[Path, str], n: int) -> list[str]:
    """Return a sentence on the pictures that cannot be read, [] if all can.

    Args:
        path: of the folder.
        unreadable: file -> reason.
        n: pictures in all.
    """
    if not unreadable:
        return []
    named = _some([f"{file.relative_to(path)}: {why}" for file, why in unreadable.items()])
    return [
        f"{len(unreadable):,} of {n:,} pictures cannot be read ({named}): mend them or move them "
        "away."
    ]


def _size_problems(n: int, least: int) -> list[str]:
    """Return a sentence on too few pictures, [] if `n` is at least `least`."""
    if n >= least:
        return []
    kinds = ", ".join(sorted(_ENDINGS))
    return [f"It holds {n} readable pictures ({kinds}), and at least {least} are needed: add more."]


def _class_problems(path: Path, files: list[Path], classes: int) -> list[str]:
    """Return sentences on too few classes and on pictures without one, [] if there are none.

    Args:
        path: of the folder.
        files: its pictures.
        classes: how many there must be at least; pictures may lie in no subfolder if it is 1.
    """
    loose = [file.name for file in files if not _class_of(path, file)]
    found = sorted({_class_of(path, file) for file in files} - {""})
    if classes < 2 or not files or (len(found) >= classes and not loose):
        return []
    way = f"make a subfolder for each class, such as {path / 'cats'} and {path / 'dogs'}"
    if not found:
        return [f"Its pictures have no classes: {way}, and move the pictures there."]
    problems = []
    if loose:
        problems.append(
            f"Pictures lie beside the subfolders ({_some(loose)}): move each into the subfolder of "
            "its class, or away."
        )
    if len(found) < classes:
        problems.append(
            f"Pictures of at least {classes} classes are needed, and these are all of "
            f"{_some(found)}: {way}."
        )
    return problems


def _some(names: list[str]) -> str:
    """Return the first three names, and how many more there are."""
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


class _UnreadableError(Exception):
    """A file that is no picture, or none that is safe to open; its message gives the reason."""


def _open(file: Path) -> Image.Image:
    """Return a picture, upright and grey.

    Raises:
        _UnreadableError: it cannot be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file) as image:
                return _grey(ImageOps.exif_transpose(image))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError, MemoryError):
        raise _UnreadableError("too many pixels") from None
    except PermissionError:
        raise _UnreadableError("not yours to read") from None
    except Exception:  # decoders raise errors of any kind at a damaged file
        raise _UnreadableError("damaged") from None


def _grey(image: Image.Image) -> Image.Image:
    """Return an image in 256 shades of grey, on white where it is transparent."""
    if image.mode.startswith(("I", "F")):
        # These have 16 bits and more, of which Pillow would clip all that is above 255.
        values = np.asarray(image, dtype=np.float64)
        return Image.fromarray((values * 255 / max(values.max(), 1)).clip(0, 255).astype(np.uint8))
    whole = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("L")


def _square(image: Image.Image, size: int) -> torch.Tensor:
    """Return the middle of a grey image as (1, size, size) float32 in [0, 1]."""
    fit = v2.Compose(
        [
            v2.CenterCrop(min(image.size)),  # first, so that a long strip is not enlarged
            v2.Resize(size),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
        ]
    )
    return fit(image).as_subclass(torch.Tensor)


def _path(name: str | Path) -> Path:
    """Return a name as a path, with ~ replaced by the home folder.

    Raises:
        CourseError: it names the home of an unknown user.
    """
    try:
        return Path(name).expanduser()
    except RuntimeError:
        raise CourseError(
            f"{name} names the folder of a user who is not here; write the whole path."
        ) from None


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    """A handler of redirects that follows them to https addresses only."""

    def redirect_request(self, request, file, code, message, headers, address):
        """Return the request to follow a redirect with.

        Raises:
            URLError: it leads to an address that is not https.
        """
        if not address.startswith("https://"):
            raise urllib.error.URLError(f"it leads to {address.partition(':')[0]}, not https")
        return super().redirect_request(request, file, code, message, headers, address)


def _fetch(address: str, md5: str, target: Path) -> bytes:
    """Fetch a file's bytes over https and check their MD5.

    Args:
        address: of the file.
        md5: what it must be, in hexadecimal.
        target: where the file is to lie, for messages.

    Raises:
        CourseError: it cannot be fetched, or is another file.
    """
    deadline = time.monotonic() + _IN_ALL
    try:
        if not address.startswith("https://"):
            raise ValueError("not https")
        with urllib.request.build_opener(_HttpsOnly).open(address, timeout=_SECONDS) as answer:
            data = _all_of(answer, deadline)
    # URLError and timeouts are OSErrors.
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = " ".join(str(getattr(error, "reason", error)).split())
        way = f"Go on with the default 'glyphs', or put the file into {target.parent}."
        raise CourseError(
            f"{target.name} could not be fetched from {address} ({reason}). {way}"
        ) from None
    if hashlib.md5(data, usedforsecurity=False).hexdigest() != md5:
        way = "Nothing was kept. Try another network, or go on with 'glyphs'."
        raise CourseError(
            f"What came from {address} is not the known {target.name} (another MD5). {way}"
        )
    return data


def _all_of(answer, deadline: float) -> bytes:
    """Read all that a server sends.

    Args:
        answer: the open connection.
        deadline: in seconds of `time.monotonic`.

    Raises:
        TimeoutError: it takes longer.
        ValueError: it is too large.
        IncompleteRead: the connection ended too early.
    """
    data = bytearray()
    while part := answer.read1(1 << 16):
        data += part
        if time.monotonic() > deadline:
            raise TimeoutError(f"it took longer than {_IN_ALL:g} s")
        if len(data) > _LARGEST:
            raise ValueError("it is too large")
    if getattr(answer, "length", 0):  # bytes that were announced and did not come
        raise http.client.IncompleteRead(bytes(data), answer.length)
    return bytes(data)


def _unpack(packed: Path, md5: str) -> None:
    """Write the unpacked file beside the packed one, unless it is there already.

    Args:
        packed: a .gz file.
        md5: of the packed file as published, in hexadecimal.

    Raises:
        CourseError: one of them is not as published, or cannot be read.
    """
    try:
        data = packed.read_bytes()
        if hashlib.md5(data, usedforsecurity=False).hexdigest() != md5:
            raise CourseError(
                f"{packed} was altered (another MD5): delete it, and load the set again "
                "with download=True."
            )
        plain, content = packed.with_suffix(""), gzip.decompress(data)
        if not plain.is_file():
            core_files.write_atomically(plain, content)
        elif plain.read_bytes() != content:
            raise CourseError(
                f"{plain} was altered: it is not what {packed.name} holds. Delete it, "
                "and load the set again."
            )
    except OSError as error:
        raise CourseError(
            f"{packed} cannot be read ({error.strerror}); delete it, and load the set "
            "again with download=True."
        ) from None


def _of_glyphs(made: glyphs.Glyphs) -> Pictures:
    """Return glyphs as a set of pictures."""
    labels = torch.from_numpy(made.factors["label"])
    return Pictures(made.images, labels, tuple("0123456789"), made.factors, "digits")


def _first(pictures: Pictures, n: int) -> Pictures:
    """Return the first n pictures of a set, or all if there are fewer."""
    return _rows(pictures, torch.arange(min(n, len(pictures.images))))


def _rows(pictures: Pictures, rows: torch.Tensor) -> Pictures:
    """Return the pictures of a set at the given rows (n,)."""
    return Pictures(
        pictures.images[rows],
        pictures.labels[rows],
        pictures.names,
        {k: v[rows.numpy()] for k, v in pictures.factors.items()},
        pictures.what,
    )
