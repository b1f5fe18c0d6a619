//! The one writer of a process: changes wait in a queue, and as many as wait are kept with one transaction and one flush of the disk (group commit).
//!
//! What a crash leaves behind, after each step of a batch: before COMMIT nothing of it; after COMMIT all of it, though nobody may have been told. The checkpoint is
//! signed after COMMIT: what was never signed can be signed later. The head file comes next, and speaks only of what is committed; then the checkpoint is shown.
//!
//! Several processes may write to one PostgreSQL. Each locks the log of a tenant before its first change for it, and takes the tenants of a batch in the order of their names: so the
//! changes of a tenant are one after the other everywhere, and two batches never wait for each other in a ring.

use std::any::Any as AnyValue;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::Pin;
use std::time::Duration;

use sqlx::{AnyConnection, Connection};
use tokio::sync::{mpsc, oneshot};

use crate::change::{Change, Entry, MAX_CHANGE_BYTES};
use crate::erasure::{Wishes, refuse_wished};
use crate::guard::{self, RequestRow};
use crate::log::Logs;
use crate::place::{Dialect, Part, Place};
use crate::tenant::TenantId;
use crate::{Clock, EntryId, StoreError};

/// Changes that may wait. Whoever comes when it is full waits outside.
const QUEUE: usize = 1_024;

/// Changes of one batch: at some 20 to 40 µs each it takes less than the flush it shares.
const BATCH: usize = 256;

/// Where an entry stands in the log of its tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// The id.
    pub entry: EntryId,
    /// Its index in the log.
    pub index: u64,
}

/// What a change came to: what the closure returned, and its entries.
type Outcome = Result<(Box<dyn AnyValue + Send>, Vec<Recorded>), StoreError>;

/// What a closure returns before it is kept.
type Returned<'c> = Pin<Box<dyn Future<Output = Result<Box<dyn AnyValue + Send>, StoreError>> + 'c>>;

/// The closure of a change.
type Work = Box<dyn for<'c> FnOnce(&'c mut Change) -> Returned<'c> + Send>;

/// A change that waits.
pub(crate) struct Task {
    tenant: TenantId,
    work: Work,
    answer: oneshot::Sender<Outcome>,
}

/// What the writer is told.
pub(crate) enum Message {
    Change(Task),
    /// Stop after what came before, and say so.
    Close(oneshot::Sender<()>),
}

/// How changes reach the writer.
#[derive(Clone)]
pub(crate) struct Queue(mpsc::Sender<Message>);

impl Queue {
    pub(crate) fn new() -> (Self, mpsc::Receiver<Message>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), receiver)
    }

    /// Waits until a change is on the disk, or was refused.
    pub(crate) async fn change<T, F>(&self, tenant: TenantId, work: F) -> Result<(T, Vec<Recorded>), StoreError>
    where
        T: Send + 'static,
        F: AsyncFnOnce(&mut Change) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, outcome) = oneshot::channel();
        let work: Work =
            Box::new(move |change| Box::pin(async move { work(change).await.map(|value| Box::new(value) as Box<dyn AnyValue + Send>) }));
        self.0.send(Message::Change(Task { tenant, work, answer })).await.map_err(|_| StoreError::Closed)?;
        let (value, recorded) = outcome.await.map_err(|_| StoreError::Closed)??;
        let value = value.downcast::<T>().map_err(|_| StoreError::Closed)?;
        Ok((*value, recorded))
    }

    /// Waits until everything that was asked before is written and signed, and the writer has stopped.
    pub(crate) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.0.send(Message::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
    }
}

/// The writer.
pub(crate) struct Writer {
    pub(crate) messages: mpsc::Receiver<Message>,
    pub(crate) place: Place,
    pub(crate) clock: Clock,
    pub(crate) logs: Logs,
    /// Changes that were taken from the queue, and came into no batch yet.
    pub(crate) waiting: VecDeque<Task>,
}

/// What the writer does next.
enum Next {
    Task(Task),
    Close(oneshot::Sender<()>),
    Nothing,
    Over,
}

/// Changes that are made and not yet kept.
#[derive(Default)]
struct Batch {
    kept: Vec<Kept>,
    entries: BTreeMap<TenantId, Vec<(EntryId, Entry)>>,
    closed: BTreeMap<TenantId, Vec<RequestRow>>,
    /// Changes that were tried, kept or not.
    tried: usize,
    /// Bytes of content that are kept.
    bytes: usize,
    /// Tenants whose logs are locked until the end of the transaction.
    locked: BTreeSet<TenantId>,
    /// The persons who are being erased, of the tenants for which that was asked.
    wishes: Wishes,
    /// Whether one was refused, so that the transaction must be asked whether it still stands.
    refused: bool,
    /// What one did could not be taken back: nothing of the batch may be kept.
    spoilt: Option<StoreError>,
}

/// What one change left, until all of the batch are kept.
struct Kept {
    answer: oneshot::Sender<Outcome>,
    value: Box<dyn AnyValue + Send>,
    entries: Vec<EntryId>,
}

