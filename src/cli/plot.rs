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
    let (catch, mut classes): (Vec<Condition>, Vec<Condition>) = task.conditions().into_iter().partition(Condition::is_catch);
    classes.extend(catch); // last, for the others tell more of the task
    let drawn = spread(&classes, args.max as usize);
    let trials = repeated(task.as_ref(), args.split.into(), args.seed, 0, &drawn, 1)?;
    TaskFigure::of(task.as_ref(), &trials).save(&args.out)?;
    let (count, all) = (drawn.len(), classes.len());
    let more = if count < all { format!(" (all with --max {all})") } else { String::new() };
    output::text(&format!("{}: a trial of each of {count} of {all} classes of conditions{more}", args.out.display()))?;
    output::text(&format!("next: nn4n tasks show {}", args.id))
}

/// At most `most` of the conditions, the first and the last among them, at even distances.
fn spread(conditions: &[Condition], most: usize) -> Vec<Condition> {
    let (all, count) = (conditions.len(), conditions.len().min(most));
    let place = |i: usize| if count < 2 { 0 } else { (i * (all - 1) + (count - 1) / 2) / (count - 1) };
    (0..count).filter_map(|i| conditions.get(place(i)).cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_conditions_are_spread_over_all() {
        let all: Vec<Condition> = (0..11).map(|i| Condition::new().with("i", f64::from(i))).collect();
        let chosen = |most| spread(&all, most).iter().filter_map(|condition| condition.number("i")).collect::<Vec<_>>();
        assert_eq!(chosen(6), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(chosen(4), [0.0, 3.0, 7.0, 10.0]);
        assert_eq!(chosen(1), [0.0]);
        assert_eq!(chosen(50).len(), 11);
        assert!(spread(&[], 6).is_empty());
    }
}
