//! Arrays as files hold them, brought to f64 in row-major order.

use super::{
    Refused,
    pickle::{ElementType, NumpyArray, Scalar},
};

/// Most elements of an array that does not have them all in its file (16 MiB as f64).
const MOST_REPEATED: u64 = 1 << 21;

/// Most dimensions of an array.
const MOST_DIMENSIONS: usize = 32;

/// An array on the host.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Array {
    pub shape: Vec<usize>,
    /// Row by row.
    pub values: Vec<f64>,
    /// Whether the file holds numbers of more than 32 bits.
    pub double: bool,
}

impl Array {
    /// The bytes of a text.
    pub fn of_text(text: &str) -> Self {
        Self { shape: vec![text.len()], values: text.bytes().map(f64::from).collect(), double: false }
    }

    /// The window that starts at `offset` of the elements in `data` and advances by `strides`, all counted in elements.
    ///
    /// # Errors
    /// If any element lies outside of `data`.
    pub fn strided(
        data: &[u8],
        element: ElementType,
        offset: i64,
        shape: &[i64],
        strides: &[i64],
    ) -> Result<Self, Refused> {
        let size = element.scalar.size();
        if size == 0 {
            return Err(Refused::new("holds Python objects, not numbers"));
        }
        let available = (data.len() / size) as u64;
        let shape = checked_shape(shape, available)?;
        if strides.len() != shape.len() {
            return Err(Refused::new(format!("has {} strides for {} dimensions", strides.len(), shape.len())));
        }
        let outside = || Refused::new("reaches outside of its storage");
        let steps = strides
            .iter()
            .map(|stride| u64::try_from(*stride))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| outside())?;
        let first = u64::try_from(offset).map_err(|_| outside())?;
        let count: usize = shape.iter().product();
        if count > 0 {
            let last = shape
                .iter()
                .zip(&steps)
                .try_fold(first, |last, (length, step)| last.checked_add(step.checked_mul(*length as u64 - 1)?));
            last.filter(|last| *last < available).ok_or_else(outside)?;
        }
        let mut values = Vec::with_capacity(count);
        let mut index = vec![0_usize; shape.len()];
        for _ in 0..count {
            let place: u64 = index.iter().zip(&steps).map(|(index, step)| *index as u64 * step).sum::<u64>() + first;
            let start = place as usize * size;
            values.push(element.scalar.number(data.get(start..start + size).ok_or_else(outside)?, element.big_endian));
            for (index, length) in index.iter_mut().zip(&shape).rev() {
                *index += 1;
                if *index < *length {
                    break;
                }
                *index = 0;
            }
        }
        Ok(Self { shape, values, double: element.scalar == Scalar::Float(8) })
    }

    /// The elements in `data` one after the other, rows first, or columns first in Fortran's order.
    ///
    /// # Errors
    /// If `data` has more or fewer bytes than the shape asks for.
    pub fn packed(data: &[u8], element: ElementType, shape: &[i64], fortran_order: bool) -> Result<Self, Refused> {
        let mut strides = vec![1_i64; shape.len()];
        let mut step = 1_i64;
        let order: Vec<usize> =
            if fortran_order { (0..shape.len()).collect() } else { (0..shape.len()).rev().collect() };
        for axis in order {
            strides[axis] = step;
            step = step
                .checked_mul(shape[axis].max(1))
                .ok_or_else(|| Refused::new("has a shape that no memory can hold"))?;
        }
        let array = Self::strided(data, element, 0, shape, &strides)?;
        if array.values.len() * element.scalar.size() != data.len() {
            let message = format!(
                "has shape {:?}, but {} bytes of elements of {}",
                array.shape,
                data.len(),
                element.scalar.size()
            );
            return Err(Refused::new(message));
        }
        Ok(array)
    }

    /// An array of a pickle.
    pub fn of_numpy(array: &NumpyArray) -> Result<Self, Refused> {
        let element = array.element.ok_or_else(|| Refused::new("is an array without content"))?;
        Self::packed(&array.data, element, &array.shape, array.fortran_order)
    }

    /// Refuses another shape than this one.
    pub fn expect(self, shape: &[usize]) -> Result<Self, Refused> {
        if self.shape == shape {
            return Ok(self);
        }
        Err(Refused::new(format!("has shape {:?}, but the network needs {shape:?}", self.shape)))
    }

    /// Refuses NaN and infinity, which no mask has.
    pub fn finite(self) -> Result<Self, Refused> {
        match self.values.iter().find(|value| !value.is_finite()) {
            None => Ok(self),
            Some(value) => Err(Refused::new(format!(
                "holds {value}; masks are finite, so the file is damaged: copy or download it again"
            ))),
        }
    }

    /// Rows and columns of a matrix.
    pub fn matrix(&self) -> Result<(usize, usize), Refused> {
        match *self.shape {
            [rows, columns] => Ok((rows, columns)),
            _ => Err(Refused::new(format!("has shape {:?}, but must be a matrix", self.shape))),
        }
    }

    /// Rows become columns.
    pub fn transposed(self) -> Result<Self, Refused> {
        let (rows, columns) = self.matrix()?;
        let values = (0..columns)
            .flat_map(|column| (0..rows).map(move |row| (row, column)))
            .map(|(row, column)| self.values[row * columns + column]);
        Ok(Self { shape: vec![columns, rows], values: values.collect(), double: self.double })
    }

    /// The diagonal of a square matrix without other entries.
    pub fn diagonal(&self) -> Result<Vec<f64>, Refused> {
        let (rows, columns) = self.matrix()?;
        let off_diagonal = |index: &usize| index / columns != index % columns;
        if rows != columns || (0..self.values.len()).filter(off_diagonal).any(|index| self.values[index] != 0.0) {
            return Err(Refused::new("must be a diagonal matrix"));
        }
        Ok((0..rows).map(|row| self.values[row * columns + row]).collect())
    }
}

