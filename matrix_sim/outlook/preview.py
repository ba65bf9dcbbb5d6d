"""A few people of a config on the real endpoints: a window of their lives, and rows made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from matrix_sim.answering import answering
from matrix_sim.config.file import LoadedConfig
from matrix_sim.config.roles import played_roles
from matrix_sim.errors import RunFailure, UsageError
from matrix_sim.llm.contracts import EnvironmentalFailure, Reply, Request
from matrix_sim.messages import Scenario, TickReport
from matrix_sim.outlook.manner import Manner
from matrix_sim.outlook.meter import Counts, Kind, Meter, StopWatch
from matrix_sim.outlook.preview_rows import PreviewedDataset, few_rows, make_rows
from matrix_sim.rehearsal import Rehearsal, TellingLedger
from matrix_sim.run_directory import LOCK_WAIT_S, OpenedRun
from matrix_sim.society.society import Society
from matrix_sim.store.adapters import StoreLedger
from matrix_sim.store.group_commit import GroupCommit, InlineCommit
from matrix_sim.store.run_store import RunStore


@dataclass(frozen=True, slots=True)
class Happening:
    """A tick that was committed, with what was thought in it."""

    report: TickReport
    thoughts: Mapping[str, str]
    """The model's thinking so far, by the address of the call."""


@dataclass(frozen=True, slots=True)
class Previewed:
    """What a preview came to."""

    society: Society
    counts: Counts
    seconds: Mapping[Kind, tuple[float, ...]]
    """How long each reply took; none for those that the run directory held already."""
    manner: Manner
    models: tuple[str, ...]
    """The names that the endpoints gave of what answered."""
    datasets: tuple[PreviewedDataset, ...] = ()
    """In the order of the config."""


def preview_config(loaded: LoadedConfig, people: int) -> LoadedConfig:
    """The config of a society of the first `people` people, for one window, and a row for each.

    Raises:
        UsageError: there is nobody in it.
    """
    if people < 1:
        raise UsageError("a preview needs at least one person: --preview 3")
    config = loaded.config
    living = min(people, config.personas.count or people)
    sizes, society = config.society.group_size, config.society
    groups = sizes.model_copy(
        update={"min": min(sizes.min, living), "mean": min(sizes.mean, living)}
    )
    # Where nobody is to live, data sets grow from people alone.
    ticks = 0 if society.ticks == 0 else society.scenario_window
    changed = {
        "personas": config.personas.model_copy(update={"count": living}),
        "society": society.model_copy(
            update={"group_size": groups, "ticks": ticks, "scenarios": None}
        ),
        "datasets": tuple(few_rows(dataset, living) for dataset in config.datasets),
    }
    return replace(loaded, config=config.model_copy(update=changed))


async def play_preview(
    run: OpenedRun,
    owner: str,
    on_tick: Callable[[Happening], None],
    on_scenario: Callable[[Scenario], None],
    on_dataset: Callable[[PreviewedDataset], None],
) -> Previewed:
    """Play a run that was opened for a preview, in this process, to its end.

    Data sets are told of when all are made.

    Raises:
        RunFailure: an endpoint did not answer; what it did answer is kept in the run directory.
    """
    store = RunStore.open(
        run.directory, owner=owner, create=False, wait_s=LOCK_WAIT_S, budget=run.config.budget
    )
    channel = GroupCommit(store)
    watch, manner = StopWatch(), Manner()
    thoughts: dict[str, str] = {}
    models: dict[str, None] = {}

    def heard(request: Request, reply: Reply) -> None:
        manner.learn(request, reply)
        models[reply.model] = None
        if reply.reasoning:
            thoughts[request.address] = reply.reasoning

    config = run.config

    def committed(report: TickReport) -> None:
        manner.hear(report, len(run.society.groups[report.group].members))
        on_tick(Happening(report, thoughts))

    ledger = TellingLedger(StoreLedger(channel), committed, on_scenario)
    try:
        async with answering(
            config,
            run.prompts,
            channel,
            "preview",
            roles=played_roles(config),
            components=len(run.society.members[0].direction),
            around=watch.gate,
        ) as here:
            meter = Meter(here.llm, on_reply=heard)
            with RunStore.in_memory() as nothing:
                # From the beginning in any case: what was asked before comes from the journal.
                inline = InlineCommit(nothing)
                rehearsal = Rehearsal(config, run.society, run.prompts, meter, inline)
                groups, window = len(run.society.groups), config.society.scenario_window
                progress = nothing.progress(groups, window)
                await rehearsal.simulation(progress, ledger=ledger).run()
            datasets = await make_rows(run, meter, channel) if config.datasets else ()
    except EnvironmentalFailure as failure:
        raise RunFailure(f"the preview could not go on: {failure}") from failure
    finally:
        await channel.close()
    for dataset in datasets:
        on_dataset(dataset)
    return Previewed(
        society=run.society,
        counts=meter.counts,
        seconds={kind: tuple(taken) for kind, taken in watch.seconds.items()},
        manner=manner,
        models=tuple(models),
        datasets=datasets,
    )
