"""Downloads from hosts that may fail, whatever the protocol.

downloader.py tries again, and compares digests; mirrors.py says which of several hosts is asked; waiting.py how long
one is left alone after a failure, and reads the dates of HTTP; paths.py is a rule that all transports keep.
"""
