//! Where the numbers are computed: `auto`, `cpu`, `cuda:N` or `metal`.
//!
//! `auto` takes a GPU where that is faster, by this estimate:
//!
//! ```text
//! CPU   operations / (threads x 10^11 a second)
//! GPU   launches x 5 us + operations / (5 x 10^12 a second)
//!
//! operations of an update    trials x steps x (6 units^2 + 4 units inputs + 6 units outputs)
//! launches of an update      14 steps + 300, in each layer of a stacked network
//!                            400 steps more through an arm that the network moves
//! ```
//!
//! A GPU takes some microseconds to start an operation, however small, and a step through time needs one after the
//! other. A simulation has a third of the operations, and 7 launches a step. `.ci/run imitation` counts the launches.

use std::{fmt, str::FromStr};

use candle_core::{Device, DeviceLocation, Tensor, utils};
use nn4n_models::ModelConfig;

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

/// The size of the work that a device is chosen for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// Operations in its matrix products.
    operations: f64,
    /// Operations that a GPU would start one after the other.
    launches: f64,
    /// Why a GPU does not do it, if so.
    only_on_cpu: Option<&'static str>,
}

/// Operations a second of one thread of the CPU, and of a GPU.
const CPU_SPEED: f64 = 1e11;
const GPU_SPEED: f64 = 5e12;
/// Seconds that a GPU takes to start an operation.
const LAUNCH: f64 = 5e-6;

impl Work {
    /// One update on `trials` of `steps` steps.
    pub fn of_update(model: &ModelConfig, trials: usize, steps: usize) -> Self {
        Self::new(model, trials, steps, [6.0, 4.0], [14.0, 300.0])
    }

    /// A simulation of `trials` of `steps` steps.
    pub fn of_simulation(model: &ModelConfig, trials: usize, steps: usize) -> Self {
        Self::new(model, trials, steps, [2.0, 2.0], [7.0, 100.0])
    }

    /// The same update where gradients go through an arm that the network moves.
    #[must_use]
    pub fn through_plant(self, steps: usize) -> Self {
        Self { launches: self.launches + 400.0 * steps as f64, ..self }
    }

    /// Operations in its matrix products.
    #[cfg(feature = "cli")]
    pub(crate) fn operations(self) -> f64 {
        self.operations
    }

    /// The same work where a GPU does not do it, for this reason.
    #[must_use]
    pub fn on_cpu_alone(self, reason: &'static str) -> Self {
        Self { only_on_cpu: Some(reason), ..self }
    }

    /// `by_weight` says how often the weights between units and of the inputs count, `launches` how many a step and a
    /// pass take.
    fn new(
        model: &ModelConfig,
        trials: usize,
        steps: usize,
        [between, of_inputs]: [f64; 2],
        [each, once]: [f64; 2],
    ) -> Self {
        let sizes: Vec<usize> = if model.kind.has_layers() {
            model.layout().areas.iter().map(|layer| layer.range().len()).collect()
        } else {
            vec![model.n_units()]
        };
        let (inputs, outputs) = (model.inputs as f64, model.outputs as f64);
        let (mut by_trial_and_step, mut below) = (0.0, None);
        for units in sizes.iter().map(|units| *units as f64) {
            // A layer's input is the layer below, which has gradients of its own.
            let driven = below.map_or(of_inputs * inputs, |below: f64| between * below);
            by_trial_and_step += between * units * units + units * driven;
            below = Some(units);
        }
        by_trial_and_step += between * below.unwrap_or(0.0) * outputs;
        let steps = steps as f64;
        Self {
            operations: trials as f64 * steps * by_trial_and_step,
            launches: sizes.len() as f64 * (each * steps + once),
            only_on_cpu: None,
        }
    }

    /// Seconds by estimate on this many threads.
    fn on_cpu(self, threads: usize) -> f64 {
        self.operations / (threads as f64 * CPU_SPEED)
    }

