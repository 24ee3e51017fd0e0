//! What to measure: flags become cases.

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use nn4n_models::{Activation, Form, Kind};

use crate::{
    bench::{CASES, Case},
    cli::choice::kinds,
    device::DeviceChoice,
};

/// The kinds whose step is measured: those of one piece.
const MEASURED: [Kind; 2] = [Kind::Vanilla, Kind::Ei];

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n bench                                          the five cases
  nn4n bench --case song --phases --threads 1         where the time of one goes
  nn4n bench --units 200 --batch-size 32 --steps 250 --inputs 4 --outputs 2 --kind ei
  nn4n bench --case small --scaling                   longer trials, larger batches, more threads
  nn4n bench --trials song2016 --seconds 1            trials of one family, and the step that they feed
  nn4n bench --units 100 --batch-size 8 --steps 100000 --remat    long trials in little memory, and what it costs
  nn4n bench --case song --regularisers               what each penalty adds to a step
  nn4n bench --case large --device cuda:0             the same step on a GPU
  nn4n bench --case all --json | jq -r '[.case, .median_ms, .percent_of_peak] | @tsv'

Cases (units, batch, steps, inputs, outputs):
  small   50, 100, 100, 2, 2 relu                     large  512, 128, 100, 32, 8 relu
  song    100, 20, 100, 3, 2 relu, kind ei            tms    1024, 512, 20, 200, 200 relu
  yang    256, 64, 100, 85, 33 softplus

A step is forward with recurrent noise, masked squared error, backward, clipping, Adam and constraints; its data are \
    in memory. It is
compared with the fastest matrix product of f32, which is timed between the steps.")]
pub struct BenchArgs {
    /// small, song, yang, large, tms, or all [default: all, or small with --scaling]
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
    /// Number of units of any other network
    #[arg(long, value_name = "N", conflicts_with = "case")]
    units: Option<usize>,
    /// Trials per step [default: 100]
    #[arg(long, value_name = "B", requires = "units")]
    batch_size: Option<usize>,
    /// Steps of the dynamics per trial [default: 100]
    #[arg(long, value_name = "T", requires = "units")]
    steps: Option<usize>,
    /// Input channels [default: 2]
    #[arg(long, value_name = "I", requires = "units")]
    inputs: Option<usize>,
    /// Output channels [default: 2]
    #[arg(long, value_name = "O", requires = "units")]
    outputs: Option<usize>,
    /// Activation: relu, softplus, tanh, sigmoid, retanh, linear, leaky_relu(S), power(N) [default: relu]
    #[arg(long, value_name = "F", requires = "units")]
    activation: Option<Activation>,
    /// Kind of network [default: vanilla]
    #[arg(long, value_name = "KIND", value_parser = kinds(&MEASURED), requires = "units")]
    kind: Option<Kind>,
    /// Form of the equation [default: current]
    #[arg(long, value_enum, requires = "units")]
    form: Option<FormName>,
    /// Where the steps are taken: auto, cpu, cuda:N or metal
    #[arg(
        long,
        default_value = "cpu",
        value_parser = crate::cli::parse_device,
        conflicts_with_all = ["scaling", "trials"]
    )]
    pub(super) device: DeviceChoice,
    /// Number of threads [default: RAYON_NUM_THREADS, or all cores]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    pub(super) threads: Option<usize>,
    /// Least time to measure each case, each task, or the tables of --scaling, seconds
    #[arg(long, value_name = "S", default_value_t = 5.0, value_parser = parse_seconds, allow_negative_numbers = true)]
    pub(super) seconds: f64,
    /// Say where the time of a step goes
    #[arg(long)]
    pub(super) phases: bool,
    /// Tables of the time against steps, batch size and threads
    #[arg(long, conflicts_with = "phases")]
    pub(super) scaling: bool,
    /// What the trials of every task cost, compared with the training step that they feed; only of tasks whose id
    /// starts so, if named
    #[arg(
        long,
        value_name = "ID",
        num_args = 0..=1,
        default_missing_value = "",
        conflicts_with_all = ["case", "units", "scaling", "phases"]
    )]
    pub(super) trials: Option<String>,
    /// What `train.remat` costs and saves: time and memory of a step that computes most states again on its way back,
    /// compared with one that keeps them
    #[arg(long, conflicts_with_all = ["scaling", "trials", "phases", "device"])]
    pub(super) remat: bool,
    /// What each kind of penalty costs (`train.regularisers`): the time of a step with it, compared with one without any;
    /// only of penalties whose name starts so, if named
    #[arg(
        long,
        value_name = "NAME",
        num_args = 0..=1,
        default_missing_value = "",
        conflicts_with_all = ["scaling", "trials", "phases", "remat", "device"]
    )]
    pub(super) regularisers: Option<String>,
    /// Report in JSON, one line per case
    #[arg(long)]
    pub(super) json: bool,
    /// Print the bytes that a step holds, and nothing else; for a process of its own
    #[arg(long, hide = true)]
    pub(super) probe_memory: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormName {
    Current,
    Rate,
    Blend,
}

