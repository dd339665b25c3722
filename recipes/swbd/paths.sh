# The folders of LDC's corpora at this site. Set these, or give run.sh the option of the same name (--swbd1 DIR).
# A value may name several folders, separated by spaces; the discs may be anywhere below them. See README.md.

swbd1=/corpora/LDC/LDC97S62                                   # Switchboard-1 Release 2
ms98=/corpora/LDC/swb_ms98_transcriptions                     # its ISIP transcripts and sw-ms98-dict.text
fisher="/corpora/LDC/LDC2004S13 /corpora/LDC/LDC2004T19 /corpora/LDC/LDC2005S13 /corpora/LDC/LDC2005T19"
hub5_speech=/corpora/LDC/LDC2002S09                           # 2000 HUB5 English Evaluation Speech
hub5_text=/corpora/LDC/LDC2002T43                             # its transcripts
rt02=/corpora/LDC/LDC2004S11                                  # 2002 Rich Transcription
extra_lexicon=                                                # dictionaries in CMU's format, for more words of Fisher
