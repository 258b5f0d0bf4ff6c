"""Helpers of ``serve.py``: the client, the other servers, and what is measured without a server."""