impl From<FormName> for Form {
    fn from(name: FormName) -> Self {
        match name {
            FormName::Current => Self::Current,
            FormName::Rate => Self::Rate,
            FormName::Blend => Self::Blend,
        }
    }
}

impl BenchArgs {
    /// What to measure: at least one case, and one alone if it is for tables.
    pub(super) fn cases(&self) -> Result<Vec<Case>> {
        let named = self.case.as_deref();
        let cases = match (self.units, named) {
            (Some(units), _) => vec![self.custom(units)],
            (None, Some("all")) if self.scaling => {
                bail!("--scaling: measures one case, but --case is all; name one, as in --case small")
            }
            (None, None) if !self.scaling => CASES.to_vec(),
            (None, Some("all")) => CASES.to_vec(),
            (None, named) => vec![Case::named(named.unwrap_or("small"))?],
        };
        cases.iter().try_for_each(Case::validate)?;
        Ok(cases)
    }

    fn custom(&self, units: usize) -> Case {
        Case {
            case: "custom",
            kind: self.kind.unwrap_or_default(),
            form: self.form.map_or(Form::Current, Form::from),
            activation: self.activation.unwrap_or(Activation::Relu),
            units,
            batch_size: self.batch_size.unwrap_or(100),
            steps: self.steps.unwrap_or(100),
            inputs: self.inputs.unwrap_or(2),
            outputs: self.outputs.unwrap_or(2),
            remat: false,
        }
    }
}

/// The flags that name this case by its size.
pub(super) fn flags(case: &Case) -> Vec<String> {
    let numbers = [
        ("--units", case.units),
        ("--batch-size", case.batch_size),
        ("--steps", case.steps),
        ("--inputs", case.inputs),
        ("--outputs", case.outputs),
    ];
    let words = [
        ("--kind", case.kind.to_string()),
        ("--form", case.form.to_string()),
        ("--activation", case.activation.to_string()),
    ];
    let pairs = numbers.map(|(flag, number)| (flag, number.to_string())).into_iter().chain(words);
    let remat = case.remat.then(|| "--remat".to_string());
    pairs.flat_map(|(flag, value)| [flag.to_string(), value]).chain(remat).collect()
}

fn parse_threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads @ 1..=1024) => Ok(threads),
        _ => Err("must be a whole number from 1 to 1024; leave it out for all cores".into()),
    }
}

fn parse_seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if seconds > 0.0 && seconds <= 86_400.0 => Ok(seconds),
        _ => Err("must be a number > 0 and at most 86400, as in 5".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        bench: BenchArgs,
    }

    fn cases(flags: &[String]) -> Vec<Case> {
        Program::parse_from(std::iter::once("bench".to_string()).chain(flags.iter().cloned())).bench.cases().unwrap()
    }

    #[test]
    fn every_case_can_be_named_by_its_size() {
        for case in CASES {
            for form in Form::ALL {
                let case = Case { form, activation: Activation::LeakyRelu(0.1), ..case.clone() };
                assert_eq!(cases(&flags(&case)), [Case { case: "custom", ..case }]);
            }
        }
    }

    #[test]
    fn all_cases_are_measured_unless_one_is_named() {
        let words = |text: &str| text.split_whitespace().map(String::from).collect::<Vec<_>>();
        assert_eq!(cases(&[]), CASES);
        assert_eq!(cases(&words("--case all")), CASES);
        assert_eq!(cases(&words("--case yang")), CASES[2..3]);
        assert_eq!(cases(&words("--scaling")), CASES[..1]);
    }
}
