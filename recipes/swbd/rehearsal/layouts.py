"""Write conversations in the layouts of LDC's discs: folders, file names, headers, transcripts and tables."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import soundfile

from blasr.io.atomic import atomic_open, atomic_path
from recipes.demo.synthesize import RATE
from recipes.swbd.rehearsal.conversations import Conversation, SpokenTurn
from recipes.swbd.rehearsal.sentences import spelling

DICTIONARY = Path(__file__).with_name("sw-ms98-dict.text")
GLM = """\
;; The global map file of the rehearsal, in NIST's format.
* name = "rehearsal"
* desc = "synthetic conversations"
* format = 'NIST1'
* max_nrules = '500'
* copy_no_hit = 'T'
* case_sensitive = 'F'
[UH]  => [%HESITATION] / [ ] __ [ ]
[UM]  => [%HESITATION] / [ ] __ [ ]
[OKAY]  => [{ OKAY / OK }] / [ ] __ [ ]
[I'M]  => [{ I'M / I AM }] / [ ] __ [ ]
[IT'S]  => [{ IT'S / IT IS }] / [ ] __ [ ]
[THAT'S]  => [{ THAT'S / THAT IS }] / [ ] __ [ ]
[DON'T]  => [{ DON'T / DO NOT }] / [ ] __ [ ]
"""


def write_sphere(path: Path, conversation: Conversation, database: str) -> None:
    """Write two interleaved channels of 8-bit mu-law, with a header like LDC's."""
    coded = io.BytesIO()
    soundfile.write(coded, conversation.samples, RATE, format="RAW", subtype="ULAW")
    fields = {
        "conversation_id": conversation.name,
        "database_id": database,
        "channel_count": 2,
        "sample_count": len(conversation.samples),
        "sample_rate": RATE,
        "sample_n_bytes": 1,
        "sample_byte_format": "1",
        "sample_sig_bits": 8,
        "sample_coding": "ulaw",
    }
    kinds = ((name, f"-s{len(value)}" if isinstance(value, str) else "-i", value) for name, value in fields.items())
    header = "NIST_1A\n   1024\n" + "".join(f"{name} {kind} {value}\n" for name, kind, value in kinds) + "end_head\n"
    with atomic_path(path) as temporary:
        temporary.write_bytes(header.encode().ljust(1024) + coded.getvalue())


def write_swbd1(root: Path, conversations: Sequence[Conversation]) -> None:
    """Write LDC97S62 (``swb1_d1/data/sw02001.sph``) and the ISIP transcripts, including their silences."""
    for number, conversation in enumerate(conversations):
        name = conversation.name  # 2001
        write_sphere(root / f"LDC97S62/swb1_d{1 + number % 4}/data/sw0{name}.sph", conversation, "SWITCHBOARD-1")
        folder = root / "swb_ms98_transcriptions" / name[:2] / name
        for side in "AB":
            rows = _with_silence([turn for turn in conversation.turns if turn.side == side], conversation.seconds)
            with atomic_open(folder / f"sw{name}{side}-ms98-a-trans.text", "w") as stream:
                for index, (start, end, text) in enumerate(rows, start=1):
                    stream.write(f"sw{name}{side}-ms98-a-{index:04d} {start:.6f} {end:.6f} {text}\n")
    with atomic_open(root / "swb_ms98_transcriptions" / "sw-ms98-dict.text", "w") as stream:
        stream.write(DICTIONARY.read_text(encoding="utf-8"))


def _with_silence(turns: Sequence[SpokenTurn], seconds: float) -> list[tuple[float, float, str]]:
    """Return start, end and text of all segments of a side, as in ms98; every fifth turn is marked as an aside."""
    rows, last_end = [], 0.0
    for number, turn in enumerate(turns):
        if turn.start_seconds > last_end:
            rows.append((last_end, turn.start_seconds, "[silence]"))
        text = " ".join(spelling(word).ms98 for word in turn.words)
        text = f"<b_aside> {text} <e_aside>" if number % 5 == 4 else text
        rows.append((turn.start_seconds, turn.end_seconds, text))
        last_end = turn.end_seconds
    return [*rows, (last_end, seconds, "[silence]")]


