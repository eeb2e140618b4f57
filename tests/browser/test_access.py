"""What a machine can tell of accessibility: axe-core, by Deque, on our part of a page."""

import re

import pytest
from axe_playwright_python.base import AXE_SCRIPT

OURS = [[".descent-explorable"], [".jp-Notebook .jp-RenderedMarkdown"], [".jp-OutputArea-output"]]
SHOWN = ".jp-Cell { content-visibility: visible !important }"
"""JupyterLab leaves cells out of sight unpainted, and axe leaves out what isn't painted."""
RUN = "ours => axe.run({include: ours}, {resultTypes: ['violations']})"
GRAVE = ("serious", "critical")
BREAKS = re.compile(r'scrollable-region-focusable.*class="[^"]*jp-RenderedMarkdown')
"""Formulas that MathJax doesn't break at the end of a line: which, the window's width decides."""


def violations(page, ours=OURS) -> list[str]:
    """Serious and critical violations in our content, a line each: rule, what it asks, where."""
    page.add_style_tag(content=SHOWN)
    page.evaluate(AXE_SCRIPT)
    found = [v for v in page.evaluate(RUN, ours)["violations"] if v["impact"] in GRAVE]
    said = [f"{v['id']}: {v['help']}: {node['html'][:200]}" for v in found for node in v["nodes"]]
    return [line for line in said if not BREAKS.match(line)]


FAULTS = {
    "image-alt": '<img src="data:image/png;base64,">',
    "button-name": "<button><i class='fa fa-play'></i></button>",
    "aria-input-field-name": '<div role="slider" tabindex="0" aria-valuenow="1"></div>',
    "color-contrast": '<p style="color:#999;background:#fff">pale</p>',
    "label": "<input type='checkbox'>",
}


@pytest.mark.browser
def test_axe_finds_each_of_these(chromium):
    page = chromium.new_page()
    page.set_content(f"<main class='descent-explorable'>{''.join(FAULTS.values())}</main>")
    found = {line.partition(":")[0] for line in violations(page, [[".descent-explorable"]])}
    page.close()
    assert found == set(FAULTS)


@pytest.mark.browser
def test_axe_is_content_with_what_has_its_names(chromium):
    page = chromium.new_page()
    page.set_content(
        "<main class='descent-explorable'><img alt='A line.' src='data:image/png;base64,'>"
        "<button>Play</button><p>plain</p></main>"
    )
    assert violations(page, [[".descent-explorable"]]) == []
    page.close()
