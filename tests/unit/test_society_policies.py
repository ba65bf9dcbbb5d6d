"""The routing policies beside the model's own word: similarity, both together, and everybody."""

from __future__ import annotations

import asyncio

import pytest

from matrix_sim.config import SimilarityConfig, SocietyConfig
from matrix_sim.directions import direction_of, encode_directions
from matrix_sim.llm.contracts import EnvironmentalFailure, Finish, Hindrance, Reply, Request
from matrix_sim.llm.reply_terms import ReplyTerms
from matrix_sim.messages import Action, ActionKind, Failure, Sparing
from matrix_sim.society.fingerprint import fingerprint
from matrix_sim.society.routing import (
    Candidate,
    Profile,
    Route,
    Routing,
    RoutingQuestion,
    make_router,
)
from matrix_sim.society.routing.scores import Scores
from matrix_sim.society.routing.vector_scorer import VectorScorer
from matrix_sim.society.settings import modulator_settings
from tests.support.scripted_model import ScriptedModel, reply, route
from tests.support.small_world import PROMPTS

GROUP = 6


def known(number: int, line: str, *profiles: str) -> Candidate:
    return Candidate(number, line, tuple(Profile(fingerprint(text)) for text in profiles))


MEMBERS = [
    known(11, "田中さん", "漬物 糠床 料理"),
    known(12, "佐藤さん", "釣り竿 漁港 干物"),
    known(15, "鈴木さん", "漬物 味噌 醤油"),
]
NEIGHBOURS = [
    known(3, "農家の人たち", "養鶏 卵", "農家 大根 収穫"),
    known(8, "学生たち", "大学 研究"),
]


def own(agent: int, text: str) -> tuple[Action, str]:
    return Action(4, GROUP, agent, ActionKind.PLAN, text), "誰か"


def foreign(text: str) -> tuple[Action, str]:
    return Action(1, 3, 40, ActionKind.PLAN, text), "外の人"


def asked(
    *actions: tuple[Action, str], recent: dict[int, tuple[str, ...]] | None = None
) -> RoutingQuestion:
    return RoutingQuestion(GROUP, 4, actions, (), recent=recent or {})


def routed(
    policy: str,
    question: RoutingQuestion,
    said: str | Reply | Exception = "",
    similarity: SimilarityConfig | None = None,
) -> tuple[Routing, ScriptedModel]:
    model = ScriptedModel(lambda _: said)
    society = SocietyConfig.model_validate(
        {"ticks": 1, "routing": policy, "similarity": similarity or SimilarityConfig()}
    )
    settings = modulator_settings(society, ReplyTerms(300, 600))
    router = make_router(GROUP, MEMBERS, NEIGHBOURS, 0.0, settings, PROMPTS, model)
    return asyncio.run(router.route(question)), model


def test_with_broadcast_everybody_but_the_actor_is_aware_and_own_actions_go_out() -> None:
    routing, model = routed("broadcast", asked(foreign("来た話"), own(12, "話")))
    assert routing.routes == (Route((11, 12, 15), ()), Route((11, 15), (3, 8)))
    assert (model.asked, routing.asked) == ([], False)


def test_with_embedding_those_become_aware_whose_profile_an_action_is_like() -> None:
    routing, model = routed(
        "embedding", asked(own(11, "味噌と醤油を仕込む"), own(12, "散髪に行く"))
    )
    assert routing.routes == (Route((15,), ()), Route((), ()))
    assert (model.asked, routing.asked, routing.sparing) == ([], False, None)


def test_with_embedding_what_somebody_did_or_observed_lately_counts_as_well() -> None:
    question = asked(own(12, "自転車の空気を入れた"))
    assert routed("embedding", question)[0].routes == (Route((), ()),)
    remembered = asked(own(12, "自転車の空気を入れた"), recent={15: ("自転車を借りたい",)})
    assert routed("embedding", remembered)[0].routes == (Route((15,), ()),)


def test_with_embedding_what_comes_in_is_judged_by_what_the_group_remembers() -> None:
    question = asked(foreign("盆踊りの太鼓を探しています"), recent={11: ("盆踊りの太鼓を借りた",)})
    assert routed("embedding", question)[0].routes == (Route((11,), ()),)


