"""How much work one verification may do, counted in steps, so that hostile JSON-LD costs little whatever it is."""

MOST_STEPS = 10_000
"""Steps of one verification with its endorsements and status lists. 1EdTech's example of everything takes some 1,500
when no context is at hand yet; a step is some 50 microseconds."""


class NotCanonical(Exception):
    """The JSON-LD is wrong or exceeds a limit. Says why."""


class Effort:
    """Counts the steps of one verification; once they are spent, every further one is refused."""

    def __init__(self, most: int = MOST_STEPS) -> None:
        self.most = most
        self.spent = 0

    def spend(self, steps: int = 1) -> None:
        """Take so many steps; raises NotCanonical if there are no more."""
        self.spent += steps
        if self.spent > self.most:
            raise NotCanonical(f"the credential takes more than {self.most} steps to check, as if made to be slow")
