"""Whatever learners hand in by mistake is refused in one clear line that names the argument: never
a crash, never a silent wrong result.

Every function below is called with good arguments, and then with each argument replaced by every
kind of wrong one.
"""

import random
import re
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aigc_course import cli, exercises, pretrained, runtime, training
from aigc_course.core import arguments as core_arguments
from aigc_course.core import paths
from aigc_course.core.errors import CourseError
from aigc_course.data.images import glyphs, image_sets
from aigc_course.data.stories import headlines, tale_tasks, tales
from aigc_course.data.text import own_text, python_docs, web_pages
from aigc_course.evaluation import image_metrics, judges, statistics, text_metrics
from aigc_course.generation import beam_search, newsroom, sampling
from aigc_course.models.images import classifier, gan, vae
from aigc_course.models.text import (
    cky_parser,
    gpt,
    ngram,
    seq2seq,
    tagger,
    word_vectors,
)
from aigc_course.pretrained import image_models
from aigc_course.text import bpe, cleaning, near_duplicates, segmentation, splitting, vocabulary
from aigc_course.text import tale_tokenizer as text_tale_tokenizer

HUGE = 10**12
NAN, INF = float("nan"), float("inf")


def images(n=6):
    return torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(0))


WRONG = {
    "whole": {
        "none": None,
        "text": "3",
        "half": 1.5,
        "nan": NAN,
        "negative": -1,
        "true": True,
        "list": [3],
        "huge": HUGE,
    },
    "seed": {
        "none": None,
        "text": "3",
        "half": 1.5,
        "nan": NAN,
        "negative": -1,
        "true": True,
        "list": [3],
        "huge": 2**70,
    },
    "real": {
        "none": None,
        "text": "x",
        "nan": NAN,
        "infinite": INF,
        "list": [1.0],
        "huge": 10**400,
        "true": True,
    },
    "string": {"none": None, "number": 3, "bytes": b"x", "list": ["a"], "nan": NAN},
    "choice": {"none": None, "number": 3, "other": "no such", "list": ["en"], "empty": ""},
    "tokens": {
        "none": None,
        "number": 3,
        "string": "a text",
        "numbers": [1, 2],
        "nones": [None],
        "bytes": b"x",
    },
    "texts": {
        "none": None,
        "number": 3,
        "string": "a text",
        "numbers": [1, 2],
        "nones": [None],
        "bytes": b"x",
        "nested": [["a"]],
    },
    "tokenized": {
        "none": None,
        "number": 3,
        "string": "a text",
        "numbers": [1, 2],
        "strings": ["a text"],
        "bytes": b"x",
    },
    "ids": {
        "none": None,
        "string": "a text",
        "halves": [0.5],
        "nones": [None],
        "negative": [-1],
        "huge": [HUGE],
    },
    "reals": {
        "none": None,
        "string": "x",
        "strings": ["x"],
        "nan": [0.5, NAN],
        "infinite": [INF],
        "empty": [],
        "nested": [[1.0], [2.0]],
    },
    "function": {"none": None, "number": 3, "string": "x"},
    "object": {"none": None, "number": 3, "string": "x", "list": [1]},
    "images": {
        "none": None,
        "list": [[0.5]],
        "array": np.zeros((4, 1, 28, 28)),
        "empty": torch.zeros(0, 1, 28, 28),
        "flat": torch.zeros(6, 784),
        "nan": images().index_fill(0, torch.tensor([2]), NAN),
        "infinite": images() / 0,
        "tanh": images() * 2 - 1,
        "bytes": (images() * 255),
        "flags": images() > 0.5,
        "complex": images().to(torch.complex64),
    },
    "features": {
        "none": None,
        "list": [[0.5]],
        "empty": torch.zeros(0, 4),
        "deep": torch.zeros(6, 4, 2),
        "nan": torch.full((6, 4), NAN),
        "infinite": torch.full((6, 4), INF),
        "wide": torch.zeros(6, 5),
    },
    "matrix": {
        "none": None,
        "string": "x",
        "flat": [1.0, 2.0],
        "nan": [[1.0, NAN], [0.0, 1.0]],
        "empty": [[]],
        "strings": [["a", "b"], ["c", "d"]],
        "ragged": [[1.0], [1.0, 2.0]],
    },
}


@dataclass
class Call:
    """A function with good arguments; `kinds` says for each which wrong ones it gets, `fine` which
    of them mean something after all.
    """

    function: object
    good: dict
    kinds: dict
    fine: set = field(default_factory=set)

    @property
    def name(self):
        return (
            f"{self.function.__module__.removeprefix('aigc_course.')}.{self.function.__qualname__}"
        )


@cache
def judge():
    return pretrained.load_image_model("glyphs-judge")


