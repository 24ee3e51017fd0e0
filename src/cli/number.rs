//! Numbers on the command line: a negative one is a number and no option, and is refused where none can be.

use clap::{
    Arg, ArgMatches, Command,
    builder::ValueParser,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
    value_parser,
};

/// Options that may be below 0, or whose own rule says more of why not. Beside them only those may that say so by
/// `allow_hyphen_values`, as lists that begin with a negative number must.
const SIGNED: [&str; 5] = ["from", "to", "boundary", "range", "lr"];

/// The command, whose numbers may be negative as far as its parser goes: without this the parser takes `-1` for an
/// option, and says that there is none of this name.
pub fn with_negatives(command: Command) -> Command {
    let negative = |arg: Arg| {
        let is_open = !is_number(&arg) || arg.is_allow_hyphen_values_set();
        if is_open { arg } else { arg.allow_negative_numbers(true) }
    };
    command.mut_args(negative).mut_subcommands(with_negatives)
}

/// Refuses numbers that are none, and those below 0 where none can be.
///
/// # Errors
/// In the words of the other refusals of a value.
pub fn check(command: &Command, matches: &ArgMatches) -> Result<(), clap::Error> {
    if let Some((name, of_subcommand)) = matches.subcommand() {
        return command.find_subcommand(name).map_or(Ok(()), |subcommand| check(subcommand, of_subcommand));
    }
    for arg in command.get_arguments().filter(|arg| is_real(arg)) {
        let id = arg.get_id().as_str();
        if matches.value_source(id) != Some(ValueSource::CommandLine) {
            continue;
        }
        for value in matches.get_many::<f64>(id).into_iter().flatten() {
            let is_signed = SIGNED.contains(&id) || arg.is_allow_hyphen_values_set();
            let rule = match (value.is_nan(), *value < 0.0 && !is_signed) {
                (true, _) => "must be a number",
                (_, true) => "must not be negative",
                _ => continue,
            };
            let option = arg.get_long().unwrap_or(id);
            return Err(clap::Error::raw(ErrorKind::ValueValidation, format!("--{option} {value}: {rule}\n")));
        }
    }
    Ok(())
}

/// What is wrong with a number that could not be read, in place of what its type has to say.
pub fn refusal(error: &clap::Error) -> Option<String> {
    let (Some(ContextValue::String(option)), Some(ContextValue::String(value))) =
        (error.get(ContextKind::InvalidArg), error.get(ContextKind::InvalidValue))
    else {
        return None;
    };
    let rule = rule(&std::error::Error::source(error)?.to_string())?;
    let option = option.split(' ').next().unwrap_or(option);
    Some(format!("{option} {value}: {rule}"))
}

/// The rule of a number, from the complaint of its parser.
fn rule(complaint: &str) -> Option<String> {
    if let Some((_, range)) = complaint.split_once(" is not in ") {
        let (low, high) = range.split_once("..")?;
        return Some(match high.trim_start_matches('=') {
            "" => format!("must be a whole number, {low} or more"),
            high => format!("must be a whole number from {low} to {high}"),
        });
    }
    match complaint {
        "invalid digit found in string" | "cannot parse integer from empty string" => {
            Some("must be a whole number, 0 or more, as in 100".into())
        }
        "number too large to fit in target type" => Some("must be a smaller number".into()),
        "invalid float literal" | "cannot parse float from empty string" => {
            Some("must be a number, as in 0.003".into())
        }
        _ => None,
    }
}

fn is_number(arg: &Arg) -> bool {
    let whole: [ValueParser; 4] =
        [value_parser!(usize).into(), value_parser!(u64).into(), value_parser!(u32).into(), value_parser!(u8).into()];
    is_real(arg) || whole.iter().any(|known| known.type_id() == arg.get_value_parser().type_id())
}

