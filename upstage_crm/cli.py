"""The command line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from upstage_crm.core.errors import UpstageError
from upstage_crm.settings import BadSetting, Settings
from upstage_crm.web.serve import serve
from upstage_crm.web.words import sentence

REFUSED = 1
BAD_SETTING = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, 1 (refused) or 2 (a setting cannot be used)."""
    parser = argparse.ArgumentParser(prog="upstage-crm")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="serve pages, websocket and routes on one port")
    parser.parse_args(arguments)
    try:
        serve(Settings.load(os.environ))
    except BadSetting as refusal:
        print(sentence(refusal), file=sys.stderr)  # the command line speaks
        return BAD_SETTING
    except UpstageError as refusal:
        print(sentence(refusal), file=sys.stderr)  # the command line speaks
        return REFUSED
    return 0
