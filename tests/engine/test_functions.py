"""Policies in Python: what a function may answer, what becomes of it, and the laws that hold whatever it answers."""

import functools
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.conftest import make_group
from tests.engine.random_groups import IN, MINUTE, OUT, START, groups, loads, make
from tests.laws import examples
from trimtab.engine import PRESETS, History, Observation, ReasonCode, Recommendation, decide
from trimtab.engine.policies import adjust
from trimtab.engine.presets import find_preset
from trimtab.engine.schedules import in_force
from trimtab.errors import InvalidArgument, InvalidModel

ALL = sorted(PRESETS)
NO_DATA_HOLDS = [name for name in ALL if not name.startswith("ec2")]
CALL = "acme.policies:drain"
OTHER = "acme.policies:other"
TICKS = 10
quick = settings(
    max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


class Mute(Exception):
    """An error that cannot say what it is."""

    def __str__(self):
        raise RuntimeError("no words")


class Veiled:
    """A thing that cannot be shown."""

    def __repr__(self):
        raise RuntimeError("no words")


def web(*calls, **fields):
    """One to twelve instances whose size functions decide; no alarms, no schedules."""
    policies = {f"own-{place}": {"type": "python", "call": call} for place, call in enumerate(calls or (CALL,))}
    return make_group(
        **{"capacity": {"min": 1, "max": 12}, "policies": policies, "alarms": {}, "schedules": {}, **fields}
    )


def answering(answer):
    """A function that always gives one answer, or raises it."""

    def function(group, observation, history, now):
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return function


def asking(size):
    return answering(Recommendation(size, "the test says so"))


def decided(function, desired=4, preset="neutral", group=None, **more):
    seen = Observation(desired=desired, **more)
    return decide(group or web(), seen, History(), START, preset, functions={CALL: function})


def codes(decision):
    return [reason.code for reason in decision.reasons]


# one answer


@pytest.mark.parametrize("preset", ALL)
@pytest.mark.parametrize(("asked", "size"), [(4, 4), (5, 5), (12, 12), (13, 12), (1_000_000, 12), (3, 3), (0, 1)])
def test_an_answer_is_the_size_within_the_bounds(preset, asked, size):
    if preset == "k8s" and asked > 8:
        size = 8  # its limit on what may be added in a time
    decision = decided(asking(asked), preset=preset)
    assert decision.size == size
    assert decision.recommendations == (Recommendation(asked, "the test says so", "own-0"),)
    assert str(decision.reasons[0]) == f"policy own-0 asks for {asked}: the test says so"


def test_no_opinion_is_said():
    decision = decided(answering(None))
    assert (decision.size, codes(decision), decision.recommendations) == (4, [ReasonCode.PYTHON_ABSTAINS], ())


WHOLE = "which is not a whole number; round it, for example with math.ceil"
BOUNDS = "which is outside 0 to 1000000; keep the size within these bounds"
BAD = {
    "gave 5 (int); give back Recommendation(size, reason), or None for no opinion": 5,
    "gave (5, 'x') (tuple); give back Recommendation(size, reason), or None for no opinion": (5, "x"),
    "gave a Veiled; give back Recommendation(size, reason), or None for no opinion": Veiled(),
    "asks for 5.0 (float), which is not a whole number; round it, for example with math.ceil": Recommendation(5.0, "x"),
    f"asks for nan (float), {WHOLE}": Recommendation(float("nan"), "x"),
    f"asks for True (bool), {WHOLE}": Recommendation(True, "x"),
    f"asks for None (NoneType), {WHOLE}": Recommendation(None, "x"),
    "asks for -1, which is outside 0 to 1000000; keep the size within these bounds": Recommendation(-1, "x"),
    f"asks for 1000001, {BOUNDS}": Recommendation(1_000_001, "x"),
    f"asks for a number of 16610 bits, {BOUNDS}": Recommendation(10**5000, "x"),
    "gives None (NoneType) as its reason; write a sentence": Recommendation(5, None),
    "raised ZeroDivisionError: by zero": ZeroDivisionError("by zero"),
    "raised ValueError": ValueError(),
    "raised ValueError: two lines [31m": ValueError("two\nlines \x1b[31m"),
    "raised Mute": Mute(),
    "raised RecursionError: deep": RecursionError("deep"),
    "raised SystemExit: 3": SystemExit(3),
}


@pytest.mark.parametrize("preset", ALL)
@pytest.mark.parametrize(("failure", "answer"), BAD.items(), ids=list(BAD))
def test_what_is_no_answer_is_a_failure_that_is_said(preset, failure, answer):
    decision = decided(answering(answer), preset=preset)
    assert decision.size == 4
    assert str(decision.reasons[0]) == f"policy own-0 failed and asks for nothing: {CALL} {failure}"
    assert decision.recommendations == ()


def test_whoever_stops_the_program_stops_it():
    with pytest.raises(KeyboardInterrupt):
        decided(answering(KeyboardInterrupt()))


def test_a_function_that_was_not_handed_in_is_said():
    decision = decide(web(), Observation(desired=4), History(), START)
    assert (decision.size, codes(decision)) == (4, [ReasonCode.PYTHON_MISSING])
    assert CALL in str(decision.reasons[0])


def test_a_reason_is_one_line_of_bounded_length():
    said = decided(answering(Recommendation(5, "a\nb \x1b[2J" + "x" * 10_000))).recommendations[0].reason
    assert said.startswith("a b [2Jx")
    assert len(said) == 300
    assert decided(answering(Recommendation(5, " "))).recommendations[0].reason == "(no reason given)"


def test_a_disabled_policy_is_not_called():
    group = web(policies={"own": {"type": "python", "call": CALL, "enabled": False}})
    assert codes(decided(asking(9), group=group)) == [ReasonCode.NO_POLICY]


def test_a_group_whose_process_is_suspended_calls_nothing():
    group = web(aws={"suspended_processes": ["AlarmNotification"]})
    assert codes(decided(asking(9), preset="ec2", group=group)) == [ReasonCode.SUSPENDED]


def test_the_largest_of_several_counts():
    functions = {CALL: asking(6), OTHER: asking(8)}
    decision = decide(web(CALL, OTHER), Observation(desired=4), History(), START, functions=functions)
    assert (decision.size, codes(decision)[-1]) == (8, ReasonCode.LARGEST)


def test_a_function_that_asks_for_less_needs_the_agreement_of_the_rules():
    """With `neutral` every rule that scales in must ask for it; the function is one of them, and asks."""
    group = web(
        policies={"own": {"type": "python", "call": CALL}, "in": {"change": -1}},
        alarms={"idle": {"metric": "cpu", "below": 30, "triggers": ["in"]}},
    )
    busy = decided(asking(2), group=group, alarms={"idle": [50.0] * 5})
    assert (busy.size, busy.reasons[-1].values) == (4, (1, 2))
    assert busy.reasons[-1].code is ReasonCode.NO_AGREEMENT
    assert decided(asking(2), group=group, alarms={"idle": [10.0] * 5}).size == 3
    assert decided(asking(2), group=group, alarms={"idle": [50.0] * 5}, preset="ec2").size == 2


def test_a_wait_holds_functions_too():
    """On Azure every rule waits as long as the last that fired says: of a function that is the group's cooldown."""
    group = web(cooldown="10m")
    first = decided(asking(6), group=group, preset="azure")
    again = functools.partial(decide, group, Observation(desired=6), first.history, preset="azure")
    functions = {CALL: asking(8)}
    soon = again(START + 9 * MINUTE, functions=functions)
    assert (first.size, soon.size, codes(soon)) == (6, 6, [ReasonCode.COOLDOWN])
    assert again(START + 10 * MINUTE, functions=functions).size == 8


# what a function is given


def test_a_function_gets_what_is_there():
    got = []

    def function(*given):
        got.append(given)

    group, points = web(), [1.0, None]
    seen = Observation(desired=4, alarms={"a": points}, policies={"p": points}, started=[START], predicted={"a": 2.0})
    history = History(at=START - MINUTE)
    decide(group, seen, history, START, functions={CALL: function})
    assert got[0][0] is group
    assert got[0][1].alarms == {"a": (1.0, None)}
    assert (got[0][1].policies, got[0][1].predicted) == ({"p": (1.0, None)}, {"a": 2.0})
    assert (got[0][1].desired, got[0][1].started, got[0][2], got[0][3]) == (4, (START,), history, START)


CHANGES = {
    "a datapoint": lambda group, seen, history, now: seen.alarms["a"].append(9.0),
    "a window": lambda group, seen, history, now: seen.alarms.update(a=[9.0]),
    "the size": lambda group, seen, history, now: setattr(seen, "desired", 9),
    "a state": lambda group, seen, history, now: history.states.clear(),
    "an instance": lambda group, seen, history, now: seen.started.clear(),
    "a prediction": lambda group, seen, history, now: seen.predicted.clear(),
    "the group": lambda group, seen, history, now: setattr(group, "cooldown", timedelta(1)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_function_changes_nothing_of_it(change):
    seen = Observation(desired=4, alarms={"a": [1.0]}, started=[START], predicted={"a": 1.0})
    decision = decide(web(), seen, History(), START, functions={CALL: change})
    assert codes(decision) == [ReasonCode.PYTHON_FAILED]
    assert seen == Observation(desired=4, alarms={"a": [1.0]}, started=[START], predicted={"a": 1.0})


# what may be marked


def test_the_decorator_gives_the_function_itself():
    def drain(group, observation, history, now):
        return None

    assert tt.policy(drain) is drain


async def waits(group, observation, history, now):
    return None


def yields(group, observation, history, now):
    yield


async def yields_later(group, observation, history, now):
    yield


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda group, observation: None, "takes four arguments: group, observation, history, now"),
        (lambda a, b, c, d, e: None, "takes four arguments"),
        (lambda a, b, c, *, d: None, "takes four arguments"),
        (waits, "policy waits is a coroutine; write a plain function"),
        (yields, "policy yields is a generator"),
        (yields_later, "policy yields_later is an asynchronous generator"),
        (print, "a policy is a plain function, not builtin"),
        (functools.partial(asking(1)), "a policy is a plain function, not partial"),
        (5, "a policy is a plain function, not int"),
    ],
)
def test_what_is_no_policy_is_refused_where_it_is_written(wrong, text):
    with pytest.raises(InvalidArgument, match=text):
        tt.policy(wrong)


