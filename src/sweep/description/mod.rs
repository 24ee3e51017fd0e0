//! `SWEEP.toml`: one experiment, and what differs from run to run.
//!
//! ```text
//! runs of a study = [[runs]] x [grid] x [random] x seeds
//! ```
//!
//! ```toml
//! run = "run.toml"                       # beside this file; or preset = "song2016/mante", or task = "yang2019/go"
//! seeds = 5                              # 0 to 4; or a list; the seed of the run.toml if it is left out
//! [grid]                                 # every combination of these values
//! "model.units" = [50, 100]
//! [random]                               # combinations drawn at random
//! count = 20
//! seed = 1
//! "train.learning_rate" = { low = 1e-4, high = 1e-2, log = true }
//! "model.tau" = { choices = [50, 100, 200] }
//! [[runs]]                               # listed one by one
//! "model.kind" = "ei"
//! [slurm]                                # options of sbatch, for the launcher of that name
//! time = "1:00:00"
//! ```

mod random;
mod settings;

use std::{
    collections::BTreeMap,
    fs,
    path::{self, Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use nn4n_models::ModelConfig;
use nn4n_tasks::{Task, reader::read};
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::Map;
use toml::{Table, Value};

use self::random::Random;
pub(super) use self::random::Range;
use crate::{
    checkpoint::Checkpoint,
    echo::quoted,
    error::{Error, Result},
    experiment::{Experiment, continued, describe_network, differences, preset},
    files::read_text,
    hub::{self, Reference},
    train::check_init,
    zoo,
};

/// The longest description that is read, bytes: those of large networks hold arrays.
const LONGEST: u64 = 64 << 20;

/// Most runs of a study.
pub const MOST_RUNS: usize = 100_000;

/// The size of a network that only its task is said of, as for `nn4n train --task`.
const UNITS: i64 = 100;

/// A sweep: an experiment, and what differs from run to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// The whole file, with the experiment itself in the place of its name.
    document: Table,
    base: Table,
    seeds: Vec<u64>,
    grid: Vec<(String, Vec<Value>)>,
    random: Option<Random>,
    runs: Vec<Vec<(String, Value)>>,
    slurm: Table,
}

/// What one run sets.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Dotted names of the run.toml and their values.
    pub settings: Vec<(String, Value)>,
    /// The seed.
    pub seed: u64,
}

/// A SWEEP.toml as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    run: Option<Value>,
    preset: Option<String>,
    task: Option<String>,
    seeds: Option<Value>,
    #[serde(default)]
    grid: Table,
    random: Option<Table>,
    #[serde(default)]
    runs: Vec<Table>,
    #[serde(default)]
    slurm: Table,
}

impl Description {
    /// Reads a SWEEP.toml, and the run.toml beside it that it names.
    ///
    /// # Errors
    /// If it cannot be read, is no description of a sweep, or names no experiment.
    pub fn read(path: &Path) -> Result<Self> {
        let beside = path.parent().unwrap_or(Path::new(""));
        Self::from_toml(&read_text(path, LONGEST)?, beside).map_err(|error| match error {
            Error::Setting { .. } => Error::file(path, error),
            other => other,
        })
    }