@cache
def story(world):
    return world.sample(1, seed=0)[0]


@cache
def small_gpt():
    return gpt.GPT(
        gpt.GPTConfig(vocab_size=20, context_length=16, n_layers=1, n_heads=2, d_model=8)
    )


@cache
def small_seq2seq():
    return seq2seq.Seq2Seq(
        seq2seq.Seq2SeqConfig(
            source_vocab=20, target_vocab=20, n_layers=1, n_heads=2, d_model=8, d_ff=16
        )
    ).eval()


@cache
def small_vae():
    return vae.VAE(vae.VAEConfig(n_latents=2, hidden=(8,)))


def calls():
    words = ["the", "cat", "sat"]
    pages = web_pages.sample(3, seed=0)
    trained = ngram.NGram(2).fit([words])
    pieces, table = bpe.BPE.train(["aa ab"], 2), vocabulary.Vocabulary([words])
    verdict = tales.check
    features = torch.rand(6, 4, generator=torch.Generator().manual_seed(0))
    counts = np.array([[0.0, 2.0], [2.0, 1.0]])
    tree = ("S", ("NP", ("N", "cats")), ("V", "sit"))
    loader = training.batches(torch.rand(8, 2), batch_size=4, seed=0)

    def loss(model, batch):
        return model(batch[0]).square().mean()

    seeded, n_text = {"n": "whole", "seed": "seed"}, {"text": "string"}
    return [
        # data
        Call(tales.sample, {"n": 1, "seed": 0, "form": "short"}, seeded | {"form": "choice"}),
        Call(tales.entropy, {"form": "short"}, {"form": "choice"}),
        Call(tales.world, {"form": "short"}, {"form": "choice"}),
        Call(
            tales.check,
            {"text": "x", "form": "short", "language": "en"},
            n_text | {"form": "choice", "language": "choice"},
        ),
        Call(tales.posterior, {"tokens": words, "at": 0}, {"tokens": "tokens", "at": "whole"}),
        Call(tales.alter, {"tale": story(tales), "seed": 0}, {"tale": "object", "seed": "seed"}),
        Call(tales.join, {"tokens": words}, {"tokens": "tokens"}),
        Call(tales.tokenize, {"text": "x"}, n_text),
        Call(headlines.sample, {"n": 1, "seed": 0}, seeded),
        Call(headlines.check, {"text": "x", "language": "en"}, n_text | {"language": "choice"}),
        Call(
            headlines.alter,
            {"headline": story(headlines), "seed": 0},
            {"headline": "object", "seed": "seed"},
        ),
        Call(
            headlines.rephrase,
            {"headline": story(headlines), "seed": 0},
            {"headline": "object", "seed": "seed"},
        ),
        Call(
            web_pages.sample,
            {"n": 1, "seed": 0, "language": "en", "duplicates": 0.2},
            seeded | {"language": "choice", "duplicates": "real"},
        ),
        Call(
            web_pages.score,
            {"cleaned": ["x"], "pages": pages},
            {"cleaned": "texts", "pages": "object"},
        ),
        Call(
            glyphs.sample,
            {"n": 1, "seed": 0, "characters": "01", "size": 28},
            seeded | {"characters": "choice", "size": "whole"},
        ),
        Call(glyphs.draw, {"factors": glyphs.sample(2, seed=0).factors}, {"factors": "object"}),
        Call(python_docs.load, {"kind": "topics"}, {"kind": "choice"}),
        Call(
            own_text.read_text,
            {"path": __file__, "least": 1},
            {"path": "choice", "least": "whole"},
            {("least", "huge"), ("path", "other")},
        ),
        Call(tale_tasks.questions, {"tale": story(tales)}, {"tale": "object"}),
        Call(tale_tasks.summary, {"tale": story(tales)}, {"tale": "object"}),
        Call(tale_tasks.kind, {"tale": story(tales)}, {"tale": "object"}),
        Call(
            image_sets.choose,
            {"name": "glyphs", "n_train": 2, "n_test": 2, "classes": 2},
            {"name": "choice", "n_train": "whole", "n_test": "whole", "classes": "whole"},
        ),
        Call(image_sets.load, {"name": "mnist", "root": "/nowhere"}, {"name": "choice"}),
        # text
        Call(bpe.split_words, {"text": "x"}, n_text),
        Call(
            bpe.BPE.train,
            {"texts": ["aa ab"], "n_merges": 1},
            {"texts": "texts", "n_merges": "whole"},
        ),
        Call(pieces.encode, {"text": "x"}, n_text),
        Call(pieces.decode, {"ids": [97]}, {"ids": "ids"}),
        Call(cleaning.decode, {"raw": b"x"}, {"raw": "string"}, {("raw", "bytes")}),
        Call(cleaning.html_to_text, {"page": "x"}, {"page": "string"}),
        Call(cleaning.normalize, {"text": "x"}, n_text),
        Call(cleaning.straight_quotes, {"text": "x"}, n_text),
        Call(cleaning.deduplicate, {"texts": ["x"]}, {"texts": "texts"}),
        Call(cleaning.clean_page, {"raw": b"x"}, {"raw": "string"}, {("raw", "bytes")}),
        Call(cleaning.key_of, {"text": "x"}, n_text),
        Call(
            near_duplicates.shingles, {"tokens": words, "n": 2}, {"tokens": "tokens", "n": "whole"}
        ),
        Call(near_duplicates.hashes, {"items": [("a", "b")]}, {"items": "tokenized"}),
        Call(near_duplicates.hash_functions, {"k": 2, "seed": 0}, {"k": "whole", "seed": "seed"}),
        Call(
            near_duplicates.near_duplicates,
            {"texts": ["a b", "a b"], "least": 0.5, "bands": 2, "rows": 2, "seed": 0},
            {"texts": "texts", "least": "real", "bands": "whole", "rows": "whole", "seed": "seed"},
        ),
        Call(segmentation.max_match, {"text": "x", "words": ["x"]}, n_text | {"words": "texts"}),
        Call(segmentation.segment, {"text": "x"}, n_text),
        Call(segmentation.spans, {"words": words}, {"words": "tokens"}),
        Call(
            segmentation.scores,
            {"predicted": [words], "true": [words]},
            {"predicted": "tokenized", "true": "tokenized"},
        ),
        Call(
            splitting.split,
            {"items": [1, 2, 3], "shares": (0.5, 0.5), "seed": 0, "key": None},
            {"items": "object", "shares": "reals", "seed": "seed", "key": "function"},
            {("key", "none"), ("items", "string"), ("items", "list")},
        ),
        Call(
            vocabulary.Vocabulary,
            {"texts": [words], "first": [], "least": 1},
            {"texts": "tokenized", "first": "tokens", "least": "whole"},
        ),
        Call(table.encode, {"tokens": words}, {"tokens": "tokens"}),
        Call(table.decode, {"ids": [3]}, {"ids": "ids"}),
        Call(
            table.batch,
            {"texts": [words], "length": 5},
            {"texts": "tokenized", "length": "whole"},
            {("length", "none")},
        ),
        # metrics
        Call(statistics.entropy, {"probabilities": [0.5, 0.5]}, {"probabilities": "reals"}),
        Call(statistics.standard_error, {"values": [0.5, 1.0]}, {"values": "reals"}),
        Call(
            text_metrics.quality,
            {"texts": ["x"], "check": verdict, "known": []},
            {"texts": "texts", "check": "function", "known": "texts"},
        ),
        Call(
            text_metrics.distinct, {"texts": [words], "n": 1}, {"texts": "tokenized", "n": "whole"}
        ),
        Call(
            text_metrics.longest_copy,
            {"tokens": words, "known": [words]},
            {"tokens": "tokens", "known": "tokenized"},
        ),
        Call(
            text_metrics.bleu,
            {"texts": ["x"], "references": [["x"]], "language": "en"},
            {"texts": "texts", "references": "tokenized", "language": "choice"},
        ),
        Call(
            text_metrics.rouge,
            {"texts": ["x"], "references": ["x"], "language": "en"},
            {"texts": "texts", "references": "texts", "language": "choice"},
        ),
        Call(
            text_metrics.relevance,
            {"texts": ["x"], "topics": ["x"], "check": headlines.check},
            {"texts": "texts", "topics": "texts", "check": "function"},
        ),
        Call(
            image_metrics.features_of,
            {"judge": judge(), "images": images()},
            {"judge": "object", "images": "images"},
        ),
        Call(
            image_metrics.confident_share,
            {"judge": judge(), "images": images()},
            {"judge": "object", "images": "images"},
        ),
        Call(
            image_metrics.class_entropy,
            {"judge": judge(), "images": images()},
            {"judge": "object", "images": "images"},
        ),
        Call(image_metrics.greyness, {"images": images()}, {"images": "images"}),
        Call(
            image_metrics.classes_covered,
            {"judge": judge(), "images": images(), "real": images(), "least": 0.1},
            {"judge": "object", "images": "images", "real": "images", "least": "real"},
        ),
        Call(
            image_metrics.precision_recall,
            {"generated": features, "real": features, "k": 3},
            {"generated": "features", "real": "features", "k": "whole"},
        ),
        Call(
            image_metrics.coverage,
            {"generated": features, "real": features, "k": 3},
            {"generated": "features", "real": "features", "k": "whole"},
        ),
        Call(
            image_metrics.frechet_distance,
            {"a": features, "b": features},
            {"a": "features", "b": "features"},
        ),
        Call(
            image_metrics.nearest,
            {"images": images(), "known": images()},
            {"images": "images", "known": "images"},
            {(a, j) for a in ("images", "known") for j in ("tanh", "bytes")},
        ),
        Call(
            image_metrics.psnr,
            {"images": images(), "truth": images()},
            {"images": "images", "truth": "images"},
            {(a, j) for a in ("images", "truth") for j in ("tanh", "bytes")},
        ),
        Call(
            image_metrics.compare_sets,
            {"judge": judge(), "sets": {"x": images()}, "real": images()},
            {"judge": "object", "sets": "object", "real": "images"},
        ),
        Call(image_metrics.warn_if_few, {"n": 100}, {"n": "whole"}),
        Call(
            image_metrics.factors_found,
            {"codes": features, "factors": {"x": np.arange(6.0)}},
            {"codes": "features", "factors": "object"},
            {("codes", "wide")},
        ),
        Call(
            classifier.accuracy,
            {"judge": judge(), "images": images(), "labels": torch.arange(6)},
            {"judge": "object", "images": "images"},
            {("images", j) for j in ("tanh", "bytes")},
        ),
        Call(
            classifier.probabilities,
            {"judge": judge(), "images": images()},
            {"judge": "object", "images": "images"},
            {("images", j) for j in ("tanh", "bytes")},
        ),
        # models and sampling
        Call(
            ngram.NGram,
            {"order": 2, "smoothing": "none"},
            {"order": "whole", "smoothing": "choice"},
        ),
        Call(trained.fit, {"texts": [words]}, {"texts": "tokenized"}),
        Call(trained.bits, {"tokens": words}, {"tokens": "tokens"}),
        Call(
            trained.generate,
            {"rng": random.Random(0), "temperature": 1.0, "max_tokens": 3, "prompt": []},
            {"rng": "object", "temperature": "real", "max_tokens": "whole", "prompt": "tokens"},
        ),
        Call(
            tagger.Tagger,
            {"texts": [(words, words)], "k": 0.1},
            {"texts": "tokenized", "k": "real"},
        ),
        Call(cky_parser.read_tree, {"text": "(S (N cats))"}, n_text),
        Call(cky_parser.TreebankParser, {"trees": [tree]}, {"trees": "tokenized"}),
        Call(
            cky_parser.bracket_scores,
            {"predicted": [tree], "true": [tree]},
            {"predicted": "object", "true": "object"},
        ),
        Call(
            word_vectors.cooccurrence,
            {"texts": [[0, 1]], "size": 2, "window": 1},
            {"texts": "tokenized", "size": "whole", "window": "whole"},
        ),
        Call(
            word_vectors.window_pairs,
            {"texts": [[0, 1]], "window": 1},
            {"texts": "tokenized", "window": "whole"},
        ),
        Call(word_vectors.ppmi, {"counts": counts}, {"counts": "matrix"}),
        Call(
            word_vectors.svd_vectors,
            {"matrix": counts, "width": 1},
            {"matrix": "matrix", "width": "whole"},
        ),
        Call(
            word_vectors.nearest,
            {"vectors": counts, "i": 0, "n": 1},
            {"vectors": "matrix", "i": "whole", "n": "whole"},
        ),
        Call(
            word_vectors.purity,
            {"vectors": counts, "groups": [[0], [1]], "n": 1},
            {"vectors": "matrix", "groups": "tokenized", "n": "whole"},
        ),
        Call(word_vectors.SkipGram, {"size": 2, "width": 2}, {"size": "whole", "width": "whole"}),
        Call(
            sampling.apply_temperature,
            {"probabilities": [0.5, 0.5], "temperature": 1.0},
            {"probabilities": "reals", "temperature": "real"},
        ),
        Call(
            sampling.filter_logits,
            {"logits": torch.zeros(2, 3), "temperature": 1.0, "top_k": 1, "top_p": 0.5},
            {"temperature": "real", "top_k": "whole", "top_p": "real"},
            {("top_k", "none"), ("top_p", "none"), ("top_k", "huge")},
        ),
        Call(
            sampling.generate,
            {
                "model": small_gpt(),
                "prompt": torch.tensor([[1, 2]]),
                "n": 2,
                "temperature": 1.0,
                "seed": 0,
                "end": 1,
            },
            {
                "model": "object",
                "n": "whole",
                "temperature": "real",
                "seed": "seed",
                "end": "whole",
            },
            {("seed", "none"), ("end", "none")},
        ),
        Call(
            beam_search.translate,
            {"model": small_seq2seq(), "source": torch.tensor([[3, 1]]), "n": 2},
            {"model": "object", "source": "object", "n": "whole"},
        ),
        Call(
            beam_search.beam_search,
            {
                "model": small_seq2seq(),
                "source": torch.tensor([[3, 1]]),
                "n": 2,
                "width": 2,
                "alpha": 0.6,
            },
            {
                "model": "object",
                "source": "object",
                "n": "whole",
                "width": "whole",
                "alpha": "real",
            },
        ),
        Call(
            vae.evaluate,
            {"model": small_vae(), "images": images(), "seed": 0},
            {"model": "object", "images": "images", "seed": "seed"},
        ),
        Call(
            vae.importance_bound,
            {"model": small_vae(), "images": images(), "k": 2},
            {"model": "object", "images": "images", "k": "whole"},
        ),
        Call(small_vae().sample, {"n": 1, "seed": 0}, seeded),
        Call(
            gan.Generator(gan.GANConfig(n_latents=2, width=4)).sample, {"n": 1, "seed": 0}, seeded
        ),
        # training
        Call(
            training.batches, {"batch_size": 4, "seed": 0}, {"batch_size": "whole", "seed": "seed"}
        ),
        Call(
            training.fit,
            {
                "model": torch.nn.Linear(2, 1),
                "loader": loader,
                "loss_fn": loss,
                "steps": 1,
                "lr": 0.1,
                "options": training.Options(show=False),
            },
            {
                "model": "object",
                "loader": "object",
                "loss_fn": "function",
                "steps": "whole",
                "lr": "real",
                "options": "object",
            },
            {("options", "none")},
        ),
        # files, settings, the newsroom
        Call(
            image_models.save,
            {"model": small_vae(), "folder": "/nowhere/x"},
            {"model": "object", "folder": "object"},
            {("folder", "string")},
        ),
        Call(
            image_models.load,
            {"folder": "/nowhere/x"},
            {"folder": "object"},
            {("folder", "string")},
        ),
        Call(pretrained.path, {"name": "glyphs-judge"}, {"name": "choice"}),
        Call(pretrained.load_gpt, {"name": "tales-gpt2"}, {"name": "choice"}),
        Call(pretrained.load_image_model, {"name": "glyphs-judge"}, {"name": "choice"}),
        Call(pretrained.from_hub, {"name": "x"}, {"name": "string"}),
        Call(
            judges.judge_of,
            {"name": "glyphs", "pictures": image_sets.choose("glyphs", 20, 20)[0], "steps": 1},
            {"name": "string", "pictures": "object", "steps": "whole"},
        ),
        Call(runtime.seed_everything, {"seed": 0}, {"seed": "seed"}),
        Call(paths.course_file, {"name": "data/tales.md"}, {"name": "string"}),
        Call(
            newsroom.tidy,
            {"texts": ["x"], "known": [], "shortest": 1},
            {"texts": "texts", "known": "texts", "shortest": "whole"},
        ),
        Call(
            newsroom.page,
            {"title": "x", "sections": {"a": ["b"]}, "language": "en"},
            {"title": "string", "sections": "object", "language": "choice"},
        ),
        Call(
            newsroom.vote,
            {"path": "/nowhere/x", "text": "x", "verdict": "good", "reader": "me"},
            {"path": "object", "text": "string", "verdict": "choice", "reader": "string"},
            {("path", "string")},
        ),
        Call(newsroom.votes, {"path": "/nowhere/x"}, {"path": "object"}, {("path", "string")}),
    ]


