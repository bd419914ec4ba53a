"""A small process that starts confined programs for the process that holds the executors.

It runs apart, with the standard library only: it has one thread, little memory to copy at a fork, and
nothing in it that hostile code could want. `python -I -S` starts it once; a program then costs three forks
of it. What is in this folder is never imported by the holder, but for `kernel` and `job`.
"""