impl Batch {
    /// Whether no further change may join.
    const fn is_full(&self) -> bool {
        self.tried >= BATCH || self.bytes >= MAX_CHANGE_BYTES || self.spoilt.is_some()
    }

    /// Whether the log of a tenant is locked, or comes after all that are.
    fn may_lock(&self, tenant: &TenantId) -> bool {
        self.locked.contains(tenant) || self.locked.last().is_none_or(|last| last < tenant)
    }
}

impl Writer {
    /// Writes until it is told to stop or nobody can ask any more, then signs what is not signed yet.
    pub(crate) async fn run(mut self, mut connection: AnyConnection) {
        let mut closing = None;
        while closing.is_none() || !self.waiting.is_empty() {
            match self.next().await {
                Next::Over => break,
                Next::Close(done) => closing = Some(done),
                Next::Nothing => {}
                Next::Task(task) => {
                    let (after, close) = self.batch(task, connection).await;
                    (connection, closing) = (after, close.or(closing));
                }
            }
            self.sign(&mut connection, false).await;
        }
        self.messages.close();
        self.sign(&mut connection, true).await;
        let _ = connection.close().await;
        if let Some(done) = closing {
            let _ = done.send(());
        }
    }

    /// The next message, or the time to sign.
    async fn next(&mut self) -> Next {
        if let Some(task) = self.waiting.pop_front() {
            return Next::Task(task);
        }
        let message = match self.logs.until_signing((self.clock)()) {
            None => self.messages.recv().await,
            Some(ms) => match tokio::time::timeout(Duration::from_millis(ms), self.messages.recv()).await {
                Ok(message) => message,
                Err(_) => return Next::Nothing,
            },
        };
        match message {
            None => Next::Over,
            Some(Message::Change(task)) => Next::Task(task),
            Some(Message::Close(done)) => Next::Close(done),
        }
    }

    /// A checkpoint that could not be signed or stored now is due again at the next round; nobody was promised it. A connection that has died is made once more: there may be
    /// no further change to do it.
    async fn sign(&mut self, connection: &mut AnyConnection, all: bool) {
        let now = (self.clock)();
        if self.logs.sign(connection, now, all).await.is_err()
            && connection.ping().await.is_err()
            && let Ok(new) = self.place.connection(Part::Main).await
        {
            *connection = new;
        }
    }

    async fn batch(&mut self, first: Task, connection: AnyConnection) -> (AnyConnection, Option<oneshot::Sender<()>>) {
        let now_ms = (self.clock)();
        let mut change = Change {
            tenant: first.tenant.clone(),
            connection,
            entries: Vec::new(),
            closed: Vec::new(),
            bytes: 0,
            now_ms,
            savepoint: false,
        };
        if let Err(error) = self.begin(&mut change.connection).await {
            let _ = first.answer.send(Err(error));
            return (change.connection, None);
        }
        let mut batch = Batch::default();
        let mut closing = self.gather(first);
        while let Some(task) = self.another(&batch, &mut closing) {
            self.one(task, &mut change, &mut batch).await;
        }
        let kept = std::mem::take(&mut batch.kept);
        match self.commit(&mut change.connection, batch, now_ms).await {
            Ok(places) => answer(kept, &places),
            Err(error) => self.abandon(kept, &error, &mut change.connection).await,
        }
        (change.connection, closing)
    }

    /// Takes what waits, in the order in which the tenants' logs are locked. SQLite has one writer and no such order: there the queue itself is the order.
    fn gather(&mut self, first: Task) -> Option<oneshot::Sender<()>> {
        let mut closing = None;
        // What an earlier batch left has waited longest.
        let receive = self.waiting.is_empty() && self.place.dialect() == Dialect::Postgres;
        self.waiting.push_front(first);
        while receive && self.waiting.len() < BATCH && closing.is_none() {
            match self.messages.try_recv() {
                Ok(Message::Change(task)) => self.waiting.push_back(task),
                Ok(Message::Close(done)) => closing = Some(done),
                Err(_) => break,
            }
        }
        self.waiting.make_contiguous().sort_by(|one, other| one.tenant.cmp(&other.tenant));
        closing
    }

    /// The next change of a batch. One that comes while the batch is made joins it if its log can be locked in the order, or is locked already; else it waits for the next.
    fn another(&mut self, batch: &Batch, closing: &mut Option<oneshot::Sender<()>>) -> Option<Task> {
        if batch.is_full() {
            return None;
        }
        if let Some(task) = self.waiting.pop_front() {
            return Some(task);
        }
        if closing.is_some() {
            return None;
        }
        match self.messages.try_recv().ok()? {
            Message::Close(done) => {
                *closing = Some(done);
                None
            }
            Message::Change(task) if self.place.dialect() == Dialect::Sqlite || batch.may_lock(&task.tenant) => Some(task),
            Message::Change(task) => {
                self.waiting.push_back(task);
                None
            }
        }
    }

