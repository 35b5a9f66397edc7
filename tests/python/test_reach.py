"""Which reads happen when Lambda imports a module and calls its handler."""

from __future__ import annotations

import pytest
from project import closure, required, touched


def test_on_import_and_in_the_handler():
    assert ["A", "B"] == required(
        """
        import os
        A = os.environ["A"]
        def handler(event, context):
            return os.environ["B"]
        def unused():
            return os.environ["C"]
        """
    )


def test_a_shared_module_serves_other_handlers_too():
    files = {
        "handler.py": """
            from shared.helper import mine
            def handler(event, context):
                return mine()
            """,
        "shared/__init__.py": "",
        "shared/helper.py": """
            import os
            ON_IMPORT = os.environ["A"]
            def mine():
                return deeper()
            def deeper():
                return os.environ["B"]
            def theirs():
                return os.environ["C"]
            class Theirs:
                def __init__(self):
                    self.table = os.environ["D"]
            """,
    }
    assert ["A", "B"] == required(files)


@pytest.mark.parametrize(
    "use",
    [
        "import shared.helper\ndef handler(e, c): return shared.helper.f()",
        "import shared.helper as h\ndef handler(e, c): return h.f()",
        "from shared import helper\ndef handler(e, c): return helper.f()",
        "from shared.helper import *\ndef handler(e, c): return f()",
        "from shared import f\ndef handler(e, c): return f()",
        "from shared.helper import f as g\nTABLE = {'x': g}\ndef handler(e, c): return TABLE[e['x']]()",
        "from shared.helper import f\ndef handler(e, c): return list(map(f, e))",
        "def handler(e, c):\n    from shared.helper import f\n    return f()",
        "from shared.helper import f\nhandler = f",
        "from shared.helper import f\nhandler = wrap(f)",
        "from shared.helper import f\nhandler = lambda e, c: f()",
        "from shared.helper import f as handler",
        "from shared import helper\ndef handler(e, c): return getattr(helper, 'f')()",
        "from shared import helper\nasync def handler(e, c): return await helper.f()",
        "from shared.helper import f\n@f\ndef handler(e, c): ...",
    ],
)
def test_ways_to_a_function_of_another_module(use: str):
    files = {
        "handler.py": use,
        "shared/__init__.py": "from shared.helper import f\n",
        "shared/helper.py": "import os\ndef f(*a):\n    return os.environ['A']\ndef g():\n    return os.environ['B']\n",
    }
    assert {"A"} == {name.removesuffix(" when …") for name in required(files)}


def test_methods_are_reached_by_their_names():
    assert ["INIT", "LOOP", "USED", "SELF"] == required(
        """
        import os
        class Client:
            def __init__(self):
                self.table = os.environ["INIT"]
            def __iter__(self):
                return iter(os.environ["LOOP"])
            def used(self):
                return os.environ["USED"] + self.inner()
            def inner(self):
                return os.environ["SELF"]
            def unused(self):
                return os.environ["UNUSED"]
        def handler(event, context):
            return Client().used()
        """
    )


def test_a_method_of_the_same_name_on_another_object():
    """What boto3 returns is not ours, and a class that is never made has no methods."""
    assert [] == required(
        """
        import os
        import boto3
        from functools import cache
        class Store:
            def put_item(self, item):
                return os.environ["A"]
        class Unused:
            def get_object(self):
                return os.environ["B"]
        table = boto3.resource("dynamodb").Table("x")
        s3 = boto3.client("s3")
        def handler(event, context):
            local = boto3.client("dynamodb")
            local.put_item(event)
            table.put_item(event)
            return s3.get_object()
        """
    )


def test_the_class_of_an_instance_is_known():
    files = {
        "handler.py": """
            import os
            from stores import First, Second
            first, second = First(), Second()
            def handler(event, context):
                helper = Helper(first)
                return helper.run()
            class Helper:
                def __init__(self, store):
                    self.own = First()
                def run(self):
                    return self.own.load()
            """,
        "stores.py": """
            import os
            class First:
                def load(self):
                    return os.environ["A"]
            class Second:
                def load(self):
                    return os.environ["B"]
            """,
    }
    assert ["A"] == required(files)


def test_inherited_and_overridden_methods():
    assert ["BASE", "HOOK"] == required(
        """
        import os
        class Base:
            def run(self):
                return os.environ["BASE"], self.hook()
            def hook(self):
                raise NotImplementedError
        class Mine(Base):
            def hook(self):
                return os.environ["HOOK"]
        class Other:
            def hook(self):
                return os.environ["OTHER"]
        def handler(event, context):
            return Mine().run()
        """
    )


