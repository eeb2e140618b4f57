"""Attempts at `Value`: what graders must accept and reject."""

import math

import torch


class Whole:
    """A class without a fault, of which the wrong ones change one thing."""

    def __init__(self, data, sources=()):
        self.data, self.grad, self.sources = data, 0.0, sources

    def of(self, other):
        return other if isinstance(other, Whole) else type(self)(other)

    def made(self, data, *sources):
        return type(self)(data, sources)

    def __add__(self, other):
        other = self.of(other)
        return self.made(self.data + other.data, (self, 1.0), (other, 1.0))

    def __mul__(self, other):
        other = self.of(other)
        return self.made(self.data * other.data, (self, other.data), (other, self.data))

    def __pow__(self, other):
        if not isinstance(other, Whole):
            return self.made(self.data**other, (self, other * self.data ** (other - 1)))
        power = self.data**other.data
        slope = other.data * self.data ** (other.data - 1)
        return self.made(power, (self, slope), (other, math.log(self.data) * power))

    def __rpow__(self, other):
        return self.of(other) ** self

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + self.of(other) * -1

    def __rsub__(self, other):
        return self * -1 + other

    def __truediv__(self, other):
        return self * self.of(other) ** -1

    def __rtruediv__(self, other):
        return self**-1 * other

    def exp(self):
        return self.made(math.exp(self.data), (self, math.exp(self.data)))

    def tanh(self):
        return self.made(math.tanh(self.data), (self, 1 - math.tanh(self.data) ** 2))

    def relu(self):
        return self.made(max(self.data, 0.0), (self, 1.0 if self.data > 0 else 0.0))

    def order(self):
        """All values that this one came from, each before those that use it."""
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            value, done = stack.pop()
            if done:
                order.append(value)
            elif value not in seen:
                seen.add(value)
                stack.append((value, True))
                stack.extend((source, False) for source, _ in value.sources)
        return order

    def backward(self):
        self.grad = 1.0
        for value in reversed(self.order()):
            for source, slope in value.sources:
                source.grad += slope * value.grad


# %% right: local slopes and a sorted order
class Value(Whole):
    pass


# %% right: closures, and an order found with a stack
class Value:
    def __init__(self, data, _parents=(), _op=""):
        self.data = data
        self.grad = 0
        self._backward = lambda: None
        self._prev = set(_parents)
        self._op = _op

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), "+")

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), "*")

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def __pow__(self, other):
        if isinstance(other, Value):
            return (self.log() * other).exp()
        out = Value(self.data**other, (self,), f"**{other}")

        def _backward():
            self.grad += other * self.data ** (other - 1) * out.grad

        out._backward = _backward
        return out

    def __rpow__(self, other):
        return Value(other) ** self

    def log(self):
        out = Value(math.log(self.data), (self,), "log")

        def _backward():
            self.grad += out.grad / self.data

        out._backward = _backward
        return out

    def exp(self):
        out = Value(math.exp(self.data), (self,), "exp")

        def _backward():
            self.grad += out.data * out.grad

        out._backward = _backward
        return out

    def tanh(self):
        e = math.exp(2 * self.data)
        out = Value((e - 1) / (e + 1), (self,), "tanh")

        def _backward():
            self.grad += (1 - out.data**2) * out.grad

        out._backward = _backward
        return out

    def relu(self):
        out = Value(0 if self.data < 0 else self.data, (self,), "relu")

        def _backward():
            self.grad += (out.data > 0) * out.grad

        out._backward = _backward
        return out

    def backward(self):
        topo, visited, stack = [], set(), [self]
        while stack:
            v = stack[-1]
            visited.add(v)
            ahead = [p for p in v._prev if p not in visited]
            if ahead:
                stack.append(ahead[0])
            else:
                topo.append(stack.pop())
        self.grad = 1
        for v in reversed(topo):
            v._backward()

    def __neg__(self):
        return self * -1

    def __radd__(self, other):
        return self + other

    def __sub__(self, other):
        return self + (-other)

    def __rsub__(self, other):
        return other + (-self)

    def __rmul__(self, other):
        return self * other

    def __truediv__(self, other):
        return self * other**-1

    def __rtruediv__(self, other):
        return other * self**-1


# %% right: numbered values, sorted by their number
class Value(Whole):
    count = 0

    def __init__(self, data, sources=()):
        super().__init__(float(data), sources)
        Value.count += 1
        self.number = Value.count

    def order(self):
        found, stack = {self}, [self]
        while stack:
            for source, _ in stack.pop().sources:
                if source not in found:
                    found.add(source)
                    stack.append(source)
        return sorted(found, key=lambda value: value.number)


