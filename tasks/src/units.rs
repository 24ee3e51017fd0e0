//! Units of the variables of trials, for headings and axes.

/// Tasks by the start of their id, variables by the start of their name, and the unit.
const UNITS: [(&str, &str, &str); 21] = [
    ("yang2019/", "angle", "rad"),
    ("driscoll2022/", "angle", "rad"),
    ("tolmachev2025/", "angle", "rad"),
    ("orhan2019/", "orientation", "rad"),
    ("neurogym/delay_match_category", "sample", "rad"),
    ("neurogym/delay_match_category", "test", "rad"),
    ("neurogym/delay_match_sample_distractor_1d", "sample", "rad"),
    ("neurogym/delay_match_sample_distractor_1d", "distractor", "rad"),
    ("neurogym/interval_discrimination", "duration", "ms"),
    ("orhan2019/change_detection", "sample", "rad"),
    ("orhan2019/change_detection", "test", "rad"),
    ("masse2019/", "sample", "\u{b0}"),
    ("masse2019/", "test", "\u{b0}"),
    ("motor/", "angle", "\u{b0}"),
    ("bi2020/", "interval", "ms"),
    ("neurogym/", "interval", "ms"),
    ("song2016/", "rate", "events/s"),
    ("song2016/", "f1", "Hz"),
    ("song2016/", "f2", "Hz"),
    ("sussillo2009/", "frequency", "rad/tau"),
    ("wang2024/", "x", "cm"),
];

/// The unit of a variable of a task of this crate; empty for pure numbers and words.
pub(crate) fn unit(id: &str, variable: &str) -> &'static str {
    if (id, variable) == ("wang2024/place_cells", "y") {
        return "cm";
    }
    let is_it = |(task, stem, _): &&(&str, &str, &str)| {
        id.starts_with(task)
            && variable.strip_prefix(stem).is_some_and(|rest| {
                rest.is_empty() || rest.strip_prefix('_').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
            })
    };
    UNITS.iter().find(is_it).map_or("", |(.., unit)| unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Split, batch, create};

    #[test]
    fn a_variable_has_the_unit_that_its_task_counts_it_in() {
        assert_eq!((unit("yang2019/dm1", "angle_1"), unit("motor/arm_reach", "angle")), ("rad", "\u{b0}"));
        assert_eq!((unit("masse2019/dms", "match"), unit("masse2019/abba", "sample")), ("", "\u{b0}"));
        let distractor = unit("neurogym/delay_match_sample_distractor_1d", "distractor_2");
        assert_eq!((distractor, unit("neurogym/interval_discrimination", "duration_1")), ("rad", "ms"));
        assert_eq!(unit("orhan2019/change_detection", "test"), "rad");
    }

    #[test]
    fn every_line_of_the_table_is_a_variable_of_a_task() {
        for (start, stem, unit_of) in UNITS {
            let named = crate::ids().filter(|id| id.starts_with(start)).any(|id| {
                let trials = batch(create(id, None).unwrap().as_ref(), Split::Train, 0, 0, 4).unwrap();
                trials
                    .conditions
                    .iter()
                    .flat_map(|c| c.iter())
                    .any(|(name, _)| name.starts_with(stem) && unit(id, name) == unit_of)
            });
            assert!(named, "{start} {stem}");
        }
    }
}