@cache
def all_calls():
    return calls()


def refusals(call):
    """(argument, kind of mistake, what came of it: None when it was refused as it should be)."""
    for argument, kind in call.kinds.items():
        for mistake, value in WRONG[kind].items():
            if (argument, mistake) in call.fine:
                continue
            try:
                call.function(
                    *[torch.rand(8, 2)] * (call.function is training.batches),
                    **call.good | {argument: value},
                )
            except CourseError as error:
                said = str(error)
                good = (
                    re.search(
                        (
                            rf"(^|[:(] ?|and ){argument}( and \w+)?(\[[^]]*\])? "
                            r"(must|needs?)\b|no exercise|recipe"
                        ),
                        said,
                    )
                    and "\n" not in said
                )
                yield argument, mistake, None if good else said
            except Exception as error:
                yield argument, mistake, f"{type(error).__name__}: {error}"
            else:
                yield argument, mistake, "accepted"


def test_every_wrong_argument_is_refused_by_name(count):
    found, cases = [], 0
    for call in all_calls():
        for argument, mistake, what in refusals(call):
            cases += 1
            if what:
                found.append(f"{call.name}({argument}={mistake}): {what}")
    assert not found, "\n".join(found)
    count("functions called with wrong arguments", len(all_calls()))
    count("wrong arguments refused by name", cases)


