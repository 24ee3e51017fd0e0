//! How long it takes to read the results of a study of many runs, for the first time and again:
//! `cargo bench --bench read_study -- [RUNS]`.
//!
//! The runs are copies of one that is trained here for a moment, with the log of a longer one: 1,000 updates of which
//! every tenth is logged, and 20 validations. The files are in the system's cache when they are read, as they have just
//! been written.

use std::{
    env, fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use candle_core::Device;
use nn4n::{
    Existing, Experiment, RunDirectory,
    models::ModelConfig,
    sweep::{Query, Results},
    tasks::create,
    train::fit,
};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let runs = env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10_000);
    let folder = tempfile::tempdir()?;
    let study = folder.path().join("study");
    write_study(&study, runs)?;
    // Files that are as young as these are read anew: they may still be changing.
    std::thread::sleep(Duration::from_secs(3));
    for time in ["the first time", "again"] {
        let start = Instant::now();
        let results = Results::read(std::slice::from_ref(&study), &|_, _| {})?;
        report(&format!("{runs} runs, {time}"), start, &results);
    }
    let mut results = Results::read(std::slice::from_ref(&study), &|_, _| {})?;
    let start = Instant::now();
    results.select(&Query::parse("model.units > 50 && performance > 0.1")?)?;
    results.sort("performance")?;
    report("select and sort", start, &results);
    fs::remove_file(study.join("results.cache"))?;
    let start = Instant::now();
    report("without its cache", start, &Results::read(std::slice::from_ref(&study), &|_, _| {})?);
    Ok(())
}

fn report(what: &str, start: Instant, results: &Results) {
    let with = results.rows.iter().filter(|row| row.performance.is_some() && row.is_finished()).count();
    println!("{what}: {:.3} s ({with} of {} with a result)", start.elapsed().as_secs_f64(), results.rows.len());
}

fn write_study(study: &Path, runs: usize) -> Outcome<()> {
    let trained = train(&study.join("trained"))?;
    let log = log()?;
    let mut manifest = String::from("index,name,settings,seed,state\n");
    for index in 0..runs {
        let (units, seed) = ([50, 100, 200][index % 3], index / 3);
        let name = format!("{index:05}-units_{units}-seed_{seed}");
        let run = study.join("runs").join(&name);
        fs::create_dir_all(&run)?;
        for file in ["model.safetensors", "optimizer.safetensors", "run.toml", "finished.json", ".lock"] {
            fs::copy(trained.join(file), run.join(file))?;
        }
        fs::write(run.join("log.jsonl"), &log)?;
        manifest.push_str(&format!("{index},{name},\"{{\"\"model.units\"\":{units}}}\",{seed},finished\n"));
    }
    Ok(fs::write(study.join("manifest.csv"), manifest)?)
}

fn train(path: &Path) -> Outcome<PathBuf> {
    let task = create("song2016/rdm_varstim", None)?;
    let model = ModelConfig::vanilla(task.inputs().len(), 50, task.outputs().len());
    let mut experiment = Experiment::new(task.into(), model, Default::default(), 0)?;
    experiment.train.updates = 2;
    let run = RunDirectory::open(path, Existing::Keep)?;
    fit(&experiment, None, &run, &Device::Cpu, |_| ControlFlow::Continue(()))?;
    Ok(path.into())
}

fn log() -> Outcome<String> {
    let mut log = String::new();
    for update in (10..=1000).step_by(10) {
        log.push_str(&format!(
            "{{\"update\":{update},\"loss\":0.3021351993083954,\"terms\":{{\"task\":0.3021351993083954}},\
            \"gradient_norm\":0.1360513553018684,\"learning_rate\":0.003}}\n"
        ));
        if update % 50 == 0 {
            log.push_str(&format!(
                "{{\"update\":{update},\"validation\":{{\"update\":{update},\"loss\":0.10749978572130203,\
                \"performance\":0.486,\"minimum\":0.26,\"rms_error\":0.32787159883645384}}}}\n"
            ));
        }
    }
    Ok(log)
}
