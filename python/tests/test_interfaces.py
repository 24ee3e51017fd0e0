import warnings

import numpy as np
import pytest

import nn4n_rs as nn


def test_a_network_goes_to_pytorch_and_back_to_the_bit(network, task):
    torch = pytest.importorskip("torch")
    module = network.to_torch()
    trials = task.sample(3)
    with torch.no_grad():
        outputs, rates = module(torch.from_numpy(trials.inputs))
    recording = network.run(trials)
    np.testing.assert_allclose(rates.numpy(), recording.rates, rtol=2e-4, atol=2e-5)
    np.testing.assert_allclose(outputs.numpy(), recording.outputs, rtol=2e-4, atol=2e-5)
    assert nn.Network.from_torch(module) == network


def test_dales_law_and_masks_hold_while_pytorch_trains(task):
    torch = pytest.importorskip("torch")
    network = nn.EI(30, density=0.5).network(task, seed=1)
    module = network.to_torch().train()
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    losses = []
    for inputs, targets, mask in task.torch_dataset(batch_size=20, updates=30):
        outputs, _ = module(inputs)
        loss = (mask * (outputs - targets) ** 2).sum() / mask.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    trained = nn.Network.from_torch(module)
    excitatory = network.cell_type == "excitatory"
    assert (trained.w_rec[:, excitatory] >= 0).all() and (trained.w_rec[:, ~excitatory] <= 0).all()
    assert (trained.w_rec[network.tensors["connectivity.w_rec"] == 0] == 0).all() and trained != network


def with_choices():
    found = []
    for one in nn.tasks():
        if one["id"].startswith(("data/", "multitask/")):
            continue
        try:
            found.append((one["id"], nn.Task(one["id"]).gym()))
        except ValueError as error:
            assert "no choices" in str(error), one["id"]
    return found


def test_every_task_with_choices_is_an_environment():
    pytest.importorskip("gymnasium")
    from gymnasium.utils.env_checker import check_env

    environments = with_choices()
    assert len(environments) > 40
    for id, environment in environments:
        with warnings.catch_warnings():
            # Inputs with noise have no bounds.
            warnings.filterwarnings("ignore", message=".*Box observation space")
            check_env(environment, skip_render_check=True)
        observation, info = environment.reset(seed=1)
        total, performed, trials = 0.0, 0, 0
        for _ in range(3000):
            # Who always does what is right is always rewarded.
            observation, reward, terminated, _, info = environment.step(environment._gt[environment._step])
            total, performed, trials = total + reward, performed + info["performance"], trials + info["new_trial"]
            if trials >= 5 or terminated:
                break
        assert performed == trials > 0 and total == pytest.approx(trials), id


def test_rewards_are_those_of_neurogym():
    pytest.importorskip("gymnasium")
    environment = nn.Task("neurogym/perceptual_decision_making", sigma=0.0).gym()
    environment.reset(seed=0)
    _, reward, _, _, info = environment.step(1)  # in the fixation
    assert reward == -0.1 and not info["new_trial"]
    while not environment._decision[environment._step]:
        _, reward, _, _, info = environment.step(0)
        assert reward == 0 and info["gt"] == 0
    wrong = 3 - environment._label
    _, reward, _, _, info = environment.step(wrong)
    assert reward == 0 and info["new_trial"] and info["performance"] == 0 and info["gt"] == 3 - wrong


def test_reinforcement_learning_runs_on_an_environment():
    pytest.importorskip("gymnasium")
    contrib = pytest.importorskip("sb3_contrib")
    torch = pytest.importorskip("torch")
    environment = nn.Task("neurogym/perceptual_decision_making").gym(trials=20)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # each operation is small
    try:
        agent = contrib.RecurrentPPO("MlpLstmPolicy", environment, n_steps=128, n_epochs=2, seed=0, device="cpu")
        agent.learn(256)
    finally:
        torch.set_num_threads(threads)
    assert agent.num_timesteps >= 256


def test_estimators_keep_the_rules_of_scikit_learn():
    pytest.importorskip("sklearn")
    from sklearn.utils.estimator_checks import check_estimator

    for estimator in (nn.NetworkClassifier(units=20, updates=100), nn.NetworkRegressor(units=20, updates=100)):
        results = check_estimator(estimator, on_fail=None, on_skip=None)
        failed = [(one["check_name"], repr(one["exception"])[:300]) for one in results if one["status"] == "failed"]
        assert not failed, failed


def test_an_estimator_learns_time_courses(rng):
    pytest.importorskip("sklearn")
    from sklearn.model_selection import cross_val_score

    y = rng.integers(2, size=80)
    X = rng.standard_normal((80, 15, 3))
    X[:, 5:, 1] += np.where(y, 1.0, -1.0)[:, None]
    assert cross_val_score(nn.NetworkClassifier(units=20, updates=150, random_state=0), X, y, cv=2).mean() > 0.8
