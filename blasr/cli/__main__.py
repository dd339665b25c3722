"""``python -m blasr.cli`` is ``blasr``."""

from blasr.cli.main import main

raise SystemExit(main())