def test_dispatch_by_a_computed_name():
    assert ["A when …", "B when …", "C when …"] == required(
        """
        import os
        class Dispatcher:
            def run(self, action):
                return getattr(self, f"do_{action}")()
            def do_a(self):
                return os.environ["A"]
            def do_b(self):
                return os.environ["B"]
            def other(self):
                return os.environ["OTHER"]
        def act_c():
            return os.environ["C"]
        def handler(event, context):
            globals()["act_" + event["x"]]()
            return Dispatcher().run(event["action"])
        """
    )


def test_functions_that_a_decorator_hands_to_an_object():
    files = {
        "handler.py": """
            from app import app
            import routes
            def handler(event, context):
                return app.resolve(event, context)
            """,
        "app.py": "app = Resolver()\n",
        "routes.py": """
            import os
            from app import app
            from aws_lambda_powertools import Tracer
            tracer = Tracer()
            @app.get("/")
            def index():
                return os.environ["A"]
            @tracer.capture_method
            def unused():
                return os.environ["B"]
            """,
    }
    assert ["A"] == required(files)


def test_a_decorator_of_another_function_is_not_run_for_it():
    assert ["A"] == required(
        """
        import os
        def needs(name):
            def decorate(function):
                def wrapper(*args):
                    return function(*args)
                return wrapper
            return decorate
        def logged(function):
            def wrapper(*args):
                os.environ["B"]
                return function(*args)
            return wrapper
        @needs("x")
        def handler(event, context):
            return os.environ["A"]
        @logged
        def unused():
            return os.environ["C"]
        """
    )


def test_a_decorator_of_the_handler_is():
    assert ["B"] == required(
        """
        import os
        def logged(function):
            def wrapper(*args):
                return os.environ["B"]
            return wrapper
        @logged
        def handler(event, context): ...
        """
    )


def test_lazy_imports_run_when_their_function_does():
    files = {
        "handler.py": """
            def handler(event, context):
                import first
            def unused():
                import second
            """,
        "first.py": "import os\nos.environ['A']\n",
        "second.py": "import os\nos.environ['B']\n",
    }
    assert ["A"] == required(files)
    assert ("handler.py", "first.py", "second.py") == closure(files).paths


def test_a_branch_makes_a_call_conditional_and_a_handler_makes_it_harmless():
    assert [
        "A required conditional",
        "B required (except KeyError)",
        "C required",
        "D required conditional (except Exception)",
    ] == touched(
        """
        import os
        def handler(event, context):
            if event.get("x"):
                a()
            try:
                b()
            except KeyError:
                pass
            try:
                c()
                if event:
                    d()
            except Exception:
                return
            c()
        def a():
            os.environ["A"]
        def b():
            os.environ["B"]
        def c():
            os.environ["C"]
        def d():
            os.environ["D"]
        """
    )


MODES = """
    import os
    MODE = os.environ.get("MODE", "standard")
    ENABLED = os.environ.get("ENABLED", "false").lower() == "true"
    def handler(event, context):
        if MODE == "standard":
            os.environ["BUCKET"]
        elif MODE == "access-point":
            os.environ["ALIAS"]
        if ENABLED:
            extra()
        if not os.environ.get("TABLE"):
            return None
        os.environ["KEY"]
    def extra():
        os.environ["EXTRA"]
    """


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ["BUCKET"]),
        ({"MODE": "access-point"}, ["ALIAS"]),
        ({"MODE": None}, ["BUCKET when …", "ALIAS when …"]),
        ({"ENABLED": "TRUE", "MODE": "x"}, ["EXTRA"]),
        ({"TABLE": None, "MODE": "x"}, ["KEY"]),
        ({"TABLE": None, "MODE": "x", "ENABLED": None}, ["KEY", "EXTRA when …"]),
        (None, ["BUCKET when …", "ALIAS when …", "KEY when …", "EXTRA when …"]),
    ],
)
def test_the_environment_decides_what_runs(environment: dict[str, str | None] | None, expected: list[str]):
    assert expected == required(MODES, environment)


SIMULATED = """
    import os
    from settings import SIMULATION
    def handler(event, context):
        if "job" not in event:
            return None
        if not os.environ.get("PREFIX"):
            raise RuntimeError("PREFIX")
        if os.environ.get("CLUSTER") and event["cluster"] != os.environ["CLUSTER"]:
            return None
        if SIMULATION:
            return simulate()
        return os.environ["SECRET"]
    """


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PREFIX": None, "CLUSTER": None}, []),
        ({"PREFIX": None, "CLUSTER": None, "SIMULATION": "false"}, ["SECRET"]),
        ({"PREFIX": None, "CLUSTER": None, "SIMULATION": None}, ["SECRET when …"]),
    ],
)
def test_an_early_return_that_the_environment_chooses(environment: dict[str, str | None], expected: list[str]):
    """An early return for another reason leaves what follows the ordinary course, and so does an exception."""
    settings = 'import os\nSIMULATION = os.environ.get("SIMULATION", "true").lower() == "true"\n'
    files = {"handler.py": SIMULATED, "settings.py": settings}
    assert expected == [name for name in required(files, environment) if "SECRET" in name]


