"""The App's own web server on 127.0.0.1: it serves the interface to one browser, and nobody else.

``guards`` turn strangers away, ``door`` holds the one-time token and the session, ``files`` are the
packaged pages, ``routes`` map the API of docs/app-api.md onto the App, ``events`` stream news,
``server`` puts them together, ``daemon`` runs them.
"""
