"""Answers that are right and yet not the reference: with another type or shape of the result, or by
another formula. `test_a_tick_is_a_promise.py` sends them through the lessons.
"""

import functools
import itertools
import math
import re
import unicodedata
from collections import Counter, defaultdict

import numpy as np
import torch
import torch.nn.functional as F

from aigc_course.exercises.engine import catalog

# exercise -> two answers; for a question two values
ACCEPTED = {}


def accepted(name):
    """Note a function as an answer to be accepted."""

    def note(function):
        ACCEPTED.setdefault(name, []).append(function)
        return function

    return note


def in_another_form(name, change):
    """Note the reference with its results changed in form."""
    reference = catalog.find(name).reference

    def answer(*args, **kwargs):
        return change(reference(*args, **kwargs))

    ACCEPTED.setdefault(name, []).append(answer)


def as_list(value):
    """Arrays and tensors as lists of numbers."""
    return list(map(as_list, value)) if isinstance(value, tuple) else value.tolist()


def as_numpy(value):
    """Tensors and lists of numbers as NumPy arrays."""
    if isinstance(value, tuple | list) and any(isinstance(item, torch.Tensor) for item in value):
        return tuple(map(as_numpy, value))
    return value.detach().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


def as_double(value):
    """Floats of 64 bits."""
    if isinstance(value, tuple | list):
        return type(value)(map(as_double, value))
    return value.double() if isinstance(value, torch.Tensor) else np.float64(value)


def as_single(value):
    """NumPy's floats of 32 bits."""
    return np.asarray(value, dtype=np.float32)


def as_one_entry(value):
    """A scalar tensor with shape (1,)."""
    return value.reshape(1)


def as_tensor(value):
    """A tensor in place of an array or a number."""
    return torch.as_tensor(value)


def given(name, number):
    """One of the two accepted answers of an exercise."""
    return ACCEPTED[name][number]


# --- 00 and 01

ACCEPTED["welcome.learned"] = [" Learned ", np.str_("learned")]
ACCEPTED["chance.plot_bits"] = [np.float64(1.504), np.float32(1.5)]


@accepted("welcome.headline")
def by_join(who, what):
    text = " ".join([who, "finds", what]) + "!"
    return text[:1].upper() + text[1:]


@accepted("welcome.headline")
def numpys_text(who, what):
    return np.str_(by_join(who, what))


@accepted("chance.grammar_size")
def with_numpy(rules, symbol="START"):
    if symbol not in rules:
        return 1.0
    return np.sum([np.prod([with_numpy(rules, p) for p in a.split()]) for a in rules[symbol]])


in_another_form("chance.grammar_size", as_tensor)


@accepted("chance.entropy")
def expected_surprise(probabilities):
    p = np.asarray([x for x in probabilities if x], dtype=float)
    return np.array([np.dot(p, np.log2(1 / p))])


in_another_form("chance.entropy", as_tensor)
in_another_form("chance.temperature", as_list)


@accepted("chance.temperature")
def by_logarithms(probabilities, temperature):
    with np.errstate(divide="ignore"):
        return torch.softmax(torch.as_tensor(np.log(probabilities)) / temperature, 0)


@accepted("ngrams.add_k")
def in_a_loop(followers, vocabulary, k):
    total = sum(followers.values()) + k * len(vocabulary)
    smoothed = defaultdict(float)
    for token in vocabulary:
        smoothed[token] = np.float32((followers[token] + k) / total)
    return smoothed


@accepted("ngrams.add_k")
def with_tensors(followers, vocabulary, k):
    counts = torch.tensor([followers[token] + k for token in vocabulary], dtype=torch.float64)
    return dict(zip(vocabulary, counts / counts.sum(), strict=True))


in_another_form("ngrams.longest_copy", np.int64)
in_another_form("ngrams.longest_copy", float)

# --- 02

ACCEPTED["tokens.bits_per_character"] = [0.754, np.float64(0.75)]


@accepted("cleaning.normalize")
def by_patterns(text):
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text))
    text = "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf"})
    return re.sub(" +", " ", text).strip()


in_another_form("cleaning.normalize", np.str_)
in_another_form("tokens.count_pairs", dict)


@accepted("tokens.count_pairs")
def with_a_default(words):
    pairs = defaultdict(int)
    for word, count in words.items():
        for i in range(len(word) - 1):
            pairs[word[i], word[i + 1]] += count
    return pairs


@accepted("tokens.merge")
def by_steps(symbols, pair):
    out = []
    for symbol in symbols:
        free = out and out[-1] is not None and not out[-1][1]
        if free and (out[-1][0], symbol) == tuple(pair):
            out[-1] = (out[-1][0] + symbol, True)
        else:
            out.append((symbol, False))
    return tuple(symbol for symbol, _ in out)


in_another_form("tokens.merge", lambda symbols: (*symbols,))
in_another_form("tokens.max_match", tuple)
in_another_form("tokens.max_match", np.asarray)
in_another_form("tokens.word_f1", np.float32)


@accepted("tokens.word_f1")
def by_sets(predicted, true):
    def spans(words):
        ends = list(itertools.accumulate(map(len, words)))
        return set(zip([0, *ends], ends, strict=False))

    right = len(spans(predicted) & spans(true))
    return torch.tensor([2 * right / (len(predicted) + len(true))], dtype=torch.float64)


# --- cleaning

in_another_form("cleaning.utf8", tuple)


@accepted("cleaning.utf8")
def by_the_codec(code):
    return np.frombuffer(chr(code).encode("utf-8", "surrogatepass"), dtype=np.uint8)


