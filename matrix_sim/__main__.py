"""`python -m matrix_sim`, the same as the command `matrix-sim`."""

import sys

from matrix_sim.cli.main import main

sys.exit(main())