    /// Reads the text of a SWEEP.toml that lies in the folder `beside`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_toml(text: &str, beside: &Path) -> Result<Self> {
        let mut document: Table =
            text.parse().map_err(|error: toml::de::Error| Error::setting("sweep", quoted(&error)))?;
        let parts: Document = read(document.clone()).map_err(|misfit| {
            let field = if misfit.field.is_empty() { "sweep".into() } else { misfit.field.clone() };
            Error::setting(field, misfit.words())
        })?;
        let base = base(&parts, beside)?;
        ["preset", "task"].iter().for_each(|name| drop(document.remove(*name)));
        document.insert("run".into(), Value::Table(base.clone()));
        let seeds = seeds(parts.seeds.as_ref(), &base)?;
        let grid = settings::flat("grid", &parts.grid, |_| false)?.into_iter().map(list).collect::<Result<Vec<_>>>()?;
        let random = parts.random.as_ref().map(Random::read).transpose()?;
        let runs = parts.runs.iter().enumerate();
        let runs = runs
            .map(|(place, table)| settings::flat(&format!("runs[{place}]"), table, |_| false))
            .collect::<Result<Vec<_>>>()?;
        let found = Self { document, base, seeds, grid, random, runs, slurm: parts.slurm };
        found.check()?;
        Ok(found)
    }

    /// The description as a SWEEP.toml that needs no other file.
    ///
    /// # Errors
    /// If a value has no form in TOML.
    pub fn to_toml(&self) -> Result<String> {
        in_toml(&self.document)
    }

    /// What is drawn, and from where.
    pub(super) fn ranges(&self) -> &[(String, Range)] {
        self.random.as_ref().map_or(&[], Random::ranges)
    }

    /// Options of sbatch.
    pub fn slurm(&self) -> &Table {
        &self.slurm
    }

    /// The number of runs.
    pub fn count(&self) -> usize {
        let sizes = [self.runs.len().max(1), self.random.as_ref().map_or(1, Random::count), self.seeds.len()];
        self.grid.iter().map(|(_, values)| values.len()).chain(sizes).fold(1, usize::saturating_mul)
    }

    /// What each run sets, in their order: the seed changes fastest, what is listed slowest.
    pub fn variants(&self) -> Vec<Variant> {
        let one = [Vec::new()];
        let listed = if self.runs.is_empty() { &one[..] } else { &self.runs };
        let samples = self.random.as_ref().map_or_else(|| vec![Vec::new()], Random::samples);
        let mut variants = Vec::with_capacity(self.count());
        for run in listed {
            for point in points(&self.grid) {
                for sample in &samples {
                    let settings: Vec<_> = run.iter().chain(&point).chain(sample).cloned().collect();
                    variants.extend(self.seeds.iter().map(|seed| Variant { settings: settings.clone(), seed: *seed }));
                }
            }
        }
        variants
    }

    /// The experiments of some variants, each of them checked; a variant comes with its number.
    ///
    /// # Errors
    /// That of the first that is wrong, with what it sets.
    pub fn experiments(&self, variants: &[(usize, &Variant)]) -> Result<Vec<Experiment>> {
        let inits = Inits::default();
        let made: Vec<Result<Experiment>> =
            variants.par_iter().map(|(_, variant)| self.experiment(variant, &inits)).collect();
        let checked = |((index, variant), experiment): (&(usize, &Variant), Result<Experiment>)| {
            let checked = experiment.and_then(|experiment| inits.check(experiment));
            checked.map_err(|error| Error::setting(format!("run {index} ({})", variant.words()), error.to_string()))
        };
        variants.iter().zip(made).map(checked).collect()
    }

    fn experiment(&self, variant: &Variant, inits: &Inits) -> Result<Experiment> {
        let mut document = self.base.clone();
        for (name, value) in &variant.settings {
            settings::set(&mut document, name, value.clone())?;
        }
        let init = document.get("init").and_then(Value::as_str).map(PathBuf::from);
        if let Some(init) = init.filter(|_| !document.contains_key("model")) {
            describe_network(&mut document, Map::new(), |task| inits.model(&init, task))?;
        }
        let seed = i64::try_from(variant.seed).map_err(|_| Error::setting("seeds", too_large(variant.seed)))?;
        document.insert("seed".into(), seed.into());
        Experiment::from_toml(&in_toml(&document)?)
    }

    /// Names what of two sweeps differs, but for what is passed on to a launcher; `None` if nothing does.
    pub(super) fn differences(&self, now: &Self) -> Result<Option<String>> {
        let text = |description: &Self| {
            let mut document = description.document.clone();
            document.remove("slurm");
            in_toml(&document)
        };
        Ok(differences(&text(self)?, &text(now)?))
    }

    /// Whether another sweep is of the same experiment.
    pub(super) fn has_experiment_of(&self, other: &Self) -> bool {
        let without_seed = |base: &Table| {
            let mut base = base.clone();
            base.remove("seed");
            base
        };
        without_seed(&self.base) == without_seed(&other.base)
    }

    fn check(&self) -> Result<()> {
        let lists = self.grid.iter().map(|(name, _)| name.as_str());
        let drawn = self.random.iter().flat_map(Random::names);
        let shared: Vec<&str> = lists.chain(drawn).collect();
        settings::check_apart("[grid] and [random]", shared.iter().copied())?;
        for (place, run) in self.runs.iter().enumerate() {
            let all = run.iter().map(|(name, _)| name.as_str()).chain(shared.iter().copied());
            settings::check_apart(&format!("[[runs]] ({place}) with [grid] and [random]"), all)?;
        }
        if let Some((first, place)) = settings::repeated(&self.runs, |run| format!("{run:?}")) {
            let message = format!("is runs[{first}]; leave one of them out");
            return Err(Error::setting(format!("runs[{place}]"), message));
        }
        self.check_values()?;
        let count = self.count();
        if count > MOST_RUNS {
            let message = format!("has {count} runs, but may have {MOST_RUNS}; divide it into several");
            return Err(Error::setting("sweep", message));
        }
        Ok(())
    }

    /// What no manifest can say is refused before there is one.
    fn check_values(&self) -> Result<()> {
        let listed = self.runs.iter().flatten().map(|(name, value)| (name, value));
        let grid = self.grid.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        listed.chain(grid).try_for_each(|(name, value)| settings::in_json(name, value).map(drop))?;
        self.random.iter().try_for_each(Random::check_values)
    }
}