in_another_form("copies.jaccard", np.float32)


@accepted("copies.jaccard")
def by_counting_elements(a, b):
    both = sum(item in b for item in a)
    return torch.tensor(both / (len(a) + len(b) - both) if a or b else 1)


in_another_form("copies.minhash", as_list)


@accepted("copies.minhash")
def element_by_element(x, a, b):
    rows = [(a * element + b) % 2147483647 for element in x]
    return torch.as_tensor(np.minimum.reduce(rows))


# --- words and sentences

ACCEPTED["sentences.parses"] = [5.0, np.int64(5)]
in_another_form("words.path", torch.as_tensor)


@accepted("words.path")
def by_picking(start, transition, emission, states):
    s = np.asarray(states)
    steps = transition[s[:-1], s[1:]].sum()
    return start[s[0]] + steps + emission[np.arange(len(s)), s].sum()


in_another_form("meaning.resolve", tuple)


@accepted("meaning.resolve")
def by_looking_back(words, girls, boys):
    def name_of(place):
        names = {"she": girls, "he": boys}.get(words[place].lower(), ())
        before = [word for word in words[:place] if word in names]
        return before[-1] if before else words[place]

    return [name_of(place) for place in range(len(words))]


in_another_form("sentences.trees", np.int64)


@accepted("sentences.trees")
def by_recursion_over_stretches(labels, rules, goal="S"):
    @functools.cache
    def trees(start, end, label):
        if end - start == 1:
            return float(labels[start] == label)
        return sum(
            trees(start, middle, left) * trees(middle, end, right)
            for (left, right), whole in rules.items()
            if whole == label
            for middle in range(start + 1, end)
        )

    return trees(0, len(labels), goal)


in_another_form("words.baseline", Counter)


@accepted("words.baseline")
def by_sorting(texts):
    tags_of = defaultdict(list)
    for tokens, tags in texts:
        for place in range(len(tokens)):
            tags_of[tokens[place]].append(tags[place])
    return {token: max(set(tags), key=tags.count) for token, tags in tags_of.items()}


in_another_form("words.transitions", as_list)


@accepted("words.transitions")
def by_a_counter(texts, names, k):
    follows = Counter(pair for tags in texts for pair in itertools.pairwise(tags))
    rows = torch.tensor([[follows[a, b] + k for b in names] for a in names], dtype=torch.float64)
    return rows / rows.sum(1, keepdim=True)


in_another_form("sentences.binarize", tuple)


@accepted("sentences.binarize")
def by_calling_itself(label, parts):
    first, *rest = parts
    if len(rest) == 1:
        return [[label, first, rest[0]]]
    return [[label, first, "+".join(rest)], *by_calling_itself("+".join(rest), rest)]


in_another_form("meaning.probability", torch.as_tensor)


@accepted("meaning.probability")
def with_a_stack(tree, rules):
    log, rest = 0.0, [tree]
    while rest:
        node = rest.pop()
        if not isinstance(node, str):
            parts = [part if isinstance(part, str) else part[0] for part in node[1:]]
            log += math.log(rules[(node[0], *parts)])
            rest += node[1:]
    return math.exp(log)


in_another_form("viterbi.viterbi", np.asarray)


@accepted("viterbi.viterbi")
def with_torch(start, transition, emission):
    start, transition, emission = map(torch.as_tensor, (start, transition, emission))
    best, back = start + emission[0], []
    for seen in emission[1:]:
        best, pointers = (best[:, None] + transition + seen).max(0)
        back.append(pointers)
    states = [best.argmax()]
    for pointers in back[::-1]:
        states.append(pointers[states[-1]])
    return tuple(states[::-1])


# --- vectors

in_another_form("vectors.cosine", torch.as_tensor)


@accepted("vectors.cosine")
def by_unit_vectors(a, b):
    return float(sum((a / math.sqrt(sum(a * a))) * (b / math.sqrt(sum(b * b)))))


in_another_form("skipgram.analogy", np.int64)


@accepted("skipgram.analogy")
def by_sorting(a, b, c, vectors):
    order = torch.argsort(-torch.as_tensor(vectors @ (vectors[b] - vectors[a] + vectors[c])))
    return next(row for row in order if int(row) not in (a, b, c))


in_another_form("vectors.ppmi", as_list)


@accepted("vectors.ppmi")
def by_differences(counts):
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log2(counts) + np.log2(counts.sum())
        pmi = logs - np.log2(counts.sum(1))[:, None] - np.log2(counts.sum(0))[None]
    return torch.as_tensor(np.nan_to_num(pmi.clip(0, 1e6), nan=0.0))


@accepted("skipgram.negative_sampling")
def logarithm_of_sigmoid(positive, negative):
    seen = torch.log(torch.sigmoid(positive))
    random = torch.log(1 - torch.sigmoid(negative)).sum(1)
    return (-seen - random).mean(0, keepdim=True).double()


@accepted("skipgram.negative_sampling")
def cross_entropies(positive, negative):
    by_torch = F.binary_cross_entropy_with_logits
    seen = by_torch(positive, torch.ones_like(positive))
    return seen + by_torch(negative, torch.zeros_like(negative)) * negative.shape[1]


# --- deep

ACCEPTED["deep.collapse"] = [-1, np.float32(-1)]
ACCEPTED["deep.by_hand"] = [-2, np.float32(-2)]
ACCEPTED["softmax.parameters"] = [9610, np.int64(9610)]
in_another_form("deep.hidden", as_list)


