"""Set up what a vendor needs before it is given any work."""

from vidset.labeling.broker import Broker
from vidset.labeling.errors import RefusedError
from vidset.labeling.vendors.vendor import ConnectingVendor, Connection


def connect_vendor(broker: Broker) -> Connection | None:
    """Set the vendor up before any work, since a wrong key would fail each task.

    Returns None for a vendor that has nothing to set up.

    Raises:
        ValueError: the vendor refuses.
    """
    vendor = broker.vendor
    if not isinstance(vendor, ConnectingVendor):
        return None
    try:
        return vendor.connect()
    except RefusedError as error:
        raise ValueError(f"{broker.settings.vendor}: {error}") from None
