"""Adapters of the ports (ports.py), the only place for httpx, sqlite3 and pyodide.

On CPython: http.py, folder.py, sqlite/, files.py, locations.py (from what a user names to a transport) and loop.py
(from a synchronous call to the engine). In browsers: browser.py. Everywhere: clock.py, memory.py.
"""