@accepted("deep.hidden")
def with_torchs_relu(x, W, b):
    return torch.relu(torch.as_tensor(x) @ torch.as_tensor(W).T + torch.as_tensor(b))


in_another_form("deep.relu_back", as_list)


@accepted("deep.relu_back")
def where_the_sum_is_above(sums, arriving):
    return torch.where(torch.as_tensor(sums) > 0, torch.as_tensor(arriving), 0.0)


in_another_form("deep.merge", lambda pair: [torch.as_tensor(pair[0]), np.float64(pair[1])])


@accepted("deep.merge")
def by_what_zero_gives(W1, b1, w2, b2):
    def two(x):
        return w2 @ (W1 @ x + b1) + b2

    bias = two(np.zeros(W1.shape[1]))
    return [two(unit) - bias for unit in np.eye(W1.shape[1])], bias


in_another_form("deep.dead", np.int64)


@accepted("deep.dead")
def by_the_largest(sums):
    return sum(max(column) <= 0 for column in np.asarray(sums).T)


# --- softmax

in_another_form("softmax.softmax", as_list)


@accepted("softmax.softmax")
def by_logarithms(scores):
    return torch.as_tensor(scores).log_softmax(1).exp()


in_another_form("softmax.accuracy", torch.as_tensor)


@accepted("softmax.accuracy")
def by_counting_right_ones(scores, answers):
    pairs = zip(scores, answers, strict=True)
    return sum(max(row) == row[true] for row, true in pairs) / len(answers)


in_another_form("softmax.cross_entropy", torch.as_tensor)


@accepted("softmax.cross_entropy")
def by_one_hot(probabilities, answers):
    one_hot = np.eye(probabilities.shape[1])[answers]
    return -(one_hot * np.log(np.where(one_hot == 1, probabilities, 1))).sum() / len(answers)


in_another_form("softmax.slopes", as_list)


@accepted("softmax.slopes")
def minus_one_hot(probabilities, answers):
    truth = F.one_hot(torch.as_tensor(answers), len(probabilities[0]))
    return torch.as_tensor(probabilities) - truth


# --- neural

ACCEPTED["neural.parameters"] = [108, np.float64(108)]


in_another_form("neural.look_up", as_list)


@accepted("neural.look_up")
def by_one_hot_rows(table, ids):
    one_hot = torch.eye(len(table), dtype=torch.float64)[torch.as_tensor(ids)]
    return (one_hot @ torch.as_tensor(table)).flatten(1)


@accepted("neural.windows")
def with_arrays(ids, context):
    row = np.array([0] * context + list(ids))
    return np.stack([row[i : i + context] for i in range(len(ids))]), np.array(ids)


@accepted("neural.windows")
def by_unfolding(ids, context):
    row = torch.tensor([0] * context + list(ids))
    return row[:-1].unfold(0, context, 1), row[context:]


in_another_form("fitting.adam", as_list)


@accepted("fitting.adam")
def with_one_factor(weight, slope, mean, square, step, rate):
    mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope * slope
    root = np.sqrt(1 - 0.999**step)
    weight = weight - rate * root / (1 - 0.9**step) * mean / (np.sqrt(square) + 1e-8 * root)
    return tuple(torch.as_tensor(part) for part in (weight, mean, square))


in_another_form("overfit.stop_early", np.int64)


@accepted("overfit.stop_early")
def by_waiting(losses, patience):
    best, waited = 0, 0
    for place in range(1, len(losses)):
        best, waited = (place, 0) if losses[place] < losses[best] else (best, waited + 1)
        if waited == patience:
            break
    return float(best)


# --- network

ACCEPTED["chainrule.chain"] = [12, np.float32(12)]


@accepted("network.neuron")
def by_tanh(x, w, b):
    return torch.as_tensor(0.5 + 0.5 * np.tanh((x @ w + b) / 2))


@accepted("network.neuron")
def one_by_one(x, w, b):
    scores = [sum(a * c for a, c in zip(row, w, strict=True)) + b for row in x]
    return [1 / (1 + math.exp(-z)) for z in scores]


@accepted("network.loss")
def by_choice(p, y):
    return torch.as_tensor(-np.log(np.where(y == 1, p, 1 - p)).mean())


@accepted("network.loss")
def by_a_loop(p, y):
    return sum(-math.log(a if b else 1 - a) for a, b in zip(p, y, strict=True)) / len(p)


@accepted("network.descend")
def as_an_array(slope, start, rate, steps):
    places = np.full(steps + 1, float(start))
    for i in range(steps):
        places[i + 1] = places[i] - rate * slope(places[i])
    return places


@accepted("network.descend")
def by_recursion(slope, start, rate, steps):
    if steps == 0:
        return (start,)
    return (start, *by_recursion(slope, start - rate * slope(start), rate, steps - 1))


in_another_form("chainrule.gradient", lambda pair: [pair[0].tolist(), float(pair[1])])


@accepted("chainrule.gradient")
def in_single_precision(x, y, w, b):
    error = np.reciprocal(1 + np.exp(-(x @ w) - b)) - y
    by_w = np.mean(error[:, None] * x, axis=0)
    return torch.as_tensor(by_w), torch.as_tensor([error.mean()])


in_another_form("backprop.backward", np.asarray)


@accepted("backprop.backward")
def by_asking_for_children(parents, slopes):
    n, grads = len(parents), {}
    for place in range(n - 1, -1, -1):
        grads[place] = float(place == n - 1) + sum(
            grads[child] * local
            for child in range(place + 1, n)
            for parent, local in zip(parents[child], slopes[child], strict=True)
            if parent == place
        )
    return tuple(grads[place] for place in range(n))


