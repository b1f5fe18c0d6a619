//! What is compared, behind one interface.

use std::ops::ControlFlow;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use anyhow::Result;
use daachorse::CharwiseDoubleArrayAhoCorasick;

/// A matcher with its words.
pub(crate) trait Engine {
    fn name(&self) -> &'static str;

    /// Memory of the tables.
    fn bytes(&self) -> usize;

    /// All matches in all documents, those that overlap as well.
    fn hits(&mut self, documents: &[&str]) -> Result<u64>;
}

struct Guiju {
    matcher: detect::Matcher,
    buffers: detect::Buffers,
}

pub(crate) fn guiju(words: &[String]) -> Result<Option<Box<dyn Engine>>> {
    Ok(Some(Box::new(Guiju { matcher: detect::Matcher::new(words), buffers: detect::Buffers::default() })))
}

impl Engine for Guiju {
    fn name(&self) -> &'static str {
        "guiju, folding included"
    }

    fn bytes(&self) -> usize {
        self.matcher.bytes()
    }

    fn hits(&mut self, documents: &[&str]) -> Result<u64> {
        let mut hits = 0;
        for document in documents {
            let folded = detect::fold_into(document, std::mem::take(&mut self.buffers));
            self.matcher.scan(&folded, |_| {
                hits += 1;
                ControlFlow::Continue(())
            });
            self.buffers = folded.into_buffers();
        }
        Ok(hits)
    }
}

struct Daachorse(CharwiseDoubleArrayAhoCorasick<u32>);

pub(crate) fn daachorse(words: &[String]) -> Result<Option<Box<dyn Engine>>> {
    let automaton = CharwiseDoubleArrayAhoCorasick::new(words).map_err(|error| anyhow::anyhow!("daachorse: {error}"))?;
    Ok(Some(Box::new(Daachorse(automaton))))
}

impl Engine for Daachorse {
    fn name(&self) -> &'static str {
        "daachorse, charwise"
    }

    fn bytes(&self) -> usize {
        self.0.heap_bytes()
    }

    fn hits(&mut self, documents: &[&str]) -> Result<u64> {
        Ok(documents.iter().map(|document| self.0.find_overlapping_iter(document).count() as u64).sum())
    }
}

struct Contiguous(AhoCorasick);

pub(crate) fn aho_corasick(words: &[String]) -> Result<Option<Box<dyn Engine>>> {
    Ok(Some(Box::new(Contiguous(AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(words)?))))
}

impl Engine for Contiguous {
    fn name(&self) -> &'static str {
        "aho-corasick, contiguous"
    }

    fn bytes(&self) -> usize {
        self.0.memory_usage()
    }

    fn hits(&mut self, documents: &[&str]) -> Result<u64> {
        Ok(documents.iter().map(|document| self.0.find_overlapping_iter(*document).count() as u64).sum())
    }
}
