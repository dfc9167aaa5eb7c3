"""`mien doctor`: what is installed, what each part enables, and what is missing."""

from typing import Annotated

import typer


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per finding.")] = False,
) -> None:
    """Say what is installed, what each extra enables, and whether the shipped models are whole."""
    from mien.core.doctor import report

    findings = report()
    if json:
        from json import dumps

        for finding in findings:
            typer.echo(dumps(finding, default=str, ensure_ascii=False))
        return
    area = None
    for finding in findings:
        if finding["area"] != area:
            area = finding["area"]
            typer.echo(area)
        mark = "ok     " if finding["ok"] else "missing"
        note = f"  ({finding['note']})" if finding["note"] else ""
        typer.echo(f"  {mark}  {finding['name']}  {finding['value']}{note}")