impl Variant {
    /// The settings as a manifest has them.
    ///
    /// # Errors
    /// If a value has no form in JSON.
    pub fn in_json(&self) -> Result<Map<String, serde_json::Value>> {
        self.settings.iter().map(|(name, value)| Ok((name.clone(), settings::in_json(name, value)?))).collect()
    }

    /// What it sets, in words.
    pub fn words(&self) -> String {
        let set = self.settings.iter().map(|(name, value)| format!("{name} = {value}, "));
        format!("{}seed {}", set.collect::<String>(), self.seed)
    }
}

/// The combinations of a grid, the last name changing fastest.
fn points(grid: &[(String, Vec<Value>)]) -> Vec<Vec<(String, Value)>> {
    let mut points = vec![Vec::new()];
    for (name, values) in grid {
        let with = |point: &Vec<(String, Value)>, value: &Value| {
            point.iter().cloned().chain([(name.clone(), value.clone())]).collect::<Vec<_>>()
        };
        points = points.iter().flat_map(|point| values.iter().map(move |value| with(point, value))).collect();
    }
    points
}

/// A list of a grid.
fn list((name, value): (String, Value)) -> Result<(String, Vec<Value>)> {
    let field = format!("grid.{name}");
    let Value::Array(values) = value else {
        return Err(Error::setting(field, format!("must be a list of values, but is {value}; write [{value}]")));
    };
    if values.is_empty() {
        return Err(Error::setting(field, "is empty; list its values, or leave it out"));
    }
    match settings::repeated(&values, Value::to_string) {
        Some((_, place)) => Err(Error::setting(field, format!("holds {} twice; leave one of them out", values[place]))),
        None => Ok((name, values)),
    }
}

