//! Numbers about numbers that several analyses need.

/// A quantile of ascending values, linear between them; NaN without any.
pub(crate) fn quantile(ascending: &[f64], fraction: f64) -> f64 {
    let Some(last) = ascending.len().checked_sub(1) else { return f64::NAN };
    let at = fraction * last as f64;
    let (below, above) = (ascending[at.floor() as usize], ascending[at.ceil() as usize]);
    // Two infinities have no difference.
    if below == above { below } else { below + (at - at.floor()) * (above - below) }
}

/// Pearson's correlation; `None` where one of the two is constant.
pub(crate) fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        xy += (x - mx) * (y - my);
        xx += (x - mx) * (x - mx);
        yy += (y - my) * (y - my);
    }
    (xx > 0.0 && yy > 0.0).then(|| xy / (xx * yy).sqrt())
}

/// Ranks from 1; those of equal values are their mean.
pub(crate) fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = before as f64 + (equal.len() + 1) as f64 / 2.0;
        equal.iter().for_each(|place| ranks[*place] = rank);
        before += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_on_lines_between_neighbours() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
        assert_eq!((quantile(&[1.0], 0.3), quantile(&[1.0, 2.0], 1.0)), (1.0, 2.0));
        assert_eq!(quantile(&[1.0, f64::INFINITY, f64::INFINITY], 0.8), f64::INFINITY);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
