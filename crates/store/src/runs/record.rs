//! Recording a run: pieces of its journal, then what was judged, then the run itself.

use keys::digest::hex;
use ledger::leaf::Class;

use super::{BEGIN, Hash, MAX_TEXT_BYTES, named, person_of};
use crate::access::Permission;
use crate::accounts::Who;
use crate::change::{Bound, Change, Entry};
use crate::{EntryId, StoreError};

/// Lines of a journal that follow each other.
#[derive(Clone)]
pub struct Piece {
    /// Number of the first line, from 1.
    pub first_line: u64,
    /// How many lines.
    pub lines: u64,
    /// Chain value of the last of them.
    pub chain: Hash,
    /// The lines, at most [`MAX_CONTENT_BYTES`](crate::MAX_CONTENT_BYTES).
    pub bytes: Vec<u8>,
}

/// A question or row of a run, and what was said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunItem {
    /// `part/id`.
    pub item: String,
    /// `answered`, `unanswered`, `open`, or `none` where nothing is asked.
    pub answered: &'static str,
    /// What a machine judged.
    pub machine: Option<String>,
    /// What people judged, once they agree.
    pub people: Option<String>,
    /// How many people judged.
    pub votes: u32,
}

/// A run as it is recorded.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Its name.
    pub name: String,
    /// What was asked.
    pub target: String,
    /// When it began, UTC, as its journal says.
    pub opened: String,
    /// What it concluded.
    pub standing: String,
    /// Lines of its journal.
    pub lines: u64,
    /// Chain value of the last of them.
    pub chain: Hash,
    /// Questions and rows in its samples.
    pub items: u64,
}

impl Change {
    /// Appends lines to the journal of a run, and gives the entry whose content they are.
    ///
    /// # Errors
    /// Whoever asks may not, the lines do not follow those that are there, or they are too many bytes for one entry.
    pub async fn add_run_piece(&mut self, who: &Who, run: &str, piece: Piece) -> Result<EntryId, StoreError> {
        let who = self.permit(who, Permission::AssessRun).await?;
        named(run)?;
        let (there, _) = self.run_end(run).await?;
        if piece.first_line != there + 1 || piece.lines == 0 {
            return Err(StoreError::Refused(format!(
                "the journal of run '{run}' has {there} lines here; line {} does not follow",
                piece.first_line
            )));
        }
        let entry = Entry::new(Class::Decision, "assess.journal", who.account().to_string()).with("run", run);
        let entry = entry.with("first_line", piece.first_line).with("lines", piece.lines).with("chain", hex(&piece.chain));
        let entry = self.record(entry.about(person_of(run), piece.bytes))?;
        let (run, first, lines, chain) = (run.to_owned(), piece.first_line as i64, piece.lines as i64, piece.chain.to_vec());
        let sql = "INSERT INTO run_piece (tenant, run, first_line, line_count, chain, entry) VALUES ($1, $2, $3, $4, $5, $6)";
        self.execute(sql, |query| query.bind(run).bind(first).bind(lines).bind(chain).bind(entry.0.to_vec())).await?;
        Ok(entry)
    }

    /// Writes what is said of items, in the place of what was said before. It is an index of the journal, and no entry of its own says so.
    ///
    /// # Errors
    /// Whoever asks may not, or something is too long.
    pub async fn put_run_items(&mut self, who: &Who, run: &str, items: Vec<RunItem>) -> Result<(), StoreError> {
        self.permit(who, Permission::AssessRun).await?;
        named(run)?;
        for item in items {
            short("the key of an item", &item.item)?;
            let RunItem { item, answered, machine, people, votes } = item;
            let run = run.to_owned();
            let sql = "INSERT INTO run_item (tenant, run, item, answered, machine, people, votes) VALUES ($1, $2, $3, $4, $5, $6, $7)
                       ON CONFLICT (tenant, run, item) DO UPDATE SET answered = excluded.answered, machine = excluded.machine,
                       people = excluded.people, votes = excluded.votes";
            let bind = |query: Bound| {
                query
                    .bind(run)
                    .bind(item)
                    .bind(answered)
                    .bind(machine.unwrap_or_default())
                    .bind(people.unwrap_or_default())
                    .bind(i64::from(votes))
            };
            self.execute(sql, bind).await?;
        }
        Ok(())
    }

    /// Says that a run stands as its journal does, with the entry that records it.
    ///
    /// # Errors
    /// Whoever asks may not, something is too long, or the journal that is there ends elsewhere.
    pub async fn record_run(&mut self, who: &Who, new: NewRun, entry: EntryId) -> Result<(), StoreError> {
        let who = self.permit(who, Permission::AssessRun).await?;
        named(&new.name)?;
        [("the target", &new.target), ("the standing", &new.standing), ("the beginning", &new.opened)]
            .iter()
            .try_for_each(|(what, text)| short(what, text))?;
        let end = self.run_end(&new.name).await?;
        if end != (new.lines, new.chain) {
            return Err(StoreError::Refused(format!(
                "the journal of run '{}' ends here at line {} and not at line {}",
                new.name, end.0, new.lines
            )));
        }
        let (by, now) = (who.account().to_string(), self.now_ms);
        let sql = "INSERT INTO run (tenant, name, target, opened, standing, line_count, chain, item_count, entry, recorded_by, recorded_ms)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                   ON CONFLICT (tenant, name) DO UPDATE SET standing = excluded.standing, line_count = excluded.line_count, chain = excluded.chain,
                   item_count = excluded.item_count, entry = excluded.entry, recorded_by = excluded.recorded_by, recorded_ms = excluded.recorded_ms";
        let bind = |query: Bound| {
            let query = query.bind(new.name).bind(new.target).bind(new.opened).bind(new.standing).bind(new.lines as i64);
            query.bind(new.chain.to_vec()).bind(new.items as i64).bind(entry.0.to_vec()).bind(by).bind(now)
        };
        self.execute(sql, bind).await?;
        Ok(())
    }

    /// How many lines of a journal are there, and the chain value of the last.
    async fn run_end(&mut self, run: &str) -> Result<(u64, Hash), StoreError> {
        let run = run.to_owned();
        match self.row(super::read::END, |query| query.bind(run)).await? {
            Some(row) => super::read::end(&row),
            None => Ok((0, BEGIN)),
        }
    }
}

fn short(what: &str, text: &str) -> Result<(), StoreError> {
    if text.len() <= MAX_TEXT_BYTES {
        return Ok(());
    }
    Err(StoreError::Refused(format!("{what} has {} bytes, at most {MAX_TEXT_BYTES} are kept", text.len())))
}
