"""Sets that grow together."""


class Joined:
    """The sets of so many places, each alone at first: union-find with path halving.

    The root of a set is its smallest place.
    """

    def __init__(self, size: int):
        self._above = list(range(size))

    def root(self, place: int) -> int:
        above = self._above
        while above[place] != place:
            above[place] = above[above[place]]
            place = above[place]
        return place

    def join(self, a: int, b: int) -> None:
        a, b = self.root(a), self.root(b)
        self._above[max(a, b)] = min(a, b)
