//! Networks of other libraries are imported exactly, or refused by name (`fixtures/import/generate.py` makes most of
//! the files).

mod command;
mod equality;
mod fixture;
mod meaning;
mod refusal;
mod round_trip;
mod wrapped;
