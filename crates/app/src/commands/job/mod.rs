//! `guiju job`: what runs in the background, the worker that runs it, and what a person must look at.

mod work;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use store::access::Permission;
use store::{Change, Job as Listed};

use super::gate::at_desk;
use super::place::StoreArgs;
use super::{pad, print_json, time};

/// Jobs in the background: look at them, run them, retry one
#[derive(Subcommand)]
pub(crate) enum Job {
    /// Jobs, those that were due first at the head, at most 1,000 of a state
    List {
        #[command(flatten)]
        store: StoreArgs,
        /// Only those of a state
        #[arg(long, value_enum)]
        state: Option<State>,
        #[arg(long, help = "As JSON")]
        json: bool,
    },
    /// Wake a dead job
    Retry {
        #[command(flatten)]
        store: StoreArgs,
        /// Its id
        job: String,
    },
    /// Run the jobs that are due, one after the other, for as long as it is let
    Work {
        #[command(flatten)]
        store: StoreArgs,
        /// Only those that are due now; exit code 1 if one failed
        #[arg(long)]
        once: bool,
    },
}

/// How a job stands.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum State {
    /// For its time, or for a worker
    Waiting,
    /// A worker has it
    Leased,
    /// Done
    Done,
    /// Failed too often; a person must look
    Dead,
}

impl State {
    const fn id(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Leased => "leased",
            Self::Done => "done",
            Self::Dead => "dead",
        }
    }
}

pub(crate) fn run(command: &Job) -> Result<ExitCode> {
    match command {
        Job::List { store, state, json } => list(store, *state, *json),
        Job::Retry { store, job } => retry(store, job),
        Job::Work { store, once } => work::work(store, *once),
    }
}

fn list(store: &StoreArgs, state: Option<State>, json: bool) -> Result<ExitCode> {
    let states = state.map_or_else(|| State::value_variants().to_vec(), |state| vec![state]);
    let jobs = at_desk("job list", store, async |desk| {
        let mut jobs = Vec::new();
        for state in &states {
            jobs.extend(desk.tenant.jobs(state.id()).await?);
        }
        Ok(jobs)
    })?;
    if json {
        print_json(&jobs.iter().map(value).collect::<Vec<_>>())?;
    } else {
        jobs.iter().for_each(line);
    }
    Ok(ExitCode::SUCCESS)
}

fn line(job: &Listed) {
    say!("{}  {} {:<8} tries {:<3} due {}  {}", job.job, pad(&job.kind, 16), job.state, job.tries, time(job.due_ms), job.error);
}

fn value(job: &Listed) -> Value {
    json!({ "job": job.job, "kind": job.kind, "state": job.state, "tries": job.tries, "due": time(job.due_ms), "error": job.error })
}

fn retry(store: &StoreArgs, job: &str) -> Result<ExitCode> {
    at_desk("job retry", store, async |desk| {
        let (who, by, job) = (desk.who.clone(), desk.by(), job.to_owned());
        let wake = async move |change: &mut Change| {
            change.permit(&who, Permission::JobRetry).await?;
            change.retry(&job, &by).await
        };
        Ok(desk.tenant.change(wake).await?)
    })?;
    say!("job {job} waits for a worker again");
    Ok(ExitCode::SUCCESS)
}