def test_the_good_arguments_are_good():
    """Otherwise the refusals would prove nothing; three need what is not here."""
    missing = 0
    for call in all_calls():
        try:
            call.function(*[torch.rand(8, 2)] * (call.function is training.batches), **call.good)
        except CourseError as error:
            missing += 1
            assert "/nowhere" in str(error) or "'x' is not on this machine" in str(error), (
                call.name,
                str(error),
            )
    assert missing <= 5


def test_what_learners_call_is_covered():
    """Every function that a lesson imports from the modules of data, text, metrics and sampling is
    called here with wrong arguments.
    """
    import ast

    from aigc_course.course import lessons

    tested = {call.function.__name__ for call in all_calls()}
    without_arguments = {"load", "entropy", "device", "home", "scale"}
    for lesson in lessons.all_lessons():
        source = "\n".join(
            cell.source for cell in lessons.read(lesson.path).cells if cell.cell_type == "code"
        )
        modules = set()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                ("aigc_course.data", "aigc_course.text")
            ):
                modules |= {alias.name for alias in node.names} - {"drawings"}  # of pictures
        called = {
            node.attr
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in modules | {"metrics", "sampling", "image_metrics"}
        }
        missing = {
            name for name in called if name.islower() and name not in tested | without_arguments
        }
        assert not missing, (lesson.number, missing)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (text_metrics.bleu, {"texts": ["a", "b"], "references": [["a"]]}),
        (text_metrics.rouge, {"texts": ["a", "b"], "references": ["a"]}),
        (statistics.entropy, {"probabilities": [0.5, 0.6]}),
        (statistics.entropy, {"probabilities": [1.5, -0.5]}),
        (text_metrics.distinct, {"texts": [["a"]], "n": 2}),
        (text_metrics.quality, {"texts": [], "check": tales.check, "known": []}),
        (splitting.split, {"items": [1], "shares": (0.5, 0.5), "seed": 0}),
        (splitting.split, {"items": [1, 2, 3], "shares": (0.5, 0.6), "seed": 0}),
        (web_pages.sample, {"n": 1, "seed": 0, "duplicates": 1.0}),
        (glyphs.sample, {"n": 1, "seed": 0, "characters": "é"}),
        (glyphs.sample, {"n": 1, "seed": 0, "size": 4}),
        (
            glyphs.draw,
            {"factors": glyphs.sample(2, seed=0).factors | {"stroke": np.array([0.5, NAN])}},
        ),
        (
            glyphs.draw,
            {"factors": glyphs.sample(2, seed=0).factors | {"stroke": np.array(["a", "b"])}},
        ),
        (tales.posterior, {"tokens": ["a"], "at": 1}),
        (word_vectors.svd_vectors, {"matrix": [[1.0, 0.0], [0.0, 1.0]], "width": 3}),
        (word_vectors.nearest, {"vectors": [[1.0, 0.0], [0.0, 1.0]], "i": 2, "n": 1}),
        (word_vectors.cooccurrence, {"texts": [[0, 5]], "size": 2, "window": 1}),
        (word_vectors.ppmi, {"counts": [[0.0, 0.0]]}),
        (image_metrics.nearest, {"images": images(), "known": torch.rand(3, 1, 8, 8)}),
        (
            image_metrics.precision_recall,
            {"generated": torch.rand(3, 2), "real": torch.rand(9, 2), "k": 3},
        ),
        (
            image_metrics.factors_found,
            {"codes": torch.rand(3, 2), "factors": {"x": np.arange(4.0)}},
        ),
        (
            image_metrics.factors_found,
            {"codes": torch.rand(3, 2), "factors": {"x": np.array([0.0, NAN, 1.0])}},
        ),
        (classifier.accuracy, {"judge": judge(), "images": images(6), "labels": torch.arange(5)}),
        (sampling.generate, {"model": small_gpt(), "prompt": torch.tensor([[1, 2]]), "n": 20}),
        (sampling.generate, {"model": small_gpt(), "prompt": torch.tensor([[1, 99]]), "n": 2}),
        (sampling.generate, {"model": small_gpt(), "prompt": torch.tensor([[1.0]]), "n": 2}),
        (sampling.filter_logits, {"logits": torch.zeros(2, 3), "top_p": 0.0}),
        (beam_search.translate, {"model": small_seq2seq(), "source": torch.tensor([[99]]), "n": 2}),
        (training.batches, {"batch_size": 1, "seed": 0}),
        (vocabulary.Vocabulary, {"texts": []}),
        (bpe.BPE, {"merges": [(b"zz", b"y")]}),
        (own_text.read_text, {"path": "/dev/zero"}),
        (own_text.read_text, {"path": "/"}),
        (own_text.read_text, {"path": "a\0b"}),
        (own_text.read_text, {"path": "~no-such-user/x"}),
        (gpt.GPT, {"config": gpt.GPTConfig(vocab_size=9, context_length=4, d_model=10, n_heads=3)}),
        (gpt.GPT, {"config": gpt.GPTConfig(vocab_size=0, context_length=4)}),
        (gpt.GPT, {"config": gpt.GPTConfig(vocab_size=9, context_length=4, positions="none")}),
        (gpt.GPT, {"config": gpt.GPTConfig(vocab_size=9, context_length=4, dropout=1.5)}),
        (vae.VAE, {"config": vae.VAEConfig(hidden=())}),
        (vae.VAE, {"config": vae.VAEConfig(n_latents=-1)}),
        (gan.Generator, {"config": gan.GANConfig(size=27)}),
        (classifier.Classifier, {"config": classifier.ClassifierConfig(n_classes=0)}),
        (
            seq2seq.Seq2Seq,
            {"config": seq2seq.Seq2SeqConfig(source_vocab=9, target_vocab=9, d_model=9)},
        ),
    ],
)
def test_arguments_that_do_not_fit_each_other(function, arguments):
    with pytest.raises(CourseError) as caught:
        function(**arguments)
    assert "\n" not in str(caught.value)


