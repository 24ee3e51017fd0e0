"""Writes the notebooks of examples, to be executed by nbconvert: python notebooks.py FOLDER."""
import nbformat as nbf, sys, pathlib

out = pathlib.Path(sys.argv[1]); out.mkdir(parents=True, exist_ok=True)
B = {}
B["first_network"] = [
 ("m", "# A first network\n\nAn excitatory-inhibitory network learns perceptual decision making (Song, Yang & Wang 2016), in a few seconds. Times are in ms, arrays are (trials, steps, channels), weights are `w[post, pre]`."),
 ("c", "import matplotlib.pyplot as plt\nimport numpy as np\n\nimport nn4n_rs as nn\n\ntask = nn.Task(\"song2016/rdm_varstim\")\ntask"),
 ("c", "task.plot()"),
 ("m", "A network is described by its biology. What the description leaves out, such as the number of inputs, is the task's. `train` stops where the criterion of the paper is met."),
 ("c", "model = nn.EI(100, excitatory_fraction=0.8)\nrun = nn.train(model, task, out=\"runs/first\", exist=\"replace\", seed=0, progress=False)\nrun"),
 ("c", "run.history.tail()"),
 ("c", "network = run.network\nnetwork"),
 ("m", "## What it does in trials\n\n`record` simulates fresh trials, with noise, and adds what was chosen to their variables."),
 ("c", "recording = network.record(trials=20, seed=1)\nrecording.conditions.head()"),
 ("c", "network.plot_trials(recording, which=(0, 60, 120))"),
 ("c", "curve = nn.psychometric(recording, \"coherence\")\nax = curve.plot()"),
 ("c", "data = recording.to_xarray()\nmean = data.rates.groupby(\"coherence\").mean().sel(time=slice(0, 880))  # which all trials reach\nfor coherence in mean.coherence.values[::3]:\n    plt.plot(mean.time, mean.sel(coherence=coherence).mean(\"unit\"), label=f\"{coherence:g}\")\nplt.xlabel(\"time (ms)\"), plt.ylabel(\"mean rate\"), plt.legend(title=\"coherence\", frameon=False);"),
 ("m", "## Its weights\n\nThey are read-only NumPy arrays, and keep Dale's law: columns are presynaptic units."),
 ("c", "network.plot(\"weights\")"),
 ("c", "excitatory = network.cell_type == \"excitatory\"\nassert (network.w_rec[:, excitatory] >= 0).all() and (network.w_rec[:, ~excitatory] <= 0).all()\nnetwork.evaluate(trials=50).performance, network.evaluate(trials=50, lesion=\"0-19\").performance"),
]
B["own_data"] = [
 ("m", "# Your own trials\n\nTwo ways: a Python function that makes trials, or arrays in a file."),
 ("c", "import numpy as np\n\nimport nn4n_rs as nn"),
 ("m", "## A function\n\nAll that is random comes from `rng`, so that runs can be repeated. `condition` fixes what validation tells apart."),
 ("c", "def make(rng, trials, condition):\n    \"\"\"Which of two noisy inputs is stronger on average?\"\"\"\n    first = rng.random(trials) < 0.5 if condition is None else np.full(trials, condition[\"stronger\"] == \"first\")\n    strength = rng.choice([0.1, 0.2, 0.4], trials)\n    inputs = np.full((trials, 60, 2), 0.2) + 0.1 * rng.standard_normal((trials, 60, 2))\n    inputs[:, 10:50, 0] += np.where(first, strength, 0)[:, None]\n    inputs[:, 10:50, 1] += np.where(first, 0, strength)[:, None]\n    targets = np.full((trials, 60, 2), 0.2)\n    targets[np.arange(trials), 50:, np.where(first, 0, 1)] = 1\n    return {\n        \"inputs\": inputs,\n        \"targets\": targets,\n        \"loss_mask\": np.broadcast_to((np.arange(60) < 45) | (np.arange(60) >= 50), (2, 60)).T * np.ones((trials, 1, 1)),\n        \"correct\": np.where(first, 0, 1),\n        \"conditions\": {\"stronger\": np.where(first, \"first\", \"second\"), \"strength\": strength},\n        \"epochs\": [[(\"before\", 0, 10), (\"stimulus\", 10, 50), (\"decision\", 50, 60)]] * trials,\n    }\n\n\ntask = nn.PythonTask(make, name=\"stronger\", inputs=[\"one\", \"two\"], outputs=[\"one\", \"two\"], dt=20,\n                     conditions=[{\"stronger\": \"first\"}, {\"stronger\": \"second\"}])\ntask.plot()"),
 ("c", "run = nn.train(nn.Vanilla(60), task, out=\"runs/own\", exist=\"replace\", updates=600, learning_rate=0.01, progress=False)\nrun.history.tail(3)"),
 ("c", "recording = run.network.record(task, trials=100)\nrecording.conditions.groupby(\"strength\").was_right.mean()"),
 ("m", "## A file\n\nAn `.npz` with `inputs` (trials, steps, channels), `targets` or classes, `dt`, and labels of the trials."),
 ("c", "trials = task.sample(400, seed=5)\nnp.savez(\"runs/mine.npz\", inputs=trials.inputs, targets=trials.targets, loss_mask=trials.loss_mask,\n         correct=trials.correct, dt=20.0, strength=trials.conditions.strength)\nmine = nn.Task(\"data/npz\", path=\"runs/mine.npz\", held_out=100)\nmine.remarks"),
 ("c", "run = nn.train(nn.Vanilla(60), mine, out=\"runs/of_file\", exist=\"replace\", updates=600, learning_rate=0.01, progress=False)\nrun.saved"),
]
B["fixed_points"] = [
 ("m", "# Fixed points of three remembered bits\n\nThe network `flip-flop-3bit` comes with the module. Where does its activity stand still while no pulse comes?"),
 ("c", "import matplotlib.pyplot as plt\nimport numpy as np\n\nimport nn4n_rs as nn\n\nnetwork = nn.load(\"flip-flop-3bit\")\nnetwork"),
 ("c", "found = nn.fixed_points(network)\nkinds = np.bincount(found.unstable_dimensions[found.is_fixed])\nprint(f\"{found.is_stable.sum()} stable points; fixed points with 0, 1, 2 .. growing modes: {kinds}\")\nfound.plot();"),
 ("m", "Eight stable points, one for each state of three bits, and saddles between them. The outputs at the stable points are the bits:"),
 ("c", "np.round(found.outputs[found.is_fixed & found.is_stable], 1)"),
 ("c", "found.figure(\"eigenvalues\")"),
 ("m", "A point is where it is by the equation of the network, which NumPy can check:"),
 ("c", "stable = found.x_star[found.is_fixed & found.is_stable]\nstays = network.run(np.zeros((len(stable), 100, 3), np.float32), x0=stable.astype(np.float32))\nnp.abs(stays.states[:, -1] - stable).max()"),
 ("m", "## As a pulse grows\n\nWhat happens to the points as one input grows, and how the flow looks in a plane."),
 ("c", "nn.bifurcations(network, {\"pulse_1\": (0.0, 0.2)}, starts=128).plot();"),
 ("c", "nn.flow_field(network, found).plot();"),
 ("c", "nn.lyapunov(network, exponents=5, steps=2000).plot();"),
]
B["pytorch"] = [
 ("m", "# To PyTorch and back\n\nA network becomes a module that keeps Dale's law, masks and fixed synapses while PyTorch trains it. Trials come as an `IterableDataset`."),
 ("c", "import torch\n\nimport nn4n_rs as nn\n\ntorch.manual_seed(0)\ntask = nn.Task(\"song2016/rdm_varstim\")\nnetwork = nn.EI(50, density=0.5).network(task, seed=0)\nmodule = network.to_torch()\nmodule"),
 ("c", "trials = task.sample(3)\nwith torch.no_grad():\n    outputs, rates = module(torch.from_numpy(trials.inputs))\nabs(rates.numpy() - network.run(trials).rates).max()"),
 ("c", "module.train()  # its noise is on\noptimizer = torch.optim.Adam(module.parameters(), lr=0.003)\nlosses = []\nfor inputs, targets, mask in torch.utils.data.DataLoader(task.torch_dataset(batch_size=20, updates=200), batch_size=None):\n    outputs, _ = module(inputs)\n    loss = (mask * (outputs - targets) ** 2).sum() / mask.sum()\n    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()\n    losses.append(loss.item())\nlosses[0], sum(losses[-20:]) / 20"),
 ("m", "Back again, with all that the analyses need:"),
 ("c", "trained = nn.Network.from_torch(module)\nexcitatory = trained.cell_type == \"excitatory\"\nassert (trained.w_rec[:, excitatory] >= 0).all() and (trained.w_rec[:, ~excitatory] <= 0).all()\ntrained.evaluate(task, trials=20).performance"),
 ("c", "nn.pca(trained, task=task, trials=5).plot();"),
]
B["recordings"] = [
 ("m", "# A model beside recordings\n\nThe same functions take networks and recorded neurons: a `Recording` is made of arrays. Here the neurons are another network's units with noise, of which a random half was recorded."),
 ("c", "import numpy as np\n\nimport nn4n_rs as nn\n\nrng = np.random.default_rng(0)\nmodel = nn.load(\"song2016-rdm-ei\")\nbrain = nn.load(\"rdm-vanilla\").record(trials=20, seed=3)\nunits = rng.permutation(brain.units)[:25]\nrates = brain.rates[:, :, units] + 0.05 * rng.standard_normal((*brain.rates.shape[:2], 25)).astype(np.float32)\nrates[np.arange(rates.shape[1]) >= brain.n_steps[:, None]] = np.nan  # after the end of a trial\nneurons = nn.Recording(rates, dt=brain.dt, conditions=brain.conditions, epochs=brain.epochs)\nneurons"),
 ("c", "activity = {\"model\": model.record(trials=20, seed=1), \"neurons\": neurons}\nfor name, one in activity.items():\n    print(name, nn.pca(one, epoch=\"stimulus\").participation_ratio)"),
 ("c", "import matplotlib.pyplot as plt\n\nfigure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout=\"constrained\")\nfor ax, (name, one) in zip(axes, activity.items()):\n    nn.pca(one, average=\"coherence\", epoch=\"stimulus\").plot(ax)\n    ax.set_title(name)"),
 ("c", "figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout=\"constrained\", sharey=True)\nfor ax, (name, one) in zip(axes, activity.items()):\n    nn.decoding(one, \"chose_first\", align=\"stimulus\", bin_ms=100, shuffles=20).plot(ax)\n    ax.set_title(name)"),
 ("c", "for measure in (\"cka\", \"svcca\", \"procrustes\"):\n    found = nn.similarity(activity, measure=measure, by=[\"coherence\"], align=\"stimulus\", bin_ms=100)\n    print(f\"{measure:<12}{found.matrix[0, 1]:.3f}\", \"a distance\" if found.is_distance else \"\")"),
]
B["study"] = [
 ("m", "# A study: many runs\n\nA study is a folder of run directories. Here they are trained one after the other; `nn4n sweep` trains them on all cores or on a cluster, and is read the same way."),
 ("c", "from pathlib import Path\n\nimport nn4n_rs as nn\n\ntask = nn.Task(\"song2016/rdm_varstim\")\nfolder = Path(\"runs/study\")\nfor units in (20, 40, 80):\n    for seed in range(2):\n        nn.train(nn.EI(units), task, out=folder / f\"units{units}-seed{seed}\", exist=\"replace\", seed=seed,\n                 updates=200, progress=False)"),
 ("c", "study = nn.Study(folder)\ntable = study.to_dataframe()\ntable[[\"name\", \"model.units\", \"performance\", \"loss\", \"updates\"]]"),
 ("c", "table.groupby(\"model.units\").performance.agg([\"median\", \"min\", \"max\"])"),
 ("c", "best = study.best()\nbest.evaluate(trials=50).performance"),
 ("c", "networks = {name: study.load(name) for name in table.name}\nnn.similarity(networks, trials=5, by=[\"coherence\"], align=\"stimulus\").plot();"),
]
for name, cells in B.items():
    nb = nbf.v4.new_notebook()
    nb.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}
    for place, (kind, text) in enumerate(cells):
        cell = nbf.v4.new_markdown_cell(text) if kind == "m" else nbf.v4.new_code_cell(text)
        cell["id"] = f"cell{place}"
        nb.cells.append(cell)
    nbf.write(nb, out / f"{name}.ipynb")
