"""What counts as reading the environment, and what makes an unset variable harmless."""

from __future__ import annotations

from project import module, reads


def test_a_subscript_requires_its_variable():
    assert ["BUCKET required"] == reads('bucket = os.environ["BUCKET"]')


def test_get_and_getenv_do_not():
    assert ["A optional", "B optional", "C optional"] == reads(
        """
        os.environ.get("A")
        os.environ.get("B", "b")
        os.getenv("C")
        """
    )


def test_a_default_that_is_itself_required():
    """Python works out the default before it looks the name up."""
    assert ["OUTPUT optional", "INPUT required"] == reads('os.environ.get("OUTPUT", os.environ["INPUT"])')


def test_the_text_of_a_default_is_kept():
    assert ["dev", None] == [
        read.default for read in module('import os\nos.getenv("A", "dev"); os.getenv("B")').env_reads
    ]


def test_other_names_for_the_same_thing():
    assert ["A required", "B required", "C optional", "D required", "E optional", "F required"] == reads(
        """
        import os as _os
        from os import environ, getenv as look
        _os.environ["A"]
        environ["B"]
        look("C")
        env = os.environ
        env["D"]
        get = os.environ.get
        get("E")
        os.environ.__getitem__("F")
        """
    )


def test_a_parameter_called_environ_is_not_the_environment():
    assert [] == reads(
        """
        from os import environ
        def parse(environ):
            return environ["A"]
        """
    )


def test_a_mapping_that_is_the_environment_unless_another_is_given():
    assert ["A required in f conditional", "B optional in f conditional", "C required in g conditional"] == reads(
        """
        def f(environ=None):
            source = os.environ if environ is None else environ
            return source["A"], source.get("B")
        def g(environ=os.environ):
            return environ["C"]
        """
    )


def test_pop_and_del_fail_without_a_default():
    assert ["A required", "B optional", "C required"] == reads(
        """
        os.environ.pop("A")
        os.environ.pop("B", None)
        del os.environ["C"]
        """
    )


def test_names_behind_constants():
    assert [
        "TABLE required",
        "APP_QUEUE required",
        "TOPIC required",
        "KEY required in f",
        "BUCKET required in Reader.read",
    ] == (
        reads(
            """
            NAME = "TABLE"
            PREFIX = "APP"
            NAMES = {"topic": "TOPIC"}
            os.environ[NAME]
            os.environ[f"{PREFIX}_QUEUE"]
            os.environ[NAMES["topic"]]
            def f():
                key = "KEY"
                return os.environ[key]
            class Reader:
                VARIABLE = "BUCKET"
                def read(self):
                    return os.environ[self.VARIABLE]
            """
        )
    )


def test_a_name_that_changes_is_not_known():
    assert ["? required"] == reads(
        """
        name = "A"
        if os.name == "nt":
            name = "B"
        os.environ[name]
        """
    )


def test_a_computed_name_is_counted_but_not_known():
    assert ["? optional in f"] == reads(
        """
        def f(region):
            return os.environ.get(f"ARN_{region.upper()}")
        """
    )


def test_loops_over_literals():
    assert ["A required", "B required", "C required", "D required", "E required"] == reads(
        """
        for name in ("A", "B"):
            os.environ[name]
        PAIRS = [("c", "C")]
        settings = {key: os.environ[name] for key, name in PAIRS}
        for key, name in {"d": "D", "e": "E"}.items():
            settings[key] = os.environ[name]
        """
    )


def test_class_bodies_decorators_and_defaults_run_on_import():
    assert ["A required", "B required", "C required"] == reads(
        """
        class Config:
            table = os.environ["A"]
        @retry(os.environ["B"])
        def f(x=os.environ["C"]):
            pass
        """
    )


def test_lambdas_run_when_they_are_called():
    assert ["A required in Config.<lambda>"] == reads(
        """
        @dataclass
        class Config:
            table: str = field(default_factory=lambda: os.environ["A"])
        """
    )


def test_a_membership_test_is_an_optional_read():
    assert ["A optional", "B optional"] == reads('"A" in os.environ\n"B" not in os.environ')


