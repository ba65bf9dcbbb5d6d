"""A run from Python: make it, play it, look at what happened.

python examples/python_api.py [DIRECTORY]
"""

import sys

from matrix_sim import Run, RunConfig


def main(directory: str) -> None:
    """Play the built-in people on the stub, and print who did what in the first scenario."""
    config = RunConfig.model_validate(
        {
            "seed": 7,
            "personas": {"source": "builtin", "count": 6},
            "society": {
                "group_size": {"min": 2, "max": 4, "mean": 3},
                "neighbours": 1,
                "weak_ties": 0,
                "routing": "embedding",
                "scenarios": 4,
            },
            # Your own endpoint: {"base_url": "http://127.0.0.1:8000/v1", "model": "qwen"}
            "models": {"default": {"stub": {}}},
        }
    )
    run = Run(config, directory)
    summary = run.play(lambda status: print(f"{status.committed_ticks} ticks", file=sys.stderr))
    print(f"{summary.scenarios} scenarios, {summary.actions} actions, {summary.replies} calls")

    for group in run.society().groups:
        print(f"group {group.group}: {group.description}")

    for scenario in run.scenarios():
        print(f"\nwindow {scenario.window}, group {scenario.group}: {scenario.summary}")
        for action in scenario.actions[:3]:
            print(f"  {action.tick} {action.speaker}: {action.text}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "runs/python")
