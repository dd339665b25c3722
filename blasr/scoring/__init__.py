"""Word error rates: alignment with sclite's costs, counts, and the report of a set."""
