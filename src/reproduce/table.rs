//! Reports of several papers as one table in Markdown.

use super::{outline::Mode, record::Record};

/// A row for each claim.
pub fn table(records: &[Record]) -> String {
    let rows = records.iter().flat_map(|record| {
        let paper = match record.mode {
            Mode::Full => record.paper.clone(),
            mode => format!("{} ({})", record.paper, mode.tag()),
        };
        record.results.iter().map(move |outcome| {
            [
                paper.clone(),
                outcome.quantity.clone(),
                outcome.source.clone(),
                format!("{}, {}", outcome.target_in_words(), outcome.kind.words()),
                outcome.value_in_words(),
                outcome.verdict_in_words(),
            ]
        })
    });
    markdown(["paper", "quantity", "source", "to be", "here", "agrees"], rows)
}

/// A row for each paper.
pub fn summary(records: &[Record]) -> String {
    let rows = records.iter().map(|record| {
        let [agree, differ, unknown] = record.counts();
        let seeds = record.seeds.len().to_string();
        let [agree, differ, unknown] = [agree, differ, unknown].map(|count| count.to_string());
        [record.paper.clone(), record.mode.tag().into(), seeds, agree, differ, unknown, record.time_in_words()]
    });
    markdown(["paper", "form", "seeds", "claims that agree", "that differ", "without a value", "time"], rows)
}

fn markdown<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let line = |cells: [String; N]| {
        let cells = cells.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
        format!("| {} |\n", cells.join(" | "))
    };
    let ruler = line([(); N].map(|()| "---".into()));
    [line(head.map(String::from)), ruler].into_iter().chain(rows.map(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stay_cells_whatever_is_in_them() {
        let rows = [["a | b".to_owned(), "c\nd".to_owned()]];
        assert_eq!(markdown(["x", "y"], rows.into_iter()), "| x | y |\n| --- | --- |\n| a \\| b | c d |\n");
    }
}
