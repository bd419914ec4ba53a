"""A session as a web page: one file to keep and send, or the same page live from this machine.

`facts` and `entries` turn a transcript into plain JSON, `page` puts that into one self-contained document,
`server` hands it out and follows what is running. The page itself lies in `assets`.
"""
