//! Lengths of trials, frequencies, input means and what constant outputs cost, against numbers worked out from the words of each task, never from its
//! arrays.

mod driscoll2022;
mod masse2019;
mod measure;
mod neurogym;
mod yang2019;
