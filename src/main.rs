//! The command line: see `nn4n --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    nn4n::cli::main()
}
