"""A heap of events in compiled code: each is one whole number, its day, kind, person and turn.

Takes an array with room for all of them and how many there are; the least comes out first. Used by `trial_kernel`.
"""

from __future__ import annotations

import numba as nb


@nb.njit(cache=True)
def push(heap, size, day, kind, person, turn):  # type: ignore[no-untyped-def]
    """One more event; the number of events is returned."""
    code, place = ((day * 8 + kind) << 40) | (person << 16) | turn, size
    while place > 0 and heap[(place - 1) >> 1] > code:
        heap[place] = heap[(place - 1) >> 1]
        place = (place - 1) >> 1
    heap[place] = code
    return size + 1


@nb.njit(cache=True)
def pop(heap, size):  # type: ignore[no-untyped-def]
    """The next event; the last one takes its place and sinks."""
    best, code, place, size = heap[0], heap[size - 1], 0, size - 1
    while 2 * place + 1 < size:
        below = 2 * place + 1
        if below + 1 < size and heap[below + 1] < heap[below]:
            below += 1
        if heap[below] >= code:
            break
        heap[place] = heap[below]
        place = below
    heap[place] = code
    return best
