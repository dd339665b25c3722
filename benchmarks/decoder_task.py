"""A synthetic recognition task of 5,000 words: lexicon, language model, tree, graphs and log-likelihoods with errors.

The same seed gives the same task. Words have one to four syllables over 40 phones. Sentences come from a random bigram
process with Zipf's word frequencies, and a Kneser-Ney model is estimated from them. A random tree asks about both
neighbors of a phone. An utterance is a random path through the training graph of its sentence, with about three
frames per state. Every pdf is a unit Gaussian. The frames are drawn around the mean of the pdf on the path, with one
noise vector for every frame and another that is constant while the path stays in a pdf.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import kaldifst
import numpy as np

from blasr.graph.config import LangConfig
from blasr.graph.grammar import arpa_to_fst
from blasr.graph.hclg import compile_decoding_graph
from blasr.graph.lang import Lang
from blasr.graph.lang_writing import make_lang
from blasr.graph.openfst import to_kaldifst
from blasr.graph.training_graph import TrainingGraphCompiler
from blasr.hmm.event_map import ConstantEventMap, EventMap, SplitEventMap, TableEventMap
from blasr.hmm.model_file import write_model
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import ContextDependency
from blasr.io.fst import Fst, write_fst
from blasr.io.kaldi.holders import MATRIX
from blasr.io.kaldi.table_writer import TableWriter
from blasr.lexicon.pronunciations import Pronunciation
from blasr.lm.arpa import write_arpa
from blasr.lm.kneser_ney import estimate_kneser_ney
from blasr.units import FloatArray, IntArray

CONSONANTS, VOWELS = [f"c{number}" for number in range(24)], [f"v{number}" for number in range(16)]
FRAMES_PER_PHONE = 8
DIMENSIONS = 24


@dataclass(frozen=True)
class Task:
    """The inputs of decoders, and the spoken words."""

    lang: Lang
    tree: ContextDependency
    model: TransitionModel
    grammar: Fst
    unigram: Fst
    graph: Fst
    loglikes: dict[str, FloatArray]
    text: dict[str, list[str]]

    @property
    def num_frames(self) -> int:
        """The number of frames of all utterances."""
        return sum(map(len, self.loglikes.values()))


def make_task(
    folder: Path,
    num_words: int = 5000,
    num_utterances: int = 20,
    noise: float = 1.0,
    seed: int = 0,
    num_sentences: int = 20_000,
) -> Task:
    """Make a task. The lang directory and the ARPA models are written into ``folder``.

    Args:
        folder: an empty folder.
        num_words: words in the lexicon.
        num_utterances: utterances to decode.
        noise: standard deviation of both kinds of noise.
        seed: seed of all random numbers.
        num_sentences: sentences that the language models are estimated from.
    """
    rng = np.random.default_rng(seed)
    words = [f"w{number:05}" for number in range(num_words)]
    lang = make_lang(
        random_lexicon(rng, words),
        folder / "lang",
        LangConfig(silence_phones=["SIL", "SPN"], oov="<UNK>", silence_probability=0.2),
    )
    sentences = random_sentences(rng, words, num_sentences + num_utterances)
    bigrams, unigrams = (
        estimate_grammar(sentences[num_utterances:], order, words, lang, folder / f"lm{order}.arpa") for order in (2, 1)
    )
    tree = random_tree(rng, lang)
    initial = TransitionModel.from_tree(tree, lang.topology)
    transitions = initial.estimate(rng.uniform(5, 50, initial.num_transition_ids + 1))
    text = {f"utt{number:02}": sentence for number, sentence in enumerate(sentences[:num_utterances])}
    return Task(
        lang,
        tree,
        transitions,
        bigrams,
        unigrams,
        compile_decoding_graph(lang, tree, transitions, bigrams).fst,
        random_loglikes(rng, lang, tree, transitions, text, noise),
        text,
    )


def write_task(task: Task, folder: Path) -> None:
    """Write ``HCLG.fst``, ``final.mdl``, and ``loglikes.ark`` with its ``loglikes.scp`` beside the lang directory."""
    write_fst(task.graph, folder / "HCLG.fst")
    write_model(folder / "final.mdl", task.model)
    with TableWriter(f"ark,scp:{folder}/loglikes.ark,{folder}/loglikes.scp", MATRIX) as writer:
        for utterance, loglikes in task.loglikes.items():
            writer.write(utterance, loglikes)


def estimate_grammar(
    sentences: Sequence[Sequence[str]], order: int, words: Sequence[str], lang: Lang, arpa: Path
) -> Fst:
    """Estimate a Kneser-Ney model, write it to ``arpa`` and return its G."""
    model = estimate_kneser_ney(sentences, order, vocabulary=words).model
    write_arpa(model, arpa)
    return arpa_to_fst(arpa, lang.words, missing_words="drop")


def random_lexicon(rng: np.random.Generator, words: Sequence[str]) -> list[Pronunciation]:
    """Draw one pronunciation per word, with some homophones, and add the unknown word."""
    lexicon = [Pronunciation("<UNK>", ("SPN",))]
    for word in words:
        phones: list[str] = []
        for _ in range(rng.choice([1, 2, 3, 4], p=[0.25, 0.4, 0.25, 0.1])):
            phones += [str(rng.choice(CONSONANTS)), str(rng.choice(VOWELS))]
            phones += [str(rng.choice(CONSONANTS))] if rng.random() < 0.3 else []
        lexicon.append(Pronunciation(word, tuple(phones)))
    return lexicon


def random_sentences(rng: np.random.Generator, words: Sequence[str], number: int) -> list[list[str]]:
    """Draw sentences in which half of the words are among the ten favorite successors of the previous word."""
    frequencies = 1 / (np.arange(len(words)) + 10)
    frequencies /= frequencies.sum()
    successors = rng.choice(len(words), (len(words), 10), p=frequencies)
    sentences = []
    for length in rng.integers(5, 20, number):
        free = rng.choice(len(words), length, p=frequencies)
        follows, choice = rng.random(length) < 0.5, rng.integers(0, 10, length)
        for place in range(1, length):
            if follows[place]:
                free[place] = successors[free[place - 1], choice[place]]
        sentences.append([words[word] for word in free])
    return sentences


def random_tree(rng: np.random.Generator, lang: Lang, num_pdfs: int | None = None) -> ContextDependency:
    """Draw a tree that asks about the right and the left neighbor in turn.

    By default it asks two questions about each neighbor, for each pdf-class of speech; with ``num_pdfs``, as many as
    give this number of pdfs.
    """
    numbers = count()
    phones = lang.topology.phones

    def split(num_leaves: int, position: int) -> EventMap:
        if num_leaves == 1:
            return ConstantEventMap(next(numbers))
        yes = frozenset(rng.permutation(phones)[: len(phones) // 2].tolist())
        other = 2 - position
        return SplitEventMap(position, yes, split((num_leaves + 1) // 2, other), split(num_leaves // 2, other))

    silence = {lang.phones.id_of(phone) for phone in ("SIL", "SPN")}
    num_classes = {phone: lang.topology.num_pdf_classes(phone) for phone in phones}
    num_spoken = sum(number for phone, number in num_classes.items() if phone not in silence)
    total = 16 * num_spoken if num_pdfs is None else num_pdfs - sum(num_classes[phone] for phone in silence)
    bounds = (total * number // num_spoken for number in range(num_spoken + 1))
    before = next(bounds)
    roots: list[EventMap | None] = [None]
    for phone in phones:
        leaves = []
        for _ in range(num_classes[phone]):
            after = before + 1 if phone in silence else next(bounds)
            leaves.append(split(after - before, 2))
            before = before if phone in silence else after
        roots.append(TableEventMap(-1, tuple(leaves)))
    return ContextDependency(3, 1, TableEventMap(1, tuple(roots)))


def random_loglikes(
    rng: np.random.Generator,
    lang: Lang,
    tree: ContextDependency,
    model: TransitionModel,
    text: dict[str, list[str]],
    noise: float,
) -> dict[str, FloatArray]:
    """Draw log-likelihoods ``(T, num_pdfs)`` of utterances with these words; the pdfs of one phone are similar."""
    pdf_phones = np.zeros(tree.num_pdfs, np.int64)
    pdf_phones[model.tid_to_pdf[1:]] = model.phones(np.arange(1, model.num_transition_ids + 1))
    points = rng.normal(0, 0.8, (pdf_phones.max() + 1, DIMENSIONS))[pdf_phones]
    points += rng.normal(0, 0.6, points.shape)
    compiler = TrainingGraphCompiler(lang, tree, model)
    pronounced = {number: 0 for _, number in lang.words.items()}
    pronounced.update(_phones_of(lang))
    loglikes = {}
    for utterance, words in text.items():
        phones = sum(pronounced[lang.words.id_of(word)] for word in words)
        pdfs = model.tid_to_pdf[_random_path(compiler.compile(words), FRAMES_PER_PHONE * phones, rng)]
        stay = np.cumsum(np.diff(pdfs, prepend=pdfs[0]) != 0)
        heard = points[pdfs] + rng.normal(0, noise, (stay[-1] + 1, DIMENSIONS))[stay]
        heard += rng.normal(0, noise, heard.shape)
        squares = (heard**2).sum(axis=1)[:, None] - 2 * heard @ points.T + (points**2).sum(axis=1)
        loglikes[utterance] = (-0.5 * squares).astype(np.float32)
    return loglikes


def _phones_of(lang: Lang) -> dict[int, int]:
    lines = (lang.path / "phones" / "align_lexicon.int").read_text(encoding="utf-8").splitlines()
    return {int(line.split()[0]): len(line.split()) - 2 for line in lines}


def _random_path(graph: Fst, num_frames: int, rng: np.random.Generator) -> IntArray:
    done, path = kaldifst.equal_align(to_kaldifst(graph), num_frames, int(rng.integers(1 << 30)))
    if not done:
        raise RuntimeError(f"the graph has no path of {num_frames} frames")
    return np.array(kaldifst.get_linear_symbol_sequence(path)[1], np.int32)
