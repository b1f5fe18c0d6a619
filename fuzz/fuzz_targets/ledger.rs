//! What a log, a witness or an auditor is handed: no bytes break a reader, and what is read is printed as it was.
#![no_main]

use ledger::bundle;
use ledger::key::VerifierKey;
use ledger::leaf::Leaf;
use ledger::note::{Note, Signature};
use ledger::checkpoint::Checkpoint;
use ledger::policy::Policy;
use ledger::receipt::Receipt;
use ledger::statement::Statement;
use ledger::tile::TileId;
use ledger::witness::AddCheckpoint;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(leaf) = Leaf::decode(bytes) {
        assert_eq!(leaf.encode().as_deref(), Ok(bytes));
    }
    if let Ok(leaves) = bundle::decode(bytes) {
        assert_eq!(bundle::encode(&leaves).as_deref(), Ok(bytes));
    }
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.to_string().as_bytes(), bytes);
        let _ = Checkpoint::parse(note.text());
    }
    if let Ok(receipt) = Receipt::parse(bytes) {
        assert_eq!(receipt.to_string().as_bytes(), bytes);
    }
    if let Ok(request) = AddCheckpoint::parse(bytes) {
        assert_eq!(request.to_string().as_bytes(), bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Some(tile) = TileId::parse(text) {
            assert_eq!(tile.path(), text);
        }
        let _ = Policy::parse(text);
        if let Ok(statement) = Statement::parse(text) {
            assert_eq!(statement.to_string(), text);
            assert!(Checkpoint::parse(text).is_err(), "a statement is no checkpoint");
        }
        let _ = Signature::parse_lines(text);
        if let Ok(key) = text.parse::<VerifierKey>() {
            assert_eq!(key.to_string().parse::<VerifierKey>().as_ref(), Ok(&key));
        }
    }
});