fn seeds(given: Option<&Value>, base: &Table) -> Result<Vec<u64>> {
    let refused = |value: &dyn std::fmt::Display| {
        let message = format!("must be a number of seeds or a list of seeds >= 0, but is {value}; write 5, or [1, 2]");
        Error::setting("seeds", message)
    };
    let seed =
        |value: &Value| value.as_integer().and_then(|seed| u64::try_from(seed).ok()).ok_or_else(|| refused(value));
    let seeds: Vec<u64> = match given {
        None => vec![base.get("seed").map(seed).transpose()?.unwrap_or(0)],
        Some(Value::Array(seeds)) => seeds.iter().map(seed).collect::<Result<_>>()?,
        Some(count) => (0..seed(count)?.min(1 + MOST_RUNS as u64)).collect(),
    };
    if seeds.is_empty() {
        return Err(Error::setting("seeds", "must be at least one; write seeds = 1, or leave it out"));
    }
    let mut sorted = seeds.clone();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Error::setting("seeds", format!("holds {} twice; leave one of them out", pair[0]))),
        None => Ok(seeds),
    }
}

fn too_large(seed: u64) -> String {
    format!("must be at most {}, but is {seed}; take a smaller one", i64::MAX)
}

/// The experiment that all runs are made of.
fn base(parts: &Document, beside: &Path) -> Result<Table> {
    match (&parts.run, &parts.preset, &parts.task) {
        (Some(Value::Table(run)), None, None) => Ok(run.clone()),
        (Some(Value::String(file)), None, None) => {
            let path = beside.join(file);
            read_text(&path, LONGEST)?.parse().map_err(|error: toml::de::Error| Error::file(&path, quoted(&error)))
        }
        (Some(other), None, None) => Err(Error::setting(
            "run",
            format!("must be the path of a run.toml, but is {other}; write run = \"run.toml\""),
        )),
        (None, Some(id), None) => {
            preset::text(id)?.parse().map_err(|error: toml::de::Error| Error::setting("preset", quoted(&error)))
        }
        (None, None, Some(id)) => {
            let table = |name: &str, value: Value| Value::Table(Table::from_iter([(name.to_string(), value)]));
            let task = ("task".to_string(), table("id", Value::String(id.clone())));
            Ok(Table::from_iter([task, ("model".into(), table("units", UNITS.into()))]))
        }
        (None, None, None) => {
            let message = "names no experiment; add run = \"run.toml\" (beside this file), preset = \"ID\" or task = \
                \"ID\"";
            Err(Error::setting("run", message))
        }
        _ => Err(Error::setting("run", "is given with `preset` or `task`, or these two; name the experiment once")),
    }
}

fn in_toml(table: &Table) -> Result<String> {
    toml::to_string(table).map_err(|error| Error::setting("sweep", format!("cannot be written ({error})")))
}

/// The checkpoints that runs start from, opened once.
#[derive(Default)]
struct Inits(Mutex<BTreeMap<PathBuf, Arc<Init>>>);

struct Init {
    /// Its name for ever and from anywhere.
    place: PathBuf,
    checkpoint: Checkpoint,
}

impl Inits {
    /// The same experiment, whose `init` names the same checkpoint for ever and wherever the run is trained.
    fn check(&self, mut experiment: Experiment) -> Result<Experiment> {
        if let Some(name) = &experiment.init {
            let init = self.open(name)?;
            check_init(&experiment, name, &init.checkpoint)?;
            experiment.init = Some(init.place.clone());
        }
        Ok(experiment)
    }

    /// The network that a run trains which describes none.
    fn model(&self, name: &Path, task: &dyn Task) -> Result<ModelConfig> {
        let known = self.open(name)?.checkpoint.header.model.clone();
        continued(known, task).map_err(|error| Error::setting("init", format!("{}: {error}", name.display())))
    }

    fn open(&self, name: &Path) -> Result<Arc<Init>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(init) = known.get(name) {
            return Ok(Arc::clone(init));
        }
        let place = place(name)?;
        let checkpoint = zoo::open(&place)?;
        let init = Arc::new(Init { place, checkpoint });
        known.insert(name.into(), Arc::clone(&init));
        Ok(init)
    }
}

