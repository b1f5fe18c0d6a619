//! Which version serves, and which checkpoint training goes on from.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use indicatif::ProgressBar;
use store::Change;
use store::access::Permission;
use store::models::{Kind, Model};

use super::One;
use crate::commands::exit;
use crate::commands::gate::{Desk, at_desk};
use crate::commands::place::StoreArgs;
use crate::manifest::{Manifest, compare};

pub(super) fn promote(one: &One, run: &str) -> Result<ExitCode> {
    let id = &one.model;
    let before = at_desk("model promote", &one.store, async |desk| {
        let (who, id, run) = (desk.who.clone(), id.clone(), run.to_owned());
        Ok(desk.tenant.change(async move |change: &mut Change| change.promote_model(&who, &id, &run).await).await?.0)
    })?;
    say!("{id} serves");
    if let Some(before) = before {
        say!("{before} does not serve any more; `guiju model rollback {}` goes back to it", id.name());
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn roll_back(store: &StoreArgs, name: &str, to: Option<&str>) -> Result<ExitCode> {
    at_desk("model rollback", store, async |desk| match desk.tenant.model_kind(name).await? {
        Some(Kind::Model) => model(desk, name, to).await,
        Some(Kind::Checkpoint) => checkpoint(desk, name, to).await,
        None => bail!("there is no model or training run {name:?} in the register; `guiju model list` shows what there is"),
    })
}

async fn model(desk: &Desk<'_>, name: &str, to: Option<&str>) -> Result<ExitCode> {
    desk.who.may(Permission::ModelRollback)?;
    let (who, name, to) = (desk.who.clone(), name.to_owned(), to.map(str::to_owned));
    let work = async move |change: &mut Change| change.roll_back_model(&who, &name, to.as_deref()).await;
    let (now, _) = desk.tenant.change(work).await?;
    say!("{now} serves");
    Ok(ExitCode::SUCCESS)
}

/// Back to a good checkpoint, whose files are read first: there is no going back to what is damaged.
async fn checkpoint(desk: &Desk<'_>, name: &str, to: Option<&str>) -> Result<ExitCode> {
    desk.who.may(Permission::ModelRegister)?;
    let goal = desk.tenant.model(&desk.tenant.good_checkpoint(name, to).await?).await?;
    if !is_whole(&goal)? {
        say!("{} is not gone back to; `--to VERSION` names an earlier good one", goal.id);
        return Ok(exit(false));
    }
    let (who, id) = (desk.who.clone(), goal.id.clone());
    let (back, _) = desk.tenant.change(async move |change: &mut Change| change.roll_back_checkpoint(&who, &id).await).await?;
    say!("training goes on from {}; {} later checkpoints are retired", back.to, back.abandoned);
    say!("files in {}", goal.path.as_deref().unwrap_or("-"));
    Ok(ExitCode::SUCCESS)
}

fn is_whole(goal: &Model) -> Result<bool> {
    let manifest = Manifest::read(&goal.manifest)?;
    let path = goal.path.as_deref().context("a checkpoint has files")?;
    let bar = ProgressBar::new(manifest.size());
    let differences = compare(&manifest, Path::new(path), &bar);
    bar.finish_and_clear();
    differences.iter().for_each(|difference| say!("{difference}"));
    Ok(differences.is_empty())
}

pub(super) fn retire(one: &One, why: &str) -> Result<ExitCode> {
    at_desk("model retire", &one.store, async |desk| {
        let (who, id, why) = (desk.who.clone(), one.model.clone(), why.to_owned());
        Ok(desk.tenant.change(async move |change: &mut Change| change.retire_model(&who, &id, &why).await).await?)
    })?;
    say!("{} is retired", one.model);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn good(one: &One) -> Result<ExitCode> {
    at_desk("model good", &one.store, async |desk| {
        let (who, id) = (desk.who.clone(), one.model.clone());
        Ok(desk.tenant.change(async move |change: &mut Change| change.mark_good(&who, &id).await).await?)
    })?;
    say!("{} is good; `guiju model rollback {}` goes back to the last that is", one.model, one.model.name());
    Ok(ExitCode::SUCCESS)
}
