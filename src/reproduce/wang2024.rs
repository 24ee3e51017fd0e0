//! Wang, Di Tullio, Rooke & Balasubramanian 2024: place fields from the prediction of what is sensed next.

use toml::Value;

use super::{Claim, Figure, Mode, Outline, Paper, Run, Step, Study, Target, fields, list};

pub const PAPER: Paper = Paper {
    id: "wang2024",
    summary: "place fields: spatial information, remapping and reversion between two rooms, and what fields need",
    citation: "Wang Z, Di Tullio RW, Rooke S, Balasubramanian V (2024). Time makes space: emergence of place fields in \
               networks encoding temporally continuous sensory experiences. Advances in Neural Information Processing \
               Systems 37. https://doi.org/10.48550/arXiv.2408.05798",
    outline,
};

/// Rate maps: 1 s a trial, bins of 5 cm as of the population vectors, units that the released code shows.
const MAPS: &str = "--trials 600 --bin 5 --arena 0,100,0,100 --smooth 0 --shuffles 0 --least 0.2 --field-threshold 0.2";
const MAPS_STEP: &str = "maps";
/// Population vectors of two networks, or of one in two rooms.
const VECTORS: &str = "--trials 600 --bin 5 --arena 0,100,0,100 --smooth 0 --shuffles 20";

/// Studies in one room, each with one thing taken away from the first.
const ROOM: &str = "one_room";
const UNTRAINED: &str = "untrained";
const NO_RECURRENCE: &str = "no_recurrence";
const SHUFFLED: &str = "shuffled";
const NO_PENALTY: &str = "no_rate_penalty";

/// Visits to the first room, to the second and to the first again; without recurrent weights the first and the last.
const FIRST: &str = "visit_1";
const AWAY: &str = "visit_2";
const BACK: &str = "visit_3";
const BLOCKED_FIRST: &str = "blocked_1";
const BLOCKED_BACK: &str = "blocked_3";

fn outline(mode: Mode) -> Outline {
    let whole = Outline {
        seeds: mode.pick(1, 5),
        notes: vec![
            "Walks of 1 s start anywhere in the room, where the released code cuts them from longer walks; the paper \
             goes through many rooms, here there are two, and three visits."
                .into(),
            "A visit is the training up to its end: the three of a seed have the same trials as far as they go.".into(),
            "Maps of the network of shuffled trials are those of ordinary walks.".into(),
        ],
        ..Outline::default()
    };
    whole.and(one_room(mode)).and(two_rooms(mode))
}

/// The sizes of the mode; in full those of the preset.
fn sized(study: Study, mode: Mode, updates: (i64, i64)) -> Study {
    let n = mode.pick(updates.0, updates.1);
    // The only validation is after the last update, so that it is this network that is saved.
    let study = study.set("train.updates", n).set("train.validation.every", n).takes(n as u64);
    match mode {
        Mode::Full => study,
        Mode::Quick => study
            .set("model.units", QUICK.0)
            .set("train.batch_size", QUICK.1)
            .set("train.learning_rate", 0.003)
            .set("train.validation.trials_per_condition", 64),
    }
}

/// Units, trials a batch and cells that sense, in quick mode.
const QUICK: (i64, i64, i64) = (128, 64, 100);

/// Updates in one room, and of a visit, in quick and in full mode.
const UPDATES: (i64, i64) = (1000, 5120);
const VISIT: (i64, i64) = (400, 640);

fn in_one_room(name: &str, summary: &str, mode: Mode, updates: (i64, i64)) -> Study {
    let study = sized(Study::new(name, "wang2024/place_cells", summary), mode, updates);
    if mode == Mode::Quick { study.set("task.n_cells", QUICK.2) } else { study }
}

fn without_recurrence(study: Study) -> Study {
    study.set("model.w_rec.init", "zero").set("model.w_rec.plastic", 0.0)
}

fn one_room(mode: Mode) -> Outline {
    let room = |name, summary| in_one_room(name, summary, mode, UPDATES);
    let studies = vec![
        room(ROOM, "units predict what is sensed next on walks through a room"),
        in_one_room(UNTRAINED, "the same network after one update", mode, (1, 1)),
        without_recurrence(room(NO_RECURRENCE, "the same without recurrent weights")),
        room(SHUFFLED, "the same with the places of each trial in random order").set("task.shuffled", true),
        room(NO_PENALTY, "the same without the penalty on mean rates").set("train.regularisers", Value::Array(vec![])),
    ];
    let maps = |study: &Study| {
        let walks = if study.name == SHUFFLED { " --set shuffled=false" } else { "" };
        Step::new(MAPS_STEP, study, "analyze rate-maps", &format!("{MAPS}{walks}"))
    };
    let steps: Vec<Step> = studies.iter().map(maps).collect();
    let figure =
        |place: usize, title: &str, caption: &str| Figure::new("One room", &steps[place], "rate-maps", title, caption);
    let figures = vec![
        figure(0, "Rate maps", "The most informative units: each fires at one place or two."),
        figure(1, "Before training", "Maps of random weights are as broad as those of the cells that sense."),
        figure(3, "Trained in random order", "Where experience is not continuous in time."),
        figure(4, "Trained without the penalty", "Where rates cost nothing."),
    ];
    Outline { studies, steps, claims: room_claims(), figures, ..Outline::default() }
}