def write_fisher(root: Path, conversations: Sequence[Conversation], part: int) -> None:
    """Write LDC2004S13 and LDC2004T19 (part 1) or LDC2005S13 and LDC2005T19 (part 2)."""
    speech, text = ("LDC2004S13", "LDC2004T19") if part == 1 else ("LDC2005S13", "LDC2005T19")
    files, calls = [], ["CALL_ID,DATE_TIME,TOPICID,SIG_GRADE,CNV_GRADE,APIN,ASX.DL,BPIN,BSX.DL"]
    for number, conversation in enumerate(conversations):
        name, block = conversation.name, conversation.name[-5:-2]  # fe_03_00001, 000
        disc = f"fe_03_p1_sph{1 + number % 7}" if part == 1 else f"fisher_eng_tr_sp_d{1 + number % 7}"
        write_sphere(root / speech / disc / "audio" / block / f"{name}.sph", conversation, "Fisher")
        with atomic_open(root / text / f"fe_03_p{part}_tran" / "data" / "trans" / block / f"{name}.txt", "w") as stream:
            stream.write(f"# {name}.sph\n# Transcribed at the LDC\n\n")
            for index, turn in enumerate(conversation.turns):
                words = " ".join(spelling(word).fisher for word in turn.words)
                words = f"(( {words} ))" if index % 12 == 7 else words
                stream.write(f"{turn.start_seconds:.2f} {turn.end_seconds:.2f} {turn.side}: {words}\n\n")
        sexes = "".join("f" if voice[0] in "f" else "m" for voice in conversation.voices)
        files.append(f"fe_03_p{part}_sph{1 + number % 7}\t{name[-5:]}\t{sexes}")
        calls.append(f"{name[-5:]},20030101_12:00:00,ENG01,4,4,{2 * number},{sexes[0]}.a,{2 * number + 1},{sexes[1]}.a")
    for name, lines in (("filelist", files), ("calldata", calls)):
        with atomic_open(root / text / f"fe_03_p{part}_tran" / "doc" / f"fe_03_p{part}_{name}.tbl", "w") as stream:
            stream.writelines(f"{line}\n" for line in lines)


def write_hub5(root: Path, conversations: Sequence[Conversation]) -> None:
    """Write LDC2002S09 with its PEM and LDC2002T43 with STM and GLM; names begin with ``sw_`` or ``en_``."""
    speech, text = root / "LDC2002S09" / "hub5e_00" / "english", root / "LDC2002T43" / "reference"
    for conversation in conversations:
        write_sphere(speech / f"{conversation.name}.sph", conversation, "HUB5")
    with atomic_open(speech / "hub5e_00.pem", "w") as stream:
        stream.write(";; file side speaker begin end\n")
        for conversation, turn in _all_turns(conversations):
            start, end = turn.start_seconds, turn.end_seconds
            stream.write(f"{conversation.name} {turn.side} unknown_speaker {start:.2f} {end:.2f}\n")
    labels = [("O", "Overall"), ("en", "CallHome"), ("sw", "Switchboard")]
    with atomic_open(text / "hub5e00.english.000405.stm", "w") as stream:
        stream.writelines(f';; LABEL "{name}" "{title}" "{title}"\n' for name, title in labels)
        for conversation, turn in _all_turns(conversations):
            stream.write(_stm_line(conversation, turn, turn.side, f"O,{conversation.name[:2]}") + "\n")
    with atomic_open(text / "en20000405_hub5.glm", "w") as stream:
        stream.write(GLM)


def write_rt02(root: Path, conversations: Sequence[Conversation]) -> None:
    """Write the telephone part of LDC2004S11: sides 1 and 2, gaps between segments, and a UEM."""
    folder = root / "LDC2004S11" / "data"
    for conversation in conversations:
        write_sphere(folder / "audio" / "cts" / f"{conversation.name}.sph", conversation, "RT02")
    with atomic_open(folder / "references" / "cts" / "rt02_cts.stm", "w") as stream:
        stream.write(';; LABEL "O" "Overall" "Overall"\n')
        for conversation in conversations:
            for channel, side in (("1", "A"), ("2", "B")):
                turns = [turn for turn in conversation.turns if turn.side == side]
                stream.writelines(_stm_line(conversation, turn, channel, "O") + "\n" for turn in turns)
                for before, after in pairwise(turns):
                    gap = f"{before.end_seconds:.2f} {after.start_seconds:.2f} <O> IGNORE_TIME_SEGMENT_IN_SCORING"
                    stream.write(f"{conversation.name} {channel} inter_segment_gap {gap}\n")
    with atomic_open(folder / "references" / "cts" / "rt02_cts.uem", "w") as stream:
        for conversation in conversations:
            for channel in "12":
                stream.write(f"{conversation.name} {channel} 0.00 {conversation.seconds:.2f}\n")


def _stm_line(conversation: Conversation, turn: SpokenTurn, channel: str, labels: str) -> str:
    """Return a line of the STM. A turn without scored words is marked as ignored, as in NIST's references."""
    words = " ".join(spelling(word).stm for word in turn.words).split()
    text = " ".join(words) or "IGNORE_TIME_SEGMENT_IN_SCORING"
    times = f"{turn.start_seconds:.2f} {turn.end_seconds:.2f}"
    return f"{conversation.name} {channel} {conversation.name}_{turn.side} {times} <{labels}> {text}"


def _all_turns(conversations: Iterable[Conversation]) -> list[tuple[Conversation, SpokenTurn]]:
    return [(conversation, turn) for conversation in conversations for turn in conversation.turns]
