"""A run from Python: make it, play it, look at what happened and at the rows that came of it.

python examples/python_api.py [DIRECTORY]
"""

import sys

from matrix_sim import Run, RunConfig


def main(directory: str) -> None:
    """Play the built-in people on the stub; print a scenario each, and a dialogue."""
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
            "datasets": [{"kind": "dialogue", "count": 4, "turns": [2, 3]}],
        }
    )
    run = Run(config, directory)
    summary = run.play(
        lambda status: print(f"{status.committed_ticks} ticks", file=sys.stderr),
        on_making=lambda making: print(
            f"{sum(c.accepted for c in making.counts)} rows", file=sys.stderr
        ),
    )
    print(f"{summary.scenarios} scenarios, {summary.actions} actions, {summary.replies} calls")

    for group in run.society().groups:
        print(f"group {group.group}: {group.description}")

    for scenario in run.scenarios():
        print(f"\nwindow {scenario.window}, group {scenario.group}: {scenario.summary}")
        for action in scenario.actions[:3]:
            print(f"  {action.tick} {action.speaker}: {action.text}")

    sample = run.samples("dialogue")[0]
    draw = sample.provenance.draw
    print(f"\n{sample.id}, of {sample.persona} in window {draw.window} of group {draw.group}")
    for turn in sample.messages:
        print(f"  {turn.role}: {turn.content}")
    print(f"for training: {run.exports_folder / 'dialogue' / 'trl'}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "runs/python")
