//! Where the numbers are computed: `auto`, `cpu`, `cuda:N` or `metal`.

use std::{fmt, str::FromStr};

use candle_core::{Device, utils};

use crate::error::{Error, Result};

/// A device as a user names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A GPU if one works, else the CPU.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The NVIDIA GPU of this number.
    Cuda(usize),
    /// An Apple GPU.
    Metal,
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            "metal" => Ok(Self::Metal),
            _ => match text.strip_prefix("cuda:").map(str::parse) {
                Some(Ok(ordinal)) => Ok(Self::Cuda(ordinal)),
                _ => Err(format!("unknown device `{text}`; use auto, cpu, cuda:N (as in cuda:0) or metal")),
            },
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(ordinal) => write!(f, "cuda:{ordinal}"),
            Self::Metal => f.write_str("metal"),
        }
    }
}

/// Where the same run on the CPU has the same bits: the architecture, the system and the widest vectors of the
/// processor, such as `x86_64-linux V4`.
pub fn platform() -> String {
    let vectors = format!("{:?}", pulp::Arch::new());
    let level = vectors.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    format!("{}-{} {level}", std::env::consts::ARCH, std::env::consts::OS)
}

impl DeviceChoice {
    /// Opens the device, and says in words which one it is.
    ///
    /// # Errors
    /// If a device is named that this program was not built for or that does not work. `auto` takes the CPU then, and
    /// says why.
    pub fn open(self) -> Result<(Device, String)> {
        match self {
            Self::Cpu => Ok((Device::Cpu, "CPU".into())),
            Self::Cuda(ordinal) => {
                Ok((cuda(ordinal).map_err(|message| self.error(message))?, format!("NVIDIA GPU {ordinal}")))
            }
            Self::Metal => Ok((metal().map_err(|message| self.error(message))?, "Apple GPU".into())),
            Self::Auto => Ok(auto()),
        }
    }

    fn error(self, message: String) -> Error {
        Error::Device {
            requested: self.to_string(),
            message: format!("{message}; use --device cpu, or --device auto to take a GPU if one works"),
        }
    }
}

fn auto() -> (Device, String) {
    match (cuda(0), metal()) {
        (Ok(device), _) => (device, "NVIDIA GPU 0".into()),
        (_, Ok(device)) => (device, "Apple GPU".into()),
        (Err(no_cuda), Err(no_metal)) => {
            let reason = if utils::metal_is_available() { no_metal } else { no_cuda };
            (Device::Cpu, format!("CPU ({reason})"))
        }
    }
}

fn cuda(ordinal: usize) -> Result<Device, String> {
    if !utils::cuda_is_available() {
        return Err("this program was built without `--features cuda`".into());
    }
    Device::new_cuda(ordinal).map_err(|error| {
        let reason = error.to_string();
        if reason.contains("CUDA_ERROR_NO_DEVICE") {
            return "no NVIDIA GPU was found on this machine".into();
        }
        format!("no NVIDIA GPU {ordinal} could be opened: {}", first_line(&reason))
    })
}

fn metal() -> Result<Device, String> {
    if !utils::metal_is_available() {
        return Err("this program was built without `--features metal`".into());
    }
    Device::new_metal(0).map_err(|error| format!("no Apple GPU could be opened: {}", first_line(&error.to_string())))
}

/// Errors of the tensor library carry a backtrace in their later lines.
fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_unknown_ones_are_refused() {
        for choice in [DeviceChoice::Auto, DeviceChoice::Cpu, DeviceChoice::Cuda(3), DeviceChoice::Metal] {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
        assert!("cuda:x".parse::<DeviceChoice>().unwrap_err().contains("cuda:0"));
        assert!("gpu".parse::<DeviceChoice>().is_err());
    }

    #[test]
    fn auto_always_opens_and_says_what_it_took() {
        let (_, words) = DeviceChoice::Auto.open().unwrap();
        assert!(words.contains("CPU") || words.contains("GPU"));
    }
}
