//! The bytes of a pickle, read from front to back.

use crate::import::Refused;

/// What is left of the bytes.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next bytes; refused if there are fewer, whatever the length claims.
    pub fn take(&mut self, length: u64) -> Result<&'a [u8], Refused> {
        let split = usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length));
        let (taken, rest) = split.ok_or_else(|| {
            Refused::new(format!(
                "the pickle is truncated: {length} bytes are announced where {} are left",
                self.rest.len()
            ))
        })?;
        self.rest = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Refused> {
        let bytes = self.take(N as u64)?;
        bytes.try_into().map_err(|_| Refused::new("the pickle is truncated"))
    }

    pub fn u8(&mut self) -> Result<u8, Refused> {
        self.array().map(|[byte]| byte)
    }

    pub fn u16(&mut self) -> Result<u16, Refused> {
        self.array().map(u16::from_le_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, Refused> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, Refused> {
        self.array().map(u64::from_le_bytes)
    }

    /// A length that must not be negative.
    pub fn length32(&mut self) -> Result<u64, Refused> {
        let length = i32::from_le_bytes(self.array()?);
        u64::try_from(length).map_err(|_| Refused::new(format!("the pickle announces a value of {length} bytes")))
    }

    /// The text up to the end of the line.
    pub fn line(&mut self) -> Result<&'a str, Refused> {
        let end = self
            .rest
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(|| Refused::new("the pickle is truncated within a line"))?;
        let line = self.take(end as u64 + 1)?;
        text(&line[..end])
    }
}

/// Text in UTF-8.
pub(super) fn text(bytes: &[u8]) -> Result<&str, Refused> {
    std::str::from_utf8(bytes).map_err(|_| Refused::new("the pickle holds text that is not UTF-8"))
}

/// An integer in two's complement, little-endian, of any length that an i64 can hold.
pub(super) fn long(bytes: &[u8]) -> Result<i64, Refused> {
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let fill = if negative { 0xFF } else { 0 };
    let mut value = [fill; 8];
    for (index, byte) in bytes.iter().enumerate() {
        match value.get_mut(index) {
            Some(place) => *place = *byte,
            None if *byte == fill => {}
            None => return Err(Refused::new("the pickle holds an integer of more than 64 bits")),
        }
    }
    let value = i64::from_le_bytes(value);
    if (value < 0) == negative {
        Ok(value)
    } else {
        Err(Refused::new("the pickle holds an integer of more than 64 bits"))
    }
}
