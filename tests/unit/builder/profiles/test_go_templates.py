"""Templates that say nothing plainly, or are written to cost: they are not known, and that soon."""

from __future__ import annotations

import pytest

from vademecum_builder.profiles.go_templates import Call, Unknown, shown_by


@pytest.mark.parametrize(
    "template",
    [
        "{{ end }}",
        "{{ if .Get 0 }}no end",
        "{{ else }}",
        "{{ range .Site.Pages }}x{{ end }}",
        "{{ .Site.GetPage (.Get 0) }}",
        "{{ " + '"a" ' * 5_000,
        "{{ " + "(" * 5_000 + " }}",
        "{{ if 1 }}" * 5_000 + "{{ end }}" * 5_000,
        '{{ "open }} {{ .Inner }}',
    ],
    ids=lambda template: template[:12],
)
def test_what_is_not_plain_is_not_known(template: str) -> None:
    with pytest.raises(Unknown):
        shown_by(template, Call(["a"], {}, True))


@pytest.mark.parametrize(
    ("template", "seen"),
    [
        ("{{ $.upper .Text }}", None),
        ('{{ "a" | $.upper }}', "A"),
        ('{{ if ne (.Get 0) "a" }}x{{ else }}y{{ end }}', "y"),
        ('{{ with .Get "none" }}{{ . }}{{ else with .Get 0 }}<{{ . }}>{{ end }}', "<a>"),
        ("{{ if or (.Get 1) (.Get 0) }}x{{ end }}{{ or (.Get 1) `b` }}", "xb"),
        ("a {{- trim ` b ` -}} c", "abc"),
        ("{{/* {{< note >}} don't, 5\" */}}a{{- /* {{ .Inner }} */ -}} b", "ab"),
    ],
)
def test_what_is_plain_is_shown(template: str, seen: str | None) -> None:
    if seen is None:
        with pytest.raises(Unknown):
            shown_by(template, Call(["a"], {}, False))
    else:
        assert shown_by(template, Call(["a"], {}, False)) == seen
