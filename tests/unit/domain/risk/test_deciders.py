"""The rule of each class, quorum, and whether the people of the settings can meet it."""

import itertools

import pytest

from ompycord.domain.access import Access, Person, Role, RoleNames
from ompycord.domain.policy import ALLOWED, Allowed, Circumstances, Denied, Resource, authorize
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.risk.classes import RiskClass
from ompycord.domain.risk.deciders import ApprovalRules, DecisionRule, Vote, can_decide, missing, rule_for

ASKER = "100000000000000001"
OTHER = "100000000000000002"
TABLE: dict[RiskClass, dict[tuple[Role, bool], bool]] = {
    risk: dict.fromkeys(itertools.product(Role, (False, True)), False) for risk in RiskClass
}
"""Whether a person of this role, who asked for the run or did not, is one of those who decide."""
for risk in (RiskClass.READ, RiskClass.WRITE, RiskClass.RUN):
    for role, own in ((Role.RUNNER, True), (Role.APPROVER, False), (Role.APPROVER, True)):
        TABLE[risk][role, own] = True
for risk in (RiskClass.NETWORK, RiskClass.PUBLISH, RiskClass.DANGER):
    TABLE[risk][Role.APPROVER, False] = TABLE[risk][Role.APPROVER, True] = True
TABLE[RiskClass.SECRET][Role.APPROVER, False] = True
for risk, own in itertools.product(RiskClass, (False, True)):
    TABLE[risk][Role.ADMIN, own] = risk is not RiskClass.SECRET or not own


@pytest.mark.parametrize("risk", RiskClass)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("own", [False, True])
def test_who_decides_on_a_class(risk: RiskClass, role: Role, own: bool) -> None:
    rule = rule_for(risk, (), two_person=False, is_solo=False)
    person = Person(id=ASKER if own else OTHER, name="Ada", role=role)
    answer = authorize(person, "approve", Resource(requester=ASKER), Circumstances(rule=rule))
    assert isinstance(answer, Allowed) is TABLE[risk][role, own]
    if isinstance(answer, Denied):
        own_request = own and not rule.requester
        assert answer.code == (RefusalCode.OWN_REQUEST if own_request else RefusalCode.NOT_PERMITTED)
        assert answer.needs


def test_another_server_sees_nothing_whatever_the_rule() -> None:
    admin = Person(id=OTHER, name="Ada", role=Role.ADMIN)
    where = Circumstances(guild="2", rule=DecisionRule("requester"))
    assert authorize(admin, "approve", Resource(guild="1"), where) == Denied(RefusalCode.NO_SUCH_RUN)


def test_two_people_are_two_of_whom_one_is_what_the_rule_says() -> None:
    rule = DecisionRule("admin", 2)
    ada, ben, cy = Vote("a", Role.ADMIN), Vote("b", Role.APPROVER), Vote("c", Role.APPROVER)
    assert missing(rule, ()) == (2, Role.ADMIN)
    assert missing(rule, (ada,)) == (1, None)
    assert missing(rule, (ada, ada)) == (1, None)  # one person, one vote
    assert missing(rule, (ben, cy)) == (1, Role.ADMIN)
    assert missing(rule, (ben, ada)) == (0, None)
    assert missing(rule, (ada, Vote("v", Role.RUNNER))) == (1, None)


def test_settings_change_a_rule_layer_by_layer() -> None:
    general = ApprovalRules.model_validate({"network": {"by": "requester"}, "publish": {"people": 2}})
    own = ApprovalRules.model_validate({"publish": {"by": "admin", "requester": False}, "run": {"by": "no one"}})
    layers = (general, own)
    assert rule_for(RiskClass.NETWORK, layers, two_person=False, is_solo=False) == DecisionRule("requester")
    assert rule_for(RiskClass.PUBLISH, layers, two_person=False, is_solo=False) == DecisionRule("admin", 2, False)
    assert rule_for(RiskClass.RUN, layers, two_person=True, is_solo=True).by == "no one"
    assert rule_for(RiskClass.PUBLISH, layers, two_person=False, is_solo=True) == DecisionRule("admin", 1, True)
    assert rule_for(RiskClass.RUN, (), two_person=True, is_solo=True) == DecisionRule("requester", 1, False)


@pytest.mark.parametrize(
    ("rule", "users", "roles", "may"),
    [
        (DecisionRule("admin", 2), {"admin": [ASKER]}, {}, False),
        (DecisionRule("admin", 2), {"admin": [ASKER, OTHER]}, {}, True),
        (DecisionRule("admin", 2), {"admin": [ASKER], "approver": [OTHER]}, {}, True),
        (DecisionRule("admin", 2), {"admin": [ASKER], "runner": [OTHER]}, {}, False),
        (DecisionRule("admin", 2), {}, {"admin": ["100000000000000009"]}, True),
        (DecisionRule("approver", 1, False), {"admin": [ASKER]}, {}, False),
        (DecisionRule("approver", 1, False), {"admin": [ASKER], "approver": [OTHER]}, {}, True),
        (DecisionRule("requester"), {"runner": [ASKER]}, {}, True),
    ],
)
def test_whether_the_people_of_the_settings_can_meet_a_rule(
    rule: DecisionRule, users: dict[str, list[str]], roles: dict[str, list[str]], may: bool
) -> None:
    access = Access(users=RoleNames.model_validate(users), roles=RoleNames.model_validate(roles))
    assert can_decide(rule, access, ASKER) is may


def test_allowed_is_one_value() -> None:
    rule = DecisionRule("requester")
    person = Person(id=ASKER, name="Ada", role=Role.RUNNER)
    assert authorize(person, "approve", Resource(requester=ASKER), Circumstances(rule=rule)) is ALLOWED
