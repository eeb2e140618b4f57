"""Attempts at `gradient_descent`: what graders must accept and reject."""

import torch
from torch import Tensor


# %% right: a table filled row by row
def gradient_descent(grad, w0: Tensor, lr: float, steps: int) -> Tensor:
    path = w0.new_empty(steps + 1, len(w0))
    path[0] = w0
    for t in range(steps):
        path[t + 1] = path[t] - lr * grad(path[t])
    return path


# %% right: copies of one tensor that is changed in place
def gradient_descent(grad, w0, lr, steps):
    w = w0.clone()
    path = [w.clone()]
    for _ in range(steps):
        w -= lr * grad(w)
        path.append(w.clone())
    return torch.stack(path)


# %% right: recursion
def gradient_descent(grad, w0, lr, steps):
    if steps == 0:
        return w0.clone()[None]
    rest = gradient_descent(grad, w0 - lr * grad(w0), lr, steps - 1)
    return torch.cat([w0[None], rest])


# %% right: accumulate
def gradient_descent(grad, w0, lr, steps):
    from itertools import accumulate

    return torch.stack(list(accumulate(range(steps), lambda w, _: w - lr * grad(w), initial=w0)))


# %% right: a while loop and rows joined
def gradient_descent(grad, w0, lr, steps):
    path = w0.detach().clone().unsqueeze(0)
    while path.shape[0] <= steps:
        last = path[-1]
        path = torch.vstack((path, torch.sub(last, grad(last), alpha=lr)))
    return path


# %% wrong: ascent
# says: subtract the gradient
# caught: visible
def gradient_descent(grad, w0, lr, steps):
    path = [w0]
    for _ in range(steps):
        path.append(path[-1] + lr * grad(path[-1]))
    return torch.stack(path)


# %% wrong: path of aliases
# says: one and the same tensor
# caught: visible
def gradient_descent(grad, w0, lr, steps):
    w = w0.clone()
    path = [w]
    for _ in range(steps):
        w -= lr * grad(w)
        path.append(w)
    return torch.stack(path)


# %% wrong: changes the start
# says: w0 was changed in place
# caught: visible
def gradient_descent(grad, w0, lr, steps):
    w = w0
    path = [w.clone()]
    for _ in range(steps):
        w -= lr * grad(w)
        path.append(w.clone())
    return torch.stack(path)


# %% wrong: without the start
# says: the start belongs to the path
# caught: visible
def gradient_descent(grad, w0, lr, steps):
    w, path = w0, []
    for _ in range(steps):
        w = w - lr * grad(w)
        path.append(w)
    return torch.stack(path)


# %% wrong: one step more in place of the start
# says: first row is the start
# caught: visible
def gradient_descent(grad, w0, lr, steps):
    w, path = w0, []
    for _ in range(steps + 1):
        w = w - lr * grad(w)
        path.append(w)
    return torch.stack(path)


# %% wrong: one step too few
# says: one step is missing
# caught: visible
def gradient_descent(grad, w0, lr, steps):
    path = [w0.clone()]
    for _ in range(1, steps):
        path.append(path[-1] - lr * grad(path[-1]))
    return torch.stack(path)


# %% wrong: one step too many
# says: one step too many
# caught: visible
def gradient_descent(grad, w0, lr, steps):
    path = [w0.clone()]
    for _ in range(steps + 1):
        path.append(path[-1] - lr * grad(path[-1]))
    return torch.stack(path)


# %% wrong: the end only
# says: return all of it
# caught: visible
def gradient_descent(grad, w0, lr, steps):
    w = w0
    for _ in range(steps):
        w = w - lr * grad(w)
    return w


# %% wrong: the gradient of the start
# says: where you are
# caught: visible
def gradient_descent(grad, w0, lr, steps):
    path = [w0.clone()]
    for _ in range(steps):
        path.append(path[-1] - lr * grad(w0))
    return torch.stack(path)


# %% wrong: no learning rate
# says: where is the learning rate
# caught: visible
def gradient_descent(grad, w0, lr, steps):
    path = [w0.clone()]
    for _ in range(steps):
        path.append(path[-1] - grad(path[-1]))
    return torch.stack(path)


# %% wrong: a schedule
# says: learning rate is to stay
# caught: visible
def gradient_descent(grad, w0, lr, steps):
    path = [w0.clone()]
    for t in range(steps):
        path.append(path[-1] - lr / (t + 1) * grad(path[-1]))
    return torch.stack(path)


# %% wrong: steps of one length
# says: whose length counts
# caught: visible
def gradient_descent(grad, w0, lr, steps):
    path = [w0.clone()]
    for _ in range(steps):
        g = grad(path[-1])
        path.append(path[-1] - lr * g / g.norm())
    return torch.stack(path)


# %% wrong: columns
# says: rows are steps
# caught: visible
def gradient_descent(grad, w0, lr, steps):
    path = [w0.clone()]
    for _ in range(steps):
        path.append(path[-1] - lr * grad(path[-1]))
    return torch.stack(path, dim=1)


# %% wrong: a list
# says: must be a tensor, not a list
# caught: visible
def gradient_descent(grad, w0, lr, steps):
    path = [w0.clone()]
    for _ in range(steps):
        path.append(path[-1] - lr * grad(path[-1]))
    return path


# %% wrong: no steps, no path
# says: the start is the whole path
# caught: visible
def gradient_descent(grad, w0, lr, steps):
    path = [w0.clone()]
    for _ in range(max(steps, 1)):
        path.append(path[-1] - lr * grad(path[-1]))
    return torch.stack(path)


# %% wrong: float32 table
# caught: hidden
def gradient_descent(grad, w0, lr, steps):
    path = torch.zeros(steps + 1, len(w0), device=w0.device)
    path[0] = w0
    for t in range(steps):
        path[t + 1] = path[t] - lr * grad(path[t].to(w0.dtype))
    return path


# %% wrong: stops when it stands still for a moment
# caught: hidden
def gradient_descent(grad, w0, lr, steps):
    path = [w0.clone()]
    for _ in range(steps):
        new = path[-1] - lr * grad(path[-1])
        if (new - path[-1]).norm() < 1e-2:
            new = path[-1]
        path.append(new)
    return torch.stack(path)


# %% wrong: never uphill
# caught: hidden
def gradient_descent(grad, w0, lr, steps):
    path = [w0.clone()]
    for _ in range(steps):
        g = grad(path[-1])
        new = path[-1] - lr * g
        while grad(new) @ g < 0:
            lr /= 2
            new = path[-1] - lr * g
        path.append(new)
    return torch.stack(path)


# %% wrong: gradient asked for a matrix
# caught: hidden
def gradient_descent(grad, w0, lr, steps):
    path = [w0.clone()[None]]
    for _ in range(steps):
        path.append(path[-1] - lr * grad(path[-1]))
    return torch.cat(path)


# %% wrong: rows that share their memory with the start
# says: shares its memory
# caught: hidden
def gradient_descent(grad, w0, lr, steps):
    size = (steps + 1) * len(w0)
    values, w = [w0.clone()], w0.clone()
    for _ in range(steps):
        w = w - lr * grad(w)
        values.append(w)
    path = torch.stack(values)
    w0.set_(path.untyped_storage(), 0, w0.shape)
    return path
