//! Tables of numbers and words as comma-separated values (RFC 4180, with line feeds alone).

use base64::{Engine, engine::general_purpose::STANDARD};

use super::gzip;

/// A file of more bytes is compressed.
const LARGE: usize = 50_000;

/// A file of comma-separated values with a head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Csv {
    /// Its name, such as `weights.csv`.
    pub name: String,
    text: String,
}

impl Csv {
    /// A file with these columns, and no row yet.
    pub fn new<'a>(name: &str, head: impl IntoIterator<Item = &'a str>) -> Self {
        let mut csv = Self { name: name.into(), text: String::new() };
        csv.row(head.into_iter().map(String::from));
        csv
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                self.text.push(',');
            }
            if cell.contains([',', '"', '\n', '\r']) {
                self.text.push_str(&format!("\"{}\"", cell.replace('"', "\"\"")));
            } else {
                self.text.push_str(&cell);
            }
        }
        self.text.push('\n');
    }

    /// The whole file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name of the file that a page gives, and the address that holds it: a file that is large is compressed.
    pub(super) fn file(&self) -> (String, String) {
        if self.text.len() > LARGE {
            let packed = STANDARD.encode(gzip(self.text.as_bytes()));
            return (format!("{}.gz", self.name), format!("data:application/gzip;base64,{packed}"));
        }
        let mut address = String::with_capacity(self.text.len() + self.text.len() / 16);
        address.push_str("data:text/csv;charset=utf-8,");
        for byte in self.text.bytes() {
            match byte {
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => address.push(char::from(byte)),
                b',' | b'.' | b'-' | b'_' | b'+' | b'(' | b')' | b':' | b'=' => address.push(char::from(byte)),
                _ => address.push_str(&format!("%{byte:02X}")),
            }
        }
        (self.name.clone(), address)
    }
}

/// So many things in words: `1 run`, `2 runs`.
pub fn count_of(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// A number with so many significant digits at most; nothing for NaN.
pub fn digits(value: f64, most: usize) -> String {
    if value.is_nan() {
        return String::new();
    }
    // What was written from a number is read as one.
    let rounded: f64 = format!("{value:.*e}", most.saturating_sub(1)).parse().unwrap_or(value);
    if rounded == 0.0 {
        return "0".into();
    }
    if (1e-4..1e9).contains(&rounded.abs()) { rounded.to_string() } else { format!("{rounded:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_with_commas_and_quotes_are_one_cell() {
        let mut csv = Csv::new("a.csv", ["name", "value"]);
        csv.row(["a, \"b\"".to_string(), digits(0.5, 4)]);
        csv.row(["two\nlines".to_string(), String::new()]);
        let mut reader = ::csv::Reader::from_reader(csv.text().as_bytes());
        let rows: Vec<Vec<String>> =
            reader.records().map(|row| row.unwrap().iter().map(String::from).collect()).collect();
        assert_eq!(rows, [["a, \"b\"", "0.5"], ["two\nlines", ""]]);
        let (name, address) = csv.file();
        assert_eq!(name, "a.csv");
        assert!(address.starts_with("data:text/csv;charset=utf-8,name,value%0A%22a,%20%22%22b"), "{address}");
    }

    #[test]
    fn a_large_file_is_compressed_and_the_same_again() {
        let mut csv = Csv::new("large.csv", ["number"]);
        (0..20_000).for_each(|number| csv.row([number.to_string()]));
        let (name, address) = csv.file();
        let packed = STANDARD.decode(address.strip_prefix("data:application/gzip;base64,").unwrap()).unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed[..]), &mut text).unwrap();
        assert_eq!((name.as_str(), text.as_str()), ("large.csv.gz", csv.text()));
        assert!(address.len() < csv.text().len() && csv.file().1 == address);
    }

    #[test]
    fn numbers_are_as_short_as_they_are() {
        let shown = [0.0, -0.0, 1.0 / 3.0, -1234.56, 1e-7, 123_456_789_012.0, f64::NAN].map(|value| digits(value, 4));
        assert_eq!(shown, ["0", "0", "0.3333", "-1235", "1e-7", "1.235e11", ""]);
        assert_eq!(digits(f64::INFINITY, 4), "inf");
    }
}