def test_a_model_whose_training_went_wrong_does_not_write():
    broken = gpt.GPT(
        gpt.GPTConfig(vocab_size=20, context_length=16, n_layers=1, n_heads=2, d_model=8)
    )
    with torch.no_grad():
        broken.embedding.weight.fill_(NAN)
    with pytest.raises(CourseError, match="NaN"):
        sampling.generate(broken, torch.tensor([[1, 2]]), 3)


def test_rules_name_what_came():
    """The words of a refusal, for those who read them."""

    @core_arguments.checked(
        n=core_arguments.whole(1, 9),
        share=core_arguments.real(0, below=1),
        images=core_arguments.tensor("N 1 H W"),
    )
    def function(n=1, share=0.5, images=None):
        return n

    for arguments, words in (
        ({"n": 0}, "function: n must be a whole number of at least 1 and at most 9, not 0."),
        ({"n": 10}, "function: n must be a whole number of at most 9, not 10."),
        (
            {"share": 1.0},
            "function: share must be a finite number, at least 0 and below 1, not 1.0.",
        ),
        (
            {"images": torch.full((2, 3), NAN)},
            "function: images must be a tensor of shape (N, 1, H, W) with at least 1 row "
            "of finite numbers, "
            "not a tensor of shape (2, 3) and type torch.float32 with values that are not finite.",
        ),
        (
            {"n": "x" * 500},
            "function: n must be a whole number of at least 1 and at most 9, not '"
            + "x" * 56
            + "....",
        ),
    ):
        with pytest.raises(CourseError) as caught:
            function(**arguments)
        assert str(caught.value) == words
    with pytest.raises(TypeError, match="unexpected keyword"):  # Python's own
        function(m=1)
    with pytest.raises(TypeError, match="no argument"):
        core_arguments.checked(other=core_arguments.whole())(function)
    assert function.__name__ == "function" and function(n=3) == 3


