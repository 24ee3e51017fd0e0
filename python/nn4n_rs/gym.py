"""Tasks as environments of reinforcement learning, step by step, rewarded as in neurogym."""

import numpy as np

from ._arrays import needs, whole
from ._task import Task

gymnasium = needs("gymnasium", "gym", "nn4n_rs.gym")

# Trials that are made at a time.
_BLOCK = 16


def make_env(task, **options):
    """The environment of a task, or of its id."""
    return Env(task if isinstance(task, Task) else Task(task), **options)


class Env(gymnasium.Env):
    """A task with choices as a ``gymnasium.Env``.

    An observation is the input of one step (inputs), float32. Action 0 is to wait, action k to choose; of a task whose
    outputs name classes, the first of which is to wait, k is output k, of others output k - 1; of a single output whose
    sign is the choice 1 and 2 are the two sides.

    Rewards are those of neurogym: ``correct`` for the right choice in the decision period and ``fail`` for another, both
    of which end the trial; ``abort`` for each step with a choice in the fixation period, where the trial ends only if
    ``end_at_abort``. Waiting through a trial in which nothing is to be chosen is rewarded as the right choice. An
    episode has ``trials`` trials; ``info`` has ``new_trial``, ``performance`` (0 or 1, at the end of trials), ``gt``,
    what would be right at this step, and ``condition``.
    """

    metadata = {"render_modes": []}

    def __init__(self, task, *, trials=100, correct=1.0, fail=0.0, abort=-0.1, end_at_abort=False, split="train"):
        if not task._about["is_scored"] or task._about["has_plant"]:
            raise ValueError(f"task: {task.id} has no choices, which are the actions of an environment")
        if split not in ("train", "test"):
            raise ValueError(f"split = {split!r}: must be 'train' or 'test'")
        self.task, self.trials, self.split = task, whole("trials", trials, 1), split
        self.rewards = {"correct": float(correct), "fail": float(fail), "abort": float(abort)}
        self.end_at_abort = end_at_abort
        self._has_wait = task._about["objective"] == "classes"
        choices = len(task.outputs) - 1 if self._has_wait else len(task.outputs)
        # One output has two sides, where its sign is the choice.
        most = int(task.sample(2, 0, split=split, draw="balanced").correct.max())
        if choices < 2:
            choices = max(choices, most if self._has_wait else most + 1)
        if choices < 1 or most < 0:
            raise ValueError(f"task: {task.id} has no choices, which are the actions of an environment")
        self.action_space = gymnasium.spaces.Discrete(choices + 1)
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (len(task.inputs),), np.float32)
        self._block = None

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self._seed = int(self.np_random.integers(2**31))
        self._update, self._place, self._done = 0, _BLOCK, 0
        self._next_trial()
        return self._inputs[0].copy(), self._info(False)

    def _next_trial(self):
        if self._place >= _BLOCK:
            self._block = self.task.sample(_BLOCK, self._seed, split=self.split, update=self._update)
            self._variables, self._periods = self._block.variables, self._block.epochs
            self._update, self._place = self._update + 1, 0
        place = self._place
        n = int(self._block.n_steps[place])
        self._inputs = self._block.inputs[place, :n]
        right = int(self._block.correct[place])
        self._label = 0 if right < 0 else right if self._has_wait else right + 1
        self._fixation, decision = np.zeros(n, bool), np.zeros(n, bool)
        periods = self._periods[place]
        for period in periods:
            if period["name"] == "fixation":
                self._fixation[period["start"] : period["end"]] = True
        if self._has_wait:
            decision = self._block.targets[place, :n].argmax(axis=1) > 0
        if not decision.any():
            # Without a class to name the last period is the one to choose in.
            decision[periods[-1]["start"] : periods[-1]["end"]] = True
        self._decision = decision
        self._gt = np.where(decision, self._label, 0)
        self._condition = self._variables[place]
        self._step, self._place = 0, place + 1

    def step(self, action):
        if self._block is None:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        if not self.action_space.contains(action):
            raise ValueError(f"action = {action!r}: must be one of {self.action_space}")
        action = int(action)
        reward, is_over, performance = 0.0, False, 0
        if self._fixation[self._step] and action != 0:
            reward, is_over = self.rewards["abort"], self.end_at_abort
        elif self._decision[self._step] and action != 0:
            performance = int(action == self._label)
            reward, is_over = self.rewards["correct" if performance else "fail"], True
        gt = int(self._gt[self._step])
        self._step += 1
        if self._step >= len(self._inputs) and not is_over:
            is_over = True
            if self._label == 0:
                reward, performance = reward + self.rewards["correct"], 1
        condition = self._condition
        terminated = False
        if is_over:
            self._done += 1
            terminated = self._done >= self.trials
            self._next_trial()
        info = {"new_trial": is_over, "performance": performance, "gt": gt, "condition": dict(condition)}
        return self._inputs[self._step].copy(), reward, terminated, False, info

    def _info(self, new_trial):
        gt, condition = int(self._gt[self._step]), dict(self._condition)
        return {"new_trial": new_trial, "performance": 0, "gt": gt, "condition": condition}
