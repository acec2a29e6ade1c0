"""tools/tour.py: what ./run reports fits into 80 columns."""
import importlib.util
import pathlib

import pytest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "tour.py"


@pytest.fixture(scope="module")
def tour():
    spec = importlib.util.spec_from_file_location("kiln_tour", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name, short", [
    ("PerformanceOptimizedStack-OptimizedFunctionED806ADA-WQOP7HD8OE3N", "Optimized"),
    ("ConcurrencyOptimizedStack-StandardFunction2C238FC9-ZOKY8SD9E5JA", "Standard"),
    ("PerformanceOptimizedStack-ScalableTargetInvocationRateScalingUpperAlarm7F377F8C-BAS4VKIOFN26", "ScalableTargetInvocationRateScalingUpperAlarm"),
    ("TargetTracking-function:PerformanceOptimizedStack-OptimizedFunctionED806ADA-WQOP7HD8OE3N:PROD-AlarmLow-4e672101-8e24-492c-a4cc-8398abb90b3e",
     "Optimized:PROD-AlarmLow"),
    ("Standard-high-concurrency", "Standard-high-concurrency"),
    ("concurrency_controller", "concurrency_controller"),
])
def test_names_that_were_made_up_are_shown_by_what_they_are(tour, name, short):
    assert tour.short(name) == short


def test_a_table_of_such_names_fits(tour, capsys):
    alarm = "PerformanceOptimizedStack-ScalableTargetInvocationRateScalingUpperAlarm7F377F8C-BAS4VKIOFN26"
    tour.print_table(["TIME", "STATUS", "PROVISION", "ALARM"], [["23:59:00", "Successful", "to 10", alarm]])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
