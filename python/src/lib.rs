//! The shared library that Python loads; what it does is in [`nn4n_bindings`].
//!
//! It is a crate of its own since the last one of a link decides whether loops become vectors in all of them (see the
//! profile `wheel`), and the bindings themselves are to be small.

use nn4n_bindings as _;
