//! `guiju model`: which models and checkpoints there are, what was assessed of them, and which of them serve.

mod assessed;
mod key;
mod register;
mod serve;
mod show;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use store::models::ModelId;

pub(super) use assessed::{Assessed, of_run};

use super::place::StoreArgs;

/// Models and checkpoints: register, verify, promote, roll back
#[derive(Subcommand)]
pub(crate) enum Model {
    /// Register a version: every file is hashed, and the manifest goes into the ledger
    Register(Box<Register>),
    /// Read the files again, and name each that differs, is missing or is new
    Verify {
        #[command(flatten)]
        one: One,
        /// Where the files lie; without it, where they lay when the version was registered
        directory: Option<PathBuf>,
        /// Public key, hexadecimal, that must have signed the manifest
        #[arg(long, value_name = "KEY")]
        signed_by: Option<String>,
    },
    /// All versions, by name, the newest first
    List {
        #[command(flatten)]
        store: StoreArgs,
        /// Only those that serve
        #[arg(long)]
        served: bool,
        #[arg(long, help = "As JSON")]
        json: bool,
    },
    /// A version with its files and its assessments
    Show {
        #[command(flatten)]
        one: One,
        #[arg(long, help = "As JSON")]
        json: bool,
        /// Write the manifest into a new file
        #[arg(long, value_name = "FILE")]
        manifest: Option<PathBuf>,
    },
    /// Let a version into service by a run that it passed
    Promote {
        #[command(flatten)]
        one: One,
        /// The run, by the name of its directory, as `guiju assess record --model` recorded it
        #[arg(long)]
        run: String,
    },
    /// Go back: a model to the version promoted before, training to the last good checkpoint
    Rollback {
        #[command(flatten)]
        store: StoreArgs,
        /// Name of the model or of the training run
        name: String,
        /// To this version
        #[arg(long, value_name = "VERSION")]
        to: Option<String>,
    },
    /// Take a version out for good
    Retire {
        #[command(flatten)]
        one: One,
        /// Why; it goes into the ledger, so name no person
        #[arg(long)]
        why: String,
    },
    /// Mark a checkpoint as one that training can go back to
    Good(One),
    /// Make a key to sign manifests with, sealed with a passphrase
    Key(Key),
}

/// A version of the register
#[derive(Args)]
pub(crate) struct One {
    #[command(flatten)]
    store: StoreArgs,
    /// Which: NAME@VERSION
    model: ModelId,
}

/// What is registered
#[derive(Args)]
pub(crate) struct Register {
    #[command(flatten)]
    store: StoreArgs,
    /// One directory, or files that lie side by side
    #[arg(required_unless_present = "endpoint", conflicts_with = "endpoint")]
    paths: Vec<PathBuf>,
    /// Name of the model, or of the training run
    #[arg(long)]
    name: String,
    /// Its version
    #[arg(long)]
    version: String,
    /// A state of training in place of a model that may serve
    #[arg(long, conflicts_with = "endpoint")]
    checkpoint: bool,
    /// What it was made from: NAME@VERSION
    #[arg(long, value_name = "NAME@VERSION")]
    base: Option<ModelId>,
    /// Licence, an SPDX expression
    #[arg(long, value_name = "SPDX")]
    licence: Option<String>,
    /// Where it comes from: an address or a sentence
    #[arg(long)]
    provenance: Option<String>,
    /// Bill of materials (CycloneDX, SPDX); its digests go into the manifest
    #[arg(long, value_name = "FILE")]
    sbom: Option<PathBuf>,
    /// Address of a model that is served by API only, and has no files here
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// What is declared of it beside: filing=Beijing-2026-0001
    #[arg(long, value_name = "NAME=TEXT", value_parser = fact)]
    fact: Vec<(String, String)>,
    /// Key to sign the manifest with, a file of `guiju model key`; once for Ed25519 and once for SM2
    #[arg(long, value_name = "FILE", requires = "sign_passphrase_file")]
    sign_key: Vec<PathBuf>,
    /// File with the passphrase of these keys
    #[arg(long, value_name = "FILE", requires = "sign_key")]
    sign_passphrase_file: Option<PathBuf>,
}

/// A key to sign with
#[derive(Args)]
pub(crate) struct Key {
    /// New file for the sealed key
    #[arg(long)]
    out: PathBuf,
    /// File with the passphrase to seal it, at least 15 characters
    #[arg(long)]
    sign_passphrase_file: PathBuf,
    /// SM2 with SM3 in place of Ed25519
    #[arg(long)]
    sm2: bool,
}

pub(crate) fn run(command: &Model) -> Result<ExitCode> {
    match command {
        Model::Register(command) => register::register(command),
        Model::Verify { one, directory, signed_by } => verify::verify(one, directory.as_deref(), signed_by.as_deref()),
        Model::List { store, served, json } => show::list(store, *served, *json),
        Model::Show { one, json, manifest } => show::show(one, *json, manifest.as_deref()),
        Model::Promote { one, run } => serve::promote(one, run),
        Model::Rollback { store, name, to } => serve::roll_back(store, name, to.as_deref()),
        Model::Retire { one, why } => serve::retire(one, why),
        Model::Good(one) => serve::good(one),
        Model::Key(key) => key::make(key),
    }
}

fn fact(text: &str) -> Result<(String, String), String> {
    let (name, fact) = text.split_once('=').ok_or_else(|| format!("{text:?} is not NAME=TEXT"))?;
    Ok((name.to_owned(), fact.to_owned()))
}
