//! The pretrained networks that come with the program, as the files that they are: `models/zoo/ID/`.
//!
//! Each has a network (`model.safetensors`), what there is to know about it (`config.json`, and in words `README.md`),
//! and the recipe that made it (`run.toml`). Reading them needs the tasks, too: see `nn4n::zoo`.

/// The files of one pretrained network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pretrained {
    /// Its name, and that of its directory.
    pub id: &'static str,
    /// `model.safetensors`
    pub model: &'static [u8],
    /// `config.json`
    pub config: &'static str,
    /// `README.md`, the model card.
    pub card: &'static str,
    /// `run.toml`, the recipe.
    pub recipe: &'static str,
}

macro_rules! pretrained {
    ($($id:literal),* $(,)?) => {
        &[$(Pretrained {
            id: $id,
            model: include_bytes!(concat!("../../models/zoo/", $id, "/model.safetensors")),
            config: include_str!(concat!("../../models/zoo/", $id, "/config.json")),
            card: include_str!(concat!("../../models/zoo/", $id, "/README.md")),
            recipe: include_str!(concat!("../../models/zoo/", $id, "/run.toml")),
        }),*]
    };
}

/// All of them, in the order in which they are listed.
pub const ALL: &[Pretrained] = pretrained![
    "song2016-rdm-ei",
    "song2016-mante-ei",
    "song2016-multisensory-ei",
    "rdm-vanilla",
    "flip-flop-3bit",
    "kleinman2021-checkerboard",
    "yang2019-go-anti",
    "yang2019-context",
    "mante2013-context",
    "sussillo2013-sine",
];
