//! `nn4n plot`

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use nn4n_tasks::{Condition, repeated};

use super::{
    output,
    setting::{Setting, parse_setting, task},
    tasks::SplitName,
};
use crate::plot::TaskFigure;

#[derive(Debug, Subcommand)]
pub enum PlotCommand {
    /// One trial of each class of conditions: inputs, targets, loss mask, epochs
    Task(TaskArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n plot task song2016/mante --out mante.svg
  nn4n plot task golub2018/flip_flop --set bits=4 --out flip_flop.png")]
pub struct TaskArgs {
    /// Id of the task; see `nn4n tasks list`
    id: String,
    /// Where to draw: the extension is the format
    #[arg(long, value_name = "FILE.svg|FILE.png")]
    out: PathBuf,
    /// Most classes of conditions, spread evenly over all
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..))]
    max: u32,
    /// A parameter of the task, in JSON; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_setting)]
    settings: Vec<Setting>,
    /// Seed of the trials
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Timing of the trials
    #[arg(long, value_enum, default_value = "train")]
    split: SplitName,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

pub fn plot(command: PlotCommand) -> Result<()> {
    match command {
        PlotCommand::Task(args) => plot_task(&args),
    }
}

fn plot_task(args: &TaskArgs) -> Result<()> {
    output::check_free(&args.out, args.force)?;
    let task = task(&args.id, &args.settings)?;
    let (catch, classes): (Vec<Condition>, Vec<Condition>) =
        task.conditions().into_iter().partition(Condition::is_catch);
    let most = args.max as usize;
    let mut drawn = spread(&classes, most.saturating_sub(catch.len()).max(1));
    drawn.extend(catch.iter().take(most - drawn.len()).cloned()); // last, for the others tell more of the task
    let trials = repeated(task.as_ref(), args.split.into(), args.seed, 0, &drawn, 1)?;
    TaskFigure::of(task.as_ref(), &trials).save(&args.out)?;
    let (count, all) = (drawn.len(), classes.len() + catch.len());
    let more = if count < all { format!(" (all with --max {all})") } else { String::new() };
    output::text(&format!("{}: a trial of each of {count} of {all} classes of conditions{more}", args.out.display()))?;
    output::text(&format!("next: nn4n tasks show {}", args.id))
}

/// At most `most` of the conditions, the first among them, spread by the golden ratio: even distances go along the
/// diagonal of a table of two variables, where both always agree.
fn spread(conditions: &[Condition], most: usize) -> Vec<Condition> {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    let mut places: Vec<usize> = (0..conditions.len()).collect();
    places.sort_by(|a, b| (*a as f64 * GOLDEN).fract().total_cmp(&(*b as f64 * GOLDEN).fract()));
    places.truncate(most);
    places.sort_unstable();
    places.into_iter().filter_map(|place| conditions.get(place).cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_conditions_are_spread_over_all() {
        let all: Vec<Condition> = (0..11).map(|i| Condition::new().with("i", f64::from(i))).collect();
        let chosen = |most| spread(&all, most).iter().filter_map(|condition| condition.number("i")).collect::<Vec<_>>();
        assert_eq!(chosen(6), [0.0, 2.0, 4.0, 5.0, 7.0, 10.0]);
        assert_eq!(chosen(1), [0.0]);
        assert_eq!(chosen(50).len(), 11);
        assert!(spread(&[], 6).is_empty());
    }

    #[test]
    fn two_variables_do_not_go_together() {
        for (rows, columns) in [(6, 6), (12, 6), (2, 10)] {
            let cell =
                |i: usize| Condition::new().with("row", (i / columns) as f64).with("column", (i % columns) as f64);
            let chosen = spread(&(0..rows * columns).map(cell).collect::<Vec<_>>(), 6);
            let agree = chosen.iter().filter(|condition| condition.number("row") == condition.number("column")).count();
            assert!(chosen.len() == 6 && agree <= 2, "{rows} x {columns}: {chosen:?}");
        }
    }
}
