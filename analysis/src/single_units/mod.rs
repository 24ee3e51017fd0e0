//! What single units respond to, and which of them do alike.
//!
//! | module | question |
//! |---|---|
//! | [`selectivity`] | which units tell the values of a variable apart? |
//! | [`roc`] | how well does one unit tell two kinds of trials apart? |
//! | [`mixed_selectivity`] | do units respond to one variable, to several that add up, or to combinations? |
//! | [`tuning`] | which direction does a unit prefer, and how narrowly? |
//! | [`task_variance`] | which tasks and epochs do units take part in? |
//! | [`clusters`] | which rows are alike, in how many groups? |
//! | [`sequentiality`] | are units active one after the other? |
//! | [`sequence_weights`] | do units that are active earlier drive those that are active later? |

pub mod clusters;
pub mod mixed_selectivity;
pub mod roc;
pub mod selectivity;
pub mod sequence_weights;
pub mod sequentiality;
pub mod task_variance;
pub mod tuning;
