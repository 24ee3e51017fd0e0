//! How many times something is drawn, fitted or divided.

/// More than these would take days, and memory that no machine has.
const MOST: usize = 100_000;

/// A number from 0 to 100,000.
pub fn count(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n <= MOST).ok_or_else(|| format!("must be a whole number from 0 to {MOST}"))
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn what_no_machine_can_hold_is_refused() {
        assert_eq!((count("0"), count("100000")), (Ok(0), Ok(100_000)));
        for text in ["100001", "18446744073709551616", "-1", "1e3", ""] {
            assert!(count(text).unwrap_err().contains("from 0 to 100000"), "{text}");
        }
    }
}
