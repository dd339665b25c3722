"""blasr: Big-Little Net acoustic models for hybrid (DNN-HMM) speech recognition.

Two entries to trained systems; nothing is imported before one of them is used::

    import blasr

    transcript = blasr.load_bundle("bundle").transcribe("interview.mp3")
    print(transcript.text)

    scorer = blasr.load_experiment("exp/bl_resnet22_a2b3")
    log_likelihoods = scorer.log_likelihoods(scorer.inputs_of_file("interview.mp3"))  # (T, num_pdfs)
"""

import sys

from blasr.interrupts import exit_at_interrupt, is_program

if is_program(sys.argv):  # Ctrl-C while the program starts prints no traceback
    exit_at_interrupt()

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from blasr.inference.transcribe import load_bundle as load_bundle
    from blasr.pipeline.experiment import load_experiment as load_experiment

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={"inference.transcribe": ["load_bundle"], "pipeline.experiment": ["load_experiment"]},
)