# %% right: users counted, and a value sent on when the last has come
class Value(Whole):
    def backward(self):
        waiting, stack = {self: 0}, [self]
        while stack:
            for source, _ in stack.pop().sources:
                if source not in waiting:
                    waiting[source] = 0
                    stack.append(source)
                waiting[source] += 1
        self.grad, ready = 1.0, [self]
        while ready:
            value = ready.pop()
            for source, slope in value.sources:
                source.grad += slope * value.grad
                waiting[source] -= 1
                if waiting[source] == 0:
                    ready.append(source)


# %% right: gradients collected beside, added to grad at the end
class Value(Whole):
    def backward(self):
        found = {self: 1.0}
        for value in reversed(self.order()):
            for source, slope in value.sources:
                found[source] = found.get(source, 0.0) + slope * found[value]
        for value, slope in found.items():
            value.grad += slope


# %% right: a coat over PyTorch's autograd
class Value:
    def __init__(self, data, made=None):
        self.tensor = torch.tensor(float(data), dtype=torch.float64, requires_grad=True)
        if made is not None:
            self.tensor = made

    @property
    def data(self):
        return self.tensor.item()

    @property
    def grad(self):
        if not self.tensor.is_leaf or self.tensor.grad is None:
            return 0.0
        return self.tensor.grad.item()

    def _do(self, f, *others):
        others = [o.tensor if isinstance(o, Value) else o for o in others]
        return Value(0.0, f(self.tensor, *others))

    def __add__(self, other):
        return self._do(lambda a, b: a + b, other)

    def __sub__(self, other):
        return self._do(lambda a, b: a - b, other)

    def __rsub__(self, other):
        return self._do(lambda a: other - a)

    def __mul__(self, other):
        return self._do(lambda a, b: a * b, other)

    def __truediv__(self, other):
        return self._do(lambda a, b: a / b, other)

    def __rtruediv__(self, other):
        return self._do(lambda a: other / a)

    def __pow__(self, other):
        return self._do(lambda a, b: a**b, other)

    def __rpow__(self, other):
        return self._do(lambda a: other**a)

    def __neg__(self):
        return self._do(lambda a: -a)

    __radd__, __rmul__ = __add__, __mul__

    def exp(self):
        return self._do(torch.exp)

    def tanh(self):
        return self._do(torch.tanh)

    def relu(self):
        return self._do(torch.relu)

    def backward(self):
        self.tensor.backward()


# %% wrong: overwriting grads
# says: adds up
# caught: visible
class Value(Whole):
    def backward(self):
        self.grad = 1.0
        for value in reversed(self.order()):
            for source, slope in value.sources:
                source.grad = slope * value.grad


# %% wrong: wrong order on diamonds, breadth first
# says: before b had sent its share
# caught: visible
class Value(Whole):
    def backward(self):
        self.grad, queue, seen = 1.0, [self], {self}
        while queue:
            value = queue.pop(0)
            for source, slope in value.sources:
                source.grad += slope * value.grad
                if source not in seen:
                    seen.add(source)
                    queue.append(source)


# %% wrong: wrong order on diamonds, depth first
# says: before b had sent its share
# caught: visible
class Value(Whole):
    def backward(self):
        self.grad, stack, seen = 1.0, [self], set()
        while stack:
            value = stack.pop()
            if value in seen:
                continue
            seen.add(value)
            for source, slope in reversed(value.sources):
                source.grad += slope * value.grad
                stack.append(source)


# %% wrong: depth first, the other way round
# says: look at when backward passes
class Value(Whole):
    def backward(self):
        self.grad, stack, seen = 1.0, [self], set()
        while stack:
            value = stack.pop()
            if value in seen:
                continue
            seen.add(value)
            for source, slope in value.sources:
                source.grad += slope * value.grad
                stack.append(source)


# %% wrong: a whole gradient passed on at each visit
# says: more than once
# caught: visible
class Value(Whole):
    def backward(self):
        self.grad, queue = 1.0, [self]
        while queue:
            value = queue.pop(0)
            for source, slope in value.sources:
                source.grad += slope * value.grad
                queue.append(source)


# %% wrong: recursion
# says: recursion limit
# caught: hidden
class Value(Whole):
    def order(self):
        order, seen = [], set()

        def visit(value):
            if value not in seen:
                seen.add(value)
                for source, _ in value.sources:
                    visit(source)
                order.append(value)

        visit(self)
        return order


# %% wrong: along every path
# says: walks over each of them
# caught: hidden
class Value(Whole):
    def backward(self):
        stack = [(self, 1.0)]
        while stack:
            value, share = stack.pop()
            value.grad += share
            stack.extend((source, share * slope) for source, slope in value.sources)


# %% wrong: no seed
# says: begins with ∂y/∂y = 1
# caught: visible
class Value(Whole):
    def backward(self):
        for value in reversed(self.order()):
            for source, slope in value.sources:
                source.grad += slope * value.grad


# %% wrong: factors mixed up
# says: each factor gets the other one
# caught: visible
class Value(Whole):
    def __mul__(self, other):
        other = self.of(other)
        return self.made(self.data * other.data, (self, self.data), (other, other.data))

    __rmul__ = __mul__


