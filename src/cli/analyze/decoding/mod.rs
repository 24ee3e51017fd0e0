//! `nn4n analyze decoding`

mod arrays;
mod epochs;
mod lines;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use nn4n_analysis::{
    Activity, Decoding,
    decoding::{Decoder, FOLDS, Settings, Shrinkage},
};
use serde::Serialize;

use self::{
    arrays::arrays,
    epochs::epochs,
    lines::{best, decoder_words, lines},
};
use super::{
    answer::AnswerArgs,
    source::{Source, SourceAbout, SourceArgs},
    window,
};
use crate::{
    cli::output::shell_word,
    evaluate::epoch_that_carries,
    plot::{CrossTemporalMatrix, DecodingCourse},
    terminal::steps_bar,
};

/// Width of a bin that is not named, ms, or one step where that is longer.
const BIN: f64 = 50.0;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze decoding song2016-rdm-ei --variable choice --out runs/decoding
  nn4n analyze decoding runs/mine --variable coherence --as graded --bin 20 --cross-temporal --out runs/coherence
  nn4n analyze decoding runs/seed1 runs/seed2 runs/seed3 --variable choice      intervals over the networks
  nn4n analyze decoding --activity neurons.npz --conditions trials.csv --variable odour --within day --shuffles 1000
  nn4n analyze decoding runs/mine --variable choice --generalize context      trained in one context, tested in another

  Noise must be on: noise-free trials are copies of each other. The first epoch in which the inputs differ by the
  variable begins at the time 0. Of variables that inputs do not tell, such as choice, and of recordings it is the first
  epoch that most trials have.")]
pub struct DecodingArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// What is decoded: a variable of the trials, or choice, chose_first, was_right, reaction_time
    #[arg(long, value_name = "NAME")]
    variable: String,
    /// As classes or as a graded variable [default: graded if there are more than two numbers]
    #[arg(long = "as", value_enum, value_name = "KIND")]
    kind: Option<Kind>,
    /// What decodes [default: lda of classes, ridge of a graded variable]
    #[arg(long, value_enum, value_name = "DECODER")]
    decoder: Option<DecoderName>,
    /// How much of its covariance lda replaces by one without correlations: auto (Ledoit-Wolf), or 0 to 1
    #[arg(long, value_name = "auto|S", value_parser = parse_shrinkage, allow_negative_numbers = true)]
    shrinkage: Option<Shrinkage>,
    /// Weight of the loss of logistic against its penalty |w|^2 / 2 [default: 1]
    #[arg(long, value_name = "C")]
    c: Option<f64>,
    /// Weight of the penalty |w|^2 of ridge [default: 1]
    #[arg(long, value_name = "ALPHA")]
    alpha: Option<f64>,
    /// Divide units by their standard deviation over the training trials: for recorded neurons of very different rates
    #[arg(long)]
    zscore: bool,
    /// Decode from so many principal components of the training trials
    #[arg(long, value_name = "N")]
    components: Option<usize>,
    /// Folds of the trials, stratified
    #[arg(long, value_name = "N", default_value_t = FOLDS, value_parser = super::count::count)]
    folds: usize,
    /// How often folds are drawn anew
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = super::count::count)]
    repeats: usize,
    /// Shuffles of the labels that chance comes from
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = super::count::count)]
    shuffles: usize,
    /// Shuffle labels only among trials with the same value of this variable
    #[arg(long, value_name = "NAME")]
    within: Option<String>,
    /// The epoch that begins at the time 0 [default: the first that carries the variable]
    #[arg(long, value_name = "EPOCH")]
    align: Option<String>,
    /// Width of a bin, ms [default: 50, or a step]
    #[arg(long, value_name = "MS")]
    bin: Option<f64>,
    /// Test decoders at all other times, too
    #[arg(long)]
    cross_temporal: bool,
    /// Train on all values of this variable but one, test on that one
    #[arg(long, value_name = "NAME", conflicts_with_all = ["within", "folds", "repeats"])]
    generalize: Option<String>,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Classes,
    Graded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DecoderName {
    Lda,
    Logistic,
    Ridge,
}

