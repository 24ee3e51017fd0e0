//! What the tests of the penalties share.
