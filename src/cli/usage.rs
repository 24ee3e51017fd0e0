//! What the parser of arguments has to say: help, versions and refusals, with the option that users of other programs
//! mean. Written so that a full disk is noticed.

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::number;
use crate::terminal::say;

/// Options of other programs that `train` does not have, separated by spaces, and what to give instead.
const MEANT: [(&str, &str); 10] = [
    (
        "--epochs --n-epochs --num-epochs --max-epochs --iterations --n-iter --iters --steps --max-steps --n-updates",
        "trials are drawn anew for every update: give the number of batches, --updates N",
    ),
    ("--hidden-size --hidden-dim --hidden --n-hidden --n-units --num-units --size --n-rec", "give --units N"),
    ("--learning-rate --step-size", "give --lr X"),
    ("--batch --batchsize --bs --n-trials --trials", "give --batch-size B"),
    ("--gpu --cuda", "give --device cuda:0"),
    ("--output --output-dir --out-dir --save --save-dir --save-path --logdir --name", "give --out DIR"),
    ("--config --file", "name the RUN.toml without an option, as in nn4n train RUN.toml"),
    (
        "--resume-from --checkpoint --ckpt --load --pretrained",
        "--out DIR --resume goes on with a run, --init CHECKPOINT starts from its network",
    ),
    (
        "--tau --alpha --activation --nonlinearity --noise --sigma-rec --density --sparsity --dale --bias --form",
        "write it in [model] of a RUN.toml; `nn4n train --help` names the options",
    ),
    (
        "--weight-decay --momentum --l2 --clip --clip-norm --grad-clip --schedule --scheduler --patience --loss",
        "write it in [train] of a RUN.toml; `nn4n train --help` names the options",
    ),
];

/// Prints what the parser says; `command` is the first argument.
pub fn answer(mut error: clap::Error, command: Option<OsString>) -> ExitCode {
    if let Some(why) = number::refusal(&error) {
        say(&format!("error: {why}\n\nFor more information, try '--help'."));
        return u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
    }
    let is_train = command.is_some_and(|command| command == "train");
    if let Some(tip) = meant(&error).filter(|_| is_train) {
        // In place of an argument that is only spelt alike.
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    match error.print().and_then(|()| io::stdout().flush()) {
        Err(failed) if failed.kind() != io::ErrorKind::BrokenPipe && !error.use_stderr() => {
            say(&format!("error: could not write to standard output ({failed}); free its disk, or write elsewhere"));
            ExitCode::FAILURE
        }
        _ => u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from),
    }
}

/// What to give instead of an option that is not there.
fn meant(error: &clap::Error) -> Option<&'static str> {
    let option = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(option)) if error.kind() == ErrorKind::UnknownArgument => option.replace('_', "-"),
        _ => return None,
    };
    MEANT.iter().find(|(names, _)| names.split(' ').any(|name| name == option)).map(|(_, meant)| *meant)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn no_option_that_exists_is_said_to_be_another() {
        let cli = Cli::command();
        let train = cli.find_subcommand("train").expect("a command");
        let options: Vec<String> =
            train.get_opts().filter_map(|option| option.get_long()).map(|name| format!("--{name}")).collect();
        assert!(options.contains(&"--units".to_string()));
        for name in MEANT.iter().flat_map(|(names, _)| names.split(' ')) {
            assert!(!options.iter().any(|option| option == name), "{name}");
        }
    }
}
