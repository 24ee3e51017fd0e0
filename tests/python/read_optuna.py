"""What Optuna reads of a journal, and what a sampler does on top of it: read_optuna.py JOURNAL NEW_TRIALS."""

import json
import sys

try:
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
except ImportError:
    print(json.dumps(None))
    sys.exit()

optuna.logging.set_verbosity(optuna.logging.ERROR)


def load(path):
    return optuna.load_study(study_name=None, storage=JournalStorage(JournalFileBackend(path)))


path, new_trials = sys.argv[1], int(sys.argv[2])
study = load(path)
trials = study.get_trials()
best = study.best_trial
distributions = best.distributions
study.sampler = optuna.samplers.TPESampler(seed=1)
asked = []
for _ in range(new_trials):
    trial = study.ask(distributions)
    asked.append(trial.params)
    study.tell(trial, 0.5)
again = load(path)
print(
    json.dumps(
        {
            "version": optuna.__version__,
            "name": study.study_name,
            "direction": study.direction.name,
            "metric_names": study.metric_names,
            "best": best.number,
            "trials": [
                {
                    "number": trial.number,
                    "state": trial.state.name,
                    "value": trial.value,
                    "params": trial.params,
                    "distributions": {name: repr(found) for name, found in trial.distributions.items()},
                    "intermediate_values": trial.intermediate_values,
                    "user_attrs": trial.user_attrs,
                    "seconds": trial.duration.total_seconds() if trial.duration is not None else None,
                }
                for trial in trials
            ],
            "asked": asked,
            "trials_again": len(again.get_trials()),
        }
    )
)
