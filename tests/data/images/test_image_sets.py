"""Sets of pictures: verified whenever they are loaded, never over plain http, a clear way out
offline; a folder of one's own."""

import http.client
import os
import shutil
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import torch
from mnist_files import idx, put, small  # noqa: F401 (a fixture)
from PIL import Image

from aigc_course.core.errors import CourseError
from aigc_course.data.images import glyphs, image_sets

REAL = os.environ.get("AIGC_MNIST", "")


with_mnist = pytest.mark.skipif(
    not REAL,
    reason="AIGC_MNIST names no folder with MNIST/raw/*.gz: the real files were not tested",
)


def serve(monkeypatch, answers):
    """Let the network give these bytes by file name; remembers the addresses asked for."""
    asked = []

    class Opener:
        def open(self, address, timeout):
            asked.append(address)
            answer = answers[address.rpartition("/")[2]]
            if isinstance(answer, Exception):
                raise answer
            import io

            return io.BytesIO(answer)

    def build(*handlers):
        assert image_sets._HttpsOnly in handlers
        return Opener()

    monkeypatch.setattr(image_sets.urllib.request, "build_opener", build)
    return asked


def test_files_that_are_there_are_loaded_without_a_network(small, monkeypatch):
    root, packed, arrays = small
    put(root, packed)
    asked = serve(monkeypatch, {})
    for _ in range(2):
        train, test = image_sets.load("mnist", root, download=True)
        assert (
            train.images.shape == (30, 1, 28, 28)
            and train.images.dtype == torch.float32
            and train.images.max() <= 1
        )
        assert np.array_equal(
            (train.images[:, 0] * 255).round().numpy().astype(np.uint8), arrays[0]
        )
        assert (
            test.labels.tolist() == arrays[3].tolist()
            and test.names == tuple("0123456789")
            and test.factors == {}
        )
    assert not asked


def test_download_is_https_and_verified(small, monkeypatch):
    root, packed, _ = small
    with pytest.raises(CourseError, match=r"download=True.*glyphs"):
        image_sets.load("mnist", root)
    asked = serve(monkeypatch, packed)
    assert len(image_sets.load("mnist", root, download=True)[0].images) == 30
    assert len(asked) == 4 and all(address.startswith("https://") for address in asked)


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>login</html>",
        b"",
        urllib.error.URLError("no network"),
        TimeoutError("timed out"),
        http.client.IncompleteRead(b"half"),
    ],
)
def test_what_is_not_the_file_is_told_and_nothing_is_kept(small, monkeypatch, answer):
    root, packed, _ = small
    serve(monkeypatch, dict.fromkeys(packed, answer))
    with pytest.raises(CourseError, match="glyphs") as caught:
        image_sets.load("mnist", root, download=True)
    assert "\n" not in str(caught.value) and not list(root.rglob("*ubyte*"))


def test_plain_http_is_refused_also_by_redirection():
    with pytest.raises(CourseError, match="not https"):
        image_sets._fetch("http://example.org/a.gz", "0", Path("a.gz"))
    follow, request = image_sets._HttpsOnly(), urllib.request.Request("https://example.org/a.gz")
    assert follow.redirect_request(
        request, None, 302, "Found", {}, "https://other.example.org/a.gz"
    ).full_url.startswith("https://other")
    with pytest.raises(urllib.error.URLError, match="not https"):
        follow.redirect_request(request, None, 302, "Found", {}, "http://example.org/a.gz")
    assert all(address.startswith("https://") for _, address, _ in image_sets.SETS.values())


def test_one_altered_byte_is_noticed_packed_or_unpacked(small):
    root, packed, _ = small
    raw = put(root, packed)
    image_sets.load("mnist", root)
    for file in [*raw.iterdir()]:
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        good, _ = file.read_bytes(), file.write_bytes(data)
        with pytest.raises(CourseError, match="altered"):
            image_sets.load("mnist", root)
        file.write_bytes(good)
    image_sets.load("mnist", root)


@with_mnist
def test_real_mnist(tmp_path):
    shutil.copytree(Path(REAL) / "MNIST", tmp_path / "MNIST")
    train, test = image_sets.load("mnist", tmp_path)
    assert train.images.shape == (60000, 1, 28, 28) and test.images.shape == (10000, 1, 28, 28)
    assert train.labels[:5].tolist() == [5, 0, 4, 1, 9] and test.labels[:3].tolist() == [7, 2, 1]
    assert train.images.mean().item() == pytest.approx(
        0.1307, abs=1e-4
    )  # the mean that every tutorial subtracts


def own_pictures(folder, n, kinds=("cats", "dogs")):
    """Write n pictures, in turn of each kind; "" is the folder itself."""
    rng = np.random.default_rng(0)
    for i in range(n):
        kind, ending = kinds[i % len(kinds)], ("png", "jpg")[i % 3 == 0]
        (folder / kind).mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (40, 64, 3), dtype=np.uint8)).save(
            folder / kind / f"{i:03d}.{ending}"
        )


def test_own_folder(tmp_path):
    own_pictures(tmp_path, 160)
    (tmp_path / "notes.txt").write_text("not a picture")
    made = image_sets.folder(tmp_path)
    assert (
        made.images.shape == (160, 1, 28, 28) and made.images.min() >= 0 and made.images.max() <= 1
    )
    assert made.names == ("cats", "dogs") and made.labels.tolist() == [0] * 80 + [1] * 80
    train, test = image_sets.choose(str(tmp_path), 1000, 1000, classes=2)
    assert len(train.images) == 140 and len(test.images) == 20  # a tenth would be too few
    assert set(train.labels.tolist()) == {0, 1} and train.what == "pictures"