def test_a_constant_of_another_module_decides_too():
    files = {
        "handler.py": """
            import os
            import config
            from config import MODE, VARIABLE, Names
            def handler(event, context):
                if MODE == "a":
                    os.environ["A"]
                if config.MODE == "b":
                    os.environ["B"]
                os.environ[VARIABLE], os.environ[config.VARIABLE], os.environ[Names.TABLE]
                for name in config.ALL:
                    os.environ[name]
            """,
        "config.py": """
            MODE = "a"
            VARIABLE = "C"
            ALL = ["E", "F"]
            class Names:
                TABLE = "D"
            """,
    }
    assert ["A", "C", "C", "D", "E", "F"] == required(files, {})


def test_what_any_module_sets_may_be_set():
    files = {
        "handler.py": "import os, prepare\ndef handler(e, c):\n    return os.environ['A']\n",
        "prepare.py": "import os\nos.environ['A'] = 'x'\n",
    }
    assert ["A required (assigned)"] == touched(files)


WRAPPERS = {
    "handler.py": """
        from settings import env, require, optional, many, checked, Settings
        NAME = "A"
        def handler(event, context):
            env(NAME)
            require(name="B")
            optional("C")
            optional("D", "d")
            many("E", "F")
            checked(["G", "H"])
            Settings("P_").get("I")
            env(event["name"])
            for name in ("J", "K"):
                env(name)
        """,
    "settings.py": """
        import os
        _MISSING = object()
        def env(name):
            return os.environ[name]
        def require(name):
            return env(name)
        def optional(name, default=_MISSING):
            if default is _MISSING:
                return os.environ[name]
            return os.environ.get(name, default)
        def many(*names):
            return [os.environ[name] for name in names]
        def checked(names):
            for name in names:
                if not os.environ.get(name):
                    raise RuntimeError(name)
        def unused():
            return env("Z")
        class Settings:
            def get(self, name):
                return os.environ[name]
        """,
}


def test_a_function_that_is_given_the_name():
    assert [
        "A required",
        "B required",
        "C required",
        "D optional",
        "E required",
        "F required",
        "G required",
        "H required",
        "I required",
        "? required",
        "J required",
        "K required",
    ] == touched(WRAPPERS)


def test_a_wrapped_read_stands_at_the_call_and_leads_to_the_read():
    project = closure(WRAPPERS)
    sources = {module.path: module.source for module in project.modules}
    (read,) = (read for read in project.environment_reads() if read.name == "B")
    assert 'require(name="B")' == sources["handler.py"].data[slice(read.at.span.start, read.at.span.end)].decode()  # type: ignore[union-attr]
    shown = [(place.path, place.excerpt.strip()) for place in (sources[at.subject].place(at) for at in read.related)]
    assert [("settings.py", "return env(name)"), ("settings.py", "return os.environ[name]")] == shown


def test_the_default_of_a_wrapper_names_a_variable():
    files = {
        "handler.py": """
            from shared import suffixes
            def handler(event, context):
                return suffixes("x"), suffixes("y", env_var="MINE")
            """,
        "shared.py": """
            import os
            def suffixes(default, env_var="SUFFIXES", environ=None):
                source = os.environ if environ is None else environ
                return source.get(env_var, "") or default
            """,
    }
    assert ["SUFFIXES optional conditional", "MINE optional conditional"] == touched(files)


def test_the_way_from_the_handler_to_the_read():
    files = {
        "handler.py": "from shared.helper import load\ndef handler(event, context):\n    return load()\n",
        "shared/helper.py": "import os\ndef load():\n    return inner()\ndef inner():\n    return os.environ['A']\n",
    }
    project = closure(files)
    sources = {module.path: module.source for module in project.modules}
    (read,) = project.environment_reads()
    shown = [(at.subject, sources[at.subject].place(at).line, at.note) for at in read.via]
    assert [
        ("handler.py", 2, "the handler"),
        ("handler.py", 3, "uses load"),
        ("shared/helper.py", 3, "uses inner"),
    ] == shown


def test_reads_on_import_are_marked():
    files = {
        "handler.py": "import os, a\nclass C:\n    def __call__(self, e, c):\n        os.environ['B']\nhandler = C()\n",
        "a.py": "import os\ndef f():\n    return os.environ['A']\nX = f()\n",
    }
    assert [("A", True), ("B", False)] == [(r.name, r.on_import) for r in closure(files).environment_reads()]


def test_a_handler_that_does_not_exist_reaches_what_is_imported():
    assert ["A"] == required("import os\nos.environ['A']\ndef other():\n    os.environ['B']\n")
