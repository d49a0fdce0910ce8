"""The one error this package raises."""


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot do it; the message is a sentence that says what to do next."""
