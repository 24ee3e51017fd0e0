//! Known answers of the analyses, on networks that are made by hand.

mod behaviour;
mod closed_loop;
mod decoding;
mod fixed_points;
mod geometry;
mod golden;
mod lyapunov;
mod made;
mod similarity;
mod spatial;
mod units;