EXERCISE_CALLS = (
    lambda: exercises.exercise(3),
    lambda: exercises.exercise("no.such"),
    lambda: exercises.exercise(None),
    lambda: exercises.exercise(len),
    lambda: exercises.answer(3, 1),
    lambda: exercises.answer("no.such", 1),
    lambda: exercises.hint(None),
    lambda: exercises.hint("no.such"),
    lambda: exercises.solution(["chance.entropy"]),
    lambda: exercises.solution("chance"),
    lambda: exercises.answer("chance.entropy", 1),
)


@pytest.mark.parametrize("call", EXERCISE_CALLS)
def test_exercises_that_are_not_there(call):
    with pytest.raises(CourseError) as caught:
        call()
    assert "\n" not in str(caught.value)


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.lists(st.integers()),
    st.dictionaries(st.text(), st.text()),
    st.complex_numbers(),
    st.just(object()),
)


@given(ANYTHING)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_value_is_an_answer_that_is_judged(value):
    """To a question for a number, and as what an answer in code gives back: right, wrong or empty,
    never an error.
    """
    from aigc_course.exercises.engine import catalog, judging

    question = (
        catalog.find("welcome.bits")
        if "welcome.bits" in catalog.exercises_of("welcome")
        else next(
            task
            for topic in catalog.TOPICS
            for task in catalog.exercises_of(topic).values()
            if not hasattr(task, "probes")
        )
    )
    report, _ = judging.judge_value(question, value)
    assert report.state in ("right", "wrong", "empty")
    report, _ = judging.judge(catalog.find("chance.entropy"), lambda *_: value)
    assert report.state in ("wrong", "empty")


