//! The uncertainty of a fraction of trials, and of the difference of two fractions of the same trials.
//!
//! ```text
//! (p + z^2 / 2n +- z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)        p = k / n, z = 1.96
//! q - p +- z sqrt((q + p - (q - p)^2) / (n + 2))          p = (lost + 1) / (n + 2), q = (gained + 1) / (n + 2)
//! ```
//!
//! `lost` and `gained` are the trials that only the first and only the second of two did right.
//!
//! References: Wilson EB (1927), J Am Stat Assoc 22: 209-212, <https://doi.org/10.1080/01621459.1927.10502953>; Bonett
//! DG, Price RM (2012), J Educ Behav Stat 37: 479-488, <https://doi.org/10.3102/1076998611411915>.

/// Standard normal quantile of a two-sided 95 % interval.
const Z: f64 = 1.959_963_985;

/// Bonett-Price 95 % interval (lower, upper) of the change of a fraction from one to another treatment of the same `n`
/// trials, of which the second did `gained` right that the first did not, and `lost` the other way round. Without
/// trials it is all from -1 to 1.
///
/// ```
/// let (low, high) = nn4n_analysis::paired_difference_interval(5, 15, 98);
/// assert!((low + 0.1898).abs() < 1e-4 && (high + 0.0102).abs() < 1e-4);
/// ```
pub fn paired_difference_interval(gained: usize, lost: usize, n: usize) -> (f64, f64) {
    if n == 0 {
        return (-1.0, 1.0);
    }
    let total = n as f64 + 2.0;
    let (q, p) = ((gained as f64 + 1.0) / total, (lost as f64 + 1.0) / total);
    let half = Z * ((q + p - (q - p).powi(2)) / total).max(0.0).sqrt();
    ((q - p - half).max(-1.0), (q - p + half).min(1.0))
}

/// Wilson 95 % interval (lower, upper) of the fraction behind `k` successes in `n` trials; all of [0, 1] without
/// trials.
///
/// ```
/// let (low, high) = nn4n_analysis::wilson_interval(8, 10);
/// assert!((low - 0.4902).abs() < 1e-4 && (high - 0.9433).abs() < 1e-4);
/// ```
pub fn wilson_interval(k: usize, n: usize) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (n as f64, k.min(n) as f64 / n as f64);
    let shrink = 1.0 + Z * Z / n;
    let centre = (p + Z * Z / (2.0 * n)) / shrink;
    let half = Z / shrink * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    // Of no and of all successes one end is exact, where rounding leaves it a hair beside.
    let low = if p == 0.0 { 0.0 } else { (centre - half).max(0.0) };
    (low, if p == 1.0 { 1.0 } else { (centre + half).min(1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_matches_numbers_worked_by_hand() {
        let (low, high) = wilson_interval(8, 10);
        assert!((low - 0.4902).abs() < 1e-4 && (high - 0.9433).abs() < 1e-4, "{low} {high}");
        let (low, high) = wilson_interval(0, 10);
        assert!(low == 0.0 && (high - 0.2775).abs() < 1e-4, "{low} {high}");
        assert_eq!(wilson_interval(0, 0), (0.0, 1.0));
        for n in 1..500 {
            assert_eq!((wilson_interval(0, n).0, wilson_interval(n, n).1), (0.0, 1.0), "{n}");
        }
    }
}
