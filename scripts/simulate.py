"""`matrix-sim simulate` as a file, for a cluster.

ray job submit --working-dir . -- python scripts/simulate.py CONFIG --run ABSOLUTE_DIR

It joins the cluster that the job was submitted to. The run directory is on the head node, on a
local disk. The same command goes on with a run that was stopped.
"""

import sys

from matrix_sim.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["simulate", *sys.argv[1:]]))
