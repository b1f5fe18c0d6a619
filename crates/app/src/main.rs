//! `guiju`: the one binary. Commands read as noun, then verb; each lives in the file of its name under `commands/`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool prints")]

mod commands;
mod manifest;
mod progress;

use std::process::ExitCode;

use clap::Parser;

/// Guiju (规矩): judge content, assess a generative AI service and its training data, and prove it.
#[derive(Parser)]
#[command(name = "guiju", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: commands::Command,
}

fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        // clap's own code for a wrong command line is 2, which `--gate` uses for 'not concluded'.
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(3) } else { ExitCode::SUCCESS };
        }
    };
    match commands::run(command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("guiju: {error:#}");
            ExitCode::from(3)
        }
    }
}