def test_with_embedding_an_action_goes_out_only_where_it_is_alike_enough() -> None:
    question = asked(own(12, "大根の収穫を手伝う"), foreign("大根の収穫を手伝う"))
    assert [r.forward for r in routed("embedding", question)[0].routes] == [(3,), ()]
    strict = SimilarityConfig(outward=0.9)
    assert routed("embedding", question, similarity=strict)[0].routes[0].forward == ()


def test_with_embedding_no_more_than_the_most_similar_become_aware() -> None:
    question = asked(own(12, "漬物と味噌の話"))
    one = SimilarityConfig(aware=1)
    assert routed("embedding", question)[0].routes == (Route((11, 15), ()),)
    assert routed("embedding", question, similarity=one)[0].routes == (Route((15,), ()),)


def test_what_is_most_like_anybody_ranks_first() -> None:
    routing, _ = routed(
        "embedding", asked(own(11, "散髪"), own(12, "漬物と天気と電車の話"), own(11, "味噌 漬物"))
    )
    assert routing.by_importance == (2, 1, 0)


BAND = SimilarityConfig(floor=0.2, outward=0.2, sure=0.7)
"""漬物 alone is in doubt for both who know of it (0.58), 漬物と味噌 is sure of one (0.82)."""


def test_hybrid_asks_the_model_only_about_actions_that_are_in_doubt() -> None:
    question = asked(own(12, "散髪に行く"), own(12, "漬物"))
    routing, model = routed("hybrid", question, route(_1=(["m3"], [])), BAND)
    assert routing.routes == (Route((), ()), Route((15,), ()))
    (request,) = model.asked
    prompt = request.messages[-1].content
    assert "漬物" in prompt[prompt.index("<actions>") :]
    assert "散髪" not in prompt
    assert "m1：田中さん" in prompt, "everybody is shown: the beginning of a prompt stays the same"


def test_hybrid_asks_nobody_where_similarity_is_sure_of_everything() -> None:
    question = asked(own(12, "散髪に行く"), own(12, "味噌 醤油 漬物"))
    strict = SimilarityConfig(floor=0.3, outward=0.3, sure=0.3)
    routing, model = routed("hybrid", question, similarity=strict)
    assert (model.asked, routing.asked) == ([], False)
    assert routing.routes == (Route((), ()), Route((11, 15), ()))
    assert routing.sparing == Sparing(decisions=8, spared=8, compared=0, agreed=0)


def test_hybrid_follows_similarity_where_it_is_sure_and_counts_where_the_model_agrees() -> None:
    question = asked(own(12, "漬物と味噌"))
    disagrees = route(_1=(["m1"], ["n2"]))
    routing, _ = routed("hybrid", question, disagrees, BAND)
    # Sure of m3 (yes) and of both groups (no); in doubt only about m1.
    assert routing.routes == (Route((11, 15), ()),)
    assert routing.sparing == Sparing(decisions=4, spared=3, compared=3, agreed=1)


@pytest.mark.parametrize("named", [["n2"], ["n2", "n1"], ["n1", "n2"]])
def test_hybrid_puts_the_groups_that_it_is_sure_of_first_whether_the_model_names_them_or_not(
    named: list[str],
) -> None:
    band = SimilarityConfig(floor=0.2, outward=0.2, sure=0.6)
    question = asked(own(12, "大根の収穫の研究"))
    routing, _ = routed("hybrid", question, route(_1=([], named)), band)
    assert routing.routes[0].forward == (3, 8), "sure of 3, in doubt about 8"


def test_hybrid_without_an_answer_keeps_what_is_sure_and_says_why_the_rest_is_missing() -> None:
    question = asked(own(12, "漬物と味噌"))
    routing, _ = routed("hybrid", question, reply("", Finish.REFUSED), BAND)
    assert routing.routes == (Route((15,), ()),)
    assert (routing.failure, routing.asked) == (Failure.REFUSED, True)
    assert routing.sparing == Sparing(decisions=4, spared=3, compared=0, agreed=0)