fn checked_shape(shape: &[i64], available: u64) -> Result<Vec<usize>, Refused> {
    if shape.len() > MOST_DIMENSIONS {
        return Err(Refused::new(format!(
            "has {} dimensions, more than the {MOST_DIMENSIONS} of an array",
            shape.len()
        )));
    }
    let negative = || Refused::new(format!("has shape {shape:?}, which no array has"));
    let lengths =
        shape.iter().map(|length| usize::try_from(*length).map_err(|_| negative())).collect::<Result<Vec<_>, _>>()?;
    let count = lengths.iter().try_fold(1_u64, |count, length| count.checked_mul((*length).try_into().ok()?));
    match count {
        // Of an array without elements, the other lengths are bounded here.
        Some(count)
            if lengths
                .iter()
                .map(|length| *length as u64)
                .chain([count])
                .all(|count| count <= available.max(MOST_REPEATED)) =>
        {
            Ok(lengths)
        }
        _ => Err(Refused::new(format!("has shape {shape:?}, but {available} elements are stored"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOAT: ElementType = ElementType { scalar: Scalar::Float(4), big_endian: false };

    fn bytes(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn refusal(result: Result<Array, Refused>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn a_window_follows_its_strides() {
        let data = bytes(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let transposed = Array::strided(&data, FLOAT, 1, &[3, 2], &[1, 3]).expect("a window");
        assert_eq!((transposed.shape, transposed.values), (vec![3, 2], vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0]));
        let repeated = Array::strided(&data, FLOAT, 4, &[3], &[0]).expect("a window");
        assert_eq!(repeated.values, [4.0; 3]);
        assert_eq!(Array::strided(&data, FLOAT, 6, &[], &[]).expect("a number").values, [6.0]);
        assert_eq!(Array::strided(&data, FLOAT, 99, &[0, 5], &[5, 1]).expect("nothing").values, [0.0; 0]);
    }

    #[test]
    fn a_window_outside_of_its_storage_is_refused() {
        let data = bytes(&[0.0; 6]);
        for (offset, shape, strides) in [
            (1, &[3_i64, 2][..], &[2_i64, 1][..]),
            (6, &[1], &[1]),
            (-1, &[1], &[1]),
            (0, &[2], &[-1]),
            (0, &[2], &[i64::MAX]),
            (i64::MAX, &[3, 3], &[i64::MAX, i64::MAX]),
            (0, &[7], &[1]),
        ] {
            let message = refusal(Array::strided(&data, FLOAT, offset, shape, strides));
            assert!(message.contains("outside of its storage"), "{offset} {shape:?} {strides:?}: {message}");
        }
        assert!(
            refusal(Array::strided(&data, FLOAT, 0, &[i64::MAX, i64::MAX], &[0, 0])).contains("elements are stored")
        );
        assert!(refusal(Array::strided(&data, FLOAT, 0, &[1 << 30], &[0])).contains("elements are stored"));
        assert!(refusal(Array::strided(&data, FLOAT, 0, &[1 << 40, 0], &[0, 0])).contains("elements are stored"));
        assert!(refusal(Array::strided(&data, FLOAT, 0, &[-1], &[1])).contains("no array"));
        assert!(refusal(Array::strided(&data, FLOAT, 0, &[1; 33], &[0; 33])).contains("33 dimensions"));
        assert!(refusal(Array::strided(&data, FLOAT, 0, &[2, 2], &[1])).contains("1 strides for 2"));
    }

    #[test]
    fn packed_arrays_are_read_in_both_orders_and_to_the_byte() {
        let data = bytes(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(
            Array::packed(&data, FLOAT, &[2, 3], false).expect("an array").values,
            [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
        );
        assert_eq!(
            Array::packed(&data, FLOAT, &[2, 3], true).expect("an array").values,
            [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]
        );
        assert!(refusal(Array::packed(&data, FLOAT, &[2, 2], false)).contains("24 bytes"));
        assert!(refusal(Array::packed(&data, FLOAT, &[4, 2], false)).contains("outside"));
        assert!(Array::packed(&data, FLOAT, &[i64::MAX, 4], false).is_err());
        let array = Array::packed(&data, FLOAT, &[2, 3], false).expect("an array");
        assert_eq!(array.clone().transposed().expect("a matrix").values, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert!(array.diagonal().is_err());
    }
}