fn two_rooms(mode: Mode) -> Outline {
    let first = visit(FIRST, 1, "after the first visit to the first room", mode);
    let away = visit(AWAY, 2, "after the visit to the second room", mode);
    let back = visit(BACK, 3, "after the second visit to the first room", mode);
    let blocked = without_recurrence(visit(BLOCKED_FIRST, 1, "the first visit without recurrent weights", mode));
    let blocked_back = without_recurrence(visit(BLOCKED_BACK, 3, "the second one without them", mode));
    let with = |name: &str, of: &Study, other: &str| {
        let words = format!("{{network:{other}}} {VECTORS} --where task=room_1");
        Step::new(name, of, "analyze remapping", &words)
    };
    let returned = with("return", &first, BACK);
    let rooms = Step::new("rooms", &back, "analyze remapping", &format!("{VECTORS} --between task=room_1,room_2"));
    let figures = vec![
        Figure::new(
            "Two rooms",
            &rooms,
            "remapped-maps",
            "Maps in both rooms",
            "A unit fires at unrelated places of the two rooms, or in one alone.",
        ),
        Figure::new(
            "Two rooms",
            &returned,
            "remapped-maps",
            "The first room, on both visits",
            "After a visit to the second room fields are where they were, as far as they revert.",
        ),
    ];
    let steps = vec![returned, with("away", &first, AWAY), with("return", &blocked, BLOCKED_BACK), rooms];
    Outline {
        studies: vec![first, away, back, blocked, blocked_back],
        steps,
        claims: rooms_claims(),
        figures,
        ..Outline::default()
    }
}

/// A training that ends with one of the visits, in the rooms in turn.
fn visit(name: &str, visits: i64, summary: &str, mode: Mode) -> Study {
    let updates = (visits * VISIT.0, visits * VISIT.1);
    let study = sized(Study::new(name, "wang2024/two_rooms", summary), mode, updates);
    match mode {
        Mode::Quick => study.set("task.tasks", rooms()).set("task.schedule", blocks(VISIT.0)),
        Mode::Full => study,
    }
}

/// The rooms of the preset with fewer cells.
fn rooms() -> Value {
    let room = |seed: i64| {
        let parameters = fields([("room_seed", seed.into()), ("n_cells", QUICK.2.into())]);
        let name = format!("room_{seed}").into();
        fields([("id", "wang2024/place_cells".into()), ("name", name), ("parameters", parameters)])
    };
    list([1, 2].map(room))
}

fn blocks(updates: i64) -> Value {
    fields([("blocks", updates.into())])
}

fn room_claims() -> Vec<Claim> {
    let bits = |run: &Run| run.number(MAPS_STEP, "/active/median_information");
    let relative = move |run: &Run, to: &Run| Ok(bits(run)? / bits(to)?);
    let compact = |run: &Run| run.number(MAPS_STEP, "/active/compact");
    vec![
        Claim::criterion("active units", "their highest rate is above 0.2, as of those that the released code shows")
            .of_each(ROOM, |run| run.number(MAPS_STEP, "/active/units")),
        Claim::criterion(
            "median spatial information of active units, bits per spike",
            "place fields emerge: more than three times the 0.15 bits of what is sensed",
        )
        .is(Target::Above(0.45))
        .of_each(ROOM, bits),
        Claim::criterion("the same as a multiple of that before training", "place fields emerge (more than 3)")
            .is(Target::Above(3.0))
            .of_pairs(ROOM, UNTRAINED, relative),
        Claim::criterion(
            "part of the active units with one or two fields, each less than a quarter of the room",
            "place fields are compact (at least half)",
        )
        .is(Target::AtLeast(0.5))
        .of_each(ROOM, compact),
        Claim::criterion("median field, part of the room", "fields are small")
            .of_each(ROOM, |run| run.number(MAPS_STEP, "/active/median_field")),
        Claim::criterion(
            "spatial information without recurrent weights, as a multiple of that with them",
            "fields form without recurrence (at least 0.5)",
        )
        .is(Target::AtLeast(0.5))
        .of_pairs(NO_RECURRENCE, ROOM, relative),
        Claim::criterion(
            "spatial information after trials in random order, as a multiple of that after walks",
            "fields need experience that is continuous in time (less than 0.5)",
        )
        .is(Target::Below(0.5))
        .of_pairs(SHUFFLED, ROOM, relative),
        Claim::criterion(
            "spatial information without the penalty on mean rates, as a multiple of that with it",
            "fields need a constraint on activity (less than 0.5)",
        )
        .is(Target::Below(0.5))
        .of_pairs(NO_PENALTY, ROOM, relative),
    ]
}

fn rooms_claims() -> Vec<Claim> {
    const VECTOR: &str = "/population_vector/between";
    vec![
        Claim::criterion(
            "correlation of population vectors of the first room, before and after the second",
            "fields revert on return (more than 0.6)",
        )
        .is(Target::Above(0.6))
        .of_each(FIRST, |run| run.number("return", VECTOR)),
        Claim::criterion(
            "the same between the first visit and the end of that to the second room",
            "what the visit to another room does to the maps of the first",
        )
        .of_each(FIRST, |run| run.number("away", VECTOR)),
        Claim::criterion(
            "correlation of population vectors between the rooms, absolute",
            "maps of different rooms are unrelated (less than 0.2)",
        )
        .is(Target::Below(0.2))
        .of_each(BACK, |run| Ok(run.number("rooms", VECTOR)?.abs())),
        Claim::criterion(
            "correlation of population vectors on return without recurrent weights, less that with them",
            "reversion needs recurrence (less than 0)",
        )
        .is(Target::Below(0.0))
        .of_pairs(BLOCKED_FIRST, FIRST, |blocked, free| {
            Ok(blocked.number("return", VECTOR)? - free.number("return", VECTOR)?)
        }),
    ]
}
