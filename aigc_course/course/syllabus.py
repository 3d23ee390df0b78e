"""The syllabus: one record for each lesson, in the order of the course.

Everything else follows from it. A lesson's number is its place among the lessons that exist, its
file is named after number and title, its exercises stand in `aigc_course.exercises.TOPIC`, its
picture is `data/pictures/TOPIC.png`, and its place on the map follows from its part. Other code
names a lesson by its topic, which never changes.

To move, rename, split or add a lesson, change this file (and write the notebook, if it is a new
one), then run `python3 course.py stamp`: it renames files and writes numbers, links and tables
wherever they stand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

START, TEXT, PICTURES = "Start", "Text", "Pictures"
WORLDS, GOOD = "Sound, motion, worlds", "Good and useful"
PARTS = (START, TEXT, PICTURES, WORLDS, GOOD)
"""The parts of the course, in their order."""

COURSES = ("language", "pictures")
"""Short courses of nineteen to twenty-four lessons, for those who have a weekend or a term."""


@dataclass(frozen=True)
class Lesson:
    """One lesson of the course.

    Attributes:
        topic: its name in code, one word: first part of its exercises' names, name of their module
            and of its picture.
        title: its name for learners, from which the name of the file follows.
        part: one of `PARTS`.
        question: the one question that it answers, in lower case.
        needs: topics of the lessons to take before.
        minutes: about how long a learner takes, with all exercises but the longest.
        builds: what a learner builds in it, one line.
        lab: what a class does together, one line; a lesson without one shares a week with the next.
        short: title on the map where the whole one is too long.
        courses: short courses that it belongs to, of `COURSES`.
        planned: whether it is still to be written; then it has no notebook and no number, stands in
            no table, and has a dashed frame on the map.
        within: for a planned lesson, topic of the existing one that holds its content until it is
            split off; it is not on the map.
    """

    topic: str
    title: str
    part: str
    question: str
    needs: tuple[str, ...] = ()
    minutes: int = 0
    builds: str = ""
    lab: str = ""
    short: str = ""
    courses: tuple[str, ...] = ()
    planned: bool = False
    within: str = ""

    @property
    def number(self) -> str:
        """Return two digits, its place among the lessons that exist; "" for a planned one."""
        return "" if self.planned else f"{present().index(self):02}"

    @property
    def slug(self) -> str:
        """Return the title as it stands in the name of the file, such as "rules_and_chance"."""
        return re.sub(r"[^a-z0-9]+", "_", self.title.lower()).strip("_")

    @property
    def name(self) -> str:
        """Return the name of its file without the ending, such as "01_rules_and_chance".

        A planned lesson has the name "".
        """
        return "" if self.planned else f"{self.number}_{self.slug}"


def present() -> tuple[Lesson, ...]:
    """Return the lessons that exist, in their order."""
    return tuple(lesson for lesson in LESSONS if not lesson.planned)


def on_map() -> tuple[Lesson, ...]:
    """Return the lessons that the map shows.

    These are the lessons that exist, and those whose content no existing lesson holds yet.
    """
    return tuple(lesson for lesson in LESSONS if not lesson.within)


def by_topic() -> dict[str, Lesson]:
    """Return topic -> its lesson, with the planned ones."""
    return {lesson.topic: lesson for lesson in LESSONS}


def short_course(course: str) -> tuple[Lesson, ...]:
    """Return the existing lessons that hold the content of a short course, in their order."""
    topics = {lesson.within or lesson.topic for lesson in LESSONS if course in lesson.courses}
    return tuple(lesson for lesson in present() if lesson.topic in topics)


LESSONS: tuple[Lesson, ...] = (
    Lesson(
        topic="welcome",
        title="Welcome",
        part=START,
        question="what is AI-generated content, and how does this course work?",
        minutes=45,
        builds="a taste of text, image and sound; how the course works",
        courses=("language", "pictures"),
    ),
    Lesson(
        topic="chance",
        title="Rules and chance",
        part=TEXT,
        question="how far do rules go, and how surprising is what they write?",
        needs=("welcome",),
        minutes=80,
        builds="templates, a grammar and all its sentences; surprise, entropy, temperature",
        lab="whose grammar writes more? how many questions find a tale?",
        courses=("language", "pictures"),
    ),
    Lesson(
        topic="ngrams",
        title="N-grams",
        part=TEXT,
        question="can a program learn to write by counting?",
        needs=("chance",),
        minutes=90,
        builds="n-gram models, smoothing, cross-entropy; memorising",
        lab="rules against counting; who beats the entropy? (nobody)",
        courses=("language",),
    ),
    Lesson(
        topic="cleaning",
        title="Clean text",
        part=TEXT,
        question="how does a raw page become clean text?",
        needs=("ngrams",),
        minutes=80,
        builds="UTF-8 by hand, encodings guessed, pages parsed, one spelling, each step scored",
        lab="clean a page, and guess its encoding",
        courses=("language",),
    ),
    Lesson(
        topic="copies",
        title="Copies and splits",
        part=TEXT,
        question="which texts may a model learn from, and which judge it?",
        needs=("cleaning",),
        minutes=80,
        builds="shingles, near-copies by MinHash and bands, splits without leaks",
        lab="find the leak",
    ),
    Lesson(
        topic="tokens",
        title="Text to tokens",
        part=TEXT,
        question="what is a token?",
        needs=("cleaning",),
        minutes=90,
        builds="byte-pair encoding equal to `tokenizers`, bits per character, Chinese words",
        lab="merge by hand; whose tokens need the fewest bits?",
        courses=("language",),
    ),
    Lesson(
        topic="words",
        title="Words and tags",
        part=TEXT,
        question="which job does each word have?",
        needs=("tokens",),
        minutes=85,
        builds="a baseline, a hidden Markov model from counts; it writes",
        lab="tag a page by hand, and agree on it",
    ),
    Lesson(
        topic="viterbi",
        title="The best path",
        part=TEXT,
        question="how does one find the best of a vast number of paths?",
        needs=("words",),
        minutes=85,
        builds="a greedy search, Viterbi, the forward algorithm",
        lab="Viterbi by hand at the board",
    ),
    Lesson(
        topic="sentences",
        title="Sentences and trees",
        part=TEXT,
        question="what can a machine read in a sentence?",
        needs=("viterbi",),
        minutes=90,
        builds="phrases, binary rules, a chart that finds every tree",
        lab="who finds the five trees?",
    ),
    Lesson(
        topic="meaning",
        title="Who did what",
        part=TEXT,
        question="which reading is meant, and who did what?",
        needs=("sentences",),
        minutes=90,
        builds="probabilities of trees, the best one, roles, pronouns",
        lab="read a tale by rules, and find the rule that fails",
    ),
    Lesson(
        topic="network",
        title="First network",
        part=TEXT,
        question="how does a machine learn?",
        needs=("chance",),
        minutes=85,
        builds="a neuron with a pencil, its loss, a walk downhill, a judge of digits by nudges",
        lab="roll down the valley; whose learning rate arrives first?",
        courses=("language", "pictures"),
    ),
    Lesson(
        topic="chainrule",
        title="The chain rule",
        part=TEXT,
        question="how does a nudge travel through a computation?",
        needs=("network",),
        minutes=70,
        builds="slopes along a chain, the gradient of a neuron, checked by nudges",
        lab="whose pencil finds the slope first?",
        courses=("language", "pictures"),
    ),
    Lesson(
        topic="backprop",
        title="Backpropagation",
        part=TEXT,
        question="how are all slopes found at once?",
        needs=("chainrule",),
        minutes=80,
        builds="a tape, an autograd of thirty lines, the loop of PyTorch",
        lab="slopes along a tape on the board; who finds the forgotten line?",
        courses=("language", "pictures"),
    ),
    Lesson(
        topic="deep",
        title="Deep networks",
        part=TEXT,
        question="why layers?",
        needs=("backprop",),
        minutes=80,
        builds="two layers by hand, then with PyTorch's modules; slopes through the bend",
        lab="how many hidden neurons bend the border far enough?",
        courses=("language", "pictures"),
    ),
    Lesson(
        topic="softmax",
        title="Softmax and batches",
        part=TEXT,
        question="how does a network choose among many answers?",
        needs=("deep",),
        minutes=80,
        builds="softmax, cross-entropy and its slopes, training in batches, ten digits",
        lab="which digits does the network get wrong, and would you?",
        courses=("language", "pictures"),
    ),
    Lesson(
        topic="overfit",
        title="Over-fitting",
        part=TEXT,
        question="when does learning turn into learning by heart?",
        needs=("softmax",),
        minutes=80,
        builds="early stopping, three sets, folds, weight decay; wrong labels learned or refused",
        lab="who finds the wrong labels?",
        courses=("language", "pictures"),
    ),
    Lesson(
        topic="fitting",
        title="Training well",
        part=TEXT,
        question="how does one train well?",
        needs=("overfit",),
        minutes=80,
        builds="momentum, Adam, a rate that rises and falls; a fair comparison",
        lab="whose optimizer reaches the bottom of the valley?",
        courses=("language", "pictures"),
    ),
    Lesson(
        topic="neural",
        title="Neural n-grams",
        part=TEXT,
        question="how can a network predict words better than counting?",
        needs=("ngrams", "fitting"),
        minutes=90,
        builds="a neural language model, its gain over counting, and where it comes from",
        lab="counted against learned: who needs fewer bits from 200 tales?",
        courses=("language",),
    ),
    Lesson(
        topic="vectors",
        title="Word vectors",
        part=TEXT,
        question="what does a word mean?",
        needs=("tokens", "neural"),
        minutes=90,
        builds="vectors by counting company, PPMI, SVD; neighbours and a map of words",
        lab="guess the word by its company",
        courses=("language",),
    ),
    Lesson(
        topic="skipgram",
        title="Skip-gram and bias",
        part=TEXT,
        question="what do trained vectors know?",
        needs=("vectors",),
        minutes=90,
        builds="skip-gram with negative sampling, equal to shifted PMI; analogies, a bias measured",
        lab="vectors by counting, then by training: the same map?",
        courses=("language",),
    ),
    Lesson(
        topic="rnn",
        title="Recurrent networks",
        part=TEXT,
        question="how can a network remember?",
        needs=("neural",),
        minutes=90,
        builds="an RNN step by step, a generator of characters; what one mistake does to the next",
        lab="who spoils the next word with the smallest mistake?",
        courses=("language",),
    ),
    Lesson(
        topic="bptt",
        title="Gradients through time",
        part=TEXT,
        question="why does it forget?",
        needs=("rnn",),
        minutes=85,
        builds="the way back through time by hand; gradients that vanish, explode and are clipped",
        lab="gradients that vanish, drawn",
        courses=("language",),
    ),
    Lesson(
        topic="lstm",
        title="LSTM",
        part=TEXT,
        question="can it remember longer?",
        needs=("bptt",),
        minutes=90,
        builds="an LSTM gate by gate, equal to PyTorch's; a GRU; a memory tested by task and probe",
        lab="which first bias remembers longest?",
        courses=("language",),
    ),
    Lesson(
        topic="headlines",
        title="Headlines",
        part=TEXT,
        question="how does a newsroom use it?",
        needs=("lstm",),
        minutes=90,
        builds="a generator of headlines from raw pages to a labelled page, scored and adjusted",
        lab="a headline generator, from raw pages to a labelled page",
        courses=("language",),
    ),
    Lesson(
        topic="attention",
        title="Attention",
        part=TEXT,
        question="how can it look back?",
        needs=("softmax",),
        courses=("language", "pictures"),
        planned=True,
        within="gpt",
    ),
    Lesson(
        topic="gpt",
        title="Attention and GPT",
        part=TEXT,
        question="how can it look back?",
        needs=("rnn",),
        minutes=110,
        builds="attention, a GPT equal to Transformers' GPT-2, a KV cache; a head that finds "
        "names, silenced",
        lab="attention by hand; silence a head",
        courses=("language", "pictures"),
    ),
    Lesson(
        topic="inside",
        title="Inside GPT",
        part=TEXT,
        question="what goes on in it, and what does it cost?",
        needs=("gpt",),
        planned=True,
        within="gpt",
    ),
    Lesson(
        topic="translation",
        title="Translation",
        part=TEXT,
        question="how does one text become another?",
        needs=("gpt",),
        minutes=110,
        builds="the Transformer of 2017, English to Chinese, with every fact checked; beam "
        "search; what BLEU misses",
        lab="translate, check every fact, distrust BLEU",
        courses=("language",),
    ),
    Lesson(
        topic="pretrained",
        title="Pretrained Transformers",
        part=TEXT,
        question="what does pretraining buy?",
        needs=("gpt",),
        minutes=100,
        builds="GPT-2 and BERT classes from a folder, decoding, fine-tuning whole and with LoRA, "
        "safetensors",
        lab="fine-tune whole and with LoRA",
        courses=("language",),
    ),
    Lesson(
        topic="tuning",
        title="Fine-tuning",
        part=TEXT,
        question="how is it taught a task?",
        needs=("pretrained",),
        courses=("language",),
        planned=True,
        within="pretrained",
    ),
    Lesson(
        topic="conv",
        title="Convolutional networks",
        part=PICTURES,
        question="how does a network see, and repair a picture?",
        needs=("fitting",),
        minutes=100,
        builds="convolution by hand, a network that judges digits, an autoencoder; noise and "
        "holes repaired, and what was made up",
        lab="a judge; restored pictures and what was made up",
        short="Convolution",
        courses=("pictures",),
    ),
    Lesson(
        topic="autoencoders",
        title="Autoencoders",
        part=PICTURES,
        question="how can a picture be repaired?",
        needs=("conv",),
        courses=("pictures",),
        planned=True,
        within="conv",
    ),
    Lesson(
        topic="vae",
        title="Variational autoencoders",
        part=PICTURES,
        question="how can it draw what nobody drew?",
        needs=("conv",),
        minutes=110,
        builds="a VAE from its bound, a latent map to drag a point over, which latent learned "
        "what, collapse and repair",
        lab="drag a point over the latent map; collapse and repair",
        short="VAE",
        courses=("pictures",),
    ),
    Lesson(
        topic="gan",
        title="Generative adversarial networks",
        part=PICTURES,
        question="can two networks teach each other?",
        needs=("vae",),
        minutes=110,
        builds="the game on a line and on a ring, a DCGAN in the open, judged for quality, variety "
        "and copying",
        lab="the game on a line and on a ring; a GAN judged",
        short="GAN",
        courses=("pictures",),
    ),
    Lesson(
        topic="diffusion",
        title="Diffusion",
        part=PICTURES,
        question="why is removing noise generating?",
        needs=("vae",),
        courses=("pictures",),
        planned=True,
    ),
    Lesson(
        topic="flow",
        title="Flow and guidance",
        part=PICTURES,
        question="how fast, and as I ask?",
        needs=("diffusion",),
        courses=("pictures",),
        planned=True,
    ),
    Lesson(
        topic="clip",
        title="Words and pictures",
        part=PICTURES,
        question="how do words and pictures meet?",
        needs=("gpt", "conv"),
        courses=("pictures",),
        planned=True,
    ),
    Lesson(
        topic="illustrations",
        title="Text to pictures",
        part=PICTURES,
        question="how does a sentence become a picture?",
        needs=("flow", "clip"),
        courses=("pictures",),
        planned=True,
    ),
    Lesson(
        topic="music",
        title="Music",
        part=WORLDS,
        question="what is a good token for music?",
        needs=("gpt",),
        planned=True,
    ),
    Lesson(
        topic="sound",
        title="Sound",
        part=WORLDS,
        question="what is a sound to a machine?",
        needs=("music", "conv"),
        planned=True,
    ),
    Lesson(
        topic="speech",
        title="Speech",
        part=WORLDS,
        question="how can it speak?",
        needs=("sound",),
        planned=True,
    ),
    Lesson(
        topic="video",
        title="Video",
        part=WORLDS,
        question="what comes next in a clip?",
        needs=("flow",),
        planned=True,
    ),
    Lesson(
        topic="shapes",
        title="Shapes",
        part=WORLDS,
        question="how are things in space made?",
        needs=("diffusion",),
        planned=True,
    ),
    Lesson(
        topic="games",
        title="Games",
        part=WORLDS,
        question="can it make and play games?",
        needs=("gpt",),
        planned=True,
    ),
    Lesson(
        topic="programs",
        title="Programs",
        part=WORLDS,
        question="can it write code?",
        needs=("pretrained",),
        planned=True,
    ),
    Lesson(
        topic="people",
        title="Virtual people",
        part=WORLDS,
        question="who is speaking?",
        needs=("pretrained",),
        planned=True,
    ),
    Lesson(
        topic="rewards",
        title="Rewards",
        part=GOOD,
        question="how is it made better at what we want?",
        needs=("pretrained",),
        planned=True,
    ),
    Lesson(
        topic="judging",
        title="Judging",
        part=GOOD,
        question="how do we know?",
        needs=("pretrained", "gan"),
        planned=True,
    ),
    Lesson(
        topic="synthetic",
        title="Synthetic data",
        part=GOOD,
        question="can models feed models?",
        needs=("judging",),
        planned=True,
    ),
    Lesson(
        topic="compression",
        title="Compression",
        part=GOOD,
        question="how small, how fast?",
        needs=("pretrained",),
        planned=True,
    ),
    Lesson(
        topic="serving",
        title="Serving",
        part=GOOD,
        question="how do others use it?",
        needs=("compression",),
        planned=True,
    ),
    Lesson(
        topic="memory",
        title="Memory and bias",
        part=GOOD,
        question="what does it give away, and to whom is it unfair?",
        needs=("pretrained",),
        planned=True,
    ),
    Lesson(
        topic="marks",
        title="Marks and labels",
        part=GOOD,
        question="who made this?",
        needs=("memory",),
        planned=True,
    ),
    Lesson(
        topic="studio",
        title="Studio",
        part=GOOD,
        question="how does all of it become a product of one's own?",
        needs=("illustrations", "speech", "marks"),
        planned=True,
    ),
)
