from retort.templating import (
    DispatchingJinjaLoader,
    Environment,
    render_template,
    render_template_string,
    stream_template,
    stream_template_string,
)
from retort.templating import _render as _render

__all__ = [
    "DispatchingJinjaLoader",
    "Environment",
    "render_template",
    "render_template_string",
    "stream_template",
    "stream_template_string",
]
