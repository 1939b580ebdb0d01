"""A supervisor over small programs of a test's choosing, in a process of its own: it adopts and kills orphans.

`python -m tests.setup.toy HOME PROGRAMS`, PROGRAMS being JSON: [[{"name", "role", "command"}, …], …], a list of stages.
A stage is ready at once; one without programs never is. Prints `ready` when all have started
and `worker ended PID` for each worker's end.
"""

import asyncio
import json
import sys
from pathlib import Path

from scrpy.supervisor import supervisor
from scrpy.supervisor.checks import CannotStart
from scrpy.supervisor.child import Program
from scrpy.supervisor.scratch import scratch_dir
from scrpy.supervisor.terminal import say

supervisor.STOP_ORDER = tuple((roles, 2.0 + n) for n, (roles, _) in enumerate(supervisor.STOP_ORDER))


async def at_once() -> None:
    """What a test waits for, it waits for itself."""


async def never() -> None:
    await asyncio.Event().wait()


async def on_end(role: str, pid: int) -> None:
    say(f"{role} ended {pid}")


async def main(home: Path, scratch: Path, programs: str) -> None:
    stages = [
        supervisor.Stage(
            [Program(each["name"], each["role"], tuple(each["command"])) for each in stage],
            at_once if stage else never,
        )
        for stage in json.loads(programs)
    ]
    toy = supervisor.Supervisor(home=home, scratch=scratch, cwd=home, on_end=on_end)
    await toy.run(stages, on_ready=lambda: say("ready"))


if __name__ == "__main__":
    home = Path(sys.argv[1])
    with scratch_dir(home) as scratch:
        try:
            asyncio.run(main(home, scratch, sys.argv[2]))
        except CannotStart as error:
            sys.exit(str(error))