@tt.policy
def at_top(group, observation, history, now):
    return Recommendation(3, "three")


def test_a_policy_holds_the_import_path_alone():
    policy = tt.PythonPolicy(name="own", call=at_top)
    assert policy.call == "tests.engine.test_functions:at_top"
    assert policy == tt.PythonPolicy(name="own", call=policy.call)
    assert hash(policy) == hash(tt.PythonPolicy(name="own", call=policy.call))
    assert tt.PythonPolicy.model_validate_json(policy.model_dump_json()) == policy


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (asking(1), r"answering.<locals>.function is not a policy function; mark it with `@trimtab.policy`"),
        (tt.policy(asking(1)), "cannot be imported; define the function at the top level of a module"),
        ("drain", "write the import path of a function, such as \"acme.policies:drain\", not 'drain'"),
        ("acme.policies.drain", "write the import path"),
        ("acme:Policies.drain", "write the import path"),
        ("acme.policies:drain\n", "write the import path"),
        (".policies:drain", "write the import path"),
        ("a:" + "x" * 300, "longer than 255 characters"),
        (5, "give text, not 5"),
    ],
)
def test_what_cannot_be_called_is_refused(call, text):
    with pytest.raises(InvalidModel, match=text):
        tt.PythonPolicy(name="own", call=call)