    /// Seconds by estimate.
    fn on_gpu(self) -> f64 {
        self.launches * LAUNCH + self.operations / GPU_SPEED
    }

    /// Whether the CPU is the faster one with this many threads.
    fn is_for_cpu(self, threads: usize) -> bool {
        self.on_cpu(threads) <= self.on_gpu()
    }

    fn in_words(self, threads: usize) -> String {
        format!(
            "by estimate the work takes {} on the CPU and {} on a GPU, which starts {:.0} operations for it",
            duration(self.on_cpu(threads)),
            duration(self.on_gpu()),
            self.launches
        )
    }
}

fn duration(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.1} ms", 1e3 * seconds) } else { format!("{seconds:.1} s") }
}

/// Where the same run on the CPU has the same bits: the architecture, the system and the widest vectors of the
/// processor, such as `x86_64-linux V4`.
pub fn platform() -> String {
    let vectors = format!("{:?}", pulp::Arch::new());
    let level = vectors.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    format!("{}-{} {level}", std::env::consts::ARCH, std::env::consts::OS)
}

impl DeviceChoice {
    /// Opens the device for work of any size, and says in words which one it is: `auto` takes a GPU if one works.
    ///
    /// # Errors
    /// If a device is named that this program was not built for or that does not work. `auto` takes the CPU then, and
    /// says why.
    pub fn open(self) -> Result<(Device, String)> {
        let device = match self {
            Self::Cpu => Device::Cpu,
            Self::Cuda(ordinal) => cuda(ordinal).map_err(|message| self.error(message))?,
            Self::Metal => metal().map_err(|message| self.error(message))?,
            Self::Auto => return Ok(auto()),
        };
        let words = name(&device);
        Ok((device, words))
    }

    /// Opens the device for this work: `auto` takes a GPU if one works and is faster, and says why it took what it
    /// took.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_for(self, work: Work) -> Result<(Device, String)> {
        if self != Self::Auto {
            return self.open();
        }
        if let Some(reason) = work.only_on_cpu {
            return Ok((Device::Cpu, format!("CPU ({reason})")));
        }
        let (threads, is_built_for_gpus) =
            (rayon::current_num_threads(), utils::cuda_is_available() || utils::metal_is_available());
        let estimate = work.in_words(threads);
        if is_built_for_gpus && work.is_for_cpu(threads) {
            return Ok((Device::Cpu, format!("CPU ({estimate})")));
        }
        Ok(match auto() {
            (Device::Cpu, words) => (Device::Cpu, words), // they say why there is no GPU
            (gpu, words) => (gpu, format!("{words} ({estimate})")),
        })
    }

    fn error(self, message: String) -> Error {
        Error::Device {
            requested: self.to_string(),
            message: format!("{message}; use --device cpu, or --device auto to take a GPU if one works"),
        }
    }
}

/// A device in words.
pub fn name(device: &Device) -> String {
    match device.location() {
        DeviceLocation::Cpu => "CPU".into(),
        DeviceLocation::Cuda { gpu_id } => format!("NVIDIA GPU {gpu_id}"),
        DeviceLocation::Metal { .. } => "Apple GPU".into(),
    }
}

