"""Holds a compose file to the Compose specification; exits with what is wrong.

Run by a Python of its own, which has the package.
"""

import sys
from pathlib import Path

from compose_spec import PyOptions

options = PyOptions()
options.apply_merge = True
try:
    compose = options.from_yaml(Path(sys.argv[1]).read_text())
    compose.validate()
    compose.validate_networks()
    compose.validate_volumes()
except ValueError as error:
    sys.exit(str(error))
