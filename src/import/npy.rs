//! Arrays of `.npz` files, one `.npy` each.

use nn4n_tasks::NpyHeader;

use super::{
    Refused,
    archive::Archive,
    array::Array,
    pickle::{self, ElementType, Pickle, Scalar},
};

/// What an `.npy` holds.
#[derive(Debug)]
pub(super) enum Stored {
    Numbers(Array),
    Text(String),
    /// Python objects, as an array in a pickle.
    Objects(Pickle),
}

/// All arrays of an `.npz` file, by name.
pub(super) fn read_all(bytes: &[u8]) -> Result<Vec<(String, Stored)>, Refused> {
    let mut archive = Archive::open(bytes)?;
    let mut members: Vec<String> = archive.names().map(str::to_owned).collect();
    members.sort_unstable();
    members
        .into_iter()
        .map(|member| {
            let name = member
                .strip_suffix(".npy")
                .ok_or_else(|| Refused::new(format!("holds `{member}`, which is no array of NumPy")))?;
            let bytes = archive.read(&member, u64::MAX)?;
            let stored = Npy::parse(&bytes).and_then(|npy| {
                archive.charge(npy.numbers())?;
                npy.read()
            });
            stored.map(|stored| (name.to_owned(), stored)).map_err(|error| error.of(name))
        })
        .collect()
}

/// An `.npy` with its header read.
pub(super) struct Npy<'a> {
    header: NpyHeader,
    /// `None` of text.
    element: Option<ElementType>,
    data: &'a [u8],
}

impl<'a> Npy<'a> {
    pub fn parse(mut bytes: &'a [u8]) -> Result<Self, Refused> {
        let header = NpyHeader::read(&mut bytes).map_err(Refused::new)?;
        let is_text = header.descriptor.trim_start_matches(['<', '|', '=']).starts_with('U');
        let element = (!is_text).then(|| ElementType::of_descriptor(&header.descriptor)).transpose()?;
        Ok(Self { element, header, data: bytes })
    }

    /// How many numbers there are.
    pub fn numbers(&self) -> usize {
        self.data.len() / self.element.map_or(1, |element| element.scalar.size()).max(1)
    }

    pub fn read(self) -> Result<Stored, Refused> {
        let Some(element) = self.element else { return text(self.data).map(Stored::Text) };
        if element.scalar == Scalar::Object {
            return Ok(Stored::Objects(pickle::parse_beside_strangers(self.data)?));
        }
        let shape = self.header.shape.iter().map(|length| i64::try_from(*length)).collect::<Result<Vec<_>, _>>();
        let shape = shape.map_err(|_| Refused::new("has a shape that no memory can hold"))?;
        Array::packed(self.data, element, &shape, self.header.fortran_order).map(Stored::Numbers)
    }
}

/// One string in UTF-32, padded with zeros.
fn text(data: &[u8]) -> Result<String, Refused> {
    let (words, rest) = data.as_chunks::<4>();
    let letters = words.iter().map(|word| u32::from_le_bytes(*word)).take_while(|letter| *letter != 0);
    let text: Option<String> = letters.map(char::from_u32).collect();
    text.filter(|_| rest.is_empty()).ok_or_else(|| Refused::new("holds text that is no Unicode; save it again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Result<Stored, Refused> {
        Npy::parse(bytes)?.read()
    }

    fn npy(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn arrays_and_numbers_are_read() {
        let array = npy("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 2), }", &[1, 0, 2, 0, 3, 0, 4, 0]);
        let Stored::Numbers(array) = parse(&array).expect("an array") else { panic!("not an array") };
        assert_eq!((array.shape, array.values), (vec![2, 2], vec![1.0, 3.0, 2.0, 4.0]));
        let Stored::Numbers(number) =
            parse(&npy("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", &0.8_f64.to_le_bytes()))
                .expect("a number")
        else {
            panic!("not an array")
        };
        assert_eq!((number.shape.len(), number.values[0], number.double), (0, 0.8, true));
    }

    #[test]
    fn zeros_that_were_packed_are_not_unpacked_to_many_times_the_file() {
        let zeros = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (8388608,), }", &vec![0; 1 << 23]);
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        writer.start_file("w.npy", zip::write::SimpleFileOptions::default()).expect("a member");
        std::io::Write::write_all(&mut writer, &zeros).expect("its bytes");
        let bytes = writer.finish().expect("an archive").into_inner();
        assert!(bytes.len() < zeros.len() / 100, "the member is packed");
        let message = read_all(&bytes).expect_err("a bomb").to_string();
        assert!(message.contains("`w`") && message.contains("more numbers than a file of this size"), "{message}");
    }

    #[test]
    fn what_is_no_plain_array_is_refused_by_what_is_wrong() {
        let header = |text: &str| parse(&npy(text, &[0; 4])).expect_err(text).to_string();
        assert!(header("{'descr': '<f4', 'fortran_order': False, }").contains("`shape`"));
        assert!(header("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }").contains("c8"));
        assert!(header("{'descr': '<f4', 'fortran_order': False, 'shape': (9,), }").contains("outside"));
    }
}
