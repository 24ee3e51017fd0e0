//! In which fields two run.tomls differ.

use toml::{Table, Value};

/// Most characters that are shown of a value.
const SHOWN: usize = 60;
/// Most fields that are named.
const NAMED: usize = 8;

/// The fields in which a run.toml differs from an earlier one, as in "`train.batch_size` (20 before, 10 now)"; `None`
/// if they mean the same. Both are complete, as [`Experiment::to_toml`](super::Experiment::to_toml) writes them.
pub(crate) fn differences(before: &str, now: &str) -> Option<String> {
    let mut found = Vec::new();
    match (before.parse::<Table>(), now.parse::<Table>()) {
        (Ok(before), Ok(now)) => compare("", &before, &now, &mut found),
        // What is damaged is another text.
        _ if before == now => return None,
        _ => return Some("a text that cannot be read".into()),
    }
    let more = found.len().saturating_sub(NAMED);
    found.truncate(NAMED);
    if more > 0 {
        found.push(format!("{more} more"));
    }
    (!found.is_empty()).then(|| found.join(", "))
}

fn compare(path: &str, before: &Table, now: &Table, found: &mut Vec<String>) {
    let added = now.keys().filter(|name| !before.contains_key(*name));
    for name in before.keys().chain(added) {
        let field = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match (before.get(name), now.get(name)) {
            (Some(Value::Table(before)), Some(Value::Table(now))) => compare(&field, before, now, found),
            (before, now) if before == now => {}
            (before, now) => found.push(format!("`{field}` ({} before, {} now)", shown(before), shown(now))),
        }
    }
}

fn shown(value: Option<&Value>) -> String {
    let text = value.map_or_else(|| "left out".into(), ToString::to_string);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_differ_are_named_with_both_values() {
        let before = "seed = 1\n[train]\nbatch_size = 20\nfreeze = [\"w_in\"]\n[train.stop]\nnever = true";
        assert_eq!(differences(before, before), None);
        assert_eq!(differences("a = 1.0\nb = 2", "b = 2\na = 1.0"), None);
        let now = "seed = 1\n[train]\nbatch_size = 10\n[train.stop]\nnever = false\npatience = 3";
        assert_eq!(
            differences(before, now).as_deref(),
            Some(
                "`train.batch_size` (20 before, 10 now), `train.freeze` ([\"w_in\"] before, left out now), \
                `train.stop.never` (true before, false now), `train.stop.patience` (left out before, 3 now)"
            )
        );
        assert_eq!(differences("a = [", "b = 1").as_deref(), Some("a text that cannot be read"));
        let many = |value: u32| (0..10).map(|name| format!("n{name} = {value}\n")).collect::<String>();
        assert!(differences(&many(1), &many(2)).is_some_and(|words| words.ends_with("`n7` (1 before, 2 now), 2 more")));
        let long = differences("a = 1", &format!("a = \"{}\"", "x".repeat(500))).unwrap_or_default();
        assert!(long.contains("xxx... now") && long.len() < 100, "{long}");
    }
}
