"""Whether tests and configuration still demand what they did, and whether code plays tricks on the judge.

Everything is read from syntax trees; nothing of the workspace is run here.
"""
