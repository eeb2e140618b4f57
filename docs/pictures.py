"""Draw the README's pictures from the explorables themselves.

python docs/pictures.py
"""

from pathlib import Path

from descent.explore import base
from descent.explore.features import XorLifted
from descent.explore.gates import XorNetwork
from descent.explore.margin import SVMMargin
from descent.explore.perceptron import PerceptronPlay

HERE = Path(__file__).parent / "pictures"


def pictures() -> dict[str, base.Explorable]:
    """File name -> explorable in the state to show."""
    return {
        "perceptron": PerceptronPlay().set(step=6),
        "margin": SVMMargin(),
        "xor": XorNetwork().set(step=5),
        "lifted": XorLifted(),
    }


def main() -> None:
    """Write all pictures, and say what each shows."""
    HERE.mkdir(exist_ok=True)
    for name, explorable in pictures().items():
        (HERE / f"{name}.png").write_bytes(explorable.png)
        print(f"{name}.png: {explorable.sentence}")


if __name__ == "__main__":
    main()
