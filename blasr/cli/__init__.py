"""The command line: one subcommand per stage; each parses, calls the library and reports."""
