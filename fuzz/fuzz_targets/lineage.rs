//! What somebody hands over as the proof of a row, or as the manifest of an export: no bytes break the reader, and nothing of a stranger's holds.
#![no_main]

use corpus::export::ExportManifest;
use corpus::lineage::{Place, Proof};
use ledger::policy::Policy;
use std::sync::LazyLock;

/// A log whose key nobody has: that of the example in docs/formats/ledger.md, under another name.
static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let key = ledger::sign::Ed25519Signer::new("fuzz.example/none", &[9; 32]).expect("a name");
    Policy::parse(&format!("log {}\nquorum none\n", ledger::sign::Signer::key(&key))).expect("a policy")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(proof) = Proof::parse(bytes) {
        assert!(proof.check(&POLICY).is_err());
        // A score beyond the range of its type has no number in JSON.
        if proof.scan.row.findings.iter().all(|finding| finding.score.is_finite()) {
            assert_eq!(Proof::parse(&proof.bytes()).as_ref(), Ok(&proof));
        }
    }
    if let Ok(manifest) = ExportManifest::parse(bytes) {
        let paths = manifest.files.iter().map(|file| &file.path).chain(manifest.fates.iter().map(|file| &file.path));
        paths.for_each(|path| assert!(!path.starts_with('/') && path.split('/').all(|part| part != ".."), "{path}"));
        let _ = (manifest.root(), manifest.rows_out());
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = text.parse::<Place>();
    }
});
