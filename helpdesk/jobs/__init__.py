"""What runs without being asked: fixed ticks over rows that are due. Claims make a second worker harmless."""
