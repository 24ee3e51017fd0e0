//! `reproduce.json`: what the directory of a reproduction belongs to, and how long it has taken so far.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::super::output::shell_path;
use crate::{
    files::{read_text, write_atomically},
    reproduce::{self, Mode, Paper},
};

const FILE: &str = "reproduce.json";

/// A longer file is none of ours, bytes.
const LONGEST: u64 = 1 << 16;

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub paper: String,
    pub mode: Mode,
    pub pretrained: bool,
    pub seeds: u64,
    /// Over all calls, s.
    seconds: f64,
}

impl Asked {
    /// Of a directory that is new, or that belongs to the same.
    pub fn open(out: &Path, paper: &Paper, mode: Mode, seeds: u64, pretrained: bool) -> Result<Self> {
        let asked = Self { paper: paper.id.into(), mode, pretrained, seeds, seconds: 0.0 };
        let path = out.join(FILE);
        if !path.exists() {
            let is_taken = out.is_file() || fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
            if is_taken {
                bail!(
                    "--out {}: is there and holds no reproduction; name a directory that is empty or new",
                    out.display()
                );
            }
            fs::create_dir_all(out).with_context(|| format!("--out {}: could not be made", out.display()))?;
            asked.save(out)?;
            return Ok(asked);
        }
        let known: Self = serde_json::from_str(&read_text(&path, LONGEST)?)
            .with_context(|| format!("{}: is damaged; name another --out", path.display()))?;
        if (&known.paper, known.mode, known.pretrained) != (&asked.paper, asked.mode, asked.pretrained) {
            bail!("--out {}: belongs to `{}`; name another --out", out.display(), known.command(out));
        }
        if known.seeds > seeds {
            bail!(
                "--out {}: has trainings with {} seeds, of which none is left out; give --seeds {} or more",
                out.display(),
                known.seeds,
                known.seeds
            );
        }
        let asked = Self { seconds: known.seconds, ..asked };
        asked.save(out)?;
        Ok(asked)
    }

    fn save(&self, out: &Path) -> Result<()> {
        Ok(write_atomically(&out.join(FILE), serde_json::to_string_pretty(self)?.as_bytes())?)
    }

    /// Adds the time of a call.
    pub fn add(&mut self, took: Duration, out: &Path) -> Result<()> {
        self.seconds += took.as_secs_f64();
        self.save(out)
    }

    /// The command that makes it.
    pub fn command(&self, out: &Path) -> String {
        let mut words = format!("nn4n reproduce {}", self.paper);
        if self.mode == Mode::Quick {
            words.push_str(" --quick");
        }
        if self.pretrained {
            words.push_str(" --pretrained");
        } else {
            words.push_str(&format!(" --seeds {}", self.seeds));
        }
        words.push_str(&format!(" --out {}", shell_path(out)));
        words
    }

    /// What a record needs to know of it.
    pub fn said(&self, out: &Path) -> reproduce::Asked {
        reproduce::Asked { seeds: self.seeds, seconds: self.seconds, command: self.command(out) }
    }
}
