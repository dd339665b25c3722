"""``blasr graph``: lang directory, grammar, tree and model to the decoding graph HCLG."""

from __future__ import annotations

import argparse
from pathlib import Path

from blasr.cli.options import add_option, check_gmm, positive_integer, positive_number, words
from blasr.cli.parser import examples
from blasr.errors import ConfigError, DataError

EPILOG = (
    examples(
        "blasr graph --lang data/lang --arpa lm.arpa.gz --gmm exp/tri1 --out exp/tri1/graph",
        "blasr graph --lang data/lang --text data/train/text --order 2 --gmm exp/tri1 --out exp/tri1/graph",
        "blasr graph --lang data/lang --loop ONE,TWO,THREE --gmm exp/tri1 --out exp/tri1/graph_loop",
    )
    + "\n\nThe output directory also receives words.txt, phones.txt, phones/, disambig_tid.int and num_pdfs, as from "
    "Kaldi's mkgraph.sh."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr graph``."""
    parser.epilog = EPILOG
    add_option(parser, "--lang", required=True)
    model = parser.add_mutually_exclusive_group(required=True)
    add_option(model, "--gmm")
    add_option(model, "--model", note="needs --tree, or a tree in its directory")
    add_option(parser, "--tree", note="for --model")
    add_option(parser, "--out", required=True, note="the graph directory to write, or its HCLG.fst")
    grammar = parser.add_mutually_exclusive_group(required=True)
    grammar.add_argument("--arpa", type=Path, metavar="FILE", help="an ARPA language model, plain or .gz")
    add_option(grammar, "--text", note="estimate a Witten-Bell model from its sentences")
    grammar.add_argument("--grammar", type=Path, metavar="FILE", help="G.fst, an OpenFst acceptor of words")
    grammar.add_argument(
        "--loop", type=words, metavar="LIST", help="any sequence of these words, all equally probable; 'all': all words"
    )
    parser.add_argument(
        "--order", type=positive_integer, default=2, metavar="N", help="length of the n-grams of --text"
    )
    add_option(parser, "--utterance-ids", default=True, note="for --text; plain sentences need --no-utterance-ids")
    parser.add_argument(
        "--missing-words",
        choices=("error", "drop", "oov"),
        default="error",
        help="words outside the lexicon: refuse them, leave out their n-grams or sentences (drop; try this first), or "
        "replace them with the lang directory's OOV word, which the recognizer can then output (oov)",
    )
    parser.add_argument("--missing-list", type=Path, metavar="FILE", help="write all words outside the lexicon there")
    parser.add_argument(
        "--self-loop-scale", type=positive_number, default=0.1, metavar="X", help="scale of self-loop probabilities"
    )
    parser.add_argument(
        "--transition-scale",
        type=positive_number,
        default=1.0,
        metavar="X",
        help="scale of the other transition probabilities",
    )


def run(args: argparse.Namespace) -> None:
    """Compile HCLG and write it."""
    check_gmm(args.gmm, alternative="--model")
    if args.gmm is not None and args.tree is not None:
        raise ConfigError("--tree goes with --model", fix="leave out --tree: the directory of --gmm has its own tree")

    from blasr.graph.grammar import arpa_to_fst, read_grammar, unigram_loop
    from blasr.graph.hclg import compile_decoding_graph, write_decoding_graph
    from blasr.graph.lang import Lang
    from blasr.graph.preflight import check_same_phones
    from blasr.graph.text_grammar import grammar_of_text
    from blasr.hmm.transition_model import read_transition_model
    from blasr.hmm.tree import read_tree

    model = args.model if args.gmm is None else args.gmm / "final.mdl"
    tree_path = args.tree or model.parent / "tree"
    out = args.out if args.out.suffix == ".fst" else args.out / "HCLG.fst"
    for path, what in ((model, "model"), (tree_path, "tree")):
        if not path.is_file():
            raise DataError(f"there is no {what} here", path=path, fix=f"check --{'gmm' if args.gmm else what}")
    lang, tree, transitions = Lang.read(args.lang), read_tree(tree_path), read_transition_model(model)
    check_same_phones(lang, tree, transitions, tree_path=tree_path, model_path=model)
    missing = {"missing_words": args.missing_words, "missing_list": args.missing_list}
    if args.arpa is not None:
        grammar = arpa_to_fst(args.arpa, lang.words, unknown_word=lang.oov, **missing)
    elif args.grammar is not None:
        grammar = read_grammar(args.grammar, lang)
    elif args.loop is not None:
        every_word = [word for word in lang.spoken_words if word != lang.oov]
        grammar = unigram_loop(lang.words, every_word if args.loop == ("all",) else args.loop)
    else:
        grammar = grammar_of_text(args.text, lang, args.order, utterance_ids=args.utterance_ids, **missing)
    graph = compile_decoding_graph(
        lang,
        tree,
        transitions,
        grammar,
        self_loop_scale=args.self_loop_scale,
        transition_scale=args.transition_scale,
    )
    write_decoding_graph(graph, lang, out)
    print(f"{out}: {graph.fst.num_states} states, {graph.fst.num_arcs} arcs, {graph.num_pdfs} pdfs")
