"""What judges solutions in other languages than Python, by the languages' own toolchains."""
