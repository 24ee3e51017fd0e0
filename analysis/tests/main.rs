//! Known answers of the analyses, on networks that are made by hand.

mod fixed_points;
mod geometry;
mod golden;
mod lyapunov;
mod made;
