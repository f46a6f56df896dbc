"""`vidset dataset`: its commands. What each does is imported when it is called."""

from vidset.cli.command import add, group
from vidset.cli.dataset.apply_command import apply
from vidset.cli.dataset.check import check
from vidset.cli.dataset.create import create
from vidset.cli.dataset.diff import diff
from vidset.cli.dataset.exchange_commands import pull, push
from vidset.cli.dataset.fix_command import fix
from vidset.cli.dataset.listing import list_, name, show
from vidset.cli.dataset.scores import scores
from vidset.cli.dataset.statistics import statistics
from vidset.cli.dataset.verify import verify

app = group("Make, compare and check dataset versions.")
add(app, create)
add(app, list_, "list")
add(app, show)
add(app, diff)
add(app, name)
add(app, check)
add(app, statistics)
add(app, scores)
add(app, verify)
add(app, apply)
add(app, fix)
add(app, push)
add(app, pull)
