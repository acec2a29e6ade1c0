"""The simulator beside the engine: the short ones of the workloads that bench/accuracy runs."""

import dataclasses

import pytest

import accuracy

SHORT = {"throttled": 3, "provisioned with spillover": 6, "target tracking": 7}


@pytest.mark.alone
@pytest.mark.parametrize("load", [one for one in accuracy.WORKLOADS if one.title in SHORT], ids=lambda load: load.title)
def test_the_simulator_says_what_the_engine_does(own_kiln, name, load, tmp_path):
    engine = own_kiln(args=["--speed", str(accuracy.SPEED)])
    *begin, (_, first, last) = load.rate
    load = dataclasses.replace(load, rate=(*begin, (SHORT[load.title], first, last)))
    measured, seen = accuracy.run(engine, name, load, tmp_path)
    simulated = accuracy.simulate(engine, name, load, seen, tmp_path)
    # The machine that tests run on is busy with others: bench/accuracy is what holds 10 %.
    wrong = {figure: (measured[figure], simulated[figure]) for figure, part in accuracy.differences(measured, simulated).items() if part > 0.25}
    assert not wrong, (measured, simulated)
