"""The command lines of Kaldi's tools: one row for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from blasr.cli.kaldi.tool import ALLOW_PIPES, BINARY, Argument, Tool, argument, flag, option
from blasr.cli.options import non_negative_integer, number, positive_number

IN: Final = argument("source", "an rspecifier, or a file with one value", metavar="INPUT")
OUT: Final = argument("target", "a wspecifier, or a file for one value", metavar="OUTPUT")
WSPECIFIER: Final = argument("target", "a wspecifier", metavar="OUTPUT")
FILE: Final = argument("target", "a file", metavar="OUTPUT")
MODEL: Final = argument("model", "final.mdl, binary or text")
TREE: Final = argument("tree", "a tree, binary or text")
ALIGNMENTS: Final = argument("alignments", "an rspecifier of transition-ids, such as 'ark:gunzip -c ali.1.gz |'")
LATTICES: Final = argument("lattices", "an rspecifier of lattices, compact or state-level")
COPY: Final = (BINARY, ALLOW_PIPES, IN, OUT)
COMPRESS: Final = (
    flag("compress", "write compressed matrices"),
    option(
        "compression-method",
        "1 automatic, 2 CM, 3 CM2, 4 CM2 of integers, 5 CM3, 6 CM3 of integers, 7 CM3 from 0 to 1 (default: 1)",
        type=int,
        choices=range(1, 8),
        default=1,
        metavar="1-7",
    ),
    option("write-num-frames", "also write the number of frames of every utterance", metavar="WSPECIFIER"),
)


def _tool(run: str, summary: str, example: str, *arguments: Argument) -> Tool:
    return Tool(run, summary, example, arguments)


TOOLS: Final[Mapping[str, Tool]] = {
    "copy-feats": _tool(
        "tables.copy_feats",
        "copy matrices of features",
        "--compress=true scp:feats.scp ark:-",
        *COMPRESS,
        *COPY,
    ),
    "copy-matrix": _tool("tables.copy_matrix", "copy matrices", "--binary=false global_cmvn.stats -", *COPY),
    "copy-vector": _tool("tables.copy_vector", "copy vectors", "--binary=false final.occs -", *COPY),
    "copy-int-vector": _tool(
        "tables.copy_int_vector", "copy vectors of integers", '"ark:gunzip -c ali.1.gz |" ark,t:-', *COPY
    ),
    "copy-post": _tool("tables.copy_post", "copy posteriors", "ark:post.ark ark,t:-", *COPY),
    "copy-gselect": _tool("tables.copy_gselect", "copy vectors of vectors", "ark:gselect.1 ark,t:-", *COPY),
    "feat-to-dim": _tool("tables.feat_to_dim", "the dimension of features", "scp:feats.scp -", ALLOW_PIPES, IN, OUT),
    "feat-to-len": _tool(
        "tables.feat_to_len",
        "the number of frames, of every utterance or of all",
        "scp:feats.scp ark,t:-",
        ALLOW_PIPES,
        IN,
        argument("target", "a wspecifier, or a file for the total (default: print it)", nargs="?", metavar="OUTPUT"),
    ),
    "ali-to-post": _tool(
        "alignments.ali_to_post",
        "alignments to posteriors of weight 1",
        "ark:pdf.ark ark,t:-",
        ALLOW_PIPES,
        argument("alignments", "an rspecifier of integers"),
        WSPECIFIER,
    ),
    "ali-to-pdf": _tool(
        "alignments.ali_to_pdf",
        "transition-ids to pdf-ids",
        "final.mdl ark:ali.1 ark,t:-",
        ALLOW_PIPES,
        MODEL,
        ALIGNMENTS,
        WSPECIFIER,
    ),
    "ali-to-phones": _tool(
        "alignments.ali_to_phones",
        "transition-ids to phones",
        '--per-frame final.mdl "ark:gunzip -c ali.1.gz |" ark,t:-',
        flag("per-frame", "one phone for every frame"),
        flag("write-lengths", "pairs of a phone and its number of frames"),
        flag("ctm-output", "a CTM file of the phones"),
        option(
            "frame-shift",
            "seconds from frame to frame, for --ctm-output (default: 0.01)",
            type=positive_number,
            default=0.01,
        ),
        ALLOW_PIPES,
        MODEL,
        ALIGNMENTS,
        argument("target", "a wspecifier, or a file for --ctm-output", metavar="OUTPUT"),
    ),
    "analyze-counts": _tool(
        "alignments.analyze_counts",
        "count the labels of alignments, such as pdf-ids; 0.5 is added to every count",
        '--binary=false "ark:ali-to-pdf final.mdl ark:ali.1 ark:- |" pdf.counts --allow-pipes',
        BINARY,
        option(
            "counts-dim", "the number of labels (default: 0, which means any)", type=non_negative_integer, default=0
        ),
        flag("normalize", "write shares that sum to 1"),
        option("symbol-table", "also log the counts, with these names", metavar="FILE"),
        ALLOW_PIPES,
        argument("alignments", "an rspecifier of integers"),
        FILE,
    ),
    "show-transitions": _tool(
        "models.print_transitions",
        "print every transition-id of a model",
        "phones.txt final.mdl final.occs",
        argument("phones", "phones.txt"),
        MODEL,
        argument("occupancies", "final.occs", nargs="?"),
    ),
    "am-info": _tool("models.am_info", "print the size of a model", "final.mdl", MODEL),
    "gmm-info": _tool("models.gmm_info", "print the size of a model of Gaussian mixtures", "final.mdl", MODEL),
    "tree-info": _tool("models.tree_info", "print the size of a tree", "tree", TREE),
    "copy-tree": _tool("models.copy_tree", "copy a tree", "--binary=false tree -", BINARY, TREE, FILE),
    "gmm-copy": _tool(
        "models.gmm_copy", "copy a model of Gaussian mixtures", "final.mdl final.txt", BINARY, MODEL, FILE
    ),
    "copy-transition-model": _tool(
        "models.copy_transition_model",
        "copy the transition model of a model",
        "--binary=false final.mdl -",
        BINARY,
        MODEL,
        FILE,
    ),
    "lattice-copy": _tool(
        "lattices.lattice_copy",
        "copy lattices of either kind to one kind",
        '"ark:gunzip -c lat.1.gz |" ark,t:-',
        flag("write-compact", "write compact lattices, not state-level ones", default=True),
        ALLOW_PIPES,
        LATTICES,
        WSPECIFIER,
    ),
    "lattice-best-path": _tool(
        "lattices.lattice_best_path",
        "the cheapest path of every lattice",
        '--acoustic-scale=0.1 "ark:gunzip -c lat.1.gz |" ark,t:words ark:ali',
        option("acoustic-scale", "the weight of acoustic costs (default: 1)", type=number, default=1.0),
        option("lm-scale", "the weight of graph costs (default: 1)", type=number, default=1.0),
        option("word-symbol-table", "words.txt, to log the words", metavar="FILE"),
        ALLOW_PIPES,
        LATTICES,
        argument("words", "a wspecifier of word-ids", nargs="?"),
        argument("alignments", "a wspecifier of transition-ids", nargs="?"),
    ),
}
