"""The server: live speech over WebSockets, in the protocol of vosk-server, and whole files over HTTP.

One process serves one bundle to any number of clients within limits. :func:`serve` runs it; :class:`SpeechServer` is
the application for tests and other servers. Needs the extra ``serve``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
