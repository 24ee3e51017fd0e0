//! Wang, Di Tullio, Rooke & Balasubramanian 2024: place fields from the prediction of what is sensed next.

use toml::Value;

use super::{Claim, Figure, Mode, Outline, Paper, Run, Step, Study, Target, fields, list};

pub const PAPER: Paper = Paper {
    id: "wang2024",
    summary: "place fields: spatial information, remapping and reversion in three rooms, and what fields need",
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

/// The same of several, of the first room.
const MATRIX: &str = "--trials 600 --bin 5 --arena 0,100,0,100 --smooth 0 --where task=room_1";

/// Studies in one room, each with one thing taken away from the first.
const ROOM: &str = "one_room";
const UNTRAINED: &str = "untrained";
const NO_RECURRENCE: &str = "no_recurrence";
const SHUFFLED: &str = "shuffled";
const NO_PENALTY: &str = "no_rate_penalty";

/// Visits to three rooms in turn, in three rounds, with recurrent weights and without.
const ROOMS: &str = "rooms";
const BLOCKED: &str = "rooms_blocked";
const N_ROOMS: i64 = 3;
const ROUNDS: i64 = 3;

fn outline(mode: Mode) -> Outline {
    let whole = Outline {
        seeds: mode.pick(1, 5),
        notes: vec![
            "Walks of 1 s start anywhere in the room, where the released code cuts them from longer walks; the paper \
             goes through 20 rooms in 30 rounds, here there are three in three."
                .into(),
            "Maps of the network of shuffled trials are those of ordinary walks.".into(),
        ],
        ..Outline::default()
    };
    whole.and(one_room(mode)).and(three_rooms(mode))
}

/// The sizes of the mode, in full those of the preset, with a validation at the end of each visit.
fn sized(study: Study, mode: Mode, updates: (i64, i64), visit: (i64, i64)) -> Study {
    let (n, every) = (mode.pick(updates.0, updates.1), mode.pick(visit.0, visit.1));
    let study = study.set("train.updates", n).set("train.validation.every", every).takes(n as u64);
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
const VISIT: (i64, i64) = (200, 320);

fn in_one_room(name: &str, summary: &str, mode: Mode, updates: (i64, i64)) -> Study {
    // The only validation is after the last update, so that it is this network that is saved.
    let study = sized(Study::new(name, "wang2024/place_cells", summary), mode, updates, updates);
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

fn three_rooms(mode: Mode) -> Outline {
    let rooms = visits(ROOMS, "three rooms in turn, three times", mode);
    let blocked = without_recurrence(visits(BLOCKED, "the same without recurrent weights", mode));
    // Of maps of the first room, by the networks after two visits.
    let between = |name: &str, of: &Study, after: [(i64, i64); 2]| {
        let [first, second] = after.map(|(round, room)| end_of_visit(mode, round, room));
        let words = format!("{{after:{second}}} {VECTORS} --where task=room_1");
        Step::new(name, of, "analyze remapping", &words).after(first as u64)
    };
    let returned = between("return", &rooms, [(2, 1), (3, 1)]);
    // Maps of the first room after all visits, to it and to the others.
    let ends: Vec<i64> = (1..=N_ROOMS * ROUNDS).map(|visit| end_of_visit(mode, 1, visit)).collect();
    let others: Vec<String> = ends[1..].iter().map(|end| format!("{{after:{end}}}")).collect();
    let visits = Step::new("visits", &rooms, "analyze remapping", &format!("{} {MATRIX}", others.join(" ")))
        .after(ends[0] as u64);
    let unlike = Step::new("unlike", &rooms, "analyze remapping", &format!("{VECTORS} --between task=room_1,room_2"))
        .after(end_of_visit(mode, ROUNDS, N_ROOMS) as u64);
    let figures = vec![
        Figure::new(
            "Three rooms",
            &unlike,
            "remapped-maps",
            "Maps in two rooms",
            "A unit fires at unrelated places of the two rooms, or in one alone.",
        ),
        Figure::new(
            "Three rooms",
            &returned,
            "remapped-maps",
            "The first room, after the second and the third visit",
            "After visits to two other rooms fields are where they were, as far as they revert.",
        ),
        Figure::new(
            "Three rooms",
            &visits,
            "remapping",
            "The first room after all nine visits",
            "Correlation of population vectors between the maps of the first room that the networks after each visit have: \
             high between visits to it where fields revert, however far visits to others lead away.",
        ),
    ];
    let steps = vec![
        between("first-return", &rooms, [(1, 1), (2, 1)]),
        between("away", &rooms, [(2, 1), (2, N_ROOMS)]),
        returned,
        visits,
        between("return", &blocked, [(2, 1), (3, 1)]),
        unlike,
    ];
    Outline { studies: vec![rooms, blocked], steps, claims: rooms_claims(), figures, ..Outline::default() }
}

/// Updates up to the end of the visit to a room in a round; both are counted from 1.
fn end_of_visit(mode: Mode, round: i64, room: i64) -> i64 {
    ((round - 1) * N_ROOMS + room) * mode.pick(VISIT.0, VISIT.1)
}

/// A training in the rooms in turn, of which the network after each visit is kept.
fn visits(name: &str, summary: &str, mode: Mode) -> Study {
    let updates = (ROUNDS * N_ROOMS * VISIT.0, ROUNDS * N_ROOMS * VISIT.1);
    let study = sized(Study::new(name, "wang2024/rooms", summary), mode, updates, VISIT);
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
    list([1, 2, 3].map(room))
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
            "correlation of population vectors of the first room, after its second and its third visit",
            "fields revert on return, from the second round on (more than 0.6)",
        )
        .is(Target::Above(0.6))
        .of_each(ROOMS, |run| run.number("return", VECTOR)),
        Claim::criterion("the same after its first and its second visit", "fields may settle in the first round")
            .of_each(ROOMS, |run| run.number("first-return", VECTOR)),
        Claim::criterion(
            "the same after its second visit and after those to the other rooms that follow",
            "what visits to other rooms do to the maps of the first",
        )
        .of_each(ROOMS, |run| run.number("away", VECTOR)),
        Claim::criterion(
            "correlation of population vectors between the first two rooms, absolute",
            "maps of different rooms are unrelated (less than 0.2)",
        )
        .is(Target::Below(0.2))
        .of_each(ROOMS, |run| Ok(run.number("unlike", VECTOR)?.abs())),
        Claim::criterion(
            "correlation of population vectors on return without recurrent weights, less that with them",
            "reversion needs recurrence (less than 0)",
        )
        .is(Target::Below(0.0))
        .of_pairs(BLOCKED, ROOMS, |blocked, free| {
            Ok(blocked.number("return", VECTOR)? - free.number("return", VECTOR)?)
        }),
    ]
}
