//! Training data, judged whole: files become shards, every row of every shard is judged, and what was found lies beside the documents.
//!
//! The documents never change. For each shard there is one file of findings, of the same rows in the same order, and one record; a shard with
//! a record is done, whatever happens afterwards. So a scan survives being killed, thresholds change without a second scan, and several
//! machines can share the work. Nothing here has a clock, and the files are the same, byte for byte, on every run. Nothing here asks a network, but for
//! documents whose names begin with `s3://` ([`Access`]).
//!
//! [`Manifest::make`] -> [`Scan::run`] -> [`summary::merge`] -> [`Apply::run`]; [`explain`] says why a row was removed. Before and after a source is
//! collected [`assess`] holds it against the limit of 5 %; [`spotcheck`] has people and detectors look at what was kept; [`works`] finds what repeats
//! a protected work.

mod apply;
pub mod assess;
mod batch;
mod became;
mod broken;
mod check;
pub mod consent;
mod durable;
mod error;
mod explain;
pub mod export;
pub mod findings;
pub mod gates;
mod input;
mod language;
pub mod lineage;
mod manifest;
mod page;
mod record;
mod robots;
mod row;
mod row_id;
mod rules;
mod scan;
mod settings;
mod sheet;
mod signature;
pub mod spotcheck;
pub mod summary;
mod texts;
pub mod works;

pub use apply::{Applied, Apply, Duplicates, Left};
pub use batch::judge_batch;
pub use became::Became;
pub use broken::{Broken, BrokenKind};
pub use check::{check, take};
pub use error::CorpusError;
pub use explain::{Explained, explain};
pub use gates::{Gate, ScanFacts, SourceFacts, gates};
pub use input::{Access, Compression, Counter, Format, MAX_ROW_BYTES, Patience, is_url};
pub use language::Language;
pub use manifest::{FileEntry, Manifest, Shard};
pub use record::Record;
pub use robots::{Crawl, OffLimits, Why, check_crawl};
pub use row::{Content, Judged};
pub use rules::pipeline;
pub use scan::{Failed, Scan, Watch};
pub use settings::{SHARD_BYTES, Selector, Settings};
pub use signature::content_hash;
