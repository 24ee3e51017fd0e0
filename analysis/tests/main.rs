//! Known answers of the analyses, on networks that are made by hand.

mod closed_loop;
mod behaviour;
mod decoding;
mod fixed_points;
mod geometry;
mod golden;
mod lyapunov;
mod made;
mod units;
mod spatial;
mod similarity;
