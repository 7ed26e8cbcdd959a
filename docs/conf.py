"""Sphinx settings; the tables in `_generated/` are made before any page is read."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import _generate  # noqa: E402 - beside this file

import trimtab  # noqa: E402

project = "trimtab"
author = "the trimtab authors"
version = release = trimtab.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "_generated"]
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = f"trimtab {release}"
nitpicky = False
default_role = "code"  # docstrings write `name`, as Markdown does

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

napoleon_google_docstring = True
napoleon_numpy_docstring = False
# a field is described once, at the field; `Attributes` of a docstring is the description
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_type_aliases = {"Listener": "trimtab.Listener"}  # one name in place of a union of ten events


def _short_signature(app, what, name, obj, options, signature, returns):
    """A model takes its fields by name; they are listed below it, so the signature does not repeat them."""
    if what == "class" and hasattr(obj, "model_fields"):
        return "(**fields)", None
    return None


def _skip(app, what, name, obj, skip, options):
    """What pydantic adds to every model is not ours to document."""
    return True if name in ("model_config", "model_post_init") else None


def setup(app):
    app.connect("autodoc-skip-member", _skip)
    app.connect("builder-inited", lambda app: _generate.write(HERE / "_generated"))
    app.connect("autodoc-process-signature", _short_signature)
