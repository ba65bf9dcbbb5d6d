"""Who becomes aware of what: the policies that a modulator may follow, one a file."""

from matrix_sim.society.routing.contracts import (
    Candidate,
    Profile,
    Route,
    Router,
    Routing,
    RoutingQuestion,
)
from matrix_sim.society.routing.policies import make_router

__all__ = ["Candidate", "Profile", "Route", "Router", "Routing", "RoutingQuestion", "make_router"]
