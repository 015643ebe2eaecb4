"""Getting bytes from hosts that fail, whatever the protocol is.

downloader.py tries again, and compares digests; mirrors.py says which of several hosts is asked; retry_after.py
remembers until when a host asked to be left alone. paths.py and http_date.py are rules that all transports keep.
"""