    /// Begins a transaction; a connection that has died is made once more.
    async fn begin(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let begin = self.place.dialect().begin();
        if say(connection, begin).await.is_ok() {
            return Ok(());
        }
        *connection = self.place.connection(Part::Main).await?;
        say(connection, begin).await
    }

    /// Makes one change behind a savepoint: if it fails, the others of its batch stay.
    async fn one(&mut self, task: Task, change: &mut Change, batch: &mut Batch) {
        batch.tried += 1;
        // Before the change has its savepoint: what is locked stays locked when the change is taken back.
        if batch.locked.insert(task.tenant.clone())
            && let Err(error) = self.logs.lock(&mut change.connection, &task.tenant).await
        {
            let _ = task.answer.send(Err(StoreError::NotAcknowledged(error.to_string())));
            batch.spoilt = Some(error);
            return;
        }
        change.tenant = task.tenant;
        change.now_ms = (self.clock)();
        change.entries.clear();
        change.closed.clear();
        change.bytes = 0;
        let made = self.made(task.work, change, batch).await;
        batch.refused |= made.is_err();
        if let Err(error) = change.end(made.is_ok()).await {
            batch.spoilt = Some(error);
        }
        match made {
            Ok(value) => {
                batch.bytes += change.bytes;
                let ids = change.entries.iter().map(|(id, _)| *id).collect();
                batch.entries.entry(change.tenant.clone()).or_default().append(&mut change.entries);
                if !change.closed.is_empty() {
                    batch.closed.entry(change.tenant.clone()).or_default().append(&mut change.closed);
                }
                batch.kept.push(Kept { answer: task.answer, value, entries: ids });
            }
            Err(error) => drop(task.answer.send(Err(error))),
        }
    }

    /// What a change comes to: what its closure says, unless it speaks of a person who is being erased.
    async fn made(&self, work: Work, change: &mut Change, batch: &mut Batch) -> Result<Box<dyn AnyValue + Send>, StoreError> {
        let value = work(change).await?;
        if change.savepoint {
            // It may have written down a wish itself.
            batch.wishes.remove(&change.tenant);
        }
        let checked = refuse_wished(self.logs.vault(), change, &mut batch.wishes).await;
        if checked.is_err() {
            batch.wishes.remove(&change.tenant);
        }
        checked.map(|()| value)
    }

    async fn commit(&mut self, connection: &mut AnyConnection, batch: Batch, now_ms: i64) -> Result<BTreeMap<EntryId, u64>, StoreError> {
        if let Some(error) = batch.spoilt {
            return Err(error);
        }
        // PostgreSQL answers COMMIT of a transaction that a failed statement has ended with success, and rolls back.
        if batch.refused {
            say(connection, "SAVEPOINT standing; RELEASE SAVEPOINT standing").await?;
        }
        for (tenant, closed) in batch.closed {
            guard::write_closed(connection, &tenant, closed).await?;
        }
        let mut places = BTreeMap::new();
        for (tenant, entries) in batch.entries.into_iter().filter(|(_, entries)| !entries.is_empty()) {
            self.logs.append(connection, &tenant, entries, now_ms, &mut places).await?;
        }
        say(connection, "COMMIT").await?;
        Ok(places)
    }

    /// Nothing of the batch is acknowledged; each is told why. If it was COMMIT that failed, a restart may still find it: SQLite's log may have it whole.
    async fn abandon(&mut self, kept: Vec<Kept>, error: &StoreError, connection: &mut AnyConnection) {
        let _ = say(connection, "ROLLBACK").await;
        self.logs.forget();
        for kept in kept {
            let _ = kept.answer.send(Err(StoreError::NotAcknowledged(error.to_string())));
        }
    }
}

fn answer(kept: Vec<Kept>, places: &BTreeMap<EntryId, u64>) {
    for kept in kept {
        let recorded = kept.entries.iter().filter_map(|entry| places.get(entry).map(|&index| Recorded { entry: *entry, index })).collect();
        let _ = kept.answer.send(Ok((kept.value, recorded)));
    }
}

async fn say(connection: &mut AnyConnection, sql: &'static str) -> Result<(), StoreError> {
    sqlx::raw_sql(sql).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_full_by_its_changes_or_by_their_bytes() {
        assert!(!Batch::default().is_full());
        assert!(Batch { tried: BATCH, ..Batch::default() }.is_full());
        assert!(!Batch { tried: 1, bytes: MAX_CHANGE_BYTES - 1, ..Batch::default() }.is_full());
        assert!(Batch { tried: 1, bytes: MAX_CHANGE_BYTES, ..Batch::default() }.is_full());
    }

    #[test]
    fn logs_are_locked_in_the_order_of_their_names() {
        let id = |name: &str| name.parse::<TenantId>().unwrap();
        let batch = Batch { locked: ["b", "d"].map(id).into(), ..Batch::default() };
        assert_eq!(["a", "b", "c", "d", "e"].map(|name| batch.may_lock(&id(name))), [false, true, false, true, true]);
    }
}
