"""What a module in a long-lived interpreter meets: forks, signals, a second library of the same name, a hub."""

import _thread
import hashlib
import http.server
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

import nn4n_rs as nn

TRAINING = {"updates": 3, "batch_size": 8, "validation": {"every": 3}, "progress": False}


def work(_):
    network = nn.load("song2016-rdm-ei")
    trained = nn.train(nn.EI(300), network.task, **TRAINING).network
    trainer = nn.Trainer(nn.EI(300), network.task)
    trainer.step()
    rates = network.record(trials=2).rates
    points = nn.pca(network, trials=2).participation_ratio
    return float(rates.sum()), float(trained.w_rec.sum()), float(points)


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")


@needs_fork
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_child_process_works_like_its_parent(method):
    here = work(0)  # so that all threads of this process have been started
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map_async(work, range(2)).get(timeout=240) == [here, here]


def exit_code_of(child, seconds):
    """How a child ended; one that has not is ended."""
    for _ in range(10 * seconds):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_child_works_though_its_parent_was_at_work_when_it_was_made(network, task):
    inputs, stop = np.zeros((40, 50, 3), np.float32), threading.Event()
    wanted = network.run(inputs).rates

    def at_work():
        place = 0
        while not stop.is_set():
            # Another number of threads is another pool, so that pools are made while children are.
            nn.set_threads(1 + place % 40)
            network.run(inputs)
            place += 1

    parent = threading.Thread(target=at_work)
    parent.start()
    try:
        for _ in range(30):
            child = os.fork()
            if child == 0:
                try:
                    same = np.array_equal(network.run(inputs).rates, wanted)
                    trained = nn.Trainer(nn.EI(10), task, batch_size=2).step()["update"] == 1
                    os._exit(0 if same and trained else 1)
                finally:
                    os._exit(2)
            assert exit_code_of(child, 60) == 0
    finally:
        stop.set()
        parent.join()
        nn.set_threads(None)


def test_batches_of_workers_are_those_of_one_process(task):
    torch = pytest.importorskip("torch")
    dataset = task.torch_dataset(batch_size=4, updates=6)
    alone = [batch[0] for batch in dataset]
    loader = torch.utils.data.DataLoader(dataset, batch_size=None, num_workers=2)
    shared = [batch[0] for batch in loader]
    assert len(shared) == 6 and all(torch.equal(a, b) for a, b in zip(alone, shared))


def test_ctrl_c_saves_a_run_that_can_go_on(tmp_path):
    program = f"""
        import nn4n_rs as nn
        task = nn.Task("song2016/rdm_varstim")
        try:
            nn.train(nn.EI(50), task, out={str(tmp_path / "run")!r}, updates=100000, progress=False,
                     stop={{"never": True}}, validation={{"every": 10}},
                     callback=lambda found: print("validated", flush=True))
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """
    # A job of a shell's background ignores SIGINT, and its children would.
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert child.stdout.readline() == "validated\n"
    child.send_signal(signal.SIGINT)
    output, _ = child.communicate(timeout=120)
    assert output.endswith("interrupted\n") and child.returncode == 0
    found = nn.load(tmp_path / "run")
    updates = found._header["train"]["updates"]
    assert updates >= 10
    settings = {"updates": updates + 20, "stop": {"never": True}, "validation": {"every": 10}, "progress": False}
    task = nn.Task("song2016/rdm_varstim")
    assert nn.train(nn.EI(50), task, out=tmp_path / "run", exist="resume", **settings).new_updates >= 0


# None of it ends by itself in the time that it is given.
LONG = {
    "lda": lambda net, recording, rng: nn.decoding(recording, "coherence", shuffles=100_000),
    "logistic": lambda net, recording, rng: nn.decoding(recording, "coherence", decoder="logistic", shuffles=100_000),
    "nonnormality": lambda net, recording, rng: nn.nonnormality(rng.standard_normal((300, 300)) / 20, grid=1_000),
    "selectivity": lambda net, recording, rng: nn.selectivity(recording, "chose_first", shuffles=100_000),
    "psychometric": lambda net, recording, rng: nn.psychometric(
        values=rng.choice([1.0, 2, 4, 8], 5_000), chose_first=rng.random(5_000) < 0.6, refits=100_000
    ),
    "similarity": lambda net, recording, rng: nn.similarity(
        [recording, net.record(trials=20, seed=2)], by=["coherence"], shuffle="rows", shuffles=100_000
    ),
    "dpca": lambda net, recording, rng: nn.dpca(recording, ["coherence"], shuffles=100_000),
    "task_variance": lambda net, recording, rng: nn.task_variance(
        nn.Recording(rng.random((400, 20, 300)), 10, conditions={"task": ["a", "b"] * 200, "x": [1, 1, 2, 2] * 100}),
        tasks="task",
        by=["x"],
        pair=("a", "b"),
        rotations=100_000,
    ),
}


@pytest.mark.parametrize("name", LONG)
def test_ctrl_c_ends_long_work(name, network, rng):
    recording = network.record(trials=20, seed=1)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.5, _thread.interrupt_main)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            LONG[name](network, recording, rng)
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)
    # What comes after is not interrupted.
    assert network.evaluate(trials=1).trials == 10


def test_the_module_leaves_signal_handlers_alone(task, tmp_path):
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    nn.train(nn.EI(10), task, out=tmp_path, **{**TRAINING, "progress": True})
    assert before == {one: signal.getsignal(one) for one in before}


def test_other_python_threads_run_while_the_library_works(network):
    ticks, stop = [], threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    begin = time.perf_counter()
    network.run(np.zeros((400, 200, 3), np.float32))
    end = time.perf_counter()
    stop.set()
    thread.join()
    during = [one for one in ticks if begin < one < end]
    assert len(during) > 3 or end - begin < 0.02


