"""Code that runs in the process of its tests cannot make the judge believe that they passed."""

from __future__ import annotations

import pytest
from support.gate_trees import MODULE, Judge, rules

WRONG = MODULE.replace("a + b", "a - b")

TELL_PASSED = """
def tell_passed(say):
    for name in ("test_add", "test_half[1]", "test_half[2]", "TestNegative::test_is_refused"):
        test = "tests/test_calc.py::" + name
        say("start", id=test)
        for when in ("setup", "call", "teardown"):
            say("phase", id=test, when=when, told="passed", truth="passed")
        say("reached", id=test.partition("[")[0])
        say("finish", id=test)
    say("end", exit=0)
"""

# Each of these is a conftest.py. It may take part in everything that pytest does.
ROADS = {
    "the recorder among the plugins": (
        "import posix\n"
        "def pytest_collection_finish(session):\n"
        "    for plugin in session.config.pluginmanager.get_plugins():\n"
        "        if type(plugin).__name__ == 'Recorder':\n"
        "            tell_passed(plugin._say)\n            posix._exit(0)\n"
    ),
    "the report on the stack": (
        "import posix, sys\n"
        "def pytest_collection_finish(session):\n"
        "    frame = sys._getframe()\n"
        "    while frame:\n"
        "        report = frame.f_locals.get('report')\n"
        "        if hasattr(report, 'say'):\n"
        "            tell_passed(report.say)\n            posix._exit(0)\n"
        "        frame = frame.f_back\n"
    ),
    "the report in the memory": (
        "import gc, posix\n"
        "def pytest_collection_finish(session):\n"
        "    gc.unfreeze()\n"
        "    for thing in gc.get_objects():\n"
        "        if type(thing).__name__ in ('Report', 'SealedReport'):\n"
        "            tell_passed(thing.say)\n            posix._exit(0)\n"
    ),
    "the key in the memory": (
        "import gc, json, os, posix, types\nfrom hashlib import blake2b\n"
        "def pytest_collection_finish(session):\n"
        "    gc.unfreeze()\n"
        "    for thing in gc.get_objects():\n"
        "        named = isinstance(thing, types.FunctionType) and thing.__name__ == 'tell'\n"
        "        if named and thing.__closure__:\n"
        "            held = dict(zip(thing.__code__.co_freevars, thing.__closure__))\n"
        "            key, number = held['key'].cell_contents, held['number'].cell_contents\n"
        "            fd = held['descriptor'].cell_contents\n"
        "            def say(kind, **fields):\n"
        "                nonlocal number\n"
        "                text = f\"{number} {json.dumps({'kind': kind, **fields})}\".encode()\n"
        "                number += 1\n"
        "                mac = blake2b(text, key=key, digest_size=16).hexdigest().encode()\n"
        "                os.write(fd, b'\\n' + mac + b' ' + text + b'\\n')\n"
        "            tell_passed(say)\n            posix._exit(0)\n"
    ),
    "the event itself": (
        "import json, posix, sys\n"
        "def pytest_collection_finish(session):\n"
        "    def say(kind, **fields):\n"
        "        sys.audit('devteam.said', kind, json.dumps({'kind': kind, **fields}))\n"
        "    tell_passed(say)\n"
        "    posix._exit(0)\n"
    ),
    "every descriptor": (
        "import json, os, posix\n"
        "def pytest_collection_finish(session):\n"
        "    for number in range(1, 64):\n"
        "        def say(kind, **fields):\n"
        "            try:\n"
        "                os.write(number, json.dumps({'kind': kind, **fields}).encode() + b'\\n')\n"
        "            except OSError:\n                pass\n"
        "        tell_passed(say)\n    posix._exit(0)\n"
    ),
    "a pipe in the place of every descriptor": (
        "import json, os, posix\n"
        "def pytest_collection_finish(session):\n"
        "    kept, marks = {}, []\n"
        "    reading, writing = os.pipe()\n"
        "    for number in range(3, 32):\n"
        "        if number in (reading, writing):\n            continue\n"
        "        try:\n            kept[number] = os.dup(number)\n            os.dup2(writing, number)\n"
        "        except OSError:\n            pass\n"
        "    session.config.hook.pytest_runtest_logstart(nodeid='x', location=('x', 1, 'x'))\n"
        "    os.set_blocking(reading, False)\n"
        "    caught = os.read(reading, 100000).strip()\n"
        "    mark = caught.partition(b' ')[0]\n"
        "    for number, saved in kept.items():\n        os.dup2(saved, number)\n"
        "    def say(kind, **fields):\n"
        "        for number in kept:\n"
        "            try:\n"
        "                line = json.dumps({'kind': kind, **fields}).encode()\n"
        "                os.write(number, b'\\n' + mark + b' ' + line + b'\\n')\n"
        "            except OSError:\n                pass\n"
        "    tell_passed(say)\n    posix._exit(0)\n"
    ),
    "the hooks of pytest": (
        "import posix\nfrom _pytest.reports import TestReport\nfrom _pytest.runner import CallInfo\n"
        "def pytest_collection_finish(session):\n"
        "    hook = session.config.hook\n"
        "    for item in session.items:\n"
        "        if 'test_calc' not in item.nodeid:\n            continue\n"
        "        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)\n"
        "        for when in ('setup', 'call', 'teardown'):\n"
        "            call = CallInfo.from_call(lambda: None, when)\n"
        "            report = hook.pytest_runtest_makereport(item=item, call=call)\n"
        "            hook.pytest_runtest_logreport(report=report)\n"
        "        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)\n"
        "    session.items[:] = [item for item in session.items if 'test_calc' not in item.nodeid]\n"
    ),
    "what the recorder knows": (
        "def pytest_runtest_logreport(report):\n    pass\n"
        "def pytest_runtest_teardown(item):\n"
        "    for plugin in item.config.pluginmanager.get_plugins():\n"
        "        if type(plugin).__name__ == 'Recorder' and 'test_calc' in item.nodeid:\n"
        "            class Truth(dict):\n"
        "                def get(self, *args):\n                    return {'truth': 'passed'}\n"
        "                def __setitem__(self, key, value):\n"
        "                    super().__setitem__(key, {'truth': 'passed'})\n"
        "            plugin._truth = Truth()\n"
        "def pytest_collection_finish(session):\n"
        "    for item in session.items:\n        if 'test_calc' in item.nodeid:\n"
        "            pytest_runtest_teardown(item)\n"
        "import pytest\n"
        "@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport(item, call):\n"
        "    if 'test_calc' in item.nodeid:\n        call.excinfo = None\n"
        "    outcome = yield\n"
    ),
    "a recorder of its own in the place of ours": (
        "def pytest_collection_finish(session):\n"
        "    manager = session.config.pluginmanager\n"
        "    for plugin in manager.get_plugins():\n"
        "        if type(plugin).__name__ == 'Recorder':\n"
        "            manager.unregister(plugin)\n            say = plugin._say\n"
        "    tell_passed(say)\n"
    ),
}  # fmt: skip

