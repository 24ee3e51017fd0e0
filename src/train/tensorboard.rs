//! TensorBoard event files, scalars only.
//!
//! ```text
//! record    length u64 | crc(length) u32 | event | crc(event) u32          little endian, crc masked CRC-32C
//! event     1: wall time f64   2: step varint   3: file version   5: summary { 1: value { 1: tag, 2: f32 } }
//!           protocol buffers
//! ```

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use crate::error::{Error, Result};

/// An event file being written.
pub(super) struct EventFile {
    path: PathBuf,
    file: File,
}

impl EventFile {
    /// A new file in `directory`; TensorBoard reads all files of a directory in the order of their names.
    pub(super) fn create(directory: &Path) -> Result<Self> {
        let path = directory.join(format!("events.out.tfevents.{:013}.nn4n", (wall_time() * 1e3) as u64));
        let file =
            File::create(&path).map_err(|error| Error::file(&path, format!("could not be created ({error})")))?;
        let mut events = Self { path, file };
        let mut event = wall_time_field();
        bytes_field(&mut event, 3, b"brain.Event:2");
        events.record(&event)?;
        Ok(events)
    }

    /// Writes one point of the curve `tag`.
    pub(super) fn scalar(&mut self, tag: &str, step: u64, value: f64) -> Result<()> {
        let mut point = Vec::new();
        bytes_field(&mut point, 1, tag.as_bytes());
        point.push(2 << 3 | 5);
        point.extend((value as f32).to_le_bytes());
        let mut summary = Vec::new();
        bytes_field(&mut summary, 1, &point);
        let mut event = wall_time_field();
        event.push(2 << 3);
        varint(&mut event, step);
        bytes_field(&mut event, 5, &summary);
        self.record(&event)
    }

    fn record(&mut self, event: &[u8]) -> Result<()> {
        let length = (event.len() as u64).to_le_bytes();
        let mut record = length.to_vec();
        record.extend(masked_crc(&length).to_le_bytes());
        record.extend(event);
        record.extend(masked_crc(event).to_le_bytes());
        self.file
            .write_all(&record)
            .map_err(|error| Error::file(&self.path, format!("events could not be written ({error})")))
    }
}

fn wall_time() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |elapsed| elapsed.as_secs_f64())
}

fn wall_time_field() -> Vec<u8> {
    let mut event = vec![1 << 3 | 1];
    event.extend(wall_time().to_le_bytes());
    event
}

fn bytes_field(message: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    message.push(field << 3 | 2);
    varint(message, bytes.len() as u64);
    message.extend(bytes);
}

fn varint(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push(value as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

/// The format rotates and offsets its checksums, so that data that contain checksums have others.
fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_framed_events_with_the_points_in_them() {
        let folder = tempfile::tempdir().unwrap();
        EventFile::create(folder.path()).unwrap().scalar("train/loss", 300, 0.5).unwrap();
        let path = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        let mut rest = std::fs::read(path).unwrap();
        let mut events = Vec::new();
        while !rest.is_empty() {
            let length = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
            assert_eq!(rest[8..12], masked_crc(&rest[..8]).to_le_bytes());
            let event = rest[12..12 + length].to_vec();
            assert_eq!(rest[12 + length..16 + length], masked_crc(&event).to_le_bytes());
            events.push(event);
            rest.drain(..16 + length);
        }
        assert!(events[0].ends_with(b"brain.Event:2"));
        // step 300 = 0xAC 0x02; summary of 19 bytes: value of 17: tag of 10, 0.5 = 0x3F000000.
        let wanted =
            [&[0x10, 0xAC, 0x02, 0x2A, 19, 0x0A, 17, 0x0A, 10][..], b"train/loss", &[0x15, 0, 0, 0, 0x3F]].concat();
        assert_eq!(events[1][9..], wanted);
    }

    #[test]
    fn the_checksum_is_the_masked_one_of_the_format() {
        // CRC-32C of 32 zero bytes is 0x8A9136AA (RFC 3720, B.4).
        assert_eq!(crc32c::crc32c(&[0; 32]), 0x8A91_36AA);
        assert_eq!(masked_crc(&[0; 32]), 0x8A91_36AAu32.rotate_right(15).wrapping_add(0xa282_ead8));
    }
}
