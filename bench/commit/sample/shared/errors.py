"""What can go wrong with parcels, in words that an operator understands."""


class DepotError(Exception):
    """Whatever stops the work on a parcel or a manifest."""


class BadManifest(DepotError):
    """A manifest that does not say what it has to."""


class UnknownParcel(DepotError):
    """A parcel that no manifest spoke of."""

    def __init__(self, number: str) -> None:
        super().__init__(f"no manifest speaks of {number}")
        self.number = number
