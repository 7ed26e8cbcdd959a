"""`trimtab` and `python -m trimtab`: the command line, or the reason why it cannot start."""

import gc
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run one command.

    Args:
        arguments: What follows `trimtab`; the process's own when left out.

    Returns:
        The exit code: 2 where `plan` has changes or `check` findings, 1 on an error, 130 when interrupted; otherwise 0.
    """
    is_program = "trimtab.cli" not in sys.modules
    if is_program:  # modules are no garbage: to look through them again and again takes a tenth of a short command
        gc.disable()
    try:
        from trimtab.cli import run
    except KeyboardInterrupt:  # while modules load; nothing was begun
        sys.stderr.write("interrupted\n")
        return 130
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("typer", "rich"):
            raise
        sys.stderr.write("error: the command line needs typer and rich: pip install 'trimtab[cli]'\n")
        return 1
    if is_program:
        gc.freeze()
        gc.enable()
    return run(sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    sys.exit(main())
