//! The rules that the 15 tasks are, each with an input channel of its own.

/// The 15 rules, in the order of their input channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Go after a visible stimulus.
    FdGo,
    /// Go at once.
    ReactGo,
    /// Go from memory.
    DelayGo,
    /// Away from a visible stimulus.
    FdAnti,
    /// Away at once.
    ReactAnti,
    /// Away from memory.
    DelayAnti,
    /// Compare two strengths in modality 1.
    DelayDm1,
    /// Compare two strengths in modality 2.
    DelayDm2,
    /// Compare in modality 1, ignore modality 2.
    ContextDelayDm1,
    /// Compare in modality 2, ignore modality 1.
    ContextDelayDm2,
    /// Compare the sums over both modalities.
    MultiDelayDm,
    /// Go if the angles are the same.
    DmsGo,
    /// Go if the angles differ.
    DmsNogo,
    /// Go if the categories are the same.
    DmcGo,
    /// Go if the categories differ.
    DmcNogo,
}

impl Rule {
    /// The names of the source.
    pub const NAMES: [&'static str; 15] = [
        "fdgo",
        "reactgo",
        "delaygo",
        "fdanti",
        "reactanti",
        "delayanti",
        "delaydm1",
        "delaydm2",
        "contextdelaydm1",
        "contextdelaydm2",
        "multidelaydm",
        "dmsgo",
        "dmsnogo",
        "dmcgo",
        "dmcnogo",
    ];
}
