"""How a widget is displayed, said by hand: ipywidgets 7, which Colab has, can't be asked."""

from typing import Any

VIEW = "application/vnd.jupyter.widget-view+json"


def view(widget: Any) -> dict[str, Any]:
    """The part of a mime bundle that shows a live widget.

    widget   of ipywidgets or anywidget
    returns  {VIEW: which model to show}
    source   ipywidgets 8, "Low level widget explanation"
    """
    return {VIEW: {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}}