# %% wrong: 2 ** v without a gradient
# says: 2 ** x sends a gradient to x
# caught: visible
class Value(Whole):
    def __rpow__(self, other):
        return self.made(other**self.data)


# %% wrong: 2 ** v as if it were v ** 2
# says: isn't
# caught: visible
class Value(Whole):
    def __rpow__(self, other):
        return self.made(other**self.data, (self, self.data * other ** (self.data - 1)))


# %% wrong: 2 ** v without the logarithm
# says: where is the logarithm
# caught: visible
class Value(Whole):
    def __rpow__(self, other):
        return self.made(other**self.data, (self, other**self.data))


# %% wrong: no gradient to an exponent that is a Value
# says: base and exponent both
# caught: hidden
class Value(Whole):
    def __pow__(self, other):
        k = other.data if isinstance(other, Whole) else other
        return self.made(self.data**k, (self, k * self.data ** (k - 1)))

    def __rpow__(self, other):
        return self.made(other**self.data, (self, math.log(other) * other**self.data))


# %% wrong: powers by logarithms only
# caught: visible
class Value(Whole):
    def __pow__(self, other):
        other = self.of(other)
        log = self.made(math.log(self.data), (self, 1 / self.data))
        return (log * other).exp()


# %% wrong: exponents that are Values refused
# caught: visible
class Value(Whole):
    def __pow__(self, other):
        assert isinstance(other, (int, float)), "only int and float powers"
        return self.made(self.data**other, (self, other * self.data ** (other - 1)))


# %% wrong: relu has a slope at 0
# says: the slope of relu at 0 is 0
# caught: visible
class Value(Whole):
    def relu(self):
        return self.made(max(self.data, 0.0), (self, 1.0 if self.data >= 0 else 0.0))


# %% wrong: the slope of tanh at the input
# says: of the result, not of the input
# caught: visible
class Value(Whole):
    def tanh(self):
        return self.made(math.tanh(self.data), (self, 1 - self.data**2))


# %% wrong: reflected minus and division
# says: must not change places
# caught: visible
class Value(Whole):
    def __rsub__(self, other):
        return self - other

    def __rtruediv__(self, other):
        return self / other


# %% wrong: reflected minus
# says: 7 − x: the number is on the left
# caught: visible
class Value(Whole):
    def __rsub__(self, other):
        return self - other


# %% wrong: sign of a division
# says: mind the sign
# caught: visible
class Value(Whole):
    def __rtruediv__(self, other):
        return self.made(other / self.data, (self, other / self.data**2))


# %% wrong: the slope of x³ is x²
# says: is 3x²
# caught: visible
class Value(Whole):
    def __pow__(self, other):
        if isinstance(other, Whole):
            return super().__pow__(other)
        return self.made(self.data**other, (self, self.data ** (other - 1)))


# %% wrong: exp with the slope of a power
# says: its own derivative
# caught: hidden
class Value(Whole):
    def exp(self):
        return self.made(math.exp(self.data), (self, self.data * math.exp(self.data - 1)))


# %% wrong: no unary minus
# says: no unary minus
# caught: hidden
class Value(Whole):
    __neg__ = None


# %% wrong: numbers on the right only
# caught: visible
class Value(Whole):
    def __rmul__(self, other):
        return NotImplemented


# %% wrong: grads set to 0 by every backward
# says: must not set them to 0 first
# caught: hidden
class Value(Whole):
    def backward(self):
        order = self.order()
        for value in order:
            value.grad = 0.0
        self.grad = 1.0
        for value in reversed(order):
            for source, slope in value.sources:
                source.grad += slope * value.grad


# %% wrong: one tape for all graphs
# says: went over the first graph
# caught: hidden
class Value(Whole):
    tape = []

    def __init__(self, data, sources=()):
        super().__init__(data, sources)
        self.tape.append(self)

    def order(self):
        return self.tape


# %% wrong: grad is None at first
# says: must be 0 before
# caught: visible
class Value(Whole):
    def __init__(self, data, sources=()):
        super().__init__(data, sources)
        self.grad = None

    def backward(self):
        self.grad = 1.0
        for value in reversed(self.order()):
            for source, slope in value.sources:
                source.grad = (source.grad or 0.0) + slope * value.grad


# %% wrong: an operation gives a number
# says: must give a Value
# caught: visible
class Value(Whole):
    def __add__(self, other):
        return self.data + self.of(other).data

    __radd__ = __add__


# %% wrong: adds in place
# says: must not change the data
# caught: hidden
class Value(Whole):
    def __add__(self, other):
        if isinstance(other, Whole):
            return super().__add__(other)
        self.data += other
        return self


# %% wrong: differences of nearby values
# caught: visible
class Value(Whole):
    def tanh(self):
        h = 1e-3
        slope = (math.tanh(self.data + h) - math.tanh(self.data)) / h
        return self.made(math.tanh(self.data), (self, slope))
