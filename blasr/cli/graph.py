"""``blasr graph``: lang directory, grammar, tree and model to the decoding graph HCLG."""

from __future__ import annotations

import argparse
from pathlib import Path

from blasr.errors import DataError
from blasr.graph.arpa_grammar import grammar_of
from blasr.graph.grammar import arpa_to_fst, name_words, read_grammar, unigram_loop
from blasr.graph.hclg import compile_decoding_graph, write_decoding_graph
from blasr.graph.lang import Lang
from blasr.graph.preflight import check_same_phones
from blasr.hmm.transition_model import read_transition_model
from blasr.hmm.tree import read_tree
from blasr.io.fst import Fst
from blasr.lm.text import read_sentences, replace_words
from blasr.lm.witten_bell import estimate_witten_bell

EPILOG = """examples:
  blasr graph --lang data/lang --arpa lm.arpa.gz --model exp/tri1 exp/tri1/graph/HCLG.fst
  blasr graph --lang data/lang --text data/train/text --order 2 --model exp/tri1 exp/tri1/graph/HCLG.fst
  blasr graph --lang data/lang --loop ONE,TWO,THREE --model exp/tri1 exp/tri1/graph_loop/HCLG.fst

Beside HCLG.fst come words.txt, phones.txt, phones/, disambig_tid.int and num_pdfs, as from Kaldi's mkgraph.sh.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr graph``."""
    parser.epilog = EPILOG
    parser.add_argument("out", metavar="OUT", type=Path, help="HCLG.fst to write, or the folder for it")
    parser.add_argument("--lang", required=True, type=Path, help="the lang directory")
    parser.add_argument("--model", required=True, type=Path, help="final.mdl, or the directory that has it")
    parser.add_argument("--tree", type=Path, help="the tree (default: beside final.mdl)")
    grammar = parser.add_mutually_exclusive_group(required=True)
    grammar.add_argument("--arpa", type=Path, metavar="LM", help="an ARPA language model, plain or .gz")
    grammar.add_argument("--text", type=Path, help="a text (utterance-id and words) to estimate an n-gram model from")
    grammar.add_argument("--grammar", type=Path, metavar="G.fst", help="an OpenFst acceptor of words")
    grammar.add_argument(
        "--loop", metavar="W,W,...", help="any sequence of these words, all equally probable; 'all' for all words"
    )
    parser.add_argument("--order", type=int, default=2, metavar="N", help="of the n-grams of --text (default: 2)")
    parser.add_argument("--plain-text", action="store_true", help="the lines of --text have no utterance-id")
    parser.add_argument(
        "--missing-words",
        choices=("error", "drop", "oov"),
        default="error",
        help="words outside the lexicon: refuse; leave out their n-grams or sentences; or take them for the lang "
        "directory's OOV word (default: error)",
    )
    parser.add_argument("--missing-list", type=Path, metavar="FILE", help="write all words outside the lexicon there")
    parser.add_argument("--self-loop-scale", type=float, default=0.1, metavar="X", help="(default: 0.1)")
    parser.add_argument("--transition-scale", type=float, default=1.0, metavar="X", help="(default: 1.0)")


def run(args: argparse.Namespace) -> None:
    """Compile HCLG and write it."""
    model = args.model / "final.mdl" if args.model.is_dir() else args.model
    tree_path = args.tree if args.tree is not None else model.parent / "tree"
    out = args.out if args.out.suffix == ".fst" else args.out / "HCLG.fst"
    for path, what in ((model, "model"), (tree_path, "tree")):
        if not path.is_file():
            raise DataError(f"there is no {what} here", path=path, fix=f"check --{what}")
    lang, tree, transitions = Lang.read(args.lang), read_tree(tree_path), read_transition_model(model)
    check_same_phones(lang, tree, transitions, tree_path=tree_path, model_path=model)
    graph = compile_decoding_graph(
        lang,
        tree,
        transitions,
        _grammar(args, lang),
        self_loop_scale=args.self_loop_scale,
        transition_scale=args.transition_scale,
    )
    write_decoding_graph(graph, lang, out)
    print(f"{out}: {graph.fst.num_states} states, {graph.fst.num_arcs} arcs, {graph.num_pdfs} pdfs")


def _grammar(args: argparse.Namespace, lang: Lang) -> Fst:
    if args.arpa is not None:
        return arpa_to_fst(
            args.arpa,
            lang.words,
            missing_words=args.missing_words,
            unknown_word=lang.oov,
            missing_list=args.missing_list,
        )
    if args.grammar is not None:
        return read_grammar(args.grammar, lang)
    if args.loop is not None:
        chosen = [word for word in args.loop.split(",") if word]
        words = [word for word in lang.spoken_words if word != lang.oov] if chosen == ["all"] else chosen
        return unigram_loop(lang.words, words)
    return _estimated_grammar(args, lang)


def _estimated_grammar(args: argparse.Namespace, lang: Lang) -> Fst:
    spoken = lang.spoken_words
    sentences = read_sentences(args.text, vocabulary=set(spoken), utterance_ids=not args.plain_text)
    replacement = lang.oov if args.missing_words == "oov" else None
    kept, unknown = replace_words(sentences, spoken, replacement)
    if unknown:
        named = name_words([word for word, _ in unknown.most_common()], args.missing_list)
        message = f"{len(unknown)} words of the text are not in the lexicon, {unknown.total()} times in all: {named}"
        if args.missing_words == "error":
            raise DataError(
                message,
                path=args.text,
                fix="add them to the lexicon (--missing-list FILE names all), or choose --missing-words drop or oov",
            )
        print(f"{message}; {len(sentences)} sentences in -> {len(kept)} kept")
    return grammar_of(estimate_witten_bell(kept, args.order), lang.words)
