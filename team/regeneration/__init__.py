"""Generating again into a folder that people have worked in since: their edits stay, nothing is lost.

`regenerate` is the door; `manifest` says what was generated, `outcome` what became of the folder.
"""