def test_hybrid_does_not_decide_where_the_endpoint_is_away() -> None:
    away = EnvironmentalFailure(Hindrance.TIMEOUT, "away")
    with pytest.raises(EnvironmentalFailure):
        routed("hybrid", asked(own(12, "漬物")), away, BAND)


def test_hybrid_ranks_what_the_model_names_first() -> None:
    question = asked(own(12, "味噌 醤油 漬物"), own(12, "散髪"), own(12, "漬物"))
    routing, _ = routed("hybrid", question, route(_2=(["m3"], [])), BAND)
    assert routing.by_importance == (2, 0, 1), "2 of those it was asked about is the third"


def test_the_model_is_not_asked_where_nobody_could_become_aware() -> None:
    settings = modulator_settings(SocietyConfig(ticks=1), ReplyTerms(300, 600))
    model = ScriptedModel(lambda _: route())
    alone = make_router(GROUP, MEMBERS[:1], [], 0.0, settings, PROMPTS, model)
    routing = asyncio.run(alone.route(asked(own(11, "話"))))
    assert (routing.routes, routing.asked, model.asked) == ((Route((), ()),), False, [])
    asyncio.run(alone.route(asked(own(11, "話"), foreign("来た話"))))
    assert len(model.asked) == 1, "what came in may reach the only member"


def pointing(*components: float) -> bytes:
    return direction_of(components)


def compared(
    question: RoutingQuestion, vectors: dict[str, bytes], strangers: float = 0.0
) -> tuple[tuple[Scores, ...], ScriptedModel]:
    def script(request: Request) -> str:
        return encode_directions([vectors[message.content] for message in request.messages])

    members = [
        Candidate(11, "", (Profile(0, pointing(1, 0, 0)),)),
        Candidate(12, "", (Profile(0, pointing(0, 1, 0)),)),
    ]
    groups = [Candidate(3, "", (Profile(0, pointing(0, -1, 0)), Profile(0, pointing(0, 0, 1))))]
    model = ScriptedModel(script)
    scorer = VectorScorer(GROUP, members, groups, strangers, model)
    return asyncio.run(scorer.scores(question)), model


def test_with_vectors_actions_are_compared_with_profiles_recent_doings_and_groups() -> None:
    vectors = {"甲": pointing(1, 0, 0), "乙": pointing(0, 0, 1), "近ごろ": pointing(0, 0, 1)}
    question = asked(own(12, "甲"), foreign("乙"), recent={12: ("近ごろ",)})
    (first, second), model = compared(question, vectors)
    assert first == Scores(((11, 1.0),), ((3, 0.0),))
    assert second == Scores(((12, 1.0), (11, 0.0)), ()), "not by profile, but by what it did lately"
    assert model.addresses == ["embed/g0006/t0004"], "one call a tick"


def test_with_vectors_likeness_begins_where_that_of_strangers_ends() -> None:
    half = pointing(1, 3**0.5, 0)
    (scores,), _ = compared(asked(own(12, "甲")), {"甲": half}, strangers=0.5)
    assert scores.members[0] == (11, pytest.approx(0.0, abs=0.02))
    (same,), _ = compared(asked(own(12, "甲")), {"甲": pointing(1, 0, 0)}, strangers=0.5)
    assert same.members[0] == (11, 1.0)


def test_with_vectors_the_newest_doings_are_what_a_long_past_leaves_room_for() -> None:
    vectors = {"甲": pointing(1, 0, 0)}
    recent = ("古い話" * 100, "新しい話")

    def script(request: Request) -> str:
        assert request.messages[1].content.startswith("新しい話\n古い話")
        assert all(len(message.content) <= 400 for message in request.messages)
        return encode_directions([vectors["甲"]] * 2)

    member = Candidate(11, "", (Profile(0, pointing(1, 0, 0)),))
    scorer = VectorScorer(GROUP, [member], [], 0.0, ScriptedModel(script))
    asyncio.run(scorer.scores(asked(own(12, "甲"), recent={11: recent})))