# --- 04

ACCEPTED["rnn.parameters"] = [35328.0, np.int64(35328)]


@accepted("rnn.step")
def by_linear(x, h, W_xh, W_hh, b_h):
    return (F.linear(x, W_xh, b_h) + F.linear(h, W_hh)).tanh().double()


@accepted("rnn.step")
def by_columns(x, h, W_xh, W_hh, b_h):
    inner = W_xh @ x.T + W_hh @ h.T + b_h[:, None]
    return torch.tanh(inner).T


in_another_form("rnn.shift", list)


@accepted("rnn.shift")
def with_narrow(tokens):
    n = tokens.shape[1] - 1
    return tokens.narrow(1, 0, n).clone(), tokens.narrow(1, 1, n).clone()


in_another_form("rnn.survival", np.float32)


@accepted("rnn.survival")
def with_infinity(first_errors, words):
    numbers = np.array([np.inf if at is None else at for at in first_errors])
    return (numbers >= words).mean()


ACCEPTED["bptt.factor"] = [10, np.float32(10)]
in_another_form("bptt.back", as_list)


@accepted("bptt.back")
def by_autograd(states, W_hh, slope):
    inner = torch.zeros(states.shape, dtype=torch.float64)
    W, slope = W_hh.double(), slope.double()
    for t in range(len(states) - 1, -1, -1):
        inner[t] = slope * (1 - states[t].double() ** 2)
        slope = inner[t] @ W
    return inner


in_another_form("bptt.weights", as_list)


@accepted("bptt.weights")
def outer_by_outer(inner, before):
    return sum(torch.outer(d, h) for d, h in zip(inner, before, strict=True)).double()


in_another_form("bptt.lengths", np.asarray)


@accepted("bptt.lengths")
def by_numpy(slopes):
    lengths = [np.linalg.norm(slope.numpy().ravel()) for slope in slopes]
    return tuple(torch.as_tensor(length / lengths[0]) for length in lengths)


in_another_form("bptt.clip", lambda gradients: tuple(g.numpy() for g in gradients))


@accepted("bptt.clip")
def one_long_vector(gradients, largest):
    norm = torch.cat([g.double().flatten() for g in gradients]).norm()
    return [g.double() * torch.clamp(largest / norm, max=1.0) for g in gradients]


@accepted("rnn.masked_loss")
def picked_out(logits, targets):
    real = targets != 0
    logp = torch.log(torch.softmax(logits, -1))[real]
    return -logp.gather(1, targets[real][:, None]).mean(0)


@accepted("rnn.masked_loss")
def weighed(logits, targets):
    weights = (targets.flatten() > 0).double()
    losses = F.cross_entropy(
        logits.reshape(-1, logits.shape[-1]), targets.flatten(), reduction="none"
    )
    return (losses * weights).sum() / weights.sum()


# --- 05

in_another_form("lstm.cell", np.float32)


@accepted("lstm.cell")
def as_a_product(c, f, i, g):
    return np.dot([f, i], [c, g])


in_another_form("lstm.left", as_list)


@accepted("lstm.left")
def by_cumprod(forget):
    return torch.cat([forget[1:].flip(0).cumprod(0).flip(0), torch.ones(1)]).double()


in_another_form("lstm.gru", as_list)


@accepted("lstm.gru")
def with_lerp(h, z, n):
    return torch.lerp(n, h, z).double()


in_another_form("headlines.penalty", as_list)


@accepted("headlines.penalty")
def with_a_mask(logits, used, penalty):
    mask = torch.zeros(len(logits), dtype=torch.bool)
    mask[used] = True
    factor = torch.where(logits > 0, 1 / penalty, penalty)
    return torch.where(mask, logits * factor, logits).double()


ACCEPTED["lstm.half_life"] = [6.6, np.float32(6.58)]


@accepted("lstm.step")
def stacked(x, h, c, W, b):
    N = h.shape[1]
    blocks = x @ W[:, : x.shape[1]].T + h @ W[:, x.shape[1] :].T + b
    i, f, o = (torch.sigmoid(blocks[:, k * N : (k + 1) * N]) for k in (0, 1, 3))
    c = f * c + i * torch.tanh(blocks[:, 2 * N : 3 * N])
    return torch.stack([o * c.tanh(), c])


in_another_form("lstm.step", as_double)
in_another_form("headlines.temperature", as_numpy)


@accepted("headlines.temperature")
def by_exponentials(logits, temperature):
    powers = ((logits - logits.amax(-1, keepdim=True)).double() / temperature).exp()
    return (powers / powers.sum(-1, keepdim=True)).tolist()


in_another_form("headlines.top_p", as_list)


@accepted("headlines.top_p")
def one_by_one(probabilities, p):
    kept, total = np.zeros(len(probabilities)), 0.0
    for i in np.argsort(-probabilities.numpy(), kind="stable"):
        if total >= p and p < 1:
            break
        kept[i] = probabilities[i]
        total += float(probabilities[i])
    return kept / kept.sum()


in_another_form("headlines.relevance", np.float32)


@accepted("headlines.relevance")
def mean_of_booleans(texts, topics, check):
    plots = [check(text).plot for text in texts]
    return torch.tensor([[a == b for a, b in zip(plots, topics, strict=True)]]).double().mean()


# --- 06

ACCEPTED["gpt.spread"] = [8, np.float64(8)]
ACCEPTED["gpt.parameters"] = [111_840, 111_839.7]


