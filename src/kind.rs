//! What a file is that stands where a network is expected, by its first bytes.
//!
//! A checkpoint and what can be imported are read by others; here is what to say of the rest.

use std::path::Path;

/// Bytes at the start of a file that say what it is.
const START: usize = 1024;

/// A kind of file that is no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Empty,
    Torch,
    Npz,
    Npy,
    Keras,
    Zip,
    Pickle,
    LfsPointer,
    WebPage,
    Json,
    RunToml,
    Matlab,
    MatlabHdf5,
    Hdf5,
    TensorFlow,
    Compressed(&'static str),
    Tar,
}

impl Kind {
    /// The kind of a file that begins with these bytes, if it is one of these.
    pub fn of(start: &[u8]) -> Option<Self> {
        let start = start.get(..START).unwrap_or(start);
        if start.is_empty() {
            return Some(Self::Empty);
        }
        // The length of a head below 2^40 and the head: the length may be the magic number of something else.
        if start.get(5..9) == Some(b"\0\0\0{") {
            return None;
        }
        Self::of_magic(start).or_else(|| Self::of_text(start))
    }

    fn of_magic(start: &[u8]) -> Option<Self> {
        // A pickle says its protocol from the second on. TensorFlow's table of tensors begins with the number of its
        // parts under the empty key, its saved model with the version of its scheme.
        let magics: [(&[u8], Self); 14] = [
            (b"\x93NUMPY", Self::Npy),
            (b"\x80\x02", Self::Pickle),
            (b"\x80\x03", Self::Pickle),
            (b"\x80\x04", Self::Pickle),
            (b"\x80\x05", Self::Pickle),
            (b"MATLAB 7.3 MAT-file", Self::MatlabHdf5),
            (b"MATLAB 5.0 MAT-file", Self::Matlab),
            (b"\x89HDF\r\n\x1a\n", Self::Hdf5),
            (b"\x00\x00\x06\x08\x01\x1a\x02\x08", Self::TensorFlow),
            (b"\x08\x01\x12", Self::TensorFlow),
            (b"\x1f\x8b", Self::Compressed("gunzip")),
            (b"BZh", Self::Compressed("bunzip2")),
            (b"\xfd7zXZ\0", Self::Compressed("unxz")),
            (b"\x28\xb5\x2f\xfd", Self::Compressed("unzstd")),
        ];
        let found = magics.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, kind)| *kind);
        let zip = || start.starts_with(b"PK\x03\x04").then(|| Self::of_first_member(start));
        let tar = || (start.get(257..262) == Some(b"ustar")).then_some(Self::Tar);
        found.or_else(zip).or_else(tar)
    }

    /// An archive by the name of its first member.
    fn of_first_member(start: &[u8]) -> Self {
        let length = start.get(26..28).map_or(0, |bytes| usize::from(bytes[0]) | usize::from(bytes[1]) << 8);
        let name = start.get(30..30 + length).unwrap_or_default();
        match name {
            name if name.ends_with(b"/data.pkl") => Self::Torch,
            name if name.ends_with(b".npy") => Self::Npz,
            b"metadata.json" | b"config.json" | b"model.weights.h5" => Self::Keras,
            _ => Self::Zip,
        }
    }

    fn of_text(start: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(start);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let begins = |with: &str| text.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
        if begins("version https://git-lfs.github.com/spec/") {
            return Some(Self::LfsPointer);
        }
        if begins("<!doctype html") || begins("<html") || begins("<head") {
            return Some(Self::WebPage);
        }
        if begins("model_checkpoint_path:") {
            return Some(Self::TensorFlow);
        }
        if begins("{") || begins("[{") {
            return Some(Self::Json);
        }
        let is_table = |line: &str| matches!(line.trim(), "[task]" | "[model]" | "[train]");
        if text.lines().any(is_table) {
            return Some(Self::RunToml);
        }
        // Protocols 0 and 1 of pickles begin with a mark, a dictionary or a class.
        let is_old_pickle = ["(dp", "(lp", "(i", "}q", "]q", "ccopy_reg\n"].iter().any(|with| text.starts_with(with));
        is_old_pickle.then_some(Self::Pickle)
    }

    /// Whether `nn4n import` may be able to read it.
    pub fn is_importable(self) -> bool {
        let is_hdf5 = matches!(self, Self::MatlabHdf5 | Self::Hdf5);
        matches!(self, Self::Torch | Self::Npz | Self::Pickle) || is_hdf5 && cfg!(feature = "hdf5")
    }

    /// What the file at `path` is, and the command that reads it or the reason why none does.
    pub fn explain(self, path: &Path) -> String {
        let import = || format!("; `nn4n import {} --out DIR` makes a checkpoint of it", path.display());
        let arrays = "save w_in, w_rec and w_out as an .npz in Python";
        match self {
            Self::Empty => "is empty; copy or download it again".into(),
            Self::Torch => "is a PyTorch file".to_string() + &import(),
            Self::Npz => "is an .npz of arrays".to_string() + &import(),
            Self::Pickle => "is a Python pickle".to_string() + &import(),
            Self::Npy => format!("is a single NumPy array; {arrays}, and import that"),
            Self::Keras => format!(
                "is a Keras network, which no command reads: its layers have no counterpart in \
                general; {arrays}, and import that"
            ),
            Self::Zip => "is a zip archive; unpack it (`unzip`) and name the network in it".into(),
            Self::LfsPointer => {
                "is the pointer that Git LFS leaves in place of a file; `git lfs pull` in its repository gets the file"
                    .into()
            }
            Self::WebPage => {
                "is a web page (HTML) and not the file that it shows; download the file itself (`resolve` or `raw` in \
                the address, not `blob`)"
                    .into()
            }
            Self::Json => {
                "is JSON, which describes a network without its weights; name the file or the directory with \
                the weights"
                    .into()
            }
            Self::RunToml => "is a run.toml, which describes a run; `nn4n train` runs it, and its run directory is a \
                checkpoint"
                .into(),
            Self::Matlab => format!(
                "is a MATLAB file, which no command reads: its variables have no fixed meaning; \
                load it with scipy.io.loadmat, {arrays}, and import that"
            ),
            Self::MatlabHdf5 | Self::Hdf5 if self.is_importable() => {
                "is an HDF5 file of arrays".to_string() + &import()
            }
            Self::MatlabHdf5 | Self::Hdf5 => format!(
                "is an HDF5 file, without which this program was built; build it with the feature `hdf5`, or {arrays}"
            ),
            Self::TensorFlow => format!(
                "is of a TensorFlow checkpoint, which no command reads: its tensors have no \
                fixed meaning; load it with tf.train.load_checkpoint, {arrays}, and import that"
            ),
            Self::Compressed(program) => format!("is compressed; unpack it with `{program}` and name what comes out"),
            Self::Tar => "is a tar archive; unpack it (`tar xf`) and name the network in it".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// An archive whose first member has this name.
    fn archive(name: &str) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        writer.start_file(name, options).unwrap();
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn files_that_are_no_checkpoint_are_known_by_their_first_bytes() {
        let mut tar = vec![b'x'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        for (bytes, kind) in [
            (Vec::new(), Kind::Empty),
            (archive("archive/data.pkl"), Kind::Torch),
            (archive("w_rec.npy"), Kind::Npz),
            (archive("config.json"), Kind::Keras),
            (archive("weights.csv"), Kind::Zip),
            (b"\x93NUMPY\x01\0".to_vec(), Kind::Npy),
            (b"\x80\x02}q\0.".to_vec(), Kind::Pickle),
            (b"(dp0\n.".to_vec(), Kind::Pickle),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n".to_vec(), Kind::LfsPointer),
            (b"\xef\xbb\xbf\n<!DOCTYPE html><html>".to_vec(), Kind::WebPage),
            (b"{\n  \"hidden_size\": 100}".to_vec(), Kind::Json),
            (b"seed = 1\n\n[task]\nid = \"a/b\"\n".to_vec(), Kind::RunToml),
            (b"MATLAB 5.0 MAT-file, Platform: GLNXA64".to_vec(), Kind::Matlab),
            (b"MATLAB 7.3 MAT-file, Platform: GLNXA64".to_vec(), Kind::MatlabHdf5),
            (b"\x89HDF\r\n\x1a\n\0".to_vec(), Kind::Hdf5),
            (b"\0\0\x06\x08\x01\x1a\x02\x08\x01\0".to_vec(), Kind::TensorFlow),
            (b"model_checkpoint_path: \"model.ckpt-100\"\n".to_vec(), Kind::TensorFlow),
            (b"\x1f\x8b\x08\0".to_vec(), Kind::Compressed("gunzip")),
            (tar, Kind::Tar),
        ] {
            assert_eq!(Kind::of(&bytes), Some(kind));
            let said = kind.explain(Path::new("net.pt"));
            assert!(said.starts_with("is ") && said.contains("; "), "no remedy in: {said}");
            assert_eq!(said.contains("`nn4n import net.pt --out DIR`"), kind.is_importable());
        }
    }

    #[test]
    fn a_checkpoint_and_a_text_are_none_of_these() {
        // Heads of 123, 640 and 1,180,936 bytes begin as JSON, a pickle and a file of TensorFlow do.
        for bytes in [
            &b"{\0\0\0\0\0\0\0{\"__metadata__\""[..],
            b"\x80\x02\0\0\0\0\0\0{",
            b"\x08\x01\x12\0\0\0\0\0{",
            b"\x10\0\0\0\0\0\0\0{}",
            b"---\nlicense: mit\n",
            b"PK",
        ] {
            assert_eq!(Kind::of(bytes), None, "{bytes:?}");
        }
    }
}
