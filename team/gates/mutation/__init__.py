"""Whether the tests notice small changes of the code: mutants of lines that they run."""