@accepted("gpt.attention")
def by_torch(q, k, v, mask):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@accepted("gpt.attention")
def with_a_large_number(q, k, v, mask):
    scores = torch.einsum("...td,...sd->...ts", q, k) * q.shape[-1] ** -0.5
    return (scores + (~mask) * -1e9).softmax(-1).double() @ v.double()


@accepted("gpt.causal_mask")
def lists_of_booleans(T):
    return [[s <= t for s in range(T)] for t in range(T)]


@accepted("gpt.causal_mask")
def by_comparison(T):
    return np.arange(T)[:, None] >= np.arange(T)[None]


@accepted("gpt.split_heads")
def by_pieces(x, n_heads):
    return torch.stack(x.chunk(n_heads, -1), 1)


in_another_form("gpt.split_heads", as_double)
in_another_form("gpt.read_on", as_list)


@accepted("gpt.read_on")
def cached(q, k, v, past_k, past_v):
    from aigc_course.models.text.gpt import rotate

    P, T = past_k.shape[2], q.shape[2]
    keys, values = torch.cat([past_k, rotate(k, P)], 2), torch.cat([past_v, v], 2)
    mask = torch.arange(P + T) <= torch.arange(T)[:, None] + P
    found = F.scaled_dot_product_attention(rotate(q, P), keys, values, attn_mask=mask)
    return as_numpy((found, keys, values))


# --- 07

ACCEPTED["translation.perfect"] = [0.78, np.float64(0.777)]
in_another_form("translation.sinusoids", as_double)


