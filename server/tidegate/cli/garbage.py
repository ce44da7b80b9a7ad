"""How often a server looks for garbage: objects that hold each other and that counting references does not free.

Law: seldom. What upgrades are made of is frozen, so hardly anything holds itself; yet at Python's own pace a server
with a thousand upgrades under way would spend a fifth of its time going through live objects and finding nothing.
"""

from __future__ import annotations

import gc

YOUNG_OBJECTS = 50_000
"""How many must be made, and live on, before they are looked through: some 25 MB of garbage may wait, at the most."""
SPARED_LOOKS = 20
"""How often only the young objects are looked through before the older ones are, too."""


def look_seldom_for_garbage() -> None:
    """Set the pace of the whole process; for those that serve for long, not for a command that is soon over."""
    gc.set_threshold(YOUNG_OBJECTS, SPARED_LOOKS, SPARED_LOOKS)
