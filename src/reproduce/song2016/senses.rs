//! A rate is seen, heard, or both (Fig 6).

use super::{ends, named, number, study};
use crate::{
    error::Result,
    reproduce::{Claim, Figure, Mode, Outline, Run, Step, Target},
};

const STUDY: &str = "multisensory";

pub fn outline(mode: Mode) -> Outline {
    let study = study(
        mode,
        STUDY,
        "song2016/multisensory",
        "150 units judge a rate that is seen, heard or both (the paper's code: 8 minutes)",
    )
    .takes(mode.pick(800, 7500))
    .pretrained("song2016-multisensory-ei");
    let words = format!("--trials {} --refits 0", mode.pick(200, 500));
    let psychometric = Step::new("psychometric", &study, "analyze psychometric", &words);
    let figures = vec![Figure::new(
        "Two senses",
        &psychometric,
        "psychometric",
        "Psychometric functions of two senses and of both",
        "Choices of `high` against the rate of events; the boundary is 12.5 per second. The function of both senses is \
        to be the steepest.",
    )];
    let claims = vec![
        ends(STUDY, "a mean performance above 90 % in the last five validations"),
        Claim::criterion(
            format!("{STUDY}: sigma of both senses over the smaller one of a single sense"),
            "two senses are better than one",
        )
        .is(Target::Below(1.0))
        .of_each(STUDY, |run| {
            let [visual, auditory, both] = sigmas(run)?;
            Ok(both / visual.min(auditory))
        }),
        Claim::criterion(
            format!("{STUDY}: sigma of both senses over the optimal one"),
            "the two are combined nearly optimally: 1 / sigma^2 is the sum of those of the two, as analysis/multisensory.py \
            of the released code compares (a quarter more is allowed)",
        )
        .is(Target::AtMost(1.25))
        .of_each(STUDY, |run| {
            let [visual, auditory, both] = sigmas(run)?;
            Ok(both * (visual.powi(-2) + auditory.powi(-2)).sqrt())
        }),
    ];
    Outline { studies: vec![study], steps: vec![psychometric], claims, figures, ..Outline::default() }
}

/// Of what is seen, heard, and both, events per second.
fn sigmas(run: &Run) -> Result<[f64; 3]> {
    let curves = run.list("psychometric", "curves")?;
    let sigma = |name: &str| number(named(&curves, name)?, "/fit/sigma");
    Ok([sigma("modality visual")?, sigma("modality auditory")?, sigma("modality both")?])
}
