//! `nn4n analyze interventions`

use std::{ops::ControlFlow, path::PathBuf};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::answer::AnswerArgs;
use crate::{
    cli::{
        interventions::{EXAMPLES, InterventionArgs},
        subject::SubjectArgs,
    },
    evaluate::{BehaviourOptions, BehaviourRow, BehaviourTable, Matching, behaviour},
    intervention::{Intervention, UnitSelection},
    plot::{Estimate, LesionRow, LesionTable},
    terminal::steps_bar,
};

#[derive(Debug, Args)]
#[command(after_help = format!("Examples:
  nn4n analyze interventions song2016-rdm-ei --lesion 0-9 --lesion 80-99 --out runs/lesions
  nn4n analyze interventions song2016-rdm-ei --silence inhibitory@stimulus --controls 0
  nn4n analyze interventions yang2019-go-anti --lesion-groups runs/variance/task-variance.json    every cluster
  nn4n analyze interventions song2016-rdm-ei --lesion 0-9 --silence 10-19 --together      one row with both

{EXAMPLES}"))]
pub struct TableArgs {
    #[command(flatten)]
    subject: SubjectArgs,
    #[command(flatten)]
    interventions: InterventionArgs,
    /// Cut the synapses that leave the units of each group of this file, one group after the other
    #[arg(long, value_name = "FILE", conflicts_with = "together")]
    lesion_groups: Option<PathBuf>,
    /// All of them at once, instead of one after the other
    #[arg(long)]
    together: bool,
    /// Fresh trials of each condition
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    trials: u32,
    /// How many sets of random other units each is compared with
    #[arg(long, value_name = "N", default_value_t = 20)]
    controls: usize,
    /// What those share with the units
    #[arg(long, value_enum, default_value = "area-and-cell-type")]
    matching: MatchingName,
    /// Seed of the trials, of the noise and of the controls
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum MatchingName {
    /// Areas and cell types
    AreaAndCellType,
    /// Nearly the mean rate
    MeanRate,
}

impl From<MatchingName> for Matching {
    fn from(name: MatchingName) -> Self {
        match name {
            MatchingName::AreaAndCellType => Self::Group,
            MatchingName::MeanRate => Self::Rate,
        }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    network: String,
    #[serde(flatten)]
    table: &'a BehaviourTable,
}

pub fn interventions(args: &TableArgs) -> Result<()> {
    let answer = args.answer.open("interventions", &["interventions"], &[])?;
    let mut all = args.interventions.all();
    if let Some(file) = &args.lesion_groups {
        all.extend(UnitSelection::groups_of(file)?.into_iter().map(Intervention::Lesion));
    }
    if all.is_empty() {
        bail!(
            "nothing is done to the network; name it with --lesion, --lesion-groups, --silence, --inject, \
             --weight-noise or --noise-factor"
        );
    }
    let sets: Vec<Vec<Intervention>> =
        if args.together { vec![all] } else { all.into_iter().map(|one| vec![one]).collect() };
    let subject = args.subject.open(args.trials as usize)?;
    let options = BehaviourOptions {
        per_condition: args.trials as usize,
        seed: args.seed,
        controls: args.controls,
        matching: args.matching.into(),
    };
    let mut bar = None;
    let table = behaviour(&subject.network, subject.task.as_ref(), &sets, options, |progress| {
        bar.get_or_insert_with(|| steps_bar("evaluations", progress.total as u64))(progress.done as u64);
        ControlFlow::Continue(())
    })?;
    drop(bar);
    if let Some(figure) = figure(&table, subject.task.chance()) {
        answer.figure("interventions", |path| figure.save(path))?;
    }
    answer.arrays(|file| {
        let values = table.rows.iter().map(|row| row.performance.unwrap_or(f64::NAN));
        Ok(file.array("performance", &values.collect::<ndarray::Array1<f64>>())?.axes(["rows"]))
    })?;
    let name = args.subject.checkpoint.display().to_string();
    let lines = [
        format!("task         {}, {} trials of each condition, seed {}", table.task, args.trials, args.seed),
        table.to_string(),
    ];
    let report = Report { network: name.clone(), table: &table };
    answer.say(&report, &lines, &format!("nn4n analyze currents {name}"))
}

/// The name of an intervention, of a group in a file the group alone: `lesion @FILE.json#cluster1` is `lesion cluster1`.
fn without_files(name: &str) -> String {
    let words = name.split(' ').map(|word| match word.strip_prefix('@').and_then(|word| word.rsplit_once('#')) {
        Some((_, group)) => group,
        None => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Performance, row by row; `None` where the task has no right and wrong.
pub fn figure(table: &BehaviourTable, chance: f64) -> Option<LesionTable> {
    let row = |row: &BehaviourRow| {
        let [low, high] = row.interval?;
        let control = row.controls.as_ref().filter(|controls| controls.measure == "performance");
        Some(LesionRow {
            name: without_files(&row.name),
            value: Estimate { mean: row.performance?, low, high },
            control: control.map(|c| Estimate { mean: c.mean, low: c.minimum, high: c.maximum }),
        })
    };
    let (intact, lesions) = table.rows.split_first()?;
    Some(LesionTable {
        measure: "Performance".into(),
        intact: row(intact)?,
        lesions: lesions.iter().map(row).collect::<Option<_>>()?,
        chance: (chance > 0.0).then_some(chance),
        remark: if table.options.controls > 0 {
            "grey: the same done to random other units, their mean and range".into()
        } else {
            String::new()
        },
    })
}

#[cfg(test)]
mod tests {
    use super::without_files;

    #[test]
    fn a_group_in_a_file_is_shown_by_its_own_name() {
        assert_eq!(without_files("lesion @runs/variance/task-variance.json#cluster1"), "lesion cluster1");
        assert_eq!(without_files("silence 80-84@stimulus"), "silence 80-84@stimulus");
    }
}
