"""Prints what is installed as pins, with what asked for each; `scripts/pin` runs it in a clean venv."""

import re
import sys
from collections import defaultdict
from importlib.metadata import distributions
from pathlib import Path

THE_ENVIRONMENT_ITSELF = {"pip"}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def named_in(path: str) -> set[str]:
    lines = Path(path).read_text().splitlines()
    return {
        plain(re.split(r"[\s=\[;<>]", line)[0]) for line in lines if line and not line.startswith(("#", "-"))
    }


def main(source: str, *rest: str) -> None:
    direct = named_in(source)
    skipped = named_in(rest[1]) if rest[:1] == ("--without",) else set()
    askers: dict[str, set[str]] = defaultdict(set)
    found: dict[str, str] = {}
    for package in distributions():
        name = package.metadata["Name"]
        found[plain(name)] = f"{name}=={package.version}"
        for wish in package.requires or []:
            if "extra ==" in wish:
                continue
            askers[plain(re.split(r"[^A-Za-z0-9._-]", wish)[0])].add(name)
    lines = [f"# Made by scripts/pin from {source}; change that file, then run it."]
    for name in sorted(found.keys() - skipped - THE_ENVIRONMENT_ITSELF):
        via = {source} if name in direct else set()
        reasons = sorted(via | {asker for asker in askers[name] if plain(asker) in found})
        lines.append(f"{found[name]:<44} # {', '.join(reasons) or 'an extra'}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
