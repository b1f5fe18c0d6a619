//! A backup from somebody else's disk: a manifest and parts that were changed by whoever knows its key too. No bytes break the reader, and it says the same twice.
//!
//! The first byte chooses: the manifest file as it is; changes of its text, three bytes each (where, and what), sealed again; what it says of its logs; the rows of a part, sealed
//! again; a part's file as it is. Of what is sealed again the digests are right, so that what is refused is refused for what it says. The seeds are pieces of a backup that holds; after
//! a change of the schema `GUIJU_FUZZ_SEEDS=fuzz/seeds/backup` writes them anew.
#![no_main]

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use fuzz::{choice, put, scratch};
use guiju_fuzz as fuzz;
use keys::digest::{Digests, hex};
use keys::root::{Root, RootError, unwrap_key, wrap_key};
use keys::{CipherPolicy, DataClass, DataKey, KeyRef};
use ledger::leaf::Class;
use serde_json::{Value, json};
use store::backup::{Create, Lock, What, create, verify};
use store::{Change, Entry, Options, Place, Store, TenantId};
use zeroize::Zeroizing;

/// A root that hides nothing.
struct Open;

impl Root for Open {
    fn name(&self) -> String {
        "open".to_owned()
    }

    fn wrap(&self, key: &[u8], _: &[u8]) -> Result<Vec<u8>, RootError> {
        Ok(key.to_vec())
    }

    fn unwrap(&self, wrapped: &[u8], _: &[u8]) -> Result<Zeroizing<Vec<u8>>, RootError> {
        Ok(Zeroizing::new(wrapped.to_vec()))
    }

    fn health(&self) -> Result<(), RootError> {
        Ok(())
    }
}

/// A backup that holds, opened.
struct Whole {
    key: DataKey,
    policy: CipherPolicy,
    manifest: Value,
    parts: Vec<Vec<u8>>,
}

static WHOLE: LazyLock<Whole> = LazyLock::new(|| {
    let place = scratch().join("store");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let directory = place.join("backup");
    runtime.block_on(made(&place, &directory));
    let policy = CipherPolicy::default();
    let bytes = std::fs::read(directory.join("manifest")).expect("a manifest");
    let length = usize::from(u16::from_be_bytes([bytes[24], bytes[25]]));
    let reference = KeyRef(bytes[8..24].try_into().expect("16 bytes"));
    let key = unwrap_key(&Open, reference, "backup", &bytes[26..26 + length]).expect("a key");
    let plain = policy.open(&key, &context(&bytes[..26 + length]), &bytes[26 + length..]).expect("a manifest that opens");
    let manifest: Value = serde_json::from_slice(&plain).expect("JSON");
    let parts = manifest["parts"].as_array().map_or(0, Vec::len);
    let parts = (0..parts).map(|part| std::fs::read(directory.join(name(part))).expect("a part")).collect();
    let _ = std::fs::remove_dir_all(&place);
    let whole = Whole { key, policy, manifest, parts };
    if let Ok(seeds) = std::env::var("GUIJU_FUZZ_SEEDS") {
        whole.write_seeds(Path::new(&seeds));
    }
    whole
});

/// A small store, and its backup.
async fn made(place: &Path, directory: &Path) {
    let place = Place { directory: place.to_owned(), database: None };
    let options = Options { place, root: Arc::new(Open), policy: CipherPolicy::default(), clock: Arc::new(|| 1_800_000_000_000) };
    let store = Store::open(options).await.expect("a store");
    let tenant = store.create_tenant(&TenantId::main(), "audit.example.cn", "fuzz").await.expect("a tenant");
    let work = async |change: &mut Change| change.record(Entry::new(Class::Data, "test.fill", "fuzz").about("someone", "你好"));
    tenant.change(work).await.expect("a change");
    let ask = Create { directory, what: What::Data, base: None, root: &Open, by: "fuzz" };
    create(&store, &ask, &mut |_| {}).await.expect("a backup");
    store.close().await;
}

fn name(part: usize) -> String {
    format!("part-{part:04}")
}

fn context(head: &[u8]) -> Vec<u8> {
    [b"guiju backup manifest ".as_slice(), head].concat()
}