def refusal(folder, **needs):
    """What is said of a folder, one line."""
    with pytest.raises(CourseError) as caught:
        image_sets.choose(str(folder), 1000, 1000, **needs)
    assert "\n" not in str(caught.value) and str(folder) in str(caught.value)
    return str(caught.value)


def test_one_damaged_picture_is_named(tmp_path):
    own_pictures(tmp_path, 160)
    whole = (tmp_path / "cats" / "000.jpg").read_bytes()
    (tmp_path / "cats" / "000.jpg").write_bytes(whole[: len(whole) // 2])
    said = refusal(tmp_path)
    assert "1 of 160 pictures cannot be read (cats/000.jpg: damaged)" in said
    assert "mend them or move them away" in said and "needed" not in said


def test_a_flat_folder_is_told_where_classes_are_needed(tmp_path):
    own_pictures(tmp_path, 160, kinds=("",))
    assert image_sets.choose(str(tmp_path), 1000, 1000)[0].names == ("",)
    said = refusal(tmp_path, classes=2)
    assert "have no classes: make a subfolder for each class" in said and "cats" in said


def test_one_class_and_pictures_beside_the_subfolders_are_told(tmp_path):
    own_pictures(tmp_path / "one", 160, kinds=("cats",))
    assert "at least 2 classes are needed, and these are all of cats" in refusal(
        tmp_path / "one", classes=2
    )
    own_pictures(tmp_path / "mixed", 160, kinds=("cats", "dogs", "owls", ""))
    said = refusal(tmp_path / "mixed", classes=2)
    assert "beside the subfolders (003.jpg, 007.png, 011.png and 37 more)" in said


def test_all_problems_of_a_folder_come_at_once(tmp_path):
    own_pictures(tmp_path, 30, kinds=("",))
    for i in (2, 5, 8, 11):
        (tmp_path / f"{i:03d}.png").unlink(missing_ok=True)
        (tmp_path / f"{i:03d}.png").write_bytes(b"no picture at all")
    said = refusal(tmp_path, classes=2)
    assert "4 of 30 pictures cannot be read (002.png: damaged, 005.png: damaged, " in said
    assert "008.png: damaged and 1 more)" in said
    assert "holds 26 readable pictures" in said and "at least 150" in said
    assert "have no classes" in said
    (tmp_path / "empty").mkdir()
    said = refusal(tmp_path / "empty", classes=2)
    assert "holds 0 readable pictures" in said and "classes" not in said


def test_a_picture_is_cut_before_it_is_resized(tmp_path):
    """A strip of one pixel by many would become as much longer as it becomes wider."""
    strip = Image.new("L", (1, 101))
    strip.putpixel((0, 50), 255)
    for i in range(20):
        strip.save(tmp_path / f"{i}.png")
    assert image_sets.folder(tmp_path).images.min() == 1  # nothing of the black parts is left


@pytest.mark.parametrize(
    "side", [13, 30]
)  # Pillow warns above its limit, and raises above twice that
def test_a_bomb_is_refused(tmp_path, monkeypatch, side):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    for i in range(20):
        Image.new("L", (side, side)).save(tmp_path / f"{i}.png")
    with pytest.raises(CourseError, match="too many pixels"):
        image_sets.folder(tmp_path)


def test_turned_deep_and_transparent_pictures_come_out_as_people_see_them(tmp_path):
    for i in range(20):
        Image.new("L", (30, 30)).save(tmp_path / f"x{i}.png")
    half = np.zeros((30, 30), dtype=np.uint8)
    half[:15] = 255  # bright above
    turned = Image.Exif()
    turned[0x0112] = 3  # "upside down", as a camera says it
    Image.fromarray(half).convert("RGB").save(tmp_path / "a.jpg", exif=turned)
    Image.fromarray(half.astype(np.uint16) * 200).save(tmp_path / "b.png")
    Image.fromarray(np.dstack([np.zeros((30, 30, 3), dtype=np.uint8), 255 - half])).save(
        tmp_path / "c.png"
    )  # black ink on nothing
    (tmp_path / ".hidden.png").write_bytes(b"no picture")
    a, b, c = image_sets.folder(tmp_path).images[:3, 0]
    assert a[:10].mean() < 0.1 < 0.9 < a[-10:].mean()
    for image in (b, c):
        assert image[:10].mean() > 0.9 and image[-10:].mean() < 0.1


def test_files_that_torchvision_would_read_unverified_are_refused(small):
    root, packed, _ = small
    put(root, packed)
    (root / "MNIST" / "processed").mkdir()
    with pytest.raises(CourseError, match="delete that folder"):
        image_sets.load("mnist", root)


def test_bad_names_are_told(tmp_path):
    for name in ("no such set", 3, None, ["mnist"], str(tmp_path / "nowhere")):
        with pytest.raises(CourseError, match="'glyphs', 'mnist'"):
            image_sets.choose(name, 10, 10)
    with pytest.raises(CourseError, match="who is not here"):
        image_sets.choose("~no-such-user/pictures", 10, 10)
    with pytest.raises(CourseError, match="at least 150"):
        image_sets.choose(str(tmp_path), 10, 10)
    with pytest.raises(CourseError, match="at least 20"):
        image_sets.folder(tmp_path)
    with pytest.raises(CourseError, match="fashion_mnist"):
        image_sets.load("cifar")
    with pytest.raises(CourseError, match="n_train"):
        image_sets.choose("glyphs", 0, 10)


def test_glyphs_are_the_default_world():
    train, test = image_sets.choose("glyphs", 50, 20)
    assert torch.equal(train.images, glyphs.sample(50, seed=1).images) and len(test.images) == 20
    assert set(train.factors) >= set(glyphs.RANGES) and train.names == tuple("0123456789")
