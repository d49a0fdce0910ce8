"""Sentences that Python says and a page may have to say in another language."""


def say(sentence: str, /, **values: object) -> str:
    """An English sentence with its `%(name)s` filled in; without values it stands as it is.

    `tools/messages.py` finds every sentence that is said like this, and a page that shows it, now
    or years later out of a log, knows it again by its words (`languages.py`). So it may travel
    as text: through errors, JSON and the database.
    """
    return sentence % values if values else sentence