/// What was done, as it is reported.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: Option<&'a SourceAbout>,
    decoder: String,
    scaled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    components: Option<usize>,
    folds: usize,
    repeats: usize,
    shuffles: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    within: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generalize: Option<&'a str>,
    bin_ms: f64,
    aligned_because: &'a str,
    #[serde(flatten)]
    found: &'a Decoding,
    /// One by one, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    networks: Vec<One<'a>>,
}

/// One of several networks.
#[derive(Serialize)]
struct One<'a> {
    #[serde(flatten)]
    about: &'a SourceAbout,
    #[serde(flatten)]
    found: &'a Decoding,
}

/// Where the time 0 is, and why.
struct Alignment {
    epoch: Option<String>,
    because: &'static str,
}

pub fn decoding(args: &DecodingArgs) -> Result<()> {
    let answer = args.answer.open("decoding", &["decoding", "cross-temporal"], &[])?;
    let sources = args.source.open_independent(None)?;
    for source in &sources {
        check_noise(source)?;
    }
    let Some(first) = sources.first() else { bail!("name a network, or recorded activity") };
    let alignment = args.alignment(first)?;
    let settings = args.settings(&first.activity, alignment.epoch.clone())?;
    let found = sources.iter().map(|source| args.one(source, &settings)).collect::<Result<Vec<_>>>()?;
    let all = Decoding::over_networks(&found)?;
    let epochs = epochs(first.activity.trials(), alignment.epoch.as_deref(), first.activity.dt());
    answer.figure("decoding", |path| DecodingCourse::of(&all, epochs.clone()).save(path))?;
    if let Some(matrix) = CrossTemporalMatrix::of(&all) {
        answer.figure("cross-temporal", |path| matrix.save(path))?;
    }
    answer.arrays(|file| arrays(file, &all))?;
    let is_one = sources.len() == 1;
    let report = Report {
        about: is_one.then_some(&first.about),
        decoder: decoder_words(settings.decoder),
        scaled: settings.is_scaled,
        components: settings.components,
        folds: settings.folds,
        repeats: settings.repeats,
        shuffles: settings.shuffles,
        within: settings.within.as_deref(),
        generalize: settings.generalize.as_deref(),
        bin_ms: settings.steps_in_bin as f64 * first.activity.dt(),
        aligned_because: alignment.because,
        found: &all,
        networks: if is_one { Vec::new() } else { ones(&sources, &found) },
    };
    let repeated = sources.iter().map(|source| source.about.repeated_trials).sum();
    answer.say(&report, &lines(&report, repeated, args.source.seed), &args.next())
}

/// What is decoded of one network or recording, and its figure.
pub struct Decoded {
    pub found: Decoding,
    pub figure: DecodingCourse,
    /// The highest value of each measure, one a line.
    pub best: Vec<String>,
}

impl DecodingArgs {
    /// Decodes the variable of one network or recording, whose activity is there already.
    ///
    /// # Errors
    /// If nothing can be decoded.
    pub fn decode(&self, source: &Source) -> Result<Decoded> {
        check_noise(source)?;
        let Alignment { epoch, .. } = self.alignment(source)?;
        let found = self.one(source, &self.settings(&source.activity, epoch.clone())?)?;
        let epochs = epochs(source.activity.trials(), epoch.as_deref(), source.activity.dt());
        let best = found.courses().map(|course| best(course, &found)).collect();
        Ok(Decoded { figure: DecodingCourse::of(&found, epochs), best, found })
    }

    fn one(&self, source: &Source, settings: &Settings) -> Result<Decoding> {
        // Steps of another length make bins of the same.
        let dt = source.activity.dt();
        let own = Settings { steps_in_bin: steps_in_bin(self.bin, dt)?, ..settings.clone() };
        let longest = source.activity.trials().n_steps.iter().max().copied().unwrap_or(0);
        let mut bar = steps_bar("times", (longest / own.steps_in_bin) as u64);
        source.about.explained(Decoding::of(&source.activity, &own, &mut |done| bar(done as u64)))
    }

    fn alignment(&self, source: &Source) -> Result<Alignment> {
        if let Some(epoch) = &self.align {
            return Ok(Alignment { epoch: Some(epoch.clone()), because: "as asked" });
        }
        let trials = source.activity.trials();
        if let Some(task) = &source.task {
            let found = epoch_that_carries(task.as_ref(), trials, &self.variable, self.source.seed)?;
            if found.is_some() {
                return Ok(Alignment { epoch: found, because: "the first in which the inputs differ by it" });
            }
        }
        let because = match (&source.task, trials.epoch_names().is_empty()) {
            (_, true) => "trials have no epochs: from their start",
            (Some(_), _) => "the first epoch that most trials have, as no inputs tell the variable",
            (None, _) => "the first epoch that most trials have",
        };
        Ok(Alignment { epoch: trials.commonest_epoch(), because })
    }

