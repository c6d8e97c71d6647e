"""The progress bar of the commands."""


def bar(total, unit=' images', **others):
    """A tqdm that shows on a terminal only, and is gone when it has ended; use it in `with`.

    Args:
        total: of what is counted.
        unit: its name, with a blank before it where one is wanted.
        others: further arguments of tqdm.
    """
    import tqdm

    return tqdm.tqdm(total=total, unit=unit, leave=False, disable=None, **others)
