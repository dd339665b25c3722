"""Draw the pictures of the concept pages from the code: real features, topologies, priors, shapes and counts.

    python docs/concepts/draw.py [--out docs/concepts/images]

It needs ``blasr[pictures]``, and ``blasr[demo]`` for the sentence of ``frames.svg``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Arc, Circle, FancyArrowPatch, Rectangle

from blasr.features import FeatureConfig, LogMel
from blasr.hmm import TransitionModel, make_topology, monophone_tree
from blasr.inference import PriorConfig, Priors
from blasr.models import VARIANTS, summarize
from blasr.models.variants import stage_specs
from blasr.units import CONTEXT_FRAMES, WINDOW_FRAMES, FloatArray
from recipes.demo.espeak import Line, render

BLUE, ORANGE, GREEN, GRAY, INK = "#1f5fa8", "#b35900", "#1d7a46", "#666666", "#1c1c1c"
RATE = 8000


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], color: str = INK) -> None:
    """Draw an arrow between two points."""
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=12, color=color, lw=1.2))


def label(axes: Axes, x: float, y: float, text: str, *, color: str = INK, size: int = 9, ha: str = "center") -> None:
    """Write a text whose vertical center is at y."""
    axes.text(x, y, text, color=color, fontsize=size, ha=ha, va="center")


def blank(figure: Figure, width: float, height: float) -> Axes:
    """Return axes that fill the figure and show only what is drawn."""
    axes: Axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    axes.axis("off")
    return axes


def spoken_words() -> FloatArray:
    """Return "seven two" of a synthetic voice, at 8 kHz in 16-bit range."""
    from torchaudio import functional

    [(_, [speech])] = [*render({"en-us+m1": [Line("seven two", 150)]}, nj=1)]
    samples = torch.from_numpy(speech.samples.astype(np.float32))
    resampled: FloatArray = functional.resample(samples, speech.rate, RATE).numpy()
    return resampled


def draw_frames() -> Figure:
    """A waveform, three overlapping windows, the log-mel matrix, and the 49 frames behind one output."""
    config = FeatureConfig(sample_rate=RATE)
    samples = spoken_words()
    log_mel = LogMel(config)(torch.from_numpy(samples)).numpy()
    figure = Figure(figsize=(8, 5.6))
    wave, mel = figure.subplots(2, 1, height_ratios=(1, 2))
    shown = slice(1600, 2200)
    times = np.arange(len(samples))[shown] / RATE * 1000
    wave.plot(times, samples[shown], color=GRAY, lw=0.8)
    low, high = wave.get_ylim()
    for number, color in enumerate((BLUE, ORANGE, GREEN)):
        start = times[0] + 10 + number * config.frame_shift_ms
        height = (high - low) * 0.16
        base = high + height * number
        wave.add_patch(Rectangle((start, base), config.frame_length_ms, height * 0.8, color=color))
        label(wave, start + config.frame_length_ms / 2, base + height * 0.4, "25 ms", color="white", size=8)
    wave.set(xlim=(times[0], times[-1]), ylim=(low, high + (high - low) * 0.5), xlabel="ms", yticks=[])
    wave.set_title("Each frame is a window of 25 ms. The next one begins 10 ms later.", fontsize=10, loc="left")
    mel.imshow(
        log_mel.T, origin="lower", aspect="auto", cmap="magma", interpolation="nearest", vmin=np.percentile(log_mel, 10)
    )
    center = 40
    mel.add_patch(
        Rectangle((center - CONTEXT_FRAMES - 0.5, -0.5), WINDOW_FRAMES, log_mel.shape[1], fill=False, ec="white", lw=2)
    )
    mel.axvline(center, color="white", lw=1.5, ls="--")
    mel.set(xlabel="frame (100 in a second)", ylabel="mel bin")
    mel.set_title(
        f"Log-mel features of “seven two”. White: the {WINDOW_FRAMES} frames behind one output frame.",
        fontsize=10,
        loc="left",
    )
    figure.tight_layout()
    return figure


def draw_pdf_ids() -> Figure:
    """The HMM of a phone, with the transition-ids and pdf-ids of a real transition model."""
    topology = make_topology(speech_phones=[2], silence_phones=[1])
    model = TransitionModel.from_tree(monophone_tree([[1], [2]], {1: 5, 2: 3}), topology)
    ids = np.arange(1, model.num_transition_ids + 1)
    figure = Figure(figsize=(8, 3.4))
    axes = blank(figure, 16, 6.8)
    label(axes, 0.3, 6.4, "The HMM of one phone (phone-id 2) and its numbers in final.mdl", ha="left", size=11)
    centers = (3.0, 7.0, 11.0, 15.0)
    of_phone = ids[model.phones(ids) == 2]
    for state in range(3):
        x = centers[state]
        of_state = of_phone[model.hmm_states(of_phone) == state]
        [loop] = of_state[model.is_self_loop(of_state)]
        [forward] = of_state[~model.is_self_loop(of_state)]
        axes.add_patch(Circle((x, 3.4), 0.8, fill=False, ec=INK, lw=1.4))
        label(axes, x, 3.4, f"state {state}")
        axes.add_patch(Arc((x, 4.5), 1.3, 1.5, theta1=-35, theta2=215, ec=BLUE, lw=1.4))
        label(axes, x, 5.5, f"transition-id {loop}", color=BLUE)
        arrow(axes, (x + 0.8, 3.4), (centers[state + 1] - 0.8, 3.4), BLUE)
        label(axes, x + 2.0, 3.75, f"{forward}", color=BLUE)
        arrow(axes, (x, 2.6), (x, 1.7), ORANGE)
        axes.add_patch(Rectangle((x - 1.2, 0.9), 2.4, 0.8, fill=False, ec=ORANGE, lw=1.4))
        label(axes, x, 1.3, f"pdf-id {model.pdf_ids([loop])[0]}", color=ORANGE)
    axes.add_patch(Circle((15.0, 3.4), 0.45, fill=False, ec=INK, lw=1.4))
    axes.add_patch(Circle((15.0, 3.4), 0.35, fill=False, ec=INK, lw=1.0))
    label(axes, 15.0, 2.6, "end")
    label(axes, 0.3, 0.4, "The network has one output for every pdf-id.", color=ORANGE, ha="left")
    return figure


def draw_priors() -> Figure:
    """Posteriors of one frame, the priors of counts, and the likelihoods at two prior scales."""
    names = ("silence", "S", "T", "ZH", "never seen")
    counts = np.array([52_000, 9_000, 8_000, 300, 0])
    posteriors = np.array([0.45, 0.30, 0.17, 0.0798, 0.0002])
    priors = Priors.from_counts(counts, PriorConfig(), "made-up counts")
    figure = Figure(figsize=(8, 2.9))
    axes = figure.subplots(1, 4)
    columns = (
        ("posterior p(s|x)\nthe network's output", posteriors, BLUE),
        ("prior p(s)\ncounts of the labels", priors.probabilities, GRAY),
        ("p(s|x) / p(s)\nprior scale 1", posteriors / priors.probabilities, ORANGE),
        ("p(s|x) / p(s)^0.5\nprior scale 0.5", posteriors / priors.probabilities**0.5, GREEN),
    )
    for axis, (title, values, color) in zip(axes, columns, strict=True):
        bars = axis.barh(names, values, color=color)
        axis.bar_label(bars, [f"{value:.2g}" for value in values], fontsize=8, padding=2)
        axis.invert_yaxis()
        axis.set_title(title, fontsize=9)
        axis.set(xticks=[], xlim=(0, max(values) * 1.35))
        axis.spines[["top", "right", "bottom"]].set_visible(False)
        axis.tick_params(axis="y", length=0, labelsize=9)
        if axis is not axes[0]:
            axis.set_yticklabels([])
    figure.tight_layout()
    return figure


def draw_dense() -> Figure:
    """Windows that overlap almost entirely, and one pass over the same frames."""
    figure = Figure(figsize=(8, 3.6))
    axes = blank(figure, 16, 7.2)
    label(axes, 0.3, 6.8, "A window for each output frame: the same columns are computed again and again", ha="left")
    for number in range(4):
        axes.add_patch(Rectangle((1 + number * 0.35, 6.0 - number * 0.5), 7.0, 0.34, color=BLUE, alpha=0.75))
        arrow(axes, (8.2 + number * 0.35, 6.17 - number * 0.5), (11.4, 6.17 - number * 0.5))
        axes.add_patch(Rectangle((11.6 + number * 0.35, 6.0 - number * 0.5), 0.3, 0.34, color=ORANGE))
    label(axes, 4.5, 6.17, f"{WINDOW_FRAMES} frames", color="white", size=8)
    label(axes, 14.4, 6.17, "one output\nframe each", color=ORANGE, size=8)
    label(axes, 0.3, 3.4, "One dense pass: every column is computed once, with the same result", ha="left")
    axes.add_patch(Rectangle((1, 2.2), 14, 0.6, color=BLUE))
    label(axes, 8, 2.5, f"T frames: the utterance with {CONTEXT_FRAMES} frames of context on each side", color="white")
    for x, end in ((1.0, 4.5), (15.0, 11.5)):
        axes.plot([x, end], [2.2, 1.3], color=GRAY, lw=1)
    axes.add_patch(Rectangle((4.5, 0.7), 7, 0.6, color=ORANGE))
    label(axes, 8, 1.0, f"T - {WINDOW_FRAMES - 1} output frames", color="white")
    label(axes, 2.6, 1.0, f"{CONTEXT_FRAMES} frames", color=GRAY, size=8)
    label(axes, 13.4, 1.0, f"{CONTEXT_FRAMES} frames", color=GRAY, size=8)
    return figure


def draw_big_little() -> Figure:
    """The first stage of bl_resnet22_a2b3: branches, channels and frames from the rows that build the network."""
    big, little = stage_specs(VARIANTS["bl_resnet22_a2b3"])[0].branches
    outputs = {part.name: part.output for part in summarize("bl_resnet22_a2b3").parts}
    before, after = outputs["stem"][1:], outputs["stage1"][1:]
    figure = Figure(figsize=(8, 4.0))
    axes = blank(figure, 16, 8)
    label(axes, 0.3, 7.6, "Stage 1 of bl_resnet22_a2b3: one big-little module", ha="left", size=11)
    axes.add_patch(Rectangle((0.4, 2.5), 1.0, 3.0, color=GRAY))
    label(axes, 0.9, 1.75, f"64 channels\n{before[0]} bins\n{before[1]} frames", size=8)
    arrow(axes, (1.5, 4.4), (2.8, 5.9), BLUE)
    arrow(axes, (1.5, 3.6), (2.8, 2.0), ORANGE)
    for number in range(sum(big.blocks)):
        axes.add_patch(Rectangle((3.0 + number * 1.05, 5.2), 0.8, 1.5, color=BLUE))
    label(
        axes,
        5.5,
        7.0,
        f"big: {sum(big.blocks)} convolutions, {big.channels} channels, {before[0] // 2} bins",
        color=BLUE,
    )
    arrow(axes, (8.3, 5.95), (9.0, 5.95), BLUE)
    axes.add_patch(Rectangle((9.1, 4.8), 1.2, 2.3, fill=False, ec=BLUE, lw=1.4))
    label(axes, 9.7, 5.95, "upsample\nfrequency\nx 2", color=BLUE, size=8)
    for number in range(sum(little.blocks)):
        axes.add_patch(Rectangle((3.0 + number * 0.75, 0.6), 0.4, 3.0, color=ORANGE))
    label(
        axes, 5.0, 0.2, f"little: {sum(little.blocks)} convolutions, {little.channels} channels, {before[0]} bins",
        color=ORANGE,
    )  # fmt: skip
    arrow(axes, (4.7, 2.1), (5.6, 2.1), ORANGE)
    axes.add_patch(Rectangle((5.7, 1.2), 1.5, 1.8, fill=False, ec=ORANGE, lw=1.4))
    label(axes, 6.45, 2.1, f"1x1 to\n{big.channels}\nchannels", color=ORANGE, size=8)
    arrow(axes, (7.3, 2.1), (9.0, 2.1), ORANGE)
    axes.add_patch(Rectangle((9.1, 1.2), 1.2, 1.8, fill=False, ec=ORANGE, lw=1.4))
    lost = before[1] - after[1] - 2 * sum(little.blocks)
    label(axes, 9.7, 2.1, f"crop\n{lost} frames\nof time", color=ORANGE, size=8)
    axes.add_patch(Circle((11.8, 4.0), 0.45, fill=False, ec=INK, lw=1.4))
    label(axes, 11.8, 4.0, "+", size=13)
    arrow(axes, (10.4, 5.6), (11.5, 4.4), BLUE)
    arrow(axes, (10.4, 2.4), (11.5, 3.6), ORANGE)
    arrow(axes, (12.3, 4.0), (13.6, 4.0))
    label(axes, 12.9, 4.35, "ReLU", size=8)
    axes.add_patch(Rectangle((13.8, 2.5), 0.8, 3.0, color=GRAY))
    label(axes, 14.2, 1.75, f"{big.channels} channels\n{after[0]} bins\n{after[1]} frames", size=8)
    return figure


def main() -> None:
    """Draw all pictures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "images")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "blasr", "font.family": "sans-serif"})
    drawings = {
        "frames": draw_frames, "pdf_ids": draw_pdf_ids, "priors": draw_priors, "dense": draw_dense,
        "big_little": draw_big_little,
    }  # fmt: skip
    for name, draw in drawings.items():
        draw().savefig(out / f"{name}.svg", metadata={"Date": None}, facecolor="white")
        print(out / f"{name}.svg")


if __name__ == "__main__":
    main()
