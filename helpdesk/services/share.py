"""A part of a whole, and how far it can be trusted."""
from __future__ import annotations

import math
from dataclasses import dataclass

FEW = 10            # of fewer than this the interval is shown


@dataclass(frozen=True)
class Share:
    """`part` of `n`."""
    part: int
    n: int
    before: Share | None = None

    @property
    def rate(self) -> float | None:
        """0 to 1; None of nothing."""
        return self.part / self.n if self.n else None

    @property
    def few(self) -> bool:
        """Too few to trust the number alone."""
        return 0 < self.n < FEW

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true rate lies in 95 of 100 cases (Wilson's score interval)."""
        if not self.n:
            return 0.0, 1.0
        z, p = 1.959964, self.part / self.n
        middle = p + z * z / (2 * self.n)
        reach = z * math.sqrt(p * (1 - p) / self.n + z * z / (4 * self.n * self.n))
        scale = 1 + z * z / self.n
        return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)

    @property
    def change(self) -> float | None:
        """Difference to the period before: 0.1 is ten points more."""
        if not self.before or self.before.rate is None or self.rate is None:
            return None
        return self.rate - self.before.rate
