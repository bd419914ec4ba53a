"""Web services held against their specs: what `api` and `crud` promise over HTTP."""