fn auto() -> (Device, String) {
    match (cuda(0), metal()) {
        (Ok(device), _) | (_, Ok(device)) => {
            let words = name(&device);
            (device, words)
        }
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
    let device = Device::new_cuda(ordinal).map_err(|error| {
        let reason = error.to_string();
        if reason.contains("CUDA_ERROR_NO_DEVICE") {
            return "no NVIDIA GPU was found on this machine".into();
        }
        format!("no NVIDIA GPU {ordinal} could be opened: {}", first_line(&reason))
    })?;
    #[cfg(feature = "cuda")]
    forget_events(&device);
    computing(device)
}

/// Every tensor on an NVIDIA GPU is made with two events, by which several streams of one thread wait for each other.
/// There is one, where nothing waits for them.
#[cfg(feature = "cuda")]
#[allow(unsafe_code)]
fn forget_events(device: &Device) {
    if let Ok(device) = device.as_cuda_device() {
        // SAFETY: what must wait for what on different streams is then up to us. `Device::new_cuda` opens the default
        // stream of a thread and makes no other, and without another one events are not waited for with them either.
        unsafe { device.disable_event_tracking() }
    }
}

fn metal() -> Result<Device, String> {
    if !utils::metal_is_available() {
        return Err("this program was built without `--features metal`".into());
    }
    let device = Device::new_metal(0)
        .map_err(|error| format!("no Apple GPU could be opened: {}", first_line(&error.to_string())))?;
    computing(device)
}

/// The device, if it can compute: a driver or an architecture that the program was not built for shows up here, not in
/// the middle of a run.
fn computing(device: Device) -> Result<Device, String> {
    match square(&device) {
        Ok(found) if found == [[7.0, 10.0], [15.0, 22.0]] => Ok(device),
        Ok(found) => Err(format!("{} computes {found:?} for [[7, 10], [15, 22]]", name(&device))),
        Err(error) => Err(format!(
            "{} was found, but cannot compute; is this program built for its architecture, and its driver new enough? \
            ({})",
            name(&device),
            first_line(&error.to_string())
        )),
    }
}

/// A matrix times itself through a kernel of candle's and one of its library of matrix products, read back.
fn square(device: &Device) -> candle_core::Result<Vec<Vec<f32>>> {
    let matrix = Tensor::new(&[[0f32, 1.0], [2.0, 3.0]], device)?.affine(1.0, 1.0)?;
    matrix.matmul(&matrix)?.to_vec2()
}

/// Errors of the tensor library carry a backtrace in their later lines.
fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use nn4n_models::LayerConfig;

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
    fn small_networks_are_for_the_cpu_and_large_ones_for_a_gpu() {
        // 20 trials of 100 steps: 2,000 (60,000 + 1,200 + 1,200) operations, 1,700 launches.
        let song = Work::of_update(&ModelConfig::vanilla(3, 100, 2), 20, 100);
        assert_eq!(song, Work { operations: 2000.0 * 62_400.0, launches: 1700.0, only_on_cpu: None });
        assert!((song.on_cpu(2) - 0.624e-3).abs() < 1e-9 && (song.on_gpu() - 8.525e-3).abs() < 1e-5);
        assert!(song.is_for_cpu(2));
        let words = song.in_words(2);
        assert!(words.contains("0.6 ms on the CPU and 8.5 ms on a GPU") && words.contains("1700"), "{words}");
        assert!(!Work::of_update(&ModelConfig::vanilla(32, 2000, 8), 128, 100).is_for_cpu(16));

        let layers = [("lower", 10), ("upper", 20)].map(|(name, units)| LayerConfig::new(name, units));
        let stacked = Work::of_simulation(&ModelConfig::stacked(3, 2, layers), 5, 7);
        let operations = 35.0 * 2.0 * (100.0 + 30.0 + 400.0 + 200.0 + 40.0);
        assert_eq!(stacked, Work { operations, launches: 298.0, only_on_cpu: None });
        assert_eq!(song.through_plant(100).launches, 41_700.0);
    }

    #[test]
    fn a_device_that_is_taken_can_compute() -> Result<()> {
        assert_eq!(square(&Device::Cpu)?, [[7.0, 10.0], [15.0, 22.0]]);
        assert!(computing(Device::Cpu).is_ok());
        Ok(())
    }

    #[test]
    fn auto_always_opens_and_says_what_it_took() {
        let work = Work::of_update(&ModelConfig::vanilla(3, 100, 2), 20, 100);
        for (device, words) in [DeviceChoice::Auto.open().unwrap(), DeviceChoice::Auto.open_for(work).unwrap()] {
            assert!(words.starts_with(&name(&device)), "{words}");
        }
    }
}