WRONG_COMMANDS = (
    ["run", "99"],
    ["run", "no-such.ipynb"],
    ["run", "."],
    ["run", ""],
    ["run", "01", "--scale", "huge"],
    ["run"],
    ["nonsense"],
    [],
    ["reset", "x"],
    ["reset"],
    ["pretrain", "gpt5"],
    ["pretrain", "tales-gpt2", "--steps", "0"],
    ["pretrain", "tales-gpt2", "--steps", "-3"],
    ["pretrain", "tales-gpt2", "--steps", "many"],
    ["pretrain", "tales-gpt2", "--examples", "0", "--steps", "1"],
    ["pretrain", "glyphs-vae", "--examples", "1", "--steps", "1"],
    ["pretrain", "glyphs-gan", "--examples", "1", "--steps", "1"],
    ["classroom"],
    ["classroom", "export", "99", "--out", "/nowhere"],
    ["classroom", "export", "01"],
    ["classroom", "report", "/nowhere"],
    ["classroom", "export", "01", "--out", "/proc/x"],
    ["lab", "--port=many"],
    ["lab", "--port=99999"],
    ["store", "77"],
    ["doctor", "--nonsense"],
)


@pytest.mark.parametrize("command", WRONG_COMMANDS, ids=" ".join)
def test_wrong_commands_end_with_one_line_and_status_2(command, home, capsys):
    try:
        status = cli.main(command)
    except SystemExit as left:  # argparse's own
        status = left.code
    said = capsys.readouterr().err
    assert status == 2 and "Traceback" not in said
    assert [line for line in said.splitlines() if line.strip()][-1], said


