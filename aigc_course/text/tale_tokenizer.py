"""A tokenizer of Hugging Face Transformers with the words of the tales; decoding is exact."""

from __future__ import annotations

from collections.abc import Sequence

from aigc_course.text.vocabulary import END, PAD, UNKNOWN, Vocabulary

MASK = "<mask>"
# The pattern of tales.tokenize. Special tokens, in angle brackets, are cut out before it applies.
_WORDS = r"'s\b|\w+|[^\w\s]"


def tale_vocabulary() -> Vocabulary:
    """Return the vocabulary of the tales and of the questions about them.

    Its ids are padding 0, end 1, unknown 2, mask 3, then every word.
    """
    from aigc_course.data.stories import tale_tasks, tales

    return Vocabulary([tales.words(), tale_tasks.words()], first=[MASK])


def wrap(vocabulary: Vocabulary, context_length: int, begin: bool = True):
    """Return a fast tokenizer over whole words.

    Args:
        vocabulary: its words.
        context_length: largest number of tokens of the model.
        begin: True for a model that generates: the end token, which also marks the beginning, comes
            before every text, and padding is on the left. False for a model that reads: the end
            token comes before and after, and padding is on the right.

    Returns:
        PreTrainedTokenizerFast; `decode(..., skip_special_tokens=True)` joins a tale as
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
    """Build the inner `tokenizers.Tokenizer`: how text is split, marked and joined again."""
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
    """Build the decoder, which puts no space before a mark and none inside quotation marks."""
    from tokenizers import Regex, decoders

    before_marks = Regex(r" (?=[.,;:?!]|'s\b)")
    # A quotation ends after a mark and before a small letter; any other quotation mark opens.
    ends, opens = Regex(r"(?<=[,?!.]) \"(?= [a-z])"), Regex(r"(?<![,?!.])\" ")
    joins = [decoders.WordPiece(prefix="##", cleanup=False), decoders.Fuse()]
    rules = ((before_marks, ""), (ends, '"'), (opens, '"'))
    return decoders.Sequence([*joins, *(decoders.Replace(*rule) for rule in rules)])


def words_of(tokenizer) -> Sequence[str]:
    """Return the tokens of a tokenizer in the order of their ids."""
    return tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