def test_tested_variables_are_guarded():
    assert [
        "A optional",
        "A required conditional (tested)",
        "B optional",
        "B required conditional (tested)",
        "C required conditional (tested)",
        "C optional",
        "D optional",
        "D required conditional (tested)",
        "E optional",
        "E required conditional (tested)",
    ] == reads(
        """
        if "A" in os.environ:
            os.environ["A"]
        if os.environ.get("B"):
            os.environ["B"]
        x = os.environ["C"] if os.getenv("C") is not None else ""
        y = "D" in os.environ and os.environ["D"]
        if "E" not in os.environ:
            pass
        else:
            os.environ["E"]
        """
    )


def test_an_early_return_is_a_guard():
    assert ["A optional in f", "A required in f (tested)", "B required in f"] == reads(
        """
        def f():
            if not os.environ.get("A"):
                return None
            return os.environ["A"], os.environ["B"]
        """
    )


def test_a_guard_ends_with_its_branch():
    assert ["A optional", "A required"] == reads(
        """
        if "A" in os.environ:
            pass
        os.environ["A"]
        """
    )


def test_a_test_of_another_variable_is_no_guard_but_a_condition():
    assert ["MODE optional", "A required conditional"] == reads(
        """
        if os.environ.get("MODE") == "x":
            os.environ["A"]
        """
    )


def test_the_second_operand_of_or():
    assert ["A optional", "B required conditional"] == reads('os.environ.get("A") or os.environ["B"]')


def test_exception_handlers():
    assert [
        "A required (except KeyError)",
        "B required (except KeyError)",
        "C required (except Exception)",
        "D required (except Exception)",
        "E required",
        "F required (except KeyError)",
    ] == reads(
        """
        try:
            os.environ["A"]
        except KeyError:
            pass
        try:
            os.environ["B"]
        except (LookupError, TypeError):
            pass
        try:
            os.environ["C"]
        except Exception as error:
            print(error)
        try:
            os.environ["D"]
        except:
            pass
        try:
            os.environ["E"]
        except ValueError:
            pass
        with contextlib.suppress(KeyError):
            os.environ["F"]
        """
    )


def test_a_handler_that_raises_again_protects_nothing():
    assert ["A required", "B required"] == reads(
        """
        try:
            os.environ["A"]
        except KeyError as error:
            raise RuntimeError("A is missing") from error
        try:
            os.environ["B"]
        except Exception:
            print("B")
            sys.exit(1)
        """
    )


def test_only_the_body_of_a_try_is_protected():
    """What a KeyError leads to is a second choice, the rest runs in the ordinary way."""
    assert ["A required", "B required conditional (except KeyError)", "C required", "D required"] == reads(
        """
        try:
            os.environ["A"]
        except ValueError:
            pass
        try:
            pass
        except KeyError:
            os.environ["B"]
        else:
            os.environ["C"]
        finally:
            os.environ["D"]
        """
    )


def test_variables_that_the_program_sets():
    assert [
        "A required (assigned)",
        "B optional",
        "B required (assigned)",
        "C required (assigned)",
        "D required in f (assigned)",
        "E required in f",
    ] == reads(
        """
        os.environ["A"] = "1"
        os.environ["A"]
        os.environ.setdefault("B", "2")
        os.environ["B"]
        os.environ.update({"C": "3"}, D="4")
        os.environ["C"]
        def f():
            os.environ["D"]
            os.environ["E"]
            os.environ["E"] = "too late"
        """
    )


def test_an_update_with_unknown_names_may_set_anything():
    assert ["A required (assigned)"] == reads('os.environ.update(load())\nos.environ["A"]')


def test_code_that_lambda_never_runs():
    assert ["A required (__main__)", "B required (TYPE_CHECKING)", "C required"] == reads(
        """
        if __name__ == "__main__":
            os.environ["A"]
        if TYPE_CHECKING:
            os.environ["B"]
        else:
            os.environ["C"]
        """
    )


def test_what_stands_in_for_a_missing_module():
    assert ["A required conditional (except ImportError)"] == reads(
        """
        try:
            import shared
        except ImportError:
            os.environ["A"]
        """
    )


