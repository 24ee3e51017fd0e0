//! How alike are the maps of each two of several conditions, such as rooms, or one room on several visits?
//!
//! ```text
//! population vector   correlation over units of the rates in a bin, i against j; mean over the bins of both
//! place               correlation over bins of the maps of a unit, i against j; mean over units
//! diagonal            the same between two halves of a condition, every other trial in each
//! ```
//!
//! Reference: Leutgeb S et al. (2005), Science 309: 619-623, <https://doi.org/10.1126/science.1114037>.

use ndarray::{Array2, Array3, Array4, Axis};
use serde::Serialize;

use super::{
    Arena,
    rate_map::Kernel,
    remapping::{Part, Session, common_units, mean, places, vectors},
    units::{Settings, check},
};
use crate::{Activity, AnalysisError};

/// How alike maps are between each two of several conditions.
#[derive(Clone, Debug, Serialize)]
pub struct RemappingMatrix {
    /// The bins.
    pub arena: Arena,
    /// Standard deviation of the Gaussian, bins.
    pub smooth: f64,
    /// Trials of each condition.
    pub trials: Vec<usize>,
    /// Units that were recorded in all conditions.
    pub units_in_all: usize,
    /// Those that were not, and are left out.
    pub units_left_out: usize,
    /// Correlation of population vectors, (conditions, conditions); `null` where nothing correlates.
    pub population_vector: Vec<Vec<Option<f64>>>,
    /// Correlation of the maps of a unit, (conditions, conditions); `null` where nothing correlates.
    pub place: Vec<Vec<Option<f64>>>,
    /// One for each unit in all.
    pub units: Vec<UnitAcross>,
    /// Maps (conditions, units in all, y, x).
    #[serde(skip)]
    pub maps: Array4<f64>,
}

/// How much a unit keeps its map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnitAcross {
    /// Its number.
    pub unit: usize,
    /// Correlation of its maps, mean over pairs of conditions.
    pub place: Option<f64>,
}

/// The maps of a condition, and those of its halves.
struct Mapped {
    whole: Array3<f64>,
    halves: [Array3<f64>; 2],
}

impl RemappingMatrix {
    /// Of conditions with the same units; `settings` as for rate maps, without those about fields and shuffles.
    ///
    /// # Errors
    /// If there are fewer than two, places are not known in all, the units are not as many, too few were recorded in
    /// all, or a setting breaks its rule.
    pub fn of(conditions: &[&Activity], settings: &Settings) -> Result<Self, AnalysisError> {
        check(settings)?;
        let Some((first, others)) = conditions.split_first().filter(|(_, others)| !others.is_empty()) else {
            let message = "two conditions are needed at least, to be compared; give more";
            return Err(AnalysisError::Trials(message.into()));
        };
        if let Some(other) = others.iter().find(|other| other.units() != first.units()) {
            let message =
                format!("have {} units in one and {} in another; give the same units", first.units(), other.units());
            return Err(AnalysisError::Shape { array: "rates", message });
        }
        let arena = Arena::of(conditions, settings.bins, settings.arena.as_deref())?;
        let sessions =
            conditions.iter().map(|condition| Session::of(condition, &arena)).collect::<Result<Vec<_>, _>>()?;
        let units = common_units(&sessions)?;
        let kernel = Kernel::new(settings.smooth);
        let mapped: Vec<Mapped> = sessions
            .iter()
            .map(|session| {
                let maps = |part: &Part| session.maps(part, &arena, &units, &kernel);
                Mapped { whole: maps(&session.whole()), halves: session.halves().map(|half| maps(&half)) }
            })
            .collect();
        Ok(Self {
            smooth: settings.smooth,
            trials: conditions.iter().map(|condition| condition.trials().len()).collect(),
            units_in_all: units.len(),
            units_left_out: first.units() - units.len(),
            population_vector: matrix(&mapped, |a, b| mean(vectors(a.view(), b.view()))),
            place: matrix(&mapped, |a, b| mean(places(a.view(), b.view()))),
            units: across(&units, &mapped),
            maps: stacked(&mapped, &arena),
            arena,
        })
    }

    /// `population_vector` and `place` as arrays (conditions, conditions); NaN where nothing correlates.
    pub fn arrays(&self) -> [Array2<f64>; 2] {
        [&self.population_vector, &self.place].map(|matrix| {
            Array2::from_shape_fn((matrix.len(), matrix.len()), |(i, j)| matrix[i][j].unwrap_or(f64::NAN))
        })
    }
}

fn stacked(mapped: &[Mapped], arena: &Arena) -> Array4<f64> {
    let units = mapped.first().map_or(0, |mapped| mapped.whole.len_of(Axis(0)));
    let mut maps = Array4::zeros((mapped.len(), units, arena.rows, arena.columns));
    maps.outer_iter_mut().zip(mapped).for_each(|(mut of_one, mapped)| of_one.assign(&mapped.whole));
    maps
}

fn matrix(mapped: &[Mapped], alike: impl Fn(&Array3<f64>, &Array3<f64>) -> Option<f64>) -> Vec<Vec<Option<f64>>> {
    let mut matrix = vec![vec![None; mapped.len()]; mapped.len()];
    for (i, one) in mapped.iter().enumerate() {
        matrix[i][i] = alike(&one.halves[0], &one.halves[1]);
        for (j, other) in mapped.iter().enumerate().skip(i + 1) {
            let value = alike(&one.whole, &other.whole);
            (matrix[i][j], matrix[j][i]) = (value, value);
        }
    }
    matrix
}

fn across(units: &[usize], mapped: &[Mapped]) -> Vec<UnitAcross> {
    let pairs = mapped.iter().enumerate().flat_map(|(i, one)| mapped[i + 1..].iter().map(move |other| (one, other)));
    let of_pairs: Vec<Vec<Option<f64>>> =
        pairs.map(|(one, other)| places(one.whole.view(), other.whole.view())).collect();
    let of_unit = |(place, unit): (usize, &usize)| UnitAcross {
        unit: *unit,
        place: mean(of_pairs.iter().map(|of_pair| of_pair[place])),
    };
    units.iter().enumerate().map(of_unit).collect()
}