impl Whole {
    /// The file of a manifest with this text.
    fn sealed(&self, text: &[u8]) -> Vec<u8> {
        let wrapped = wrap_key(&Open, &self.key, "backup").expect("a wrapped key");
        let length = u16::try_from(wrapped.len()).expect("short").to_be_bytes();
        let mut bytes = [b"guiju-b1".as_slice(), &self.key.reference().0, &length, &wrapped].concat();
        let sealed = self.policy.seal(DataClass::Backup, &self.key, &context(&bytes), text).expect("sealed");
        bytes.extend_from_slice(&sealed);
        bytes
    }

    /// The file of a part with these rows in its only chunk.
    fn part(&self, part: usize, rows: &[u8]) -> Vec<u8> {
        let context = format!("guiju backup {} part {part} chunk 0 last", self.key.reference());
        let sealed = self.policy.seal(DataClass::Backup, &self.key, context.as_bytes(), rows).expect("sealed");
        [u32::try_from(sealed.len()).expect("short").to_be_bytes().as_slice(), &sealed].concat()
    }

    /// The text of the manifest, with changes.
    fn changed(&self, changes: &[u8]) -> Vec<u8> {
        let mut text = self.manifest.to_string().into_bytes();
        for change in changes.chunks_exact(3) {
            let at = usize::from(u16::from_be_bytes([change[0], change[1]])) % text.len();
            text[at] = change[2];
        }
        text
    }

    /// Writes inputs that give pieces of this backup.
    fn write_seeds(&self, directory: &Path) {
        put(&directory.join("changes"), [1, 0, 9, b'x', 1, 0, b'0']);
        put(&directory.join("logs"), [&[4], self.manifest["logs"].to_string().as_bytes()].concat());
        for (number, file) in self.parts.iter().enumerate() {
            let (part, record) = (u8::try_from(number).expect("few"), &self.manifest["parts"][number]);
            let rows = u8::try_from(record["rows"].as_u64().unwrap_or_default()).expect("few");
            let context = format!("guiju backup {} part {number} chunk 0 last", self.key.reference());
            let plain = self.policy.open(&self.key, context.as_bytes(), &file[4..]).expect("one chunk");
            let table = record["table"].as_str().unwrap_or_default();
            if rows > 0 {
                put(&directory.join(table), [&[2, part, rows], plain.as_slice()].concat());
            }
            if table == "tenant" {
                put(&directory.join("file"), [&[3, part, rows], file.as_slice()].concat());
            }
        }
    }

    /// The manifest that says the truth of such a file.
    fn manifest_of(&self, part: usize, rows: usize, bytes: &[u8]) -> Vec<u8> {
        let (mut manifest, digests) = (self.manifest.clone(), Digests::of(bytes));
        let record = &mut manifest["parts"][part];
        record["rows"] = json!(rows);
        record["bytes"] = json!(bytes.len());
        record["sha256"] = json!(hex(&digests.sha256));
        record["sm3"] = json!(hex(&digests.sm3));
        manifest.to_string().into_bytes()
    }
}

/// Writes a backup with these files, the others as they are.
fn write(manifest: &[u8], changed: Option<(usize, Vec<u8>)>) -> PathBuf {
    let directory = scratch().to_owned();
    put(&directory.join("manifest"), manifest);
    for (part, bytes) in WHOLE.parts.iter().enumerate() {
        put(&directory.join(name(part)), bytes);
    }
    if let Some((part, bytes)) = changed {
        put(&directory.join(name(part)), bytes);
    }
    directory
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let whole = &*WHOLE;
    let part = choice(bytes, 1) % whole.parts.len();
    let rest = |from: usize| bytes.get(from..).unwrap_or_default();
    let directory = match choice(bytes, 0) % 5 {
        0 => write(rest(1), None),
        1 => write(&whole.sealed(&whole.changed(rest(1))), None),
        4 => {
            let mut manifest = whole.manifest.clone();
            manifest["logs"] = serde_json::from_slice(rest(1)).unwrap_or(Value::Null);
            write(&whole.sealed(manifest.to_string().as_bytes()), None)
        }
        2 => {
            let file = whole.part(part, rest(3));
            write(&whole.sealed(&whole.manifest_of(part, choice(bytes, 2), &file)), Some((part, file)))
        }
        _ => {
            let file = rest(3).to_vec();
            write(&whole.sealed(&whole.manifest_of(part, choice(bytes, 2), &file)), Some((part, file)))
        }
    };
    let lock = Lock { root: &Open, policy: &whole.policy };
    let said = || verify(&directory, &lock, &mut |_| {}).map_err(|error| error.to_string());
    assert_eq!(said(), said());
});