def test_a_variable_is_required_when_its_absence_raises():
    assert ["A required", "B required in f", "C required in f", "D required", "E required", "F required"] == reads(
        """
        if "A" not in os.environ:
            raise RuntimeError("A")
        def f():
            bucket = os.environ.get("B")
            table = os.environ.get("C", "")
            if not bucket or not table:
                raise ValueError("incomplete")
        assert os.getenv("D")
        missing = [name for name in ("E", "F") if not os.environ.get(name)]
        if missing:
            sys.exit(missing)
        """
    )


def test_an_exit_that_needs_the_variable_is_a_check():
    assert ["A required in f"] == reads(
        """
        def f():
            value = os.environ.get("A")
            if value:
                return value
            raise RuntimeError("A")
        """
    )


def test_an_exception_behind_an_exit_for_another_reason_is_none():
    assert ["A optional in f"] == reads(
        """
        def f(path):
            chosen = os.environ.get("A", "")
            if chosen and chosen not in path:
                return None
            if path.isspace():
                raise ValueError(path)
        """
    )


def test_only_the_innermost_test_makes_an_exception_a_check():
    assert ["A optional in f", "B optional in f", "C required in f conditional"] == reads(
        """
        def f(event):
            if os.environ.get("A"):
                pass
            elif event.get("x"):
                raise ValueError("x")
            if os.environ.get("B"):
                pass
            elif not os.environ.get("C"):
                raise ValueError("C")
        """
    )


def test_a_check_is_harmless_where_its_exception_is_caught():
    assert ["A required (caught)"] == reads(
        """
        try:
            if not os.environ.get("A"):
                raise ValueError
        except ValueError:
            pass
        """
    )


def test_one_of_two_is_enough():
    assert ["A optional", "B optional conditional"] == reads(
        """
        if not os.environ.get("A") and not os.environ.get("B"):
            raise ValueError
        """
    )


def test_a_value_from_elsewhere_may_stand_in():
    assert ["A optional in handler conditional"] == reads(
        """
        def handler(event, context):
            bucket = event.get("bucket") or os.environ.get("A")
            if not bucket:
                raise ValueError
        """
    )


def test_a_name_that_got_another_value_is_not_the_variable_any_more():
    assert ["A optional in handler"] == reads(
        """
        def handler(event, context):
            bucket = os.environ.get("A")
            if not bucket:
                bucket = event["bucket"]
            if not bucket:
                raise ValueError
        """
    )


def test_a_list_may_have_grown_before_it_is_tested():
    assert ["A required in f conditional"] == reads(
        """
        def f(records):
            found = []
            for record in records:
                found.append(record)
            if found:
                os.environ["A"]
        """
    )


def test_the_environment_passed_on_whole():
    code = """
        import os, subprocess
        a = dict(os.environ)
        b = {**os.environ}
        c = os.environ.copy()
        subprocess.run(["x"], env=os.environ)
        for name, value in os.environ.items():
            pass
        def f():
            return os.environ
        class Settings(BaseSettings):
            table: str
        """
    found = module(code)
    data = found.source.data
    texts = [data[at.span.start : at.span.end].decode() for at in found.env_escapes if at.span]
    assert sorted(
        [
            "os.environ",
            "os.environ",
            "os.environ.copy()",
            "os.environ",
            "os.environ.items()",
            "os.environ",
            "BaseSettings",
        ]
    ) == sorted(texts)


def test_tracked_uses_do_not_count_as_passed_on():
    assert () == module('import os\nenv = os.environ\nenv["A"]; "B" in env; env.get("C"); env["D"] = ""').env_escapes


def test_places_are_bytes():
    """Columns of the syntax tree count UTF-8 bytes, and a byte order mark moves everything."""
    found = module('\ufeffimport os\nx = "日本語", os.environ["出力"]\n')
    (read,) = found.env_reads
    assert read.at.span is not None
    assert 'os.environ["出力"]' == found.source.data[read.at.span.start : read.at.span.end].decode()