def test_no_alarm_triggers_a_function():
    with pytest.raises(
        InvalidModel, match="'own-0' is a python policy, which no alarm triggers: it is called at every decision"
    ):
        web(alarms={"hot": {"metric": "cpu", "above": 70, "triggers": ["own-0"]}})


def test_a_batch_does_no_functions():
    batch = pytest.importorskip("trimtab.engine.batch")
    with pytest.raises(ValueError, match="policies in Python and weights are not supported in a batch"):
        batch.Batch([web()])


# laws

ERRORS = st.sampled_from([ValueError("x"), Mute(), SystemExit(1), RecursionError(), AssertionError(), StopIteration()])
SIZES = st.one_of(st.integers(0, 20), st.integers(), st.booleans(), st.floats(), st.none(), st.text(max_size=3))
ANSWERS = st.one_of(
    st.none(),
    st.builds(Recommendation, st.integers(0, 20), st.text(max_size=5)),
    st.builds(Recommendation, SIZES, st.one_of(st.text(max_size=5), st.none())),
    SIZES,
    ERRORS,
)
STREAMS = st.lists(ANSWERS, min_size=TICKS, max_size=TICKS)


def with_function(fields, call=CALL):
    return {**fields, "policies": [*fields["policies"], {"name": "own", "type": "python", "call": call}]}


def watching(group, values):
    return {
        "alarms": {alarm.name: values[alarm.metric.name] for alarm in group.alarms},
        "policies": {
            policy.name: values[policy.metric.name] for policy in group.policies if policy.type == "target-tracking"
        },
    }


def streaming(answers):
    """A function that gives one answer a minute."""
    by_minute = {START + tick * MINUTE: answering(answer) for tick, answer in enumerate(answers)}
    return lambda group, observation, history, now: by_minute[now](group, observation, history, now)


