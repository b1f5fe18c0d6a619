//! At the start: every log is held against what this machine has signed, which its head file says ([`Heads`]).
//!
//! The head file is written before the database shows a checkpoint. So a log that is shorter than the file says, or another, is an older copy or another history; and a checkpoint of
//! which the file says nothing means that the file is gone. Nothing is written then.

use ledger::checkpoint::Checkpoint;
use ledger::note::Note;
use sqlx::AnyPool;

use super::{HEAD, HeadRow, head, resume, tenants};
use crate::StoreError;
use crate::heads::{Head, Heads};
use crate::place::Place;
use crate::tenant::TenantId;

/// Holds every log against what this machine has signed.
pub(crate) async fn check(readers: &AnyPool, place: &Place) -> Result<(), StoreError> {
    let heads = Heads::new(&place.directory);
    let known = heads.read()?;
    for (origin, signed) in &known {
        let Some((_, name)) = origin.rsplit_once('/') else { continue };
        let tenant: TenantId = name.parse().map_err(|error| StoreError::damaged("the head file", error))?;
        let mut connection = readers.acquire().await?;
        let older = |found| StoreError::Older { origin: origin.clone(), found, signed: signed.size };
        let head = head(&mut connection, &tenant, HEAD).await.map_err(|error| match error {
            StoreError::NotFound(_) => older(0),
            other => other,
        })?;
        if head.size < signed.size {
            return Err(older(head.size));
        }
        let then = resume(&mut connection, &tenant, signed.size).await?;
        if then.root() != signed.root || head.origin != *origin {
            return Err(StoreError::Forked(origin.clone()));
        }
    }
    match unknown(readers, &heads).await?.into_iter().next() {
        Some((_, head)) => Err(StoreError::HeadGone { origin: head.origin, signed: head.signed_size, file: heads.file() }),
        None => Ok(()),
    }
}

/// Takes the signed checkpoints of the database for what this machine has signed, where its head file says nothing of them, and says which.
pub(crate) async fn accept_heads(readers: &AnyPool, place: &Place) -> Result<Vec<(TenantId, String, u64)>, StoreError> {
    let heads = Heads::new(&place.directory);
    let mut accepted = Vec::new();
    for (tenant, head) in unknown(readers, &heads).await? {
        let damaged = |how: &dyn ToString| StoreError::damaged(format!("the checkpoint of {}", head.origin), how.to_string());
        let note = Note::parse(head.checkpoint.as_bytes()).map_err(|error| damaged(&error))?;
        let signed = Checkpoint::parse(note.text()).map_err(|error| damaged(&error))?;
        let then = resume(&mut *readers.acquire().await?, &tenant, head.signed_size).await?;
        if (signed.size, signed.root) != (head.signed_size, then.root()) {
            return Err(StoreError::Forked(head.origin));
        }
        heads.write(&head.origin, Head { size: signed.size, root: signed.root })?;
        accepted.push((tenant, head.origin, signed.size));
    }
    Ok(accepted)
}

/// The logs with a signed checkpoint of which the head file says nothing.
async fn unknown(readers: &AnyPool, heads: &Heads) -> Result<Vec<(TenantId, HeadRow)>, StoreError> {
    let mut connection = readers.acquire().await?;
    let mut signed = Vec::new();
    for tenant in tenants(&mut connection).await? {
        let head = head(&mut connection, &tenant, HEAD).await?;
        if head.signed_size > 0 {
            signed.push((tenant, head));
        }
    }
    // Read after the database, as it is written before it: a log that another process signs for the first time meanwhile is in it.
    let known = heads.read()?;
    signed.retain(|(_, head)| !known.contains_key(&head.origin));
    Ok(signed)
}
