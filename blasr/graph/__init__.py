"""Graphs: lang directories, lexicon, grammar, training graphs and HCLG, all over kaldifst."""