def replay(group, load, preset, desired, functions):
    history = History()
    for tick in range(TICKS):
        seen = Observation(
            desired=desired, **watching(group, {name: points[: tick + 1] for name, points in load.items()})
        )
        decision = decide(group, seen, history, START + tick * MINUTE, preset, functions=functions)
        yield decision
        desired, history = decision.size, decision.history


def once(group, load, preset, desired, function=None):
    functions = {} if function is None else {CALL: function}
    return decide(
        group, Observation(desired=desired, **watching(group, load)), History(), START, preset, functions=functions
    )


PARTS = {"fields": groups(), "load": loads(TICKS), "desired": st.integers(0, 20)}


@pytest.mark.parametrize("preset", ALL)
@given(**PARTS, answers=STREAMS)
@quick
def test_bounds_hold_and_nothing_escapes_whatever_a_function_does(preset, fields, load, desired, answers):
    group = make(with_function(fields))
    for decision in replay(group, load, preset, desired, {CALL: streaming(answers)}):
        force = in_force(group, decision.history.at)
        assert force.min <= decision.minimum <= decision.size <= decision.maximum == force.max
        assert decision.explain().count("\n") == len(decision.reasons) > 0


@pytest.mark.parametrize("preset", ALL)
@given(**PARTS, answers=STREAMS)
@quick
def test_same_input_same_decision(preset, fields, load, desired, answers):
    first, second = (
        list(replay(make(with_function(fields)), load, preset, desired, {CALL: streaming(answers)})) for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize("preset", ALL)
@given(**PARTS)
@quick
def test_a_function_without_an_opinion_changes_nothing(preset, fields, load, desired):
    """Size, bounds, recommendations and what the next decision goes by are the same, tick by tick."""
    plain = replay(make(fields), load, preset, desired, {})
    joined = replay(make(with_function(fields)), load, preset, desired, {CALL: answering(None)})
    for one, other in zip(plain, joined, strict=True):
        assert one._replace(reasons=()) == other._replace(reasons=())


@pytest.mark.parametrize("preset", ALL)
@given(**PARTS)
@quick
def test_a_function_that_asks_for_the_size_there_is_holds_it_against_scaling_in_alone(preset, fields, load, desired):
    alone = once(make(fields), load, preset, desired)
    held = once(make(with_function(fields)), load, preset, desired, asking(desired))
    inside = alone.minimum <= desired <= alone.maximum
    assert held.size == (max(alone.size, desired) if inside else alone.size)


@pytest.mark.parametrize("preset", ALL)
@given(**PARTS, asked=st.integers(0, 20), more=st.integers(0, 10))
@quick
def test_whoever_asks_for_more_never_gets_less(preset, fields, load, desired, asked, more):
    group = make(with_function(fields))
    sizes = [once(group, load, preset, desired, asking(size)).size for size in (asked, asked + more)]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize("preset", ALL)
@given(amount=(OUT | IN).filter(lambda one: "to" not in one), desired=st.integers(1, 12))
@quick
def test_a_function_does_as_the_simple_policy_that_asks_for_the_same(preset, amount, desired):
    """The policy's alarm is in ALARM; the function asks for the same size and stands in the policy's place."""
    alarm = {"metric": "cpu", "above": 50}
    simple = web(policies={"own": amount}, alarms={"on": {**alarm, "triggers": ["own"]}})
    python = web(alarms={"on": alarm})
    asked = adjust(desired, rounding=find_preset(preset).percent, **amount)
    seen = {"alarms": {"on": [90.0] * 5}}
    wanted = decide(simple, Observation(desired=desired, **seen), History(), START, preset)
    assert [one.size for one in wanted.recommendations] == [asked]
    assert decided(asking(asked), desired, preset, python, **seen).size == wanted.size


@pytest.mark.parametrize("preset", NO_DATA_HOLDS)
@given(**PARTS, error=ERRORS)
@quick
def test_nothing_scales_in_beside_a_function_that_fails(preset, fields, load, desired, error):
    """As beside a metric that cannot be read; all presets but EC2. Whether it fails or is missing is all the same."""
    group = make(with_function(fields))
    failed, missing = (once(group, load, preset, desired, function) for function in (answering(error), None))
    assert failed.size >= min(desired, failed.maximum)
    assert failed.size == missing.size


@pytest.mark.parametrize("preset", ["ec2", "ec2-group"])
@given(**PARTS, error=ERRORS)
@quick
def test_on_ec2_a_function_that_fails_is_not_there(preset, fields, load, desired, error):
    """There each alarm says itself what missing data do, and a function has none."""
    group = make(with_function(fields))
    assert once(group, load, preset, desired, answering(error)).size == once(make(fields), load, preset, desired).size
