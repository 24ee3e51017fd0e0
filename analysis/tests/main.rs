//! Known answers of the analyses, on networks that are made by hand.

mod fixed_points;
mod golden;
mod lyapunov;
mod made;
mod similarity;
