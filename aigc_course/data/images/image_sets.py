"""Sets of small grey pictures for the image lessons: the glyphs, MNIST and Fashion-MNIST through
torchvision, a folder of your own.

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

# torchvision's own addresses of Fashion-MNIST are plain http, and it tries http where https fails:
# the files are fetched here.
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
"""Name -> torchvision's class, where its files come from, names of its classes."""

_LARGEST, _SECONDS, _IN_ALL = (
    64_000_000,
    30,
    900,
)  # bytes of a file, seconds to wait for a server, seconds for a whole file
_ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"}


class Pictures(NamedTuple):
    """Pictures with their classes.

    Attributes:
        images: (N, 1, H, W) float32 in [0, 1]; 28 x 28 unless another size was asked for.
        labels: (N,) int64, index into `names`.
        names: of the classes.
        factors: what they were made from, as `glyphs.sample` gives it; empty for photographed or
            scanned ones.
    """

    images: torch.Tensor
    labels: torch.Tensor
    names: tuple[str, ...]
    factors: dict[str, np.ndarray]


@checked(n_train=whole(1), n_test=whole(1))
def choose(name: str, n_train: int, n_test: int) -> tuple[Pictures, Pictures]:
    """(training set, held-out set) of one of the course's picture sets.

    Args:
        name: "glyphs" (made here), "mnist" or "fashion_mnist" (fetched once), or the path of a
            folder of pictures.
        n_train, n_test: pictures of each; a set that has fewer gives all of them.

    Raises:
        CourseError: there is no such set or folder, or it is not here and cannot be fetched.
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
    pictures = folder(name)
    order = torch.randperm(len(pictures.images), generator=torch.Generator().manual_seed(0))
    cut = max(1, len(order) // 10)
    return tuple(_rows(pictures, part) for part in (order[cut:][:n_train], order[:cut][:n_test]))


@checked(root=optional(instance(str, Path)))
def load(
    name: str, root: str | Path | None = None, download: bool = False
) -> tuple[Pictures, Pictures]:
    """(training set, test set) of MNIST or Fashion-MNIST, every file of it verified.

    Args:
        name: "mnist" or "fashion_mnist".
        root: folder laid out as torchvision does, `MNIST/raw/*.gz` in it; None is `datasets/` in
            `runtime.cache()`.
        download: fetch what is missing, over https only.

    Source: LeCun et al. (1998); Xiao, Rasul and Vollgraf (2017), "Fashion-MNIST".

    Raises:
        CourseError: a file is missing, altered or cannot be fetched.
    """
    kind, address, names = SETS[check_argument("name", name, one_of(*SETS))]
    root = _path(root) if root else paths.cache() / "datasets"
    raw = root / kind.__name__ / "raw"
    if not download and not raw.is_dir():  # before anything is made there
        raise CourseError(
            f"There is no {raw}; call load({name!r}, download=True), or go on with the "
            "default 'glyphs'."
        )
    with core_files.lock(raw.parent):
        for file, md5 in kind.resources:
            packed = raw / file
            if not packed.is_file():
                if not download:
                    raise CourseError(
                        f"There is no {packed}; call load({name!r}, download=True), or "
                        "go on with the default 'glyphs'."
                    )
                core_files.write_atomically(packed, _fetch(address + file, md5, packed))
            _unpack(packed, md5)
    if (
        root / kind.__name__ / "processed"
    ).exists():  # torchvision would read that instead, unverified
        raise CourseError(
            f"{root / kind.__name__ / 'processed'} holds files of an old torchvision: "
            "delete that folder, and load the set again."
        )
    sets = [kind(str(root), train=train, download=False) for train in (True, False)]
    return tuple(
        Pictures(part.data[:, None].float() / 255, part.targets.long(), names, {}) for part in sets
    )


@checked(path=instance(str, Path), size=whole(4, 1024))
def folder(path: str | Path, size: int = 28) -> Pictures:
    """Read a folder of pictures, made grey and square; its subfolders, if it has any, are the
    classes.

    Args:
        path: of the folder.
        size: height and width that the pictures are brought to; what is longer is cut off on both
            sides. Transparent parts become white, photos are turned as their camera says, hidden
            files are left out.

    Raises:
        CourseError: there are fewer than 20 pictures, or one cannot be read.
    """
    path = _path(path)
    files = sorted(
        file
        for file in path.rglob("*")
        if file.suffix.lower() in _ENDINGS
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    if len(files) < 20:
        raise CourseError(
            f"{path} holds {len(files)} pictures ({', '.join(sorted(_ENDINGS))}); at "
            "least 20 are needed."
        )
    classes = [file.relative_to(path).parts[0] if file.parent != path else "" for file in files]
    names = tuple(sorted(set(classes)))
    fit = v2.Compose(
        [v2.Resize(size), v2.CenterCrop(size), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]
    )
    images = torch.stack([fit(_open(file)).as_subclass(torch.Tensor) for file in files])
    return Pictures(images, torch.tensor([names.index(c) for c in classes]), names, {})


def _open(file: Path) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file) as image:
                upright = ImageOps.exif_transpose(image)
                if upright.mode.startswith(
                    ("I", "F")
                ):  # 16 bits and more: Pillow would cut off what is above 255
                    values = np.asarray(upright, dtype=np.float64)
                    return Image.fromarray(
                        (values * 255 / max(values.max(), 1)).clip(0, 255).astype(np.uint8)
                    )
                whole = upright.convert("RGBA")
                return Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert(
                    "L"
                )
    except (
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombWarning,
        Image.DecompressionBombError,
    ) as error:
        raise CourseError(
            f"{file} cannot be read as a picture ({type(error).__name__}); mend it or move it away."
        ) from None


def _path(name: str | Path) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:
        raise CourseError(
            f"{name} names the folder of a user who is not here; write the whole path."
        ) from None


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request, file, code, message, headers, address):
        if not address.startswith("https://"):
            raise urllib.error.URLError(f"it leads to {address.partition(':')[0]}, not https")
        return super().redirect_request(request, file, code, message, headers, address)


def _fetch(address: str, md5: str, target: Path) -> bytes:
    """A file's bytes over https, with the right MD5."""
    deadline = time.monotonic() + _IN_ALL
    try:
        if not address.startswith("https://"):
            raise ValueError("not https")
        with urllib.request.build_opener(_HttpsOnly).open(address, timeout=_SECONDS) as answer:
            data = _all_of(answer, deadline)
    except (
        OSError,
        ValueError,
        http.client.HTTPException,
    ) as error:  # URLError and timeouts are OSErrors
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
    """What a server sends, unless it takes for ever or sends too much."""
    data = bytearray()
    while part := answer.read1(1 << 16):
        data += part
        if time.monotonic() > deadline:
            raise TimeoutError(f"it took longer than {_IN_ALL:g} s")
        if len(data) > _LARGEST:
            raise ValueError("it is too large")
    if getattr(answer, "length", 0):  # http.client knows how much was announced
        raise http.client.IncompleteRead(bytes(data), answer.length)
    return bytes(data)


def _unpack(packed: Path, md5: str) -> None:
    """Leave the unpacked file beside the packed one; both must be what they were when the set was
    published.
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
    return Pictures(
        made.images, torch.from_numpy(made.factors["label"]), tuple("0123456789"), made.factors
    )


def _first(pictures: Pictures, n: int) -> Pictures:
    return _rows(pictures, torch.arange(min(n, len(pictures.images))))


def _rows(pictures: Pictures, rows: torch.Tensor) -> Pictures:
    return Pictures(
        pictures.images[rows],
        pictures.labels[rows],
        pictures.names,
        {k: v[rows.numpy()] for k, v in pictures.factors.items()},
    )
