"""Log-likelihoods of audio that arrives in pieces, each frame computed once."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from blasr.features.config import FeatureConfig
from blasr.features.streaming import FrameNormalizer, StreamingInputs
from blasr.inference.config import ScoringConfig
from blasr.inference.loglike_checks import check_matrix
from blasr.inference.onnx_network import OnnxNetwork
from blasr.inference.priors import Priors
from blasr.models import AcousticModel
from blasr.nn import Stream, WindowStream, chain
from blasr.threads import one_torch_thread
from blasr.training import choose_device
from blasr.units import WINDOW_FRAMES, FloatArray


class StreamingScorer:
    """Computes ``log p(s|x) - prior_scale * log p(s)`` of one recording piece by piece.

    The rows are those of :meth:`blasr.inference.AcousticScorer.log_likelihoods` for the whole recording with the same
    statistics, to float rounding. A row is complete when the 24 frames after it, the network's context, and the
    ``2 * delta_window`` frames that their deltas need are there: 28 frames or 280 ms after its own frame, with the
    usual settings. Any number of streams may share a network.

    Args:
        model: the network, in evaluation mode, on the device of ``config``; or an exported one, which has no layers to
            keep the state of: it computes the 48 frames before each piece again, so that long pieces are cheaper.
        features: the features that it reads.
        priors: the priors of its pdfs.
        normalizer: normalizes the frames, such as :class:`blasr.features.OnlineCmvn`.
        config: prior scale and device.
    """

    def __init__(
        self,
        model: AcousticModel | OnnxNetwork,
        features: FeatureConfig,
        priors: Priors,
        normalizer: FrameNormalizer,
        config: ScoringConfig | None = None,
    ) -> None:
        config = config or ScoringConfig()
        self.num_pdfs = priors.num_pdfs
        self.num_frames = 0
        """Rows returned so far."""
        self._inputs = StreamingInputs(features, normalizer)
        self._network = _stream_of(model)
        self._device = choose_device(config.device)
        self._scaled_log_priors = (config.prior_scale * priors.log).astype(np.float32)
        self._of_features = False

    @one_torch_thread()
    def accept(self, samples: FloatArray) -> FloatArray:
        """Return the rows ``(n, num_pdfs)`` that the next samples ``(N,)``, in 16-bit range, complete; n may be 0.

        Raises:
            DataError: a value is not finite, for example because training diverged.
        """
        return self._score(self._inputs.accept(torch.from_numpy(samples)))

    @one_torch_thread()
    def accept_features(self, features: FloatArray) -> FloatArray:
        """Return the rows that the next log-mel frames ``(N, F)``, not normalized, complete, in place of samples.

        Raises:
            DataError: as :meth:`accept`.
        """
        self._of_features = True
        return self._score(self._inputs.accept_features(torch.from_numpy(features)))

    @one_torch_thread()
    def finish(self) -> FloatArray:
        """Return the last rows ``(n, num_pdfs)``; nothing can be accepted afterwards.

        Raises:
            TooShortError: the recording does not last one frame.
            DataError: as :meth:`accept`.
        """
        return self._score(self._inputs.finish(of_features=self._of_features))

    @torch.inference_mode()
    def _score(self, inputs: Tensor) -> FloatArray:
        logits = self._network.accept(inputs[None].to(self._device)) if inputs.shape[2] else None
        if logits is None:
            return np.zeros((0, self.num_pdfs), np.float32)
        rows = logits[0, :, 0].float().log_softmax(dim=0).cpu().T.contiguous().numpy()  # (n, num_pdfs)
        matrix: FloatArray = rows - self._scaled_log_priors
        check_matrix(matrix, len(matrix), self.num_pdfs)
        self.num_frames += len(matrix)
        return matrix


def _stream_of(model: AcousticModel | OnnxNetwork) -> Stream:
    """Return a new stream through the network, from inputs ``(1, 3, F, n)`` to logits ``(1, num_pdfs, 1, n)``."""
    if isinstance(model, AcousticModel):
        return chain(list(model.parts.values()))
    return WindowStream(lambda x: model(x)[:, :, None], WINDOW_FRAMES)
