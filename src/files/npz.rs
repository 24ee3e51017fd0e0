//! An `.npz` that may be larger than the memory: its arrays are kept in files without names while they grow, and joined
//! at the end, uncompressed. Of a process that is killed nothing stays that the next one does not remove.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Cursor, Read, Seek, Write},
    path::Path,
};

use ndarray::{ArrayRef, Dimension};
use nn4n_tasks::NpyHeader;
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::Unfinished;

/// Numbers that are turned into bytes at a time.
const PIECE: usize = 1 << 14;

/// Bytes on the disk, in a file without a name that ends with the process.
#[derive(Debug)]
pub(crate) struct Spool(BufWriter<File>);

impl Spool {
    /// One in a folder that is there.
    pub fn create(folder: &Path) -> io::Result<Self> {
        Ok(Self(BufWriter::new(tempfile::tempfile_in(folder)?)))
    }

    /// Appends the numbers of an array in C order.
    pub fn append<D: Dimension>(&mut self, array: &ArrayRef<f32, D>) -> io::Result<()> {
        let standard = array.as_standard_layout();
        let mut bytes = Vec::with_capacity(4 * PIECE);
        for numbers in standard.as_slice().unwrap_or_default().chunks(PIECE) {
            bytes.clear();
            bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
            self.0.write_all(&bytes)?;
        }
        Ok(())
    }

    /// What was written, from the start.
    pub fn read(&mut self) -> io::Result<impl Read + use<>> {
        self.0.flush()?;
        // The position is that of all handles of the file.
        let mut file = self.0.get_ref().try_clone()?;
        file.rewind()?;
        Ok(BufReader::new(file))
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The file that arrays are joined in.
pub(crate) struct Npz(ZipWriter<BufWriter<Unfinished>>);

impl Npz {
    /// Begins the file that will be at `path`.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self(ZipWriter::new(BufWriter::new(Unfinished::create(path)?))))
    }

    /// Adds an array: its header, and its elements as `write` puts them.
    pub fn array(
        &mut self,
        name: &str,
        header: &NpyHeader,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
        self.0.start_file(format!("{name}.npy"), options)?;
        self.0.write_all(&header.bytes())?;
        write(&mut self.0)
    }

    /// Adds all arrays of another `.npz`.
    pub fn add(&mut self, npz: &[u8]) -> io::Result<()> {
        let mut others = ZipArchive::new(Cursor::new(npz))?;
        Ok((0..others.len()).try_for_each(|i| self.0.raw_copy_file(others.by_index_raw(i)?))?)
    }

    /// Puts the file in its place.
    pub fn finish(self) -> io::Result<()> {
        self.0.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.finish()
    }
}