@accepted("translation.sinusoids")
def place_by_place(T, C):
    waves = np.zeros((T, C))
    for t, i in itertools.product(range(T), range(C // 2)):
        waves[t, 2 * i] = math.sin(t / 10000 ** (2 * i / C))
        waves[t, 2 * i + 1] = math.cos(t / 10000 ** (2 * i / C))
    return waves


@accepted("translation.padding_mask")
def by_numpy(ids):
    return np.not_equal(ids.numpy(), 0)[:, np.newaxis, np.newaxis]


@accepted("translation.padding_mask")
def by_view(ids):
    return ids.bool().view(len(ids), 1, 1, -1).tolist()


in_another_form("translation.shift", as_list)
in_another_form("translation.shift", lambda pair: [half.numpy().astype(np.int32) for half in pair])


@accepted("translation.smooth")
def pytorchs_own(logits, targets, smoothing):
    return F.cross_entropy(
        logits.transpose(1, 2), targets, ignore_index=0, label_smoothing=smoothing
    ).reshape(1)


@accepted("translation.smooth")
def against_a_soft_target(logits, targets, smoothing):
    V = logits.shape[-1]
    soft = F.one_hot(targets, V) * (1 - smoothing) + smoothing / V
    costs = -(soft.double() * logits.double().log_softmax(-1)).sum(-1)
    return costs[targets > 0].mean()


@accepted("translation.grow")
def with_topk(beams, logp, width):
    scores = torch.tensor([score for score, _ in beams])[:, None] + logp
    best = scores.flatten().topk(width)
    V = logp.shape[1]
    return [
        (score, torch.tensor([*beams[int(i) // V][1], int(i) % V]))
        for score, i in zip(best.values, best.indices, strict=True)
    ]


@accepted("translation.grow")
def with_arrays(beams, logp, width):
    table = np.array([[score] for score, _ in beams]) + logp.double().numpy()
    order = np.argsort(-table, axis=None, kind="stable")[:width]
    places = [np.unravel_index(i, table.shape) for i in order]
    return tuple([table[i, token], np.array([*beams[i][1], token])] for i, token in places)


# --- 08

ACCEPTED["pretrained.ignored"] = ["Greedy", "greedy "]
ACCEPTED["pretrained.lora_parameters"] = [4096, 4096.4]


@accepted("pretrained.bits")
def by_the_models_loss(model, ids):
    return model(input_ids=ids, labels=ids).loss * (ids.shape[1] - 1) / math.log(2)


@accepted("pretrained.bits")
def by_number(model, ids):
    p = model(ids)[0].softmax(-1)[0]
    chosen = [p[t, ids[0, t + 1]] for t in range(ids.shape[1] - 1)]
    return -torch.stack(chosen).log2().sum().reshape(1)


in_another_form("pretrained.labels", as_list)


@accepted("pretrained.labels")
def row_by_row(ids, lengths):
    labels = np.full(ids.shape, -100)
    for i, n in enumerate(lengths.tolist()):
        answer_places = ids[i].numpy()[n:] != 0
        labels[i, n:][answer_places] = ids[i].numpy()[n:][answer_places]
    return labels.astype(np.int32)


@accepted("pretrained.merge")
def detached(W, A, B, alpha):
    return (W + (alpha / len(A)) * (B @ A)).detach().numpy()


@accepted("pretrained.merge")
def by_products(W, A, B, alpha):
    return W.double() + torch.einsum("or,ri->oi", B, A).double() * alpha / A.shape[0]


@accepted("pretrained.prompt")
def joined(tale, turns, question):
    parts = [tale]
    for asked, answered in turns:
        parts += ["Question :", asked, "Answer :", answered]
    return " ".join([*parts, "Question :", question, "Answer :"])


in_another_form("pretrained.prompt", np.str_)

# --- 09

ACCEPTED["conv.weights"] = [4640.0, 4639.8]
in_another_form("conv.convolve", as_list)


@accepted("conv.convolve")
def windows(image, kernel):
    patches = np.lib.stride_tricks.sliding_window_view(image.numpy(), kernel.shape)
    return np.einsum("ijab,ab->ij", patches.astype(float), kernel.numpy())


in_another_form("conv.size", float)


@accepted("conv.size")
def counted(size, kernel, stride=1, padding=0):
    return np.int64(len(range(0, size + 2 * padding - kernel + 1, stride)))


in_another_form("conv.receptive", float)


@accepted("conv.receptive")
def downwards(layers):
    width = torch.tensor(1)
    for kernel, stride in reversed(layers):
        width = (width - 1) * stride + kernel
    return width


in_another_form("conv.transposed", as_double)


@accepted("conv.transposed")
def with_numpys_product(image, kernel, stride=1):
    spread = np.zeros(((len(image) - 1) * stride + 1, (image.shape[1] - 1) * stride + 1))
    spread[::stride, ::stride] = image
    k = len(kernel)
    padded = np.pad(spread, k - 1)
    patches = np.lib.stride_tricks.sliding_window_view(padded, (k, k))
    return np.einsum("ijab,ab->ij", patches, kernel.numpy()[::-1, ::-1])


@accepted("conv.psnr")
def twenty_of_the_root(images, truth):
    errors = (images - truth).double().pow(2).mean((1, 2, 3)).sqrt()
    return [20 * math.log10(1 / error) for error in errors]


in_another_form("conv.psnr", as_numpy)

# --- 10

ACCEPTED["vae.beta"] = [784, np.float32(784)]


@accepted("vae.reparameterize")
def minus_noise(mean, log_variance):
    return mean - log_variance.exp().sqrt() * torch.randn(mean.shape)


@accepted("vae.reparameterize")
def by_distribution(mean, log_variance):
    return torch.distributions.Normal(mean, (log_variance / 2).exp()).rsample().double()


@accepted("vae.kl")
def as_in_the_paper(mean, log_variance):
    return -0.5 * (1 + log_variance - mean.pow(2) - torch.exp(log_variance)).double()


@accepted("vae.kl")
def by_torchs_distributions(mean, log_variance):
    normal = torch.distributions.Normal
    q = normal(mean, (log_variance / 2).exp())
    return torch.distributions.kl_divergence(q, normal(0.0, 1.0))


@accepted("vae.loss")
def sums_over_the_batch(logits, images, mean, log_variance):
    pixels = F.binary_cross_entropy_with_logits(logits, images, reduction="sum")
    kl = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum()
    return ((pixels + kl) / len(images)).reshape(1)


@accepted("vae.loss")
def on_probabilities(logits, images, mean, log_variance):
    p = logits.double().sigmoid()
    pixels = F.binary_cross_entropy(p, images.double(), reduction="none").sum((1, 2, 3))
    return (pixels + 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1)).mean()


in_another_form("vae.traverse", as_list)


@accepted("vae.traverse")
def with_tile(z, which, values):
    rows = np.tile(z.numpy(), (len(values), 1)).astype(float)
    rows[:, which] = values
    return rows


@accepted("vae.free_bits")
def by_relu(kl_values, least):
    return (F.relu(kl_values.mean(0) - least) + least).sum(0, keepdim=True)


@accepted("vae.free_bits")
def by_where(kl_values, least):
    mean = kl_values.double().mean(0)
    return torch.where(mean > least, mean, least).sum()


@accepted("vae.bound")
def shifted(log_weights):
    top = log_weights.double().amax(0)
    return (log_weights.double() - top).exp().mean(0).log() + top


in_another_form("vae.bound", as_list)

# --- 11

ACCEPTED["gan.value"] = [1.39, np.float32(1.3863)]
in_another_form("gan.optimal", as_list)


@accepted("gan.optimal")
def one_less(p, q):
    return 1 - (q / (p + q)).numpy().astype(float)


@accepted("gan.discriminator_loss")
def logarithms_of_sigmoids(real, fake):
    return -(real.sigmoid().log().mean() + (1 - fake.sigmoid()).log().mean()).reshape(1)


@accepted("gan.discriminator_loss")
def entropies_of_probabilities(real, fake):
    by_torch = F.binary_cross_entropy
    real, fake = real.double().sigmoid(), fake.double().sigmoid()
    return by_torch(real, torch.ones_like(real)) + by_torch(fake, torch.zeros_like(fake))


@accepted("gan.generator_loss")
def minus_log_of_sigmoid(fake):
    return -torch.log(torch.sigmoid(fake)).mean().double()


@accepted("gan.generator_loss")
def softplus_by_hand(fake):
    return torch.log(1 + torch.exp(-fake)).mean().reshape(1)


@accepted("gan.d_step")
def without_recording(G, D, real, z, optimizer):
    with torch.no_grad():
        fake = G(z)
    optimizer.zero_grad()
    loss = F.softplus(-D(real)).mean() + F.softplus(D(fake)).mean()
    loss.backward()
    optimizer.step()
    return loss


@accepted("gan.d_step")
def cleared_twice(G, D, real, z, optimizer):
    D.zero_grad()
    losses = [F.softplus(-D(real)).mean(), F.softplus(D(G(z).detach())).mean()]
    for loss in losses:
        loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return np.float64(sum(loss.item() for loss in losses))


in_another_form("gan.size", float)


@accepted("gan.size")
def grown_and_cut(size, kernel, stride, padding):
    return torch.tensor(kernel + (size - 1) * stride) - 2 * padding


@accepted("gan.condition")
def by_comparison_of_labels(z, labels, n_classes):
    wanted = labels[:, None] == torch.arange(n_classes)
    return torch.hstack([z, wanted.float()])


@accepted("gan.condition")
def from_the_unit_matrix(z, labels, n_classes):
    return torch.cat((z.double(), torch.eye(n_classes)[labels]), -1)


assert Counter(map(len, ACCEPTED.values())) == {2: len(ACCEPTED)}


# --- lessons that were split

in_another_form("network.numerical_gradient", as_list)


@accepted("network.numerical_gradient")
def with_unit_vectors(loss, place, nudge=1e-3):
    steps = nudge * np.eye(len(place))
    return torch.tensor([(loss(place + e) - loss(place - e)) / (2 * nudge) for e in steps])


in_another_form("chainrule.chain_slopes", np.asarray)


@accepted("chainrule.chain_slopes")
def by_products(slopes):
    return tuple(math.prod(slopes[i:]) for i in range(len(slopes) + 1))


in_another_form("chainrule.sigmoid_slope", as_list)


@accepted("chainrule.sigmoid_slope")
def by_exponentials(z):
    return torch.exp(-torch.as_tensor(z)) / (1 + torch.exp(-torch.as_tensor(z))) ** 2


in_another_form("chainrule.gap", np.float32)


@accepted("chainrule.gap")
def largest_by_python(found, by_nudges):
    return max(abs(a - b) for a, b in zip(found, by_nudges, strict=True))


in_another_form("backprop.divide", lambda pair: [np.float64(pair[0]), list(pair[1])])


@accepted("backprop.divide")
def by_the_inverse(a, b):
    inverse = 1 / b
    return a * inverse, [inverse, -a * inverse * inverse]


in_another_form("backprop.torch_slopes", list)


@accepted("backprop.torch_slopes")
def by_the_formula(x, y, w, b):
    error = torch.sigmoid(x @ w + b) - y
    return [(x.T @ error / len(x)).numpy(), error.mean().double()]


in_another_form("backprop.times", lambda pair: [np.float64(pair[0]), list(pair[1])])


@accepted("backprop.times")
def by_torchs_tape(a, b):
    both = torch.tensor([a, b], dtype=torch.float64, requires_grad=True)
    product = both.prod()
    product.backward()
    return product.item(), both.grad


in_another_form("fitting.momentum", as_list)


@accepted("fitting.momentum")
def in_place_of_copies(weight, slope, velocity, rate):
    velocity = velocity - 0.1 * velocity + slope
    return [torch.as_tensor(weight - velocity * rate), torch.as_tensor(velocity)]


in_another_form("fitting.rate", np.float64)


@accepted("fitting.rate")
def as_the_smaller_of_two(step, steps, rate, warmup):
    up, down = (step + 1) / (warmup + 1), (steps - step) / (steps - warmup)
    return torch.tensor(rate * (up if step < warmup else down), dtype=torch.float64)


in_another_form("neural.to_bits", np.float64)


@accepted("neural.to_bits")
def by_powers(loss, tokens):
    return -tokens * math.log2(math.exp(-loss))


in_another_form("chance.surprise", np.float64)


@accepted("chance.surprise")
def of_the_product(probabilities):
    return -math.log2(math.prod(probabilities))


in_another_form("sentences.leaves", tuple)


@accepted("sentences.leaves")
def from_a_stack(tree):
    stack, words = [tree], []
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            words.append(part)
        else:
            stack += part[:0:-1]
    return words


in_another_form("viterbi.follow_back", np.asarray)


@accepted("viterbi.follow_back")
def by_filling_a_list(last, pointers):
    path = [0] * (len(pointers) + 1)
    path[-1] = max(range(len(last)), key=lambda k: last[k])
    for t in range(len(pointers) - 1, -1, -1):
        path[t] = pointers[t][path[t + 1]]
    return tuple(path)


in_another_form("neural.never_seen", np.float32)


@accepted("neural.never_seen")
def by_a_mean(known, asked):
    known = dict.fromkeys(known)
    return np.mean([context not in known for context in asked])


in_another_form("chance.derive", np.str_)


@accepted("chance.derive")
def with_a_stack(rules, choices):
    stack, words, choices = ["START"], [], iter(choices)
    while stack:
        part = stack.pop()
        if part in rules:
            stack += reversed(rules[part][next(choices)].split())
        else:
            words.append(part)
    return " ".join(words)


in_another_form("ngrams.count", lambda table: {h: dict(c) for h, c in table.items()})


@accepted("ngrams.count")
def by_sliding(texts, n):
    counts = defaultdict(Counter)
    for tokens in texts:
        context = ("<s>",) * (n - 1)
        for token in [*tokens, "</s>"]:
            counts[context][token] += 1
            context = (*context, token)[1:] if n > 1 else ()
    return counts


in_another_form("ngrams.mix", np.float64)


@accepted("ngrams.mix")
def with_a_weight(followers, word, shorter):
    n, t = followers.total(), len(followers)
    weight = t / (n + t) if t else 1
    return weight * shorter + ((1 - weight) * followers[word] / n if n else 0)


in_another_form("sentences.phrases", lambda found: [list(phrase) for phrase in found])


@accepted("sentences.phrases")
def by_counting_words(tree, start=0):
    def length(node):
        return 1 if isinstance(node, str) else sum(map(length, node[1:]))

    if isinstance(tree, str):
        return []
    found, at = [(tree[0], start, start + length(tree))], start
    for part in tree[1:]:
        found += by_counting_words(part, at)
        at += length(part)
    return tuple(found)


in_another_form("meaning.best_tree", np.float64)


@accepted("meaning.best_tree")
def from_above(labels, rules, goal="S"):
    @functools.cache
    def best(start, end, label):
        if end - start == 1:
            return float(labels[start] == label)
        ways = [
            p * best(start, cut, left) * best(cut, end, right)
            for cut in range(start + 1, end)
            for (name, left, right), p in rules.items()
            if name == label
        ]
        return max(ways, default=0.0)

    return best(0, len(labels), goal)


in_another_form("meaning.phrase_f1", np.float32)


@accepted("meaning.phrase_f1")
def by_both_shares(found, true):
    right = sum(phrase in true for phrase in found)
    if not right:
        return 0.0
    precision, recall = right / len(found), right / len(true)
    return 2 * precision * recall / (precision + recall)


in_another_form("vectors.company", dict)


@accepted("vectors.company")
def by_distances(tokens, window):
    pairs = Counter()
    for distance in range(1, window + 1):
        for a, b in zip(tokens, tokens[distance:], strict=False):
            pairs.update([(a, b), (b, a)])
    return pairs


in_another_form("vectors.nearest", np.asarray)


@accepted("vectors.nearest")
def one_after_the_other(vectors, i, n):
    def likeness(j):
        a, b = vectors[i], vectors[j]
        return a @ b / math.sqrt((a @ a) * (b @ b))

    others = [j for j in range(len(vectors)) if j != i]
    return tuple(sorted(others, key=likeness, reverse=True)[:n])


in_another_form("skipgram.noise", as_list)


@accepted("skipgram.noise")
def by_logarithms(counts, power):
    logs = power * np.log(np.where(counts > 0, counts, 1))
    weights = np.where(counts > 0, np.exp(logs), 0)
    return torch.as_tensor(weights / weights.sum())


in_another_form("skipgram.leaning", np.float64)


@accepted("skipgram.leaning")
def by_loops(vector, group, other):
    def likeness(row):
        return row @ vector / math.sqrt((row @ row) * (vector @ vector))

    return sum(map(likeness, group)) / len(group) - sum(map(likeness, other)) / len(other)


in_another_form("cleaning.read", np.str_)


@accepted("cleaning.read")
def by_encoding_again(raw):
    text = raw.decode("utf-8", errors="replace")
    return text if text.encode() == raw else raw.decode("cp1252", errors="replace")


in_another_form("cleaning.scores", list)


@accepted("cleaning.scores")
def by_difference(found, true):
    wrong, missing = len(found - true), len(true - found)
    return np.array([1 - wrong / len(found), 1 - missing / len(true)])


in_another_form("copies.shingles", frozenset)


@accepted("copies.shingles")
def by_zipping(tokens, n=3):
    return set(zip(*(tokens[i:] for i in range(n)), strict=False))


ACCEPTED["copies.bands"] = [0.47, np.float32(0.47)]
in_another_form("copies.leak_share", np.float64)


@accepted("copies.leak_share")
def by_a_mean_of_keys(train, test, key):
    known = set(map(key, train))
    return torch.tensor([key(text) in known for text in test], dtype=torch.float64).mean()


in_another_form(
    "words.ambiguous", lambda found: {token: dict(tags) for token, tags in found.items()}
)


@accepted("words.ambiguous")
def by_pairs(texts):
    pairs = Counter(pair for text in texts for pair in zip(*text, strict=True))
    found = defaultdict(Counter)
    for (token, tag), n in pairs.items():
        found[token][tag] = n
    return {token: tags for token, tags in found.items() if len(tags) >= 2}


ACCEPTED["viterbi.paths"] = [81, np.float64(81)]
in_another_form("viterbi.greedy", np.asarray)


@accepted("viterbi.greedy")
def with_python_lists(start, transition, emission):
    path, row = [], start
    for words in emission:
        scores = list(row + words)
        path.append(scores.index(max(scores)))
        row = transition[path[-1]]
    return tuple(path)


in_another_form("viterbi.forward", np.float64)


@accepted("viterbi.forward")
def by_scaling(start, transition, emission):
    p, total = np.exp(start), 0.0
    for i, row in enumerate(emission):
        p = (p if i == 0 else p @ np.exp(transition)) * np.exp(row - row.max())
        total += row.max() + math.log(p.sum())
        p = p / p.sum()
    return torch.tensor(total)


in_another_form("overfit.by_heart", np.float32)


@accepted("overfit.by_heart")
def by_counting_mistakes(answers, labels, wrong):
    pairs = [(a, b) for a, b, w in zip(answers, labels, wrong, strict=True) if w]
    return sum(a == b for a, b in pairs) / len(pairs)


in_another_form("overfit.folds", tuple)


@accepted("overfit.folds")
def by_dealing(n, k):
    hands = [[] for _ in range(k)]
    for i in range(n):
        hands[i % k].append(i)
    return hands


in_another_form("overfit.decay", as_list)


@accepted("overfit.decay")
def by_shrinking_first(weight, slope, rate, decay):
    return torch.as_tensor((1 - rate * decay) * weight - rate * slope)


in_another_form(
    "fitting.best_rates", lambda found: {name: list(pair) for name, pair in found.items()}
)


@accepted("fitting.best_rates")
def with_sorting(losses):
    found = {}
    for name, by_rate in losses.items():
        judged = sorted(
            (np.mean(some), rate) for rate, some in by_rate.items() if np.mean(some) >= 0
        )
        found[name] = judged[0][1], judged[0][0]
    return found