# These leave the report alone and see to it that the tests of one file cannot fail.
SELECTIVE = {
    "a hook that runs other tests only": (
        "def pytest_pyfunc_call(pyfuncitem):\n    return True if 'test_calc' in pyfuncitem.nodeid else None\n"
    ),
    "a hook that swallows in one file only": (
        "def pytest_pyfunc_call(pyfuncitem):\n"
        "    if 'test_calc' not in pyfuncitem.nodeid:\n        return None\n"
        "    names = pyfuncitem._fixtureinfo.argnames\n"
        "    try:\n        pyfuncitem.obj(**{n: pyfuncitem.funcargs[n] for n in names})\n"
        "    except BaseException:\n        pass\n    return True\n"
    ),
    "errors that are forgotten": (
        "import pytest\n\n\n@pytest.hookimpl(hookwrapper=True, tryfirst=True)\n"
        "def pytest_runtest_makereport(item, call):\n"
        "    if 'test_calc' in item.nodeid:\n        call.excinfo = None\n    yield\n"
    ),
    "tests with other bodies": (
        "def pytest_collection_finish(session):\n"
        "    for item in session.items:\n"
        "        if 'test_calc' in item.nodeid:\n"
        "            item._obj = lambda *args, **kwargs: None\n"
    ),
    "test functions with other code": (
        "def pytest_collection_finish(session):\n"
        "    for item in session.items:\n"
        "        if item.name == 'test_add':\n"
        "            item.obj.__code__ = (lambda: None).__code__\n"
    ),
    "other code that tells of its end": (
        "import sys\n"
        "def pytest_collection_finish(session):\n"
        "    def test_add():\n        __import__('sys').audit('devteam.reached')\n"
        "    for item in session.items:\n"
        "        if item.name == 'test_add':\n            item.obj.__code__ = test_add.__code__\n"
    ),
    "a file that is compiled by the workspace first": (
        "import sys\n"
        "text = 'import sys\\ndef test_add():\\n    sys.audit(\"devteam.reached\")\\n'\n"
        "code = compile(text, __file__.replace('conftest', 'test_calc'), 'exec')\n"
        "sys.audit('devteam.compiled', 'tests/test_calc.py', code)\n"
        "space = {}\nexec(code, space)\n"
        "def pytest_collection_finish(session):\n"
        "    for item in session.items:\n"
        "        if item.name == 'test_add':\n            item._obj = space['test_add']\n"
    ),
    "a jump over the assertion": (
        "import sys\n"
        "def pytest_runtest_call(item):\n"
        "    if item.name != 'test_add':\n        return\n"
        "    def local(frame, event, arg):\n"
        "        if event == 'line':\n            frame.f_lineno = 10**6\n"
        "        return local\n"
        "    sys.settrace(lambda frame, event, arg: local if frame.f_code.co_name == 'test_add' else None)\n"
    ),
    "a loader of its own": (
        "import importlib.util, sys\n"
        "from importlib.machinery import SourceFileLoader\n"
        "class Loader(SourceFileLoader):\n"
        "    def get_data(self, path):\n"
        "        data = super().get_data(path)\n"
        "        return data.replace(b'== 3', b'!= 3') if path.endswith('test_calc.py') else data\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.endswith('test_calc'):\n"
        "            place = __file__.replace('conftest', 'test_calc')\n"
        "            return importlib.util.spec_from_loader(name, Loader(name, place))\n"
        "sys.meta_path.insert(0, Finder())\n"
    ),
    "memory by its file": (
        "open('/proc/self/mem', 'rb').close()\n"
        "def pytest_pyfunc_call(pyfuncitem):\n    return True if 'test_calc' in pyfuncitem.nodeid else None\n"
    ),
}  # fmt: skip


def attack(files: dict[str, str], conftest: str) -> dict[str, str]:
    return {**files, "app/calc.py": WRONG, "tests/conftest.py": conftest}


@pytest.mark.parametrize("road", ROADS.values(), ids=ROADS.keys())
def test_no_road_leads_to_the_report(judged: Judge, good: dict[str, str], road: str) -> None:
    result = judged("tests", attack(good, TELL_PASSED + road))
    assert result.status == "fail", result.why
    assert rules(result) & {"runner-access", "early-exit", "not-run", "forged-report", "canary"}


@pytest.mark.parametrize("cheat", SELECTIVE.values(), ids=SELECTIVE.keys())
def test_tests_that_cannot_fail_are_not_believed(judged: Judge, good: dict[str, str], cheat: str) -> None:
    result = judged("tests", attack(good, cheat))
    assert result.status == "fail", result.why
    assert rules(result) & {"runner-access", "early-exit", "not-run", "forged-report", "canary"}
