"""One thing that is to be said about a notebook."""

from dataclasses import dataclass

ERROR, WARNING, NOTE = "error", "warning", "note"


@dataclass(frozen=True)
class Finding:
    """What was found, and what to do.

    level   ERROR if it costs marks or may cost them, WARNING, or NOTE
    what    what is wrong, in plain words
    remedy  what to do about it
    mended  what `--fix` did about it; "" if it can't
    """

    level: str
    what: str
    remedy: str = ""
    mended: str = ""

    def lines(self) -> list[str]:
        """As it is printed."""
        remedy = self.remedy or ("--fix mends it" if self.mended else "")
        first, *more = self.what.splitlines()
        return [f"{self.level:<9}{first}", *(f"         {m}" for m in more)] + (
            [f"         → {remedy}"] if remedy else []
        )
