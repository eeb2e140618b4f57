"""Attempts at `ConvNet`: what graders must accept and reject."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


# %% right: two convolutions, in a Sequential
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 16, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * 4, 10),
        )

    def forward(self, x):
        return self.net(x)


# %% right: with batch normalisation, strides for pooling
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(1, 12, 3, padding=1), nn.BatchNorm2d(12)
        self.conv2, self.bn2 = nn.Conv2d(12, 24, 3, stride=2), nn.BatchNorm2d(24)
        self.fc = nn.Linear(24 * 9, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        return self.fc(x.view(x.size(0), -1))


# %% right: dropout, GELU, and log-probabilities at the end
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.maps = nn.Conv2d(1, 16, 3, padding=1)
        self.more = nn.Conv2d(16, 32, 3, padding=1)
        self.hide = nn.Dropout(0.1)
        self.out = nn.Linear(32 * 16, 10)

    def forward(self, x):
        x = self.hide(F.max_pool2d(F.relu(self.maps(x)), 2))
        return torch.log_softmax(self.out(F.gelu(self.more(x)).flatten(1)), dim=1)


# %% right: a ModuleList, a last layer that starts at zero, pooling alone bends
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Conv2d(1, 24, 3, padding=1), nn.Linear(24 * 16, 10)])
        nn.init.zeros_(self.layers[1].weight)

    def forward(self, x):
        x = F.max_pool2d(self.layers[0](x), 2)
        return self.layers[1](torch.flatten(x, 1))


# %% right: a subclass of Sequential
class ConvNet(nn.Sequential):
    def __init__(self):
        layers = [nn.Conv2d(1, 24, 3), nn.MaxPool2d(2), nn.LeakyReLU(0.05), nn.Flatten()]
        super().__init__(*layers, nn.Linear(24 * 9, 10))


# %% wrong: softmax at the end
# says: probabilities
# caught: visible
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 16, 3), nn.Linear(16 * 9, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv(x)), 2)
        return F.softmax(self.fc(x.flatten(1)), dim=1)


# %% wrong: no non-linearity
# says: one linear map
# caught: visible
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 16, 3), nn.Conv2d(16, 16, 3, stride=2), nn.Flatten(), nn.Linear(64, 10)
        )

    def forward(self, x):
        return self.net(x)


# %% wrong: mean pooling is linear, too
# says: one linear map
# caught: visible
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 16, 3), nn.Linear(16 * 9, 10)

    def forward(self, x):
        return self.fc(F.avg_pool2d(self.conv(x), 2).flatten(1))


# %% wrong: a linear model
# says: contains no nn.Conv2d
# caught: visible
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        return self.fc(x.flatten(1))


# %% wrong: fully connected
# says: contains no nn.Conv2d
# caught: visible
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))

    def forward(self, x):
        return self.net(x)


# %% wrong: a convolution that is not used, before a linear model
# says: one linear map
# caught: visible
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 4, 3), nn.Linear(64, 10)

    def forward(self, x):
        return self.fc(x.flatten(1)) + 0 * self.conv(x).sum()


# %% wrong: layers in a plain list
# says: that torch knows of
# caught: visible
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 36, 10)]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


# %% wrong: too many parameters
# says: parameters
# caught: visible
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 32, 3)
        self.fc1, self.fc2 = nn.Linear(32 * 36, 200), nn.Linear(200, 10)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(F.relu(self.conv(x)).flatten(1))))


# %% wrong: a ReLU after the last layer
# says: no logit is negative
# caught: visible
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 6, 3, stride=2), nn.Linear(6 * 9, 10)

    def forward(self, x):
        return F.relu(self.fc(F.relu(self.conv(x)).flatten(1)) - 2)


# %% wrong: too small, with one channel
# says: 97 %
# caught: visible
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 1, 3, stride=2), nn.Linear(9, 10)

    def forward(self, x):
        return self.fc(F.relu(self.conv(x)).flatten(1))


# %% wrong: sigmoids squash
# says: 97 %
# caught: visible
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 4, 3, stride=2), nn.Linear(4 * 9, 10)

    def forward(self, x):
        return self.fc(torch.sigmoid(self.conv(x)).flatten(1))


# %% wrong: pooled until no place is left
# says: 97 %
# caught: visible
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 8, 3, stride=2), nn.Linear(8, 10)

    def forward(self, x):
        return self.fc(F.relu(self.conv(x)).amax(dim=(2, 3)))


# %% wrong: flattened with the batch
# caught: visible
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 16, 3), nn.Linear(16 * 36, 10)

    def forward(self, x):
        return self.fc(F.relu(self.conv(x)).flatten())


# %% wrong: the dimension of a single image is squeezed away
# says: (1, 10)
# caught: visible
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 16, 3), nn.Linear(16 * 9, 10)

    def forward(self, x):
        return self.fc(F.max_pool2d(F.relu(self.conv(x)), 2).flatten(1)).squeeze()


# %% wrong: the class that is most likely, not the logits
# says: must give logits of shape
# caught: visible
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 16, 3), nn.Linear(16 * 9, 10)

    def forward(self, x):
        return self.fc(F.max_pool2d(F.relu(self.conv(x)), 2).flatten(1)).argmax(dim=1)


# %% wrong: normalised over the batch, in use as well
# says: on the image alone
# caught: hidden
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 24, 3, padding=1), nn.Linear(24 * 16, 10)

    def forward(self, x):
        h = F.relu(F.max_pool2d(self.conv(x), 2))
        return self.fc(h.flatten(1)) - 0.1 * h.mean(dim=0).sum()


# %% wrong: an instance in place of the class
# says: must be a class
# caught: visible
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 24, 3, padding=1), nn.Linear(24 * 16, 10)

    def forward(self, x):
        return self.fc(F.relu(F.max_pool2d(self.conv(x), 2)).flatten(1))


ConvNet = Net()


# %% wrong: super().__init__() forgotten
# caught: visible
class ConvNet(nn.Module):
    def __init__(self):
        self.conv, self.fc = nn.Conv2d(1, 24, 3, padding=1), nn.Linear(24 * 16, 10)

    def forward(self, x):
        return self.fc(F.relu(F.max_pool2d(self.conv(x), 2)).flatten(1))


# %% wrong: no forward
# caught: visible
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 24, 3, padding=1), nn.Linear(24 * 16, 10)


# %% wrong: arguments are needed to make it
# caught: visible
class ConvNet(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, channels, 3, padding=1), nn.Linear(channels * 16, 10)

    def forward(self, x):
        return self.fc(F.relu(F.max_pool2d(self.conv(x), 2)).flatten(1))
