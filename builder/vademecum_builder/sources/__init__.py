"""Sources: connectors to where documents come from. `base` has the protocol; each connector is a module.

A source yields items (files, rows, messages) as raw bytes with stable keys; what they mean is for `readers`.
`messages` has archives of messages, `databases` tables and their changes, `formats` the files that hold records.
A new one lies beside `folder`, and passes the suite in tests/contract/test_source.py.
"""
