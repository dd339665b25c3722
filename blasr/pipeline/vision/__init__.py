"""Training and evaluating image models: the same training loop as for speech, on labeled images.

:func:`train_vision` runs a :class:`VisionRunConfig`, :func:`load_image_experiment` loads the result, and
:func:`evaluate_images` measures top-1 and top-5 errors.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
