"""The version of this software, apart from everything that has to be imported to say more."""

__version__ = "0.1.0"