fn place(name: &Path) -> Result<PathBuf> {
    if Reference::from_path(name)?.is_none() && fs::exists(name).unwrap_or(false) {
        return path::absolute(name)
            .map_err(|error| Error::file(name, format!("has no place ({error}); name another")));
    }
    hub::pinned(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "seed = 3\n[task]\nid = \"song2016/rdm_varstim\"\n[model]\nunits = 8\n[train]\nupdates = 5\n";

    fn described(text: &str) -> Result<Description> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("run.toml"), RUN).unwrap();
        let path = folder.path().join("SWEEP.toml");
        fs::write(&path, text).unwrap();
        Description::read(&path)
    }

    fn refusal(text: &str) -> String {
        let found = described(text).and_then(|found| {
            let variants = found.variants();
            found.experiments(&variants.iter().enumerate().collect::<Vec<_>>())
        });
        found.map_or_else(|error| error.to_string(), |_| panic!("{text} is not refused"))
    }

    #[test]
    fn runs_are_all_combinations_and_the_seed_changes_fastest() -> Result<()> {
        let text = "run = \"run.toml\"\nseeds = [4, 9]\n[grid]\nmodel.units = [5, 6]\n[random]\ncount = 3\n\
            \"model.tau\" = { low = 50, high = 100 }\n[[runs]]\ntrain.updates = 1\n[[runs]]\ntrain.updates = 2\n\
            model.w_rec.density = 0.5";
        let found = described(text)?;
        let variants = found.variants();
        assert_eq!((found.count(), variants.len()), (24, 24));
        let value = |place: usize, name: &str| {
            let set = variants[place].settings.iter().find(|(known, _)| known == name);
            set.map(|(_, value)| value.to_string()).unwrap_or_default()
        };
        assert_eq!([0, 1, 2, 6, 12].map(|place| variants[place].seed), [4, 9, 4, 4, 4]);
        assert_eq!([0, 5, 6, 12].map(|place| value(place, "model.units")), ["5", "5", "6", "5"]);
        assert_eq!([0, 11, 12].map(|place| value(place, "train.updates")), ["1", "1", "2"]);
        assert_eq!([0, 12].map(|place| value(place, "model.w_rec.density")), ["", "0.5"]);
        assert_eq!(value(0, "model.tau"), value(6, "model.tau"), "a sample is crossed with the grid");
        assert_ne!(value(0, "model.tau"), value(2, "model.tau"));
        Ok(())
    }

    #[test]
    fn experiments_are_the_run_toml_with_what_is_set() -> Result<()> {
        let found =
            described("run = \"run.toml\"\n[grid]\nmodel.units = [5]\n\"train.optimizer\" = [{ kind = \"sgd\" }]")?;
        let variants = found.variants();
        let made = found.experiments(&[(0, &variants[0])])?.remove(0);
        assert_eq!(
            (made.seed, made.model.units, made.train.updates),
            (3, Some(5), 5),
            "its own seed where none is said"
        );
        assert_eq!(made.optimizer(), crate::optimizer::OptimizerConfig::named("sgd")?);
        let seeds = |text: &str| Ok::<_, Error>(described(&format!("run = \"run.toml\"\n{text}"))?.seeds);
        assert_eq!(seeds("seeds = 3")?, [0, 1, 2]);
        assert_eq!(seeds("seeds = [7, 2]")?, [7, 2]);
        for base in ["task = \"song2016/rdm_varstim\"", "preset = \"song2016/rdm_fixed\""] {
            let found = described(base)?;
            let variants = found.variants();
            assert_eq!(found.experiments(&[(0, &variants[0])])?[0].model.n_units(), 100, "{base}");
        }
        Ok(())
    }

    #[test]
    fn a_run_toml_that_begins_from_a_network_need_not_describe_it() -> Result<()> {
        let known = zoo::open(Path::new("song2016-rdm-ei"))?.header;
        let folder = tempfile::tempdir().unwrap();
        let run =
            |task: &str| format!("init = \"song2016-rdm-ei\"\n[task]\nid = \"{task}\"\ndt = {}\n", known.model.dt);
        let experiments = |task: &str| {
            fs::write(folder.path().join("run.toml"), run(task)).unwrap();
            let found = Description::from_toml("run = \"run.toml\"\n[grid]\ntrain.updates = [1, 2]", folder.path())?;
            found.experiments(&found.variants().iter().enumerate().collect::<Vec<_>>())
        };
        let found = experiments(&known.task.id)?;
        assert_eq!((found.len(), found[1].train.updates, found[1].model.units), (2, 2, known.model.units));
        assert_eq!((found[0].model.kind, &found[0].model.w_rec), (known.model.kind, &known.model.w_rec));
        let refusal = experiments("no/such").unwrap_err().to_string();
        assert!(refusal.contains("run 0") && refusal.contains("no/such"), "{refusal}");
        Ok(())
    }

    #[test]
    fn the_copy_needs_no_other_file_and_means_the_same() -> Result<()> {
        let found =
            described("run = \"run.toml\"\nseeds = 2\n[grid]\n\"model.tau\" = [50.0, 100]\n[slurm]\ntime = \"1:00\"")?;
        let copy = Description::from_toml(&found.to_toml()?, Path::new("nowhere"))?;
        assert_eq!(copy, found);
        assert_eq!(copy.slurm()["time"].as_str(), Some("1:00"));
        Ok(())
    }

    #[test]
    fn what_is_wrong_is_named_with_the_run_and_the_setting() {
        let with = |text: &str| refusal(&format!("run = \"run.toml\"\n{text}"));
        let wrong = with("[grid]\nmodel.units = [5, 0]");
        assert!(wrong.starts_with("run 1 (model.units = 0, seed 3): model.units: "), "{wrong}");
        let unknown = with("[grid]\n\"model.unit\" = [5]");
        assert!(unknown.contains("run 0 (model.unit = 5, seed 3)") && unknown.contains("`units`"), "{unknown}");
        assert!(with("[grid]\ntrain.lr = [0.1]").contains("write `learning_rate`"));
        assert!(with("[grid]\ntask.sigma = [0.1]").contains("sigma"));
        assert!(
            with("[grid]\nmodel.units = 5").contains("grid.model.units: must be a list of values, but is 5; write [5]")
        );
        assert!(with("[grid]\nmodel.units = [5, 6, 5]").contains("holds 5 twice"));
        assert!(with("[grid]\nmodel.units = []").contains("is empty"));
        assert!(
            with("[grid]\nmodel.tau = [1]\n[random]\ncount = 1\nmodel.tau = { low = 1, high = 2 }").contains("twice")
        );
        assert!(with("[grid]\nmodel.tau = [1]\n[[runs]]\nmodel.tau = 2").contains("sets `model.tau` twice"));
        assert!(with("[[runs]]\nmodel.tau = 2\n[[runs]]\nmodel.tau = 2").contains("runs[1]: is runs[0]"));
        assert!(with("[[runs]]\nmodel.tau = nan").contains("must be finite"));
        assert!(with("[[runs]]\ninit = \"no/such\"").contains("run 0 (init = \"no/such\", seed 3): no/such"));
        for seeds in ["0", "[]", "-1", "[1, -2]", "\"a\"", "[2, 2]", "1.5"] {
            assert!(with(&format!("seeds = {seeds}")).contains("seeds: "), "{seeds}");
        }
        assert!(with("seeds = 100001").contains("has 100001 runs, but may have 100000"));
        assert!(with("grids = 1").contains("grids"));
        assert!(refusal("seeds = 2").contains("names no experiment"));
        assert!(refusal("run = \"run.toml\"\ntask = \"a\"").contains("name the experiment once"));
        assert!(refusal("run = \"lost.toml\"").contains("lost.toml"));
        assert!(refusal("run = 5").contains("must be the path of a run.toml"));
        assert!(refusal("preset = \"no\"").contains("`no` is unknown"));
    }
}
