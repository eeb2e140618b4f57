"""Small tables that the first chapters print in full."""

from typing import NamedTuple

import torch
from torch import Tensor

# age in years, systolic blood pressure in mmHg
AGE_SBP = """
39 144, 47 220, 45 138, 47 145, 65 162, 46 142, 67 170, 42 124, 67 158, 56 154,
64 162, 56 150, 59 140, 34 110, 42 128, 48 130, 45 135, 17 114, 20 116, 19 124,
36 136, 50 142, 39 120, 21 120, 44 160, 53 158, 63 144, 29 130, 25 125, 69 175
"""
FEMALE_CM = (190, 182, 188, 184, 196, 173, 180, 193, 179, 186, 185, 169)
MALE_CM = (192, 190, 183, 199, 200, 190, 195, 184, 190, 203, 205, 201)


class BloodPressure(NamedTuple):
    """Age and systolic blood pressure of 30 people.

    age      float32 tensor (30,), years
    sbp      float32 tensor (30,), mmHg
    source   Kleinbaum, Kupper & Muller, Applied Regression Analysis and Multivariable Methods
    """

    age: Tensor
    sbp: Tensor

    def __repr__(self) -> str:
        return (
            f"age (years) and systolic blood pressure (mmHg) of {len(self.age)} people, from "
            "Kleinbaum, Kupper & Muller, Applied Regression Analysis and Multivariable Methods"
        )


class Heights(NamedTuple):
    """Heights of 12 female and 12 male basketball players, a classroom example.

    female   float32 tensor (12,), cm
    male     float32 tensor (12,), cm
    """

    female: Tensor
    male: Tensor

    def __repr__(self) -> str:
        return (
            f"heights (cm) of {len(self.female)} female and {len(self.male)} male basketball "
            "players, a classroom example"
        )


def load_blood_pressure() -> BloodPressure:
    """Age and systolic blood pressure of 30 people, one of them an outlier.

    returns  BloodPressure(age, sbp): float32 tensors (30,), years and mmHg
    source   Kleinbaum, Kupper & Muller, Applied Regression Analysis and Multivariable Methods
    """
    people = [[float(number) for number in pair.split()] for pair in AGE_SBP.split(",")]
    age, sbp = torch.tensor(people).T.contiguous()
    return BloodPressure(age, sbp)


def load_heights() -> Heights:
    """Heights of basketball players.

    returns  Heights(female, male): float32 tensors (12,), cm
    """
    return Heights(torch.tensor(FEMALE_CM).float(), torch.tensor(MALE_CM).float())
