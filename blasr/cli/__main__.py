from blasr.cli.main import main

raise SystemExit(main())
