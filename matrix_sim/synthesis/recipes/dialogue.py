"""Several turns: a person with a hidden wish, and an assistant that sees the conversation only."""

from __future__ import annotations

from matrix_sim.config.datasets import DatasetConfig
from matrix_sim.llm.contracts import Role
from matrix_sim.messages import Failure
from matrix_sim.quality.contracts import Row, Turn, Verdict
from matrix_sim.randomness import named_random
from matrix_sim.synthesis.asking import Asker
from matrix_sim.synthesis.contracts import Completion, Draw, Failed, Intent, Opening
from matrix_sim.synthesis.facets import Facets
from matrix_sim.synthesis.recipes.instructed import asked_of, assistant_turn
from matrix_sim.synthesis.replies import IntentReply, Mood, UserTurnReply
from matrix_sim.synthesis.situations import Situations
from matrix_sim.synthesis.unwrapping import unwrapped


class Dialogue:
    """A `Recipe` in which the sides speak in turn; each is asked with a prompt of its own."""

    def __init__(
        self,
        dataset: DatasetConfig,
        asker: Asker,
        situations: Situations,
        facets: Facets,
        seed: int,
    ) -> None:
        self._dataset = dataset
        self._asker = asker
        self._situations = situations
        self._facets = facets
        self._seed = seed

    async def open(self, draw: Draw) -> Opening | Failed:
        """What the person is after, and how it begins."""
        asked = await asked_of(self._dataset, self._situations, self._facets, draw)
        messages = self._asker.prompts.render("intent", **asked)
        wanted = await self._asker.decide(Role.INSTRUCTOR, draw, "intent", messages, IntentReply)
        if isinstance(wanted, Failed):
            return wanted
        intent = Intent(wanted.want, wanted.satisfied_when)
        first = await self._user_turn(draw, intent, ())
        if isinstance(first, Failed):
            return first
        return (
            Opening(unwrapped(first.message), intent)
            if first.message
            else Failed(Failure.EMPTY, "turn1/user")
        )

    async def finish(self, draw: Draw, opening: Opening) -> Completion | Failed:
        """The rest, until the person is content or has said what it may."""
        if opening.intent is None:
            raise ValueError(f"candidate {draw.number} of {self._dataset.label} wants nothing")
        role = Role.REASONER if self._dataset.thinks else Role.RESPONDER
        turns, spoken, ended = [Turn("user", opening.text)], 1, "turns"
        model = ""
        while True:
            part = f"turn{spoken}/assistant"
            reply = await self._asker.answer(role, draw, part, turns, template="assistant")
            if isinstance(reply, Failed):
                return reply
            turns.append(assistant_turn(reply, self._dataset.thinks))
            model = reply.model
            if spoken == draw.turns:
                break
            following = await self._user_turn(draw, opening.intent, tuple(turns))
            if isinstance(following, Failed):
                return following
            too_early = spoken < self._dataset.turns[0]
            if not following.message or (following.mood is not Mood.GOES_ON and not too_early):
                ended = following.mood.value
                break
            turns.append(Turn("user", unwrapped(following.message)))
            spoken += 1
        return Completion(
            turns=tuple(turns),
            models={role.value: model},
            labels={"ended": ended, "turns": spoken},
            verdicts=(self._long_enough(spoken, ended),),
        )

    async def weigh(self, draw: Draw, completion: Completion) -> Completion | Failed:
        """Nothing more is asked."""
        return completion

    def row(self, completion: Completion) -> Row:
        """See `Recipe`."""
        return Row(completion.turns, thinks=self._dataset.thinks)

    async def _user_turn(
        self, draw: Draw, intent: Intent, turns: tuple[Turn, ...]
    ) -> UserTurnReply | Failed:
        spoken = sum(turn.role == "user" for turn in turns)
        situation = await self._situations.of(draw)
        messages = self._asker.prompts.render(
            "user_turn",
            profile=situation.profile,
            want=intent.want,
            satisfied_when=intent.satisfied_when,
            style=self._facets.text("style", draw.facets["style"]),
            conversation=turns,
            move=self._move(draw, spoken) if turns else "",
            left=draw.turns - spoken,
            may_end=spoken >= self._dataset.turns[0],
        )
        part = f"turn{spoken + 1}/user"
        return await self._asker.decide(Role.USER, draw, part, messages, UserTurnReply)

    def _move(self, draw: Draw, spoken: int) -> str:
        dataset = self._dataset
        lot = named_random(self._seed, "move", f"{dataset.label}/{draw.number}/{spoken}")
        name = self._facets.draw("move", dataset.kind, dataset.level, lot)
        return self._facets.text("move", name)

    def _long_enough(self, spoken: int, ended: str) -> Verdict:
        least = self._dataset.turns[0]
        ok = spoken >= least
        why = f"the user said no more after {spoken} of at least {least} turns ({ended})"
        return Verdict("turns", ok, "" if ok else why)
