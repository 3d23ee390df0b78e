"""The words of the tales as a tokenizer of Hugging Face Transformers: text in, ids out, and back to
the same text.
"""

from __future__ import annotations

from collections.abc import Sequence

from aigc_course.text.vocabulary import END, PAD, UNKNOWN, Vocabulary

MASK = "<mask>"
# as tales.tokenize cuts; what lies in angle brackets is special and never gets here
_WORDS = r"'s\b|\w+|[^\w\s]"


def tale_vocabulary() -> Vocabulary:
    """Padding 0, end 1, unknown 2, mask 3, then every word of the tales and of the questions about
    them.
    """
    from aigc_course.data.stories import tale_tasks, tales

    return Vocabulary([tales.words(), tale_tasks.words()], first=[MASK])


def wrap(vocabulary: Vocabulary, context_length: int, begin: bool = True):
    """A fast tokenizer over whole words.

    Args:
        vocabulary: its words.
        context_length: most tokens of the model.
        begin: for a model that writes: the end token, which also stands for the beginning, comes
            before every text, and padding on the left. False, for one that reads: it comes before
            and after.

    Returns:
        PreTrainedTokenizerFast; `decode(..., skip_special_tokens=True)` writes a tale as
        `tales.join` does.
    """
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=_tokenizer(vocabulary, begin),
        bos_token=END,
        eos_token=END,
        pad_token=PAD,
        unk_token=UNKNOWN,
        mask_token=MASK,
        cls_token=END,
        model_max_length=context_length,
        padding_side="left" if begin else "right",
        clean_up_tokenization_spaces=False,
    )


def _tokenizer(vocabulary: Vocabulary, begin: bool):
    """The `tokenizers.Tokenizer` inside: how text is cut, marked, and put together again."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

    ids = {token: i for i, token in enumerate(vocabulary.tokens)}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True)
    tokenizer.decoder = _decoder()
    single, pair = f"{END} $A", f"{END} $A {END} $B"
    if not begin:
        single, pair = f"{single} {END}", f"{pair} {END}"
    marks = {"single": single, "pair": pair, "special_tokens": [(END, 1)]}
    tokenizer.post_processor = processors.TemplateProcessing(**marks)
    return tokenizer


def _decoder():
    """From tokens to text: no space before a mark, none inside quotation marks."""
    from tokenizers import Regex, decoders

    before_marks = Regex(r" (?=[.,;:?!]|'s\b)")
    # A quotation ends after a mark and before a small letter; any other quotation mark opens.
    ends, opens = Regex(r"(?<=[,?!.]) \"(?= [a-z])"), Regex(r"(?<![,?!.])\" ")
    joins = [decoders.WordPiece(prefix="##", cleanup=False), decoders.Fuse()]
    rules = ((before_marks, ""), (ends, '"'), (opens, '"'))
    return decoders.Sequence([*joins, *(decoders.Replace(*rule) for rule in rules)])


def words_of(tokenizer) -> Sequence[str]:
    """The tokens of a tokenizer in the order of their ids."""
    return tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