fn is_real(arg: &Arg) -> bool {
    arg.get_value_parser().type_id() == ValueParser::from(value_parser!(f64)).type_id()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{program, read};

    /// Each command of the program that has none below it, with the words that lead to it.
    fn leaves(command: &Command, path: &[String]) -> Vec<(Vec<String>, Command)> {
        let path = [path, &[command.get_name().to_owned()]].concat();
        if !command.has_subcommands() {
            return vec![(path, command.clone())];
        }
        command.get_subcommands().flat_map(|subcommand| leaves(subcommand, &path)).collect()
    }

    /// What is said when `option` has this value, and all that must be named is named.
    fn said(path: &[String], command: &Command, option: &Arg, value: &str) -> Result<(), String> {
        let long = option.get_long().expect("an option has a long name");
        let mut words = path.to_vec();
        words.extend([format!("--{long}"), value.into()]);
        for arg in command.get_arguments().filter(|arg| arg.is_required_set() && arg.get_id() != option.get_id()) {
            words.extend(arg.get_long().map(|long| format!("--{long}")));
            words.push("1".into());
        }
        read(words).map(drop).map_err(|error| refusal(&error).unwrap_or_else(|| error.to_string()))
    }

    #[test]
    fn every_number_of_the_program_takes_a_negative_one_or_refuses_it_in_words_of_ours() {
        let root = program();
        let (mut numbers, mut taken) = (0, Vec::new());
        for (path, command) in leaves(&root, &[]) {
            for option in command.get_arguments().filter(|arg| is_number(arg) && arg.get_long().is_some()) {
                numbers += 1;
                let id = option.get_id().as_str();
                match said(&path, &command, option, "-1") {
                    Ok(()) if option.is_allow_hyphen_values_set() => {}
                    Ok(()) => taken.push(id.to_owned()),
                    Err(why) => {
                        let is_ours = why.contains("must ") && !why.contains("unexpected argument");
                        // Some options need or exclude others, which is said before their value is looked at.
                        let is_of_another = why.contains("required arguments") || why.contains("cannot be used with");
                        assert!(is_ours || is_of_another, "{path:?} --{id} -1: {why}");
                        assert!(!SIGNED.contains(&id) || !is_ours, "{path:?} --{id} may be negative: {why}");
                    }
                }
                if is_real(option) {
                    let why = said(&path, &command, option, "NaN").expect_err("NaN is no number");
                    assert!(why.contains("must ") || why.contains("required") || why.contains("cannot be"), "{why}");
                }
            }
        }
        assert!(numbers > 80, "{numbers}");
        taken.sort();
        taken.dedup();
        assert!(taken.iter().all(|id| SIGNED.contains(&id.as_str())), "{taken:?} take -1");
    }

    #[test]
    fn a_number_that_cannot_be_read_is_refused_by_its_rule() {
        let why = |words: &[&str]| {
            let words: Vec<String> = ["nn4n"].iter().chain(words).map(|word| word.to_string()).collect();
            let error = read(words).map(drop).expect_err("it is refused");
            refusal(&error).unwrap_or_else(|| error.to_string())
        };
        for (words, wanted) in [
            (&["eval", "x", "--trials", "0"][..], "--trials 0: must be a whole number from 1 to 4294967295"),
            (&["eval", "x", "--trials", "-1"], "--trials -1: must be a whole number from 1 to 4294967295"),
            (&["eval", "x", "--seed", "-1"], "--seed -1: must be a whole number, 0 or more, as in 100"),
            (&["eval", "x", "--seed", "99999999999999999999"], "--seed 99999999999999999999: must be a smaller number"),
            (&["eval", "x", "--dt", "-1"], "--dt -1: must not be negative"),
            (&["eval", "x", "--dt", "fast"], "--dt fast: must be a number, as in 0.003"),
            (
                &["plot", "trials", "x", "--out", "y", "--count", "13"],
                "--count 13: must be a whole number from 1 to 12",
            ),
            (&["analyze", "decoding", "x", "--variable", "v", "--folds", "-1"], "from 0 to 100000"),
        ] {
            assert!(why(words).contains(wanted), "{words:?}: {}", why(words));
        }
        assert!(read(["nn4n", "analyze", "dpca", "x", "--from", "-100"].map(String::from).to_vec()).is_ok());
        assert!(read(["nn4n", "analyze", "rate-maps", "x", "--arena", "-1,1,-1,1"].map(String::from).to_vec()).is_ok());
    }
}
