"""Functions that a fleet names: imported where the caller allows it, nowhere else, and every mistake with its line."""

import subprocess
import sys
import textwrap

import pytest

import trimtab as tt
from trimtab.declarations import Means, support_of
from trimtab.engine import History, Observation, decide
from trimtab.errors import ConfigError, InvalidArgument
from trimtab.models.built_in import BUILT_IN

FILE = """\
name: shop
controller: true
groups:
  web:
    capacity: {min: 1, max: 9}
    template: {image: ami-1, size: t3.small}
    policies:
      drain:
        type: python
        call: %s
"""
MODULE = """
import trimtab as tt
print("imported", __name__)

@tt.policy
def drain(group, observation, history, now):
    return tt.Recommendation(7, "seven")

def plain(group, observation, history, now):
    return None

number = 5
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A name of a package, new for each test, with a module `policies` and one beside it of a longer name."""
    name = f"acme_{tmp_path.name.replace('-', '_')}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "policies.py").write_text(MODULE)
    (folder / "policies_of_others.py").write_text(MODULE)
    (folder / "broken.py").write_text("raise RuntimeError('two\\nlines')")
    (folder / "leaving.py").write_text("exit(3)")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        del sys.modules[module]


def fleet(call):
    return tt.parse_fleet(FILE % call, name="fleet.yaml", env={})


def refused(call, allow):
    with pytest.raises(ConfigError) as caught:
        tt.load_policies(fleet(call), allow=allow)
    (problem,), (place,) = caught.value.problems, caught.value.places
    head = "fleet.yaml:10: group web, policies.drain.call: "
    assert place == ("fleet.yaml", 10, 9)
    assert problem.startswith(head)
    return problem.removeprefix(head)


@pytest.mark.parametrize("allow", ["{0}", "{0}.policies"])
def test_what_is_allowed_is_imported_and_decides(package, capsys, allow):
    call = f"{package}.policies:drain"
    functions = tt.load_policies(fleet(call), allow=[allow.format(package), "another"])
    assert capsys.readouterr().out == f"imported {package}.policies\n"
    assert list(functions) == [call]
    now = tt.ManualClock().now()
    assert decide(fleet(call)["web"], Observation(desired=2), History(), now, functions=functions).size == 7


@pytest.mark.parametrize("allow", [[], ["acme"], ["{0}.other"], ["{0}.policies.deeper"], ["{0}.policies_of"]])
def test_what_is_not_allowed_is_not_imported(package, capsys, allow):
    call = f"{package}.policies_of_others:drain"
    said = refused(call, [prefix.format(package) for prefix in allow])
    module = f"{package}.policies_of_others"
    fix = f'load_policies(..., allow=["{module}"]), or --allow-python {module}'
    assert said == f"{module} may not be imported; allow it if you trust it: {fix}"
    assert capsys.readouterr().out == ""
    assert module not in sys.modules


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("broken:drain", "{0}.broken cannot be imported: RuntimeError: two lines"),
        ("leaving:drain", "{0}.leaving cannot be imported: SystemExit: 3"),
        ("nothing:drain", "{0}.nothing cannot be imported: ModuleNotFoundError: No module named '{0}.nothing'"),
        ("policies:plain", "{0}.policies:plain is not a policy function; mark it with `@trimtab.policy`"),
        ("policies:number", "{0}.policies:number is not a policy function; mark it with `@trimtab.policy`"),
        ("policies:darin", "{0}.policies has no 'darin'; did you mean 'drain'?"),
        ("policies:zz", "{0}.policies has no 'zz'; define it there"),
    ],
)
def test_what_is_no_policy_is_an_error_with_its_line(package, call, text):
    assert refused(f"{package}.{call}", [package]) == text.format(package)


def test_all_problems_are_told_at_once_and_a_fleet_made_in_python_has_no_lines():
    policies = [tt.PythonPolicy(name=name, call=f"acme.{name}:drain") for name in ("one", "two")]
    web = fleet("a:b")["web"].replace(policies=policies)
    with pytest.raises(ConfigError) as caught:
        tt.load_policies(tt.Fleet(name="shop", groups=[web]), allow=())
    assert [problem.partition(": ")[0] for problem in caught.value.problems] == [
        "group web, policies.one.call",
        "group web, policies.two.call",
    ]
    assert caught.value.places == (None, None)


def test_a_disabled_policy_is_not_imported():
    disabled = FILE % "acme.policies:drain" + "        enabled: false\n"
    assert tt.load_policies(tt.parse_fleet(disabled, env={}), allow=[]) == {}


@pytest.mark.parametrize(
    "allow", ["acme", None, [5], ["*"], [""], ["acme."], ["acme.policies:drain"], ["acme-policies"]]
)
def test_what_is_no_list_of_modules_is_refused(allow):
    with pytest.raises(InvalidArgument, match=r"^allow: "):
        tt.load_policies(fleet("acme.policies:drain"), allow=allow)


def test_loading_checking_and_planning_import_nothing(package, tmp_path):
    """Nothing of what a file names: a process that does all of it prints no line of the module's."""
    path = tmp_path / "fleet.yaml"
    path.write_text(FILE % f"{package}.policies:drain")
    program = f"""
        import sys
        import trimtab as tt
        sys.path.insert(0, {str(tmp_path)!r})
        fleet = tt.load_fleet({str(path)!r})
        tt.check_fleet(fleet)
        with tt.connect("memory") as cloud:
            cloud.plan(fleet)
            cloud.status(fleet)
        assert tt.parse_fleet(tt.dump_fleet(fleet), env={{}}) == fleet
        assert not [name for name in sys.modules if name.startswith({package!r})]
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("call", ["drain", "a.b.c", "os:system:x", "../x:y", "a:b.c", "5", "[a]", "a b:c"])
def test_a_file_that_names_no_function_is_refused_with_its_line(call):
    with pytest.raises(ConfigError) as caught:
        fleet(call)
    (problem,) = caught.value.problems
    assert problem.startswith("fleet.yaml:10: group web, policies.drain.call: ")


@pytest.mark.parametrize("provider", BUILT_IN)
def test_no_cloud_calls_a_function(provider):
    """Whatever a provider declares; without the controller's consent the plan says so, with the line."""
    assert support_of("python policy", provider).means is Means.CONTROLLER


def test_a_plan_without_the_controller_is_refused_with_the_line():
    own = fleet("acme.policies:drain").replace(controller=False)
    with tt.connect("memory") as cloud:
        (problem,) = cloud.plan(own).problems
    assert str(problem).endswith(
        "policies.drain: python policy: only a running trimtab calls it; "
        "have the controller do it by `controller: true` of the fleet"
    )
