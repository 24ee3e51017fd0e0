import numpy as np
import pytest

import nn4n_rs as nn


@pytest.fixture(scope="session")
def task():
    return nn.Task("song2016/rdm_varstim")


@pytest.fixture(scope="session")
def network():
    return nn.load("song2016-rdm-ei")


@pytest.fixture(scope="session")
def recording(network):
    return network.record(trials=6, seed=1)


@pytest.fixture(scope="session")
def flip_flop():
    return nn.load("flip-flop-3bit")


@pytest.fixture
def rng():
    return np.random.default_rng(0)