def test_the_original_library_can_be_imported_beside_it(tmp_path):
    (tmp_path / "nn4n").mkdir()
    (tmp_path / "nn4n" / "__init__.py").write_text("name = 'the original'\n")
    program = "import nn4n, nn4n_rs; print(nn4n.name, nn4n_rs.__version__)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    found = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.startswith("the original")


def test_the_original_itself_can_be_imported_beside_it():
    pytest.importorskip("nn4n")
    program = "import nn4n.model, nn4n_rs; print(nn4n.model.CTRNN.__name__, nn4n_rs.load('rdm-vanilla').units)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.stdout.split()[0] == "CTRNN", found.stderr


def test_numpy_alone_is_enough_to_import_train_and_analyse():
    program = """
        import sys
        for name in ("pandas", "xarray", "matplotlib", "tqdm", "torch", "gymnasium", "sklearn"):
            sys.modules[name] = None
        import nn4n_rs as nn
        task = nn.Task("song2016/rdm_varstim")
        run = nn.train(nn.EI(10), task, updates=1)
        print(nn.pca(run.network, trials=1).samples > 0)
        for use in (lambda: run.history, lambda: task.gym(), lambda: nn.NetworkClassifier, lambda: run.network.to_torch()):
            try:
                use()
            except ImportError as error:
                assert "pip install 'nn4n-rs[" in str(error), error
            else:
                raise AssertionError("not refused")
    """
    found = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True)
    assert found.stdout == "True\n", found.stderr


needs_program = pytest.mark.skipif("NN4N_PROGRAM" not in os.environ, reason="NN4N_PROGRAM names no program")


@needs_program
def test_a_sweep_of_the_program_is_read(tmp_path):
    pandas = pytest.importorskip("pandas")
    (tmp_path / "run.toml").write_text(
        """
        seed = 0
        [task]
        id = "song2016/rdm_varstim"
        [model]
        kind = "ei"
        units = 10
        [train]
        updates = 2
        batch_size = 4
        validation = { every = 2 }
        """
    )
    (tmp_path / "sweep.toml").write_text('run = "run.toml"\nseeds = 2\n[grid]\n"model.units" = [10, 20]\n')
    command = [os.environ["NN4N_PROGRAM"], "sweep", "sweep.toml", "--out", "study"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    study = nn.Study(tmp_path / "study")
    table = study.to_dataframe()
    assert isinstance(table, pandas.DataFrame) and sorted(table["model.units"]) == [10, 10, 20, 20]
    assert set(table.updates) == {2} and "<table" in study._repr_html_()
    for name, units in zip(table.name, table["model.units"]):
        assert study.load(name).units == units
    assert study.best("loss").metrics["loss"] == table.loss.min()


@needs_program
def test_the_program_trains_and_simulates_to_the_same_bits(task, tmp_path):
    program = os.environ["NN4N_PROGRAM"]
    arguments = [
        "train",
        "--task",
        task.id,
        "--model",
        "ei",
        "--units",
        "20",
        "--updates",
        "3",
        "--seed",
        "5",
        "--device",
        "cpu",
    ]
    subprocess.run([program, *arguments, "--out", str(tmp_path / "program")], check=True, capture_output=True)
    nn.train(nn.EI(20), task, out=tmp_path / "python", seed=5, updates=3, progress=False)
    files = [(tmp_path / one / "model.safetensors").read_bytes() for one in ("program", "python")]
    assert files[0] == files[1]
    trials = task.sample(4, seed=1)
    trials.save(tmp_path / "trials.npz")
    command = [
        program,
        "run",
        tmp_path / "program",
        "--inputs",
        tmp_path / "trials.npz",
        "--out",
        tmp_path / "activity.npz",
    ]
    subprocess.run([*map(str, command), "--noise", "--seed", "9", "--device", "cpu"], check=True, capture_output=True)
    theirs, mine = nn.Recording.load(tmp_path / "activity.npz"), nn.load(tmp_path / "python").run(trials, noise=9)
    within = np.arange(mine.rates.shape[1]) < trials.n_steps[:, None]
    assert np.array_equal(theirs.rates[within], mine.rates[within])


def test_a_network_comes_from_a_hub_and_is_kept(tmp_path):
    checkpoint, commit, asked = tmp_path / "model.safetensors", "1" * 40, []
    nn.load("flip-flop-3bit").save(checkpoint)
    content = checkpoint.read_bytes()

    class Hub(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.command, self.path))
            places = {
                "/api/models/lab/memory/revision/v1": json.dumps(
                    {"sha": commit, "siblings": [{"rfilename": "model.safetensors"}]}
                ).encode(),
                "/lab/memory/resolve/v1/model.safetensors": content,
                f"/lab/memory/resolve/{commit}/model.safetensors": content,
            }
            body = places.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            if body is not None:
                self.send_header("X-Repo-Commit", commit)
                self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body or b"")

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    program = """
        import nn4n_rs as nn
        assert nn.load("hf:lab/memory@v1") == nn.load("flip-flop-3bit")
        try:
            nn.load("hf:lab/memory@v2")
        except OSError as error:
            print(error)
    """
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
            "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            "HF_HOME": str(tmp_path / "home"),
            "NO_PROXY": "127.0.0.1",
        }
        command = [sys.executable, "-c", textwrap.dedent(program)]
        for _ in range(2):
            said = subprocess.run(command, env=environment, capture_output=True, text=True)
            assert said.returncode == 0, said.stderr
            assert "lab/memory" in said.stdout and "v2" in said.stdout
        server.shutdown()
    fetched = [path for command, path in asked if command == "GET" and path.endswith("model.safetensors")]
    assert len(fetched) == 1, asked
