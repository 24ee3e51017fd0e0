//! What is chosen, how often and how fast: from the conditions and outcomes of trials alone.
//!
//! | module | question |
//! |---|---|
//! | [`psychometric`] | how do choices depend on the evidence? |
//! | [`chronometric`] | how long do decisions take? |
//! | [`duration`] | is evidence integrated as long as it is shown? |
//! | [`kernel`] | how much does the evidence at each time weigh in a choice? |
//! | [`confusion`] | what is chosen where something else is right? |

pub mod chronometric;
pub mod confusion;
pub mod duration;
pub mod kernel;
pub mod psychometric;
