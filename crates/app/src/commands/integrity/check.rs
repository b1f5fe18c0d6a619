//! What is registered, held against what lies on the disk.

use std::path::{Path, PathBuf};

use anyhow::Result;
use indicatif::ProgressBar;
use keys::digest::{hex, sha256};
use store::Tenant;

use super::What;
use crate::manifest::{Difference, How, Manifest, compare, root_of};

/// Something with a manifest.
pub(super) struct Thing {
    /// What it is called in findings.
    name: String,
    path: PathBuf,
    manifest: String,
    digest: [u8; 32],
    /// Whether the path is that of the files' directory, whatever the manifest lists.
    directory: bool,
}

/// What was read, and what was found.
pub(super) struct Checked {
    pub(super) things: usize,
    pub(super) files: usize,
    pub(super) bytes: u64,
    pub(super) findings: Vec<Finding>,
}

/// One difference of one thing.
pub(super) struct Finding {
    pub(super) of: String,
    pub(super) difference: Difference,
}

/// All that is to be checked. A model that is served by API only has nothing here to read.
pub(super) async fn things(tenant: &Tenant, what: What) -> Result<Vec<Thing>> {
    let mut things = Vec::new();
    if what != What::Lexicons {
        for id in tenant.models_with_files().await? {
            let model = tenant.model(&id).await?;
            let Some(path) = model.path else { continue };
            let name = format!("{} {}", model.kind.word(), model.id);
            things.push(Thing { name, path: path.into(), manifest: model.manifest, digest: model.digest, directory: true });
        }
    }
    if what != What::Models {
        for watched in tenant.watched().await? {
            let name = format!("lexicon {}", watched.path);
            things.push(Thing { name, path: watched.path.into(), manifest: watched.manifest, digest: watched.digest, directory: false });
        }
    }
    Ok(things)
}

/// Reads everything once.
pub(super) fn check(things: &[Thing], bar: &ProgressBar) -> Checked {
    let mut checked = Checked { things: things.len(), files: 0, bytes: 0, findings: Vec::new() };
    for thing in things {
        let found = thing.differences(bar, &mut checked);
        checked.findings.extend(found.into_iter().map(|difference| Finding { of: thing.name.clone(), difference }));
    }
    bar.finish_and_clear();
    checked
}

impl Thing {
    fn differences(&self, bar: &ProgressBar, checked: &mut Checked) -> Vec<Difference> {
        let wrong = |why: String| vec![Difference { file: "(manifest)".to_owned(), how: How::Unreadable(why) }];
        let digest = sha256(self.manifest.as_bytes());
        if digest != self.digest {
            return wrong(format!("its digest in the register is {}, that of its bytes {}", hex(&self.digest), hex(&digest)));
        }
        let manifest = match Manifest::read(&self.manifest) {
            Ok(manifest) => manifest,
            Err(error) => return wrong(format!("{error:#}")),
        };
        checked.files += manifest.files.len();
        checked.bytes = checked.bytes.saturating_add(manifest.size());
        let root: &Path = if self.directory { &self.path } else { root_of(&manifest, &self.path) };
        compare(&manifest, root, bar)
    }
}