    fn settings(&self, activity: &Activity, align: Option<String>) -> Result<Settings> {
        let is_graded = match self.kind {
            Some(kind) => kind == Kind::Graded,
            None => activity.trials().variable(&self.variable)?.is_graded(),
        };
        Ok(Settings {
            variable: self.variable.clone(),
            is_graded: Some(is_graded),
            decoder: self.decoder(is_graded)?,
            is_scaled: self.zscore,
            components: self.components,
            folds: self.folds,
            repeats: self.repeats,
            shuffles: self.shuffles,
            within: self.within.clone(),
            align,
            steps_in_bin: steps_in_bin(self.bin, activity.dt())?,
            cross_temporal: self.cross_temporal,
            generalize: self.generalize.clone(),
            seed: self.source.seed,
        })
    }

    fn decoder(&self, is_graded: bool) -> Result<Decoder> {
        let name = self.decoder.unwrap_or(if is_graded { DecoderName::Ridge } else { DecoderName::Lda });
        let given = [
            ("--shrinkage", "lda", self.shrinkage.is_some() && name != DecoderName::Lda),
            ("--c", "logistic", self.c.is_some() && name != DecoderName::Logistic),
            ("--alpha", "ridge", self.alpha.is_some() && name != DecoderName::Ridge),
        ];
        if let Some((option, of, _)) = given.iter().find(|(_, _, is_lost)| *is_lost) {
            let own = name.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
            bail!("{option}: is for {of}, but {own} decodes here; leave it out, or add --decoder {of}");
        }
        Ok(match name {
            DecoderName::Lda => Decoder::Lda { shrinkage: self.shrinkage.unwrap_or(Shrinkage::Auto) },
            DecoderName::Logistic => Decoder::Logistic { c: self.c.unwrap_or(1.0) },
            DecoderName::Ridge => Decoder::Ridge { alpha: self.alpha.unwrap_or(1.0) },
        })
    }

    /// What to run next: what has not been asked yet.
    fn next(&self) -> String {
        let again = format!("nn4n analyze decoding {} --variable {}", self.source.again(), shell_word(&self.variable));
        if self.cross_temporal { format!("{again} --shuffles 1000") } else { format!("{again} --cross-temporal") }
    }
}

fn ones<'a>(sources: &'a [Source], found: &'a [Decoding]) -> Vec<One<'a>> {
    sources.iter().zip(found).map(|(source, found)| One { about: &source.about, found }).collect()
}

fn check_noise(source: &Source) -> Result<()> {
    if source.about.noise == Some(false) {
        bail!(
            "--noise-free: trials of a condition are copies of each other, and a decoder that has seen one knows the \
             other; leave it out, so that the noise of the inputs and of the network is on"
        );
    }
    Ok(())
}

fn parse_shrinkage(text: &str) -> Result<Shrinkage, String> {
    match text {
        "auto" => Ok(Shrinkage::Auto),
        number => match number.parse() {
            Ok(part) if (0.0..=1.0).contains(&part) => Ok(Shrinkage::Fixed(part)),
            _ => Err("must be auto, or a number from 0 to 1".into()),
        },
    }
}

/// Steps of a bin, which must be whole if its width was named.
fn steps_in_bin(bin: Option<f64>, dt: f64) -> Result<usize> {
    bin.map_or_else(|| Ok(default_steps(dt)), |bin| window::steps_in_bin(bin, dt))
}

/// Steps in a bin where none is asked for.
pub fn default_steps(dt: f64) -> usize {
    (BIN / dt).round().max(1.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_whole_steps() {
        assert_eq!((steps_in_bin(None, 20.0).unwrap(), steps_in_bin(None, 100.0).unwrap()), (3, 1));
        assert_eq!(steps_in_bin(Some(60.0), 20.0).unwrap(), 3);
        assert!(steps_in_bin(Some(50.0), 20.0).is_err());
    }
}
