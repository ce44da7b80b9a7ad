"""A server looks for garbage seldom."""

import gc

from tidegate.cli.garbage import SPARED_LOOKS, YOUNG_OBJECTS, look_seldom_for_garbage


def test_garbage_is_looked_for_seldom_but_still_looked_for() -> None:
    usual = gc.get_threshold()
    try:
        look_seldom_for_garbage()
        assert gc.get_threshold() == (YOUNG_OBJECTS, SPARED_LOOKS, SPARED_LOOKS)
        assert gc.isenabled()
    finally:
        gc.set_threshold(*usual)
