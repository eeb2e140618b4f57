"""The course's data: embedded, on disk, or downloaded with hash and progress bar.

`DESCENT_DATA`    a folder that holds MNIST's files, or `embedded`: only data that needs no file
`DESCENT_CACHE`   where downloads and unpacked files are kept, by default the user's cache
"""

from descent.data.dataset import Dataset
from descent.data.idx import read_idx
from descent.data.images import load_digits, load_images
from descent.data.mnist import load_mnist
from descent.data.planar import circles, discs, moons, spirals, xor
from descent.data.tables import BloodPressure, Heights, load_blood_pressure, load_heights

__all__ = [
    "BloodPressure",
    "Dataset",
    "Heights",
    "circles",
    "discs",
    "load_blood_pressure",
    "load_digits",
    "load_heights",
    "load_images",
    "load_mnist",
    "moons",
    "read_idx",
    "spirals",
    "xor",
]