UNICODE = st.text(
    st.characters(exclude_categories=()), max_size=60
)  # lone surrogates, unassigned, controls, combining, right to left ...
EXAMPLES = 150


@given(UNICODE, UNICODE)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_text_tools_survive_any_unicode(text, other):
    tokens = tales.tokenize(text)
    assert all(isinstance(token, str) for token in tokens) and isinstance(tales.join(tokens), str)
    for check in (tales.check, headlines.check):
        for language in ("en", "zh"):
            assert check(text, language=language).grammatical in (True, False)
    assert tales.check(text, form="long").consistent in (True, False)
    plain = cleaning.normalize(text)
    assert cleaning.normalize(plain) == plain and isinstance(cleaning.html_to_text(text), str)
    assert isinstance(cleaning.straight_quotes(text), str) and len(
        cleaning.deduplicate([text, text, other])
    ) in (1, 2)
    raw = text.encode("utf-8", "surrogatepass")
    assert isinstance(cleaning.decode(raw), str) and isinstance(cleaning.clean_page(raw), str)
    assert "".join(bpe.split_words(text)) == text
    assert (
        "".join(segmentation.max_match(text, [other, "的"])) == text
        and "".join(segmentation.segment(text)) == text
    )
    table = vocabulary.Vocabulary([[text, other]])
    assert (
        table.decode(table.encode([text])) == [text]
        or text in vocabulary.Vocabulary([["x"]]).tokens
    )
    assert text_metrics.longest_copy([text, other], [[text, other]]) in (0, 1, 2)
    assert 0 <= text_metrics.distinct([[text, other]], 1) <= 1
    assert newsroom.page(text, {other: [text]}).count("<li>") == 1
    assert isinstance(newsroom.tidy([text, other]), list)


@given(UNICODE)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_tokenizers_and_scores_survive_any_unicode(text):
    pieces = pieces_of_a_sentence()
    assert pieces.decode(pieces.encode(text)) == text
    if text.isprintable() or text.isascii():
        pieces.to_hugging_face().encode(text)
    ids = tale_tokenizer()(text.encode("utf-8", "replace").decode())["input_ids"]
    assert all(0 <= i < len(tale_tokenizer()) for i in ids)
    for language in ("en", "zh"):
        readable = text.encode("utf-8", "replace").decode()
        assert 0 <= text_metrics.bleu([readable], [[readable]], language)[0] <= 100.01
        assert all(
            0 <= score <= 1
            for score in text_metrics.rouge([readable], [readable], language).values()
        )
    assert chart_reads(text) in (True, False)


@cache
def pieces_of_a_sentence():
    return bpe.BPE.train(["a sentence, 一句话 é"], 5)


@cache
def tale_tokenizer():
    return text_tale_tokenizer.wrap(text_tale_tokenizer.tale_vocabulary(), 64)


def chart_reads(text):
    try:
        return bool(cky_parser.read_tree(text))
    except CourseError:
        return False


@given(st.binary(max_size=200))
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_bytes_become_text(raw):
    assert isinstance(cleaning.decode(raw), str) and isinstance(cleaning.clean_page(raw), str)
